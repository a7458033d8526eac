#!/bin/sh
# Threads of weir-thumbs that wait for their second look at a picture decode nothing after a cancel.
#
# A library that is preloaded makes each failure have two candidates for its reason, so that the picture is decoded once
# more. It records the looks, and holds the first of the second ones.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS, WEIR_SANITIZER_CFLAGS; CC.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source=/dev/null
. "$top_srcdir/tests/image_pipeline_support.sh"

fail() {
    echo "FAIL: $1"
    exit 1
}

need_thumbs
[ -z "${WEIR_SANITIZER_CFLAGS:-}" ] || skip "the library of a sanitizer must be preloaded first"
program=$(real_program)
find_library

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-second.XXXXXX")
pid=
clean_up() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
cd "$work"

cat >hold.c <<'END_OF_C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local int copies; /* two in each look: when it begins and when it ends */

static void record(const char *line) {
    int file = open("looks", O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (write(file, line, strlen(line)) < 0)
        abort();
    close(file);
}

/* Two lines more in libvips's messages. */
char *vips_error_buffer_copy(void) {
    static const char more[] = "VipsJpeg: one\nVipsJpeg: two\n";
    char *(*next)(void);
    *(void **)&next = dlsym(RTLD_NEXT, "vips_error_buffer_copy");
    char *text = next(), *longer = calloc(1, strlen(text) + sizeof more);
    if (++copies == 2)
        record("first ends\n");
    if (copies == 3)
        record("second begins\n");
    return strcat(strcpy(longer, text), more); /* GLib frees by free */
}

void jpeg_CreateDecompress(void *info, int version, size_t size) {
    while (copies == 3 && access("go", F_OK) != 0)
        usleep(1000);
    void (*next)(void *, int, size_t);
    *(void **)&next = dlsym(RTLD_NEXT, "jpeg_CreateDecompress");
    next(info, version, size);
}
END_OF_C
# shellcheck disable=SC2086  # CC has flags
${CC:-cc} -shared -fPIC -w -o hold.so hold.c -ldl || skip "no library to preload can be made"

"$WEIR_MAKE_PHOTOS" --count 1 --to photos >made 2>&1 || fail "$(cat made)"
mkdir in
size=$(($(wc -c <photos/photo-0001.jpg) / 2))
for name in a b c d; do
    head -c "$size" photos/photo-0001.jpg >"in/$name.jpg"
done
threads= # a child process decodes one picture at a time, and has no second look
if "$program" --help | grep -q -e --no-isolate; then threads=--no-isolate; fi

# count TEXT: the number of lines of looks.
count() {
    grep -c "$1" looks 2>/dev/null || true
}

# wait_for TEXT: waits until it is printed.
wait_for() {
    tries=0
    until grep -q "$1" printed; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail "'$1' is not printed: $(cat printed)"
        sleep 0.1
    done
}

# shellcheck disable=SC2086  # one option or none
LD_PRELOAD=$work/hold.so "$program" --from in --to out --resizes 4 $threads >printed 2>&1 &
pid=$!
tries=0
until [ "$(count first)" = 4 ] && [ "$(count second)" = 1 ]; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail "no second look beside four first ones: $(cat looks printed)"
    sleep 0.1
done
sleep 0.5 # the other threads come to wait for their second looks
kill -TERM "$pid"
wait_for interrupted
kill -TERM "$pid"
wait_for aborting
touch go
wait "$pid" && fail "an interrupted run succeeds"
pid=
[ "$(count second)" = 1 ] || fail "$(count second) second looks, of which one began before the cancel: $(cat printed)"
