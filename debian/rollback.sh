#!/bin/sh
# Goes back to the release that was installed before this one, and to the store as that one left it: "hallwayctl rollback", and by
# itself (--automatic) when a release that was just installed does not become ready. Shell, as what does not start may be Node.
set -e

previous=/usr/lib/hallway-previous
config=/etc/hallway/hallway.toml
dropin=/etc/systemd/system/hallway.service.d/rollback.conf

fail() {
    echo "hallwayctl: $1" >&2
    exit 1
}

status() {
    systemctl show --property=StatusText --value hallway.service | tr -d '[:cntrl:]' || true
}

case "${1:-}" in
    "" | --automatic | --yes) ;;
    --help | -h)
        echo "Usage: hallwayctl rollback [--yes]"
        exit 0
        ;;
    *) fail "Usage: hallwayctl rollback [--yes]" ;;
esac
[ "$(id -u)" = 0 ] || fail "Only root goes back: sudo hallwayctl rollback"
[ ! -e "$dropin" ] || fail "The release before runs already."
[ -x "$previous/bin/node" ] || fail "There is no release before this one: it is there after an upgrade."
if [ -z "${1:-}" ]; then
    echo "This goes back to the release before this one. If this one has changed the store, what was written since"
    echo "the upgrade (messages, accounts, settings) is put aside and not seen any more."
    printf 'Go back? [y/N] '
    read -r answer || answer=n
    case "$answer" in [yYjJ]*) ;; *) fail "Nothing was changed." ;; esac
fi

why="$(status)"
systemctl stop hallway.service || true
if ! runuser -u hallway -- "$previous/bin/node" "$previous/server/server-cli-main.js" --config "$config" rollback; then
    systemctl --no-block start hallway.service || true
    fail "The release that was installed stays."
fi
mkdir -p "$(dirname "$dropin")"
cat > "$dropin" << END
# Made by "hallwayctl rollback". The next upgrade takes it away.
[Service]
Environment=HALLWAY_WENT_BACK_FROM=$(dpkg-query --show --showformat='${Version}' hallway)
ExecStart=
ExecStart=$previous/bin/node $previous/server/server-main.js --config $config
END
systemctl daemon-reload
systemctl reset-failed hallway.service || true
if systemctl start hallway.service; then
    echo "Hallway runs as it did before the upgrade. The next upgrade is tried as usual."
    [ -z "$why" ] || [ "${1:-}" != --automatic ] || echo "The new release did not become ready: $why"
    exit 0
fi
# What keeps both from it is not the release: the new one tries on until it is gone.
rm -f "$dropin"
rmdir --ignore-fail-on-non-empty "$(dirname "$dropin")"
systemctl daemon-reload
systemctl --no-block start hallway.service || true
why="$(status)"
fail "The release before does not become ready either: ${why:-journalctl --unit hallway says why.}"
