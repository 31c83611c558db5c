#!/bin/sh
# Installs Hallway @VERSION@, or upgrades to it, from what lies beside this file and from nothing else. Nothing of how this machine
# gets its packages is changed: what is needed for it lies in a folder of its own, which is gone afterwards.
set -eu
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

refuse() {
  echo "Hallway was not installed: $*" >&2
  exit 1
}

here="$(cd -- "$(dirname -- "$0")" && pwd -P)"

[ "$(id -u)" = 0 ] || refuse "only root may do that. Type: sudo sh install.sh"
[ -r /etc/os-release ] || refuse "this is for Debian @DEBIAN@ (@RELEASE@), and this machine does not say what it is."
codename="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")"
name="$(. /etc/os-release && echo "${PRETTY_NAME:-another system}")"
[ "$codename" = @RELEASE@ ] || refuse "this is for Debian @DEBIAN@ (@RELEASE@), and this machine has $name. Get the bundle for that."
architecture="$(dpkg --print-architecture)"
[ "$architecture" = @ARCHITECTURE@ ] || refuse "this is for machines of the kind @ARCHITECTURE@, and this one is $architecture. Get the bundle for that."
for part in key.asc "repository/dists/@RELEASE@/InRelease"; do
  [ -r "$here/$part" ] || refuse "$part is lacking beside install.sh. Unpack the whole bundle, and leave its files together."
done

installed="$(dpkg-query --show --showformat='${db:Status-Status} ${Version}' hallway 2> /dev/null || true)"
case "$installed" in
  'installed @VERSION@') echo "Hallway @VERSION@ is installed already."; exit 0 ;;
  'installed '*)
    dpkg --compare-versions "${installed#* }" lt '@VERSION@' ||
      refuse "this machine has ${installed#* }, which is newer than @VERSION@. To go back there is: hallwayctl rollback" ;;
esac

work="$(mktemp -d /tmp/hallway-install-XXXXXX)"
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/sources" "$work/lists/partial" "$work/cache/archives/partial"
# A stick may have a name with spaces in it, which apt would take for something else.
ln -s "$here/repository" "$work/repository"
cp "$here/key.asc" "$work/key.asc"
cat > "$work/sources/hallway.sources" << END
Types: deb
URIs: file:$work/repository
Suites: @RELEASE@
Components: main
Signed-By: $work/key.asc
END

# Its own sources and lists, and the machine's packages. Only root can be sure to read what is on a stick.
apt() {
  apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/sources" -o Dir::State::Lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any -o Acquire::Languages=none \
    -o DPkg::Lock::Timeout=120 -o APT::Install-Recommends=true \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" < /dev/null
}

said="$work/said"
wrong() {
  cat "$said" >&2
  refuse "$*"
}
echo "Checking the bundle ..."
apt update > "$said" 2>&1 || wrong "the bundle is damaged, or was changed after it was signed. Copy it anew."
apt --simulate install hallway='@VERSION@' > "$said" 2>&1 ||
  wrong "its packages do not go together with those of this machine. Get a newer bundle, which has Debian's updates."

# What is to be unpacked, in KB, as each package says it of itself; and as much again as Hallway's old files stay until the new ones run.
needed="$(sed -n 's/^Inst \([^ ]*\) .*/\1/p' "$said" | awk '
  NR == FNR { wanted[$1] = 1; next }
  $1 == "Package:" { name = $2 }
  $1 == "Installed-Size:" && name in wanted { sum += $2 * (name == "hallway" ? 2 : 1) }
  END { printf "%d", sum }' - "$here/repository/dists/@RELEASE@/main/binary-@ARCHITECTURE@/Packages")"
free="$(df -Pk /usr | awk 'NR == 2 { print $4 }')"
[ "$free" -gt "$needed" ] ||
  refuse "the disk has not enough room: $((needed / 1024 + 1)) MB are needed, and $((free / 1024)) MB are free."

echo "Installing Hallway @VERSION@ ..."
apt --yes install hallway='@VERSION@' > "$said" 2>&1 ||
  wrong "a package could not be installed. If the bundle is damaged, copy it anew; then run this once more."
# The word of the package itself, where it has one.
grep -E '^Hallway ' "$said" || true
echo "Hallway @VERSION@ is installed."
