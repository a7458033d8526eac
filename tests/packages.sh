#!/bin/sh
# Builds Debian's packages from a distribution of weir, in a bare Debian, checks them with lintian, and installs them in
# another bare Debian, where the tests of debian/tests run. There the distribution is also built with a compiler and
# make alone. Needs root, mmdebstrap and a mirror of Debian; without the first two the exit status is 77.
#
#     tests/packages.sh weir-VERSION.tar.xz [DIR]     DIR, which must exist, gets the packages
#     tests/packages.sh --cross ARCH weir-VERSION.tar.xz [DIR]     libweir0 and libweir-dev, cross built for ARCH
#
# environment: WEIR_DEBIAN: the release (default bookworm); WEIR_MIRROR: the mirror (default http://deb.debian.org/debian);
# JOBS: the number of parallel compilers; TMPDIR.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

arch=
if [ "${1:-}" = --cross ]; then
    arch=$2
    shift 2
fi
tarball=$(realpath "$1")
kept=${2:-}
release=${WEIR_DEBIAN:-bookworm}
mirror=${WEIR_MIRROR:-http://deb.debian.org/debian}
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN)}

skip() {
    echo "packages: $1: skipped"
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip "not root, which a bare Debian is made by"
command -v mmdebstrap >/dev/null 2>&1 || skip "there is no mmdebstrap"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-packages.XXXXXX")
chmod 755 "$work" # apt reads the packages as a user of its own
trap 'rm -rf --one-file-system "$work"' EXIT

# quietly WHAT COMMAND...: runs the command; shows its output only if it fails, which ends the script.
quietly() {
    what=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        echo "$what: ok"
    else
        echo "FAIL: $what"
        tail -n 100 "$work/out"
        exit 1
    fi
}

# within ROOT COMMAND...: runs the command in a bare Debian, without what the caller's environment says. Its mounts end
# with it.
within() {
    root=$1
    shift
    # shellcheck disable=SC2016 # for the inner shell
    unshare -m sh -c 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        http_proxy="${http_proxy:-}" DEB_BUILD_OPTIONS="parallel=$jobs ${DEB_BUILD_OPTIONS:-}" "$@"
}

apt_in() {
    root=$1
    shift
    within "$root" apt-get -q -y -o APT::Sandbox::User=root --no-install-recommends "$@"
}

# bare NAME: makes another bare Debian, at $work/NAME.
bare() {
    mkdir "$work/$1"
    tar -C "$work/$1" -xf "$work/bare.tar" --exclude='./dev/*'
    [ -z "$arch" ] || within "$work/$1" dpkg --add-architecture "$arch"
    quietly "apt-get update" apt_in "$work/$1" update
}

unshare -m true 2>/dev/null || skip "no mounts of its own"
quietly "a bare Debian $release" mmdebstrap --quiet --variant=apt --mode=root "$release" "$work/bare.tar" "$mirror"
folder=$(basename "$tarball" .tar.xz)

# ---- building ----

bare build
mkdir "$work/build/src"
tar -C "$work/build/src" -xf "$tarball"
options="-us -uc"
if [ -n "$arch" ]; then
    profiles=nocheck,nopython,pkg.weir.notools
    options="$options -b -a$arch -P$profiles"
    quietly "what a cross build needs" apt_in "$work/build" install build-essential "crossbuild-essential-$arch" "libc6-dev:$arch"
    quietly "what weir is built with" apt_in "$work/build" -P "$profiles" "-a$arch" build-dep "/src/$folder"
else
    quietly "lintian, build-essential" apt_in "$work/build" install build-essential lintian
    quietly "what weir is built with" apt_in "$work/build" build-dep "/src/$folder"
fi
quietly "dpkg-buildpackage $options" within "$work/build" sh -c "cd /src/$folder && dpkg-buildpackage $options"
[ -z "$kept" ] || cp "$work"/build/src/*_*.* "$kept"
if [ -n "$arch" ]; then
    ls "$work"/build/src/*.deb
    exit
fi
quietly "lintian" within "$work/build" sh -c "lintian --allow-root --fail-on error,warning /src/*.changes"

# ---- using ----

bare use
mkdir "$work/use/debs"
cp "$work"/build/src/*_*.deb "$work/use/debs"
rm -f "$work"/use/debs/*-dbgsym_*
tar -C "$work/use" -xf "$tarball"
# A compiler and make, and nothing else, come first: later the packages are there too.
quietly "a compiler and make" apt_in "$work/use" install gcc libc6-dev make
quietly "the distribution, with these alone" within "$work/use" sh -c \
    "mkdir /made && cd /made && /$folder/configure -q && make -s -j $jobs && make -s install DESTDIR=/made/root && make -s check TESTS=tests/stress"
quietly "apt install ./*.deb" within "$work/use" sh -c \
    "apt-get -q -y -o APT::Sandbox::User=root install --no-install-recommends /debs/*.deb"
tests=$(sed -n 's/^Tests: //p' "$work/use/$folder/debian/tests/control")
for test in $tests; do
    needs=$(sed -n "/^Tests: $test\$/,/^\$/s/^Depends: //p" "$work/use/$folder/debian/tests/control" | tr -d ,)
    # shellcheck disable=SC2086 # several words
    quietly "what the test $test needs" apt_in "$work/use" install $needs
    quietly "the test $test" within "$work/use" sh -c "cd /$folder && debian/tests/$test"
done
