#!/bin/sh
# weir-thumbs decodes a picture that fails once more at most, and stops no other picture while it does.
#
# A preloaded library counts the decodes: each begins with a call of vips_foreign_find_load_buffer by the program. It can
# also hold the second decode of one picture until the thumbnails of the others are there.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS, WEIR_SANITIZER_CFLAGS; CC.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

skip() {
    echo "SKIPPED: $1"
    exit 77
}

fail() {
    echo "$1"
    exit 1
}

[ -x "${WEIR_THUMBS:-}" ] || skip "weir-thumbs was not built"
[ -z "${WEIR_SANITIZER_CFLAGS:-}" ] || skip "a sanitizer's library must be preloaded first"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-decodes.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >count.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HELD = 2 /* bytes of the picture that is held at its second decode */ };

static void note_decode(size_t size) {
    static atomic_int held;
    int file = open(getenv("DECODES"), O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0 || write(file, "x", 1) != 1)
        abort();
    close(file);
    while (size == HELD && atomic_load(&held) > 0 && access(getenv("GO"), F_OK) != 0)
        usleep(5000);
    if (size == HELD)
        atomic_fetch_add(&held, 1);
}

const char *vips_foreign_find_load_buffer(const void *data, size_t size) {
    const char *(*next)(const void *, size_t);
    Dl_info caller;
    *(void **)&next = dlsym(RTLD_NEXT, "vips_foreign_find_load_buffer");
    if (dladdr(__builtin_return_address(0), &caller) != 0 && strstr(caller.dli_fname, "weir-thumbs") != NULL)
        note_decode(size);
    return next(data, size);
}
END
# shellcheck disable=SC2086  # CC has flags
${CC:-cc} -shared -fPIC -o count.so count.c -ldl || skip "no compiler for a library to preload"
"$WEIR_MAKE_PHOTOS" --count 4 --to photos 2>/dev/null

# run FROM: the number of decodes is in $decodes afterwards.
run() {
    rm -f decodes
    : >decodes
    program=$WEIR_THUMBS
    real=$(dirname "$program")/.libs/$(basename "$program") # libtool's script would count the shell
    [ -x "$real" ] && program=$real
    LD_LIBRARY_PATH=$(dirname "$WEIR_THUMBS")/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
        LD_PRELOAD=$work/count.so DECODES=$work/decodes GO=$work/go \
        "$program" --no-isolate --from "$1" --to "$1-out" >out 2>err &
    pid=$!
}

mkdir cut
for i in 1 2 3 4 5 6 7 8 9; do
    head -c 20000 photos/photo-0001.jpg >cut/$i.jpg
done
run cut
wait "$pid" || true
decodes=$(wc -c <decodes)
grep -q '^failed  *9 ' out || fail "$(cat out err)"
[ "$decodes" -eq 9 ] || fail "$decodes decodes of 9 pictures that all fail for the same reason"

# Two messages are about this picture, so it is decoded once more. No name sorts before it.
mkdir held
printf '\377\330' >held/0.jpg
for i in 1 2 3 4; do
    cp photos/photo-000$i.jpg held/
done
run held
tries=0
while [ "$(find held-out -name 'photo-*' | wc -l)" -lt 4 ]; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ]; then
        kill "$pid"
        fail "no other picture is done while one is decoded once more"
    fi
    sleep 0.1
done 2>/dev/null
touch go
wait "$pid" || true
decodes=$(wc -c <decodes)
[ "$decodes" -eq 6 ] || fail "$decodes decodes of 5 pictures, of which one needs a second"
grep -q '^weir-thumbs: 0.jpg: resize: VipsJpeg: ' err || fail "$(cat err)"
