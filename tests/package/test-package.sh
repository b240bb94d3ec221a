#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The packages of scripts/package in a fresh Debian 12: remote-viewer runs on the distribution's library, on ours once our
# packages are installed over it, with nothing removed that depends on it, and on the distribution's again afterwards.
# For each, remote-viewer connects to the demo server on a virtual display. By hand, since it needs root, debootstrap and
# a mirror (the one apt uses here); two to five minutes.
#
#   tests/package/test-package.sh DEMO_SERVER PACKAGES
#
# DEMO_SERVER is a built caraway-demo-server, PACKAGES the folder that scripts/package filled.
set -euo pipefail

fail() {
  echo "test-package: $1" >&2
  exit 1
}

[ $# -eq 2 ] || { sed -n '3,10s/^# \{0,1\}//p' "$0"; exit 2; }
[ "$(id -u)" -eq 0 ] || fail 'root is needed, for a root folder of its own'
command -v debootstrap >/dev/null || fail 'debootstrap is missing'
# What gets mounted is gone with the last process, and so is every process with this one.
if [ -z "${inside:-}" ]; then
  inside=1 exec unshare --mount --mount-proc --pid --fork --kill-child --propagation private -- "$0" "$@"
fi

server=$(realpath "$1") packages=$(realpath "$2") work=$(mktemp -d)
root=$work/root
trap 'umount -l -R "$root/proc" "$root/dev" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM

run() {
  DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" "$@" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; fail "failed: $*"; }
}

# until_so SECONDS COMMAND…: until it succeeds.
until_so() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

shows_the_server() {
  chroot "$root" xwininfo -display ":$display" -root -tree 2>/dev/null | grep -q '"Caraway demo (1)"'
}

# runs_on PACKAGE: remote-viewer shows the server, and its library is that package's.
runs_on() {
  local viewer library owner
  chroot "$root" env DISPLAY=":$display" remote-viewer "spice://127.0.0.1:$port" >"$work/viewer.log" 2>&1 &
  viewer=$!
  until_so 120 shows_the_server || { cat "$work/viewer.log" >&2; fail "with $1: no window with the server's name"; }
  library=$(grep -o '/usr/[^ ]*/libspice-client-glib-2\.0\.so[^ ]*' "/proc/$viewer/maps" | sort -u)
  owner=$(chroot "$root" dpkg -S "$library" | cut -d: -f1)
  [ "$owner" = "$1" ] || fail "remote-viewer's library $library is from $owner, not $1"
  kill "$viewer"
  wait "$viewer" 2>/dev/null || true
  echo "ok - remote-viewer runs on $1's $library"
}

# still_there: what was installed first is so still, and apt finds nothing broken.
still_there() {
  run apt-get -q check
  for package in "${dependents[@]}"; do
    chroot "$root" dpkg-query -W -f='${db:Status-Status}' "$package" | grep -qx installed || fail "$package is gone: $1"
  done
  echo "ok - ${dependents[*]} are there: $1"
}

library=libspice-client-glib-2.0-8 typelib=gir1.2-spiceclientglib-2.0
dependents=(virt-viewer spice-client-gtk virt-manager gnome-boxes)
echo "a fresh Debian 12 …"
mirror=$(apt-get indextargets --format '$(SITE)' | head -n 1)
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 || { tail "$work/log" >&2; fail 'no root'; }
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
run apt-get -q -y install --no-install-recommends "${dependents[@]}" $library $typelib xvfb x11-utils

"$server" >"$work/server" 2>&1 &
until_so 60 grep -qs "^ready " "$work/server" || fail 'the demo server does not start'
port=$(sed -n 's/^ready .*\bport=\([0-9]*\).*/\1/p' "$work/server")
chroot "$root" Xvfb -displayfd 1 -nolisten tcp >"$work/display" 2>/dev/null &
until_so 60 grep -qs . "$work/display" || fail 'Xvfb does not start'
display=$(cat "$work/display")

runs_on $library
mkdir "$root/packages"
cp "$packages"/*.deb "$root/packages"
run sh -c 'apt-get -q -y install --no-install-recommends /packages/*.deb'
still_there 'with our packages'
runs_on $library-caraway
run caraway info "spice://127.0.0.1:$port"
echo 'ok - caraway info'
run apt-get -q -y install --no-install-recommends $library $typelib
still_there "with the distribution's again"
! chroot "$root" dpkg-query -W -f='${Package} ${db:Status-Status}\n' '*caraway*' 2>/dev/null | grep ' installed$' ||
  fail 'some of our packages are left'
runs_on $library
