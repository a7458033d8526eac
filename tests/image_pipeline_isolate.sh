#!/bin/sh
# In child processes, a decoder that crashes, hangs or takes memory without end costs one picture, which is named.
#
# A preloaded library does so at every 20th picture, which has a word behind its end. Everything runs under a limit of
# memory.
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
[ -e /proc/self/exe ] || skip "child processes need /proc"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-isolate.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
# shellcheck disable=SC3045  # dash and bash have it
ulimit -v 8000000

cat >bad.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORD = 5, PIECE = 1 << 20 };

static void allocate_without_end(void) {
    for (;;)
        memset(malloc(PIECE), 1, PIECE); /* crashes when there is no more */
}

/* Returns when four processes are in here at a time. */
static void meet_three_others(void) {
    char name[32];
    int met = 0;
    snprintf(name, sizeof name, "meeting.%d", (int)getpid());
    close(open(name, O_CREAT | O_WRONLY, 0600));
    for (glob_t found; met < 4; globfree(&found)) {
        met = glob("meeting.*", 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

const char *vips_foreign_find_load_buffer(const void *data, size_t size) {
    const char *(*next)(const void *, size_t), *word = (const char *)data + size - WORD;
    *(void **)&next = dlsym(RTLD_NEXT, "vips_foreign_find_load_buffer");
    if (getenv("NO_MEMFD") != NULL)
        return next(data, size);
    if (memcmp(word, "crash", WORD) == 0)
        raise(SIGSEGV);
    if (memcmp(word, "abort", WORD) == 0)
        abort();
    if (memcmp(word, "exit!", WORD) == 0)
        _exit(7);
    while (memcmp(word, "hang!", WORD) == 0)
        pause();
    while (memcmp(word, "spin!", WORD) == 0)
        continue;
    if (memcmp(word, "meet!", WORD) == 0)
        meet_three_others();
    if (memcmp(word, "eater", WORD) == 0)
        allocate_without_end();
    return next(data, size);
}

/* As if the system had no memory to share. */
int memfd_create(const char *name, unsigned flags) {
    int (*next)(const char *, unsigned);
    *(void **)&next = dlsym(RTLD_NEXT, "memfd_create");
    if (getenv("NO_MEMFD") == NULL)
        return next(name, flags);
    errno = ENOSYS;
    return -1;
}

/* As if libvips had no encoder for AVIF. */
int vips_heifsave_buffer(void *picture, void **buffer, size_t *size, ...) {
    (void)picture, (void)buffer, (void)size;
    return -1;
}
END
# shellcheck disable=SC2086  # CC has flags
${CC:-cc} -shared -fPIC -o bad.so bad.c -ldl || skip "no compiler for a library to preload"
"$WEIR_MAKE_PHOTOS" --count 4 --to photos 2>/dev/null
program=$WEIR_THUMBS
real=$(dirname "$program")/.libs/$(basename "$program") # libtool's script would load the library too
[ -x "$real" ] && program=$real

thumbs() {
    LD_LIBRARY_PATH=$(dirname "$WEIR_THUMBS")/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} LD_PRELOAD=$work/bad.so \
        "$program" --from "$@" >out 2>err
}

# Each word at every 20th of 120 pictures: of JPEGs of a folder, with some in memory at a time.
mkdir from
words='crash hang! eater exit! spin! abort'
number=0
for word in $words; do
    i=1
    while [ $i -le 20 ]; do
        number=$((number + 1))
        name=$(printf '%03d' $number)
        cp photos/photo-000$((number % 4 + 1)).jpg "from/$name.jpg"
        i=$((i + 1))
    done
    printf '%s' "$word" >>"from/$name.jpg"
done
status=0
thumbs from --to to --resizes 2 --memory 128M --resize-timeout 1 || status=$?
[ $status -eq 1 ] || fail "exits with $status: $(cat out err)"
grep -q '^done  *114 of 120$' out || fail "$(cat out err)"
grep -q '^failed  *6 (download 0, resize 6, upload 0)$' out || fail "$(cat out err)"
[ "$(find to -type f | wc -l)" -eq 114 ] || fail "$(find to)"
told() {
    grep -q "^weir-thumbs: $1.jpg: resize: $2\$" err || fail "no '$1.jpg: resize: $2': $(cat err)"
}
told 020 'decoder: killed by SIGSEGV'
told 040 'takes longer than 1 s to resize (--resize-timeout)'
told 060 'decoder: killed by SIGSEGV'
told 080 'decoder: exit status 7'
told 100 'takes longer than 1 s to resize (--resize-timeout)'
told 120 'decoder: killed by SIGABRT'

# With little memory, small pictures are decoded at a time all the same: each of four waits for the others.
mkdir meet
for i in 1 2 3 4; do
    cp photos/photo-0001.jpg meet/$i.jpg
    printf 'meet!' >>meet/$i.jpg
done
thumbs meet --to met --resizes 4 --memory 32M --resize-timeout 20 || fail "$(cat out err)"

# An alarm ends a decoder also if whatever started the program ignores SIGALRM.
mkdir late
cp from/040.jpg late
status=0
(
    trap '' ALRM
    thumbs late --to to --resize-timeout 1
) || status=$?
[ $status -eq 1 ] || fail "with SIGALRM ignored: exits with $status: $(cat out err)"
grep -q 'takes longer than 1 s to resize' err || fail "with SIGALRM ignored: $(cat err)"

# The library is able to end the program that decodes by itself.
mkdir one
cp from/020.jpg one
status=0
thumbs one --to to --no-isolate || status=$?
[ $status -gt 128 ] || fail "with --no-isolate: exits with $status: $(cat out err)"

# Where no child can be started, the program decodes by itself, unless it must not.
NO_MEMFD=1
export NO_MEMFD
thumbs from --to threads --trace trace.json || fail "without child processes: $(cat out err)"
python3 -m json.tool trace.json >/dev/null || fail "the trace of a second pipeline is no JSON"
grep -q '^weir-thumbs: decoding in threads: .*decoder: cannot be run: ' err || fail "$(cat err)"
status=0
thumbs from --to to --overwrite --isolate || status=$?
[ $status -eq 1 ] || fail "--isolate without child processes: exits with $status"
grep -q '^weir-thumbs: .*decoder: cannot be run: ' err || fail "$(cat err)"
unset NO_MEMFD

# Damaged pictures can be kept.
mkdir damaged
head -c 20000 photos/photo-0001.jpg >damaged/cut.jpg
thumbs damaged --to damaged-out --keep-damaged || fail "$(cat out err)"
grep -q '^weir-thumbs: cut.jpg: note: damaged, and its thumbnail was made anyway: VipsJpeg: ' err || fail "$(cat err)"

# A format that libvips cannot write is refused at the start.
status=0
thumbs photos --to avif -f avif || status=$?
[ $status -eq 1 ] || fail "without an encoder: exits with $status"
grep -q '^weir-thumbs: --format: this libvips cannot write AVIF: ' err || fail "$(cat err)"
[ ! -e avif ] || fail "made a folder for a format that cannot be written"
