#!/bin/sh
exec /usr/lib/hallway/bin/node /usr/lib/hallway/server/server-cli-main.js "$@"
