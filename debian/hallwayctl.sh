#!/bin/sh
if [ "${1:-}" = rollback ]; then
    shift
    exec /usr/lib/hallway/rollback "$@"
fi
release=/usr/lib/hallway
[ ! -e /etc/systemd/system/hallway.service.d/rollback.conf ] || release=/usr/lib/hallway-previous
exec "$release/bin/node" "$release/server/server-cli-main.js" "$@"
