#!/bin/sh
# Runs the Node that `npm ci` brought, with the arguments given. It needs one library of Debian's that a machine without a
# compiler lacks (libatomic1), and without it can say no more than that a file is missing: so it is looked for here, and
# installed where that may be done.
node="$(dirname "$0")/../node_modules/.bin/node"
if ! [ -e "$node" ]; then
  echo "hallway: there is no Node in node_modules: run npm ci first" >&2
  exit 2
fi
if ! why="$("$node" --version 2>&1)"; then
  case "$why" in
    *libatomic.so.1*) ;;
    *) echo "hallway: the Node that npm ci brought does not run here: $why" >&2; exit 2 ;;
  esac
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "hallway: installing libatomic1, which Node needs" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update > /dev/null 2>&1
    apt-get -qq install --yes --no-install-recommends libatomic1 > /dev/null 2>&1
  fi
  if ! "$node" --version > /dev/null 2>&1; then
    echo "hallway: Node needs the library libatomic1. As root: apt-get install libatomic1" >&2
    exit 2
  fi
fi
exec "$node" "$@"
