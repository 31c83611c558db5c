#!/bin/sh
if [ "${1:-}" = rollback ]; then
    shift
    exec /usr/lib/hallway/rollback "$@"
fi
release=/usr/lib/hallway
[ ! -e /etc/systemd/system/hallway.service.d/rollback.conf ] || release=/usr/lib/hallway-previous
# Of the server that is installed, wherever root stands: a boot file there may be anybody's. Another --config or --data comes first.
exec "$release/bin/node" "$release/server/server-cli-main.js" --config /etc/hallway/hallway.toml "$@"
