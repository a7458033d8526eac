#!/bin/sh
# weir-thumbs removes the painted pictures of a run that was killed, and nothing else.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS, WEIR_SANITIZER_CFLAGS; CC.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source=/dev/null
. "$top_srcdir/tests/image_pipeline_support.sh"

fail() {
    echo "$1"
    exit 1
}

need_thumbs
program=$(real_program)
find_library

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-leftovers.XXXXXX")
pids=
clean_up() {
    for pid in $pids; do
        kill -9 "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
cd "$work"
mkdir tmp precious
TMPDIR=$work/tmp
export TMPDIR

# Starts a run that paints, and waits until it has a picture. $pid is its process.
paint() {
    "$program" --to "$1" >"$1.out" 2>"$1.err" &
    pid=$!
    pids="$pids $pid"
    tries=0
    until find tmp -name 'photo-*' | grep -q .; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail "nothing is painted: $(cat "$1.err")"
        sleep 0.1
    done
}

paint killed
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
killed=$(find tmp -name '.weir-thumbs-painted-*')
[ -d "$killed" ] || fail "no folder is left by a killed run"

# What only looks like a left-over folder, or has more than pictures in it.
echo keep >precious/photo-0001.jpg
ln -s ../precious tmp/.weir-thumbs-painted-aLink0
mkdir tmp/weir-thumbs-output tmp/.weir-thumbs-painted-toolong tmp/.weir-thumbs-painted-aB3dE6
echo keep >tmp/weir-thumbs-output/photo-0001.jpg
echo keep >tmp/.weir-thumbs-painted-toolong/photo-0001.jpg
echo keep >tmp/.weir-thumbs-painted-aB3dE6/holiday.jpg
mkdir tmp/.weir-thumbs-painted-aB3dE6/photo-0002.jpg
ln -s ../../precious/photo-0001.jpg tmp/.weir-thumbs-painted-aB3dE6/photo-0003.jpg

"$WEIR_MAKE_PHOTOS" --count 1 --to photos 2>/dev/null
"$program" --from photos --to out >out.txt 2>&1 || fail "$(cat out.txt)"
[ ! -e "$killed" ] || fail "the folder of a killed run is still there: $(ls -a "$killed")"
for file in precious/photo-0001.jpg tmp/weir-thumbs-output/photo-0001.jpg \
    tmp/.weir-thumbs-painted-toolong/photo-0001.jpg tmp/.weir-thumbs-painted-aB3dE6/holiday.jpg; do
    [ "$(cat "$file" 2>&1)" = keep ] || fail "$file was removed"
done
[ -d tmp/.weir-thumbs-painted-aB3dE6/photo-0002.jpg ] || fail "a folder in a left-over folder was removed"
rm -r tmp/weir-thumbs-output tmp/.weir-thumbs-painted-*

# The folder of a run that is alive, though stopped, is not touched.
paint alive
kill -STOP "$pid"
before=$(find tmp | wc -l)
"$program" --from photos --to out >out.txt 2>&1 || fail "$(cat out.txt)"
after=$(find tmp | wc -l)
[ "$before" -eq "$after" ] || fail "pictures of a run that is alive were removed"
kill -CONT "$pid"
wait "$pid" || fail "$(cat alive.err)"
[ -z "$(ls -A tmp)" ] || fail "left: $(ls -A tmp)"

# Another run removes the new folder before it is locked: a further one is made.
[ -z "${WEIR_SANITIZER_CFLAGS:-}" ] || exit 0 # its library must be preloaded first
cat >take.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

char *mkdtemp(char *path) {
    static int calls;
    char *(*next)(char *);
    *(void **)&next = dlsym(RTLD_NEXT, "mkdtemp");
    char *made = next(path);
    if (made != NULL && calls++ < 3)
        rmdir(made);
    return made;
}
END
# shellcheck disable=SC2086  # CC has flags
${CC:-cc} -shared -fPIC -o take.so take.c -ldl || exit 0
LD_PRELOAD=$work/take.so "$program" --to taken >out.txt 2>&1 || fail "$(cat out.txt)"
[ -z "$(ls -A tmp)" ] || fail "left: $(ls -A tmp)"
