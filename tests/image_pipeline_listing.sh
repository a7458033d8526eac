#!/bin/sh
# weir-thumbs makes one thumbnail of a file that the system lists twice, as it may if the file is replaced meanwhile.
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

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-listing.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
TMPDIR=$work
export TMPDIR

cat >twice.c <<'END_OF_C'
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define TWICE(type, name)                                                                                              \
    struct type *name(DIR *folder) {                                                                                   \
        static struct type kept;                                                                                       \
        static int again;                                                                                              \
        struct type *(*next)(DIR *);                                                                                   \
        *(void **)&next = dlsym(RTLD_NEXT, #name);                                                                     \
        struct type *entry = again ? &kept : next(folder);                                                             \
        if (entry == NULL || strncmp(entry->d_name, "photo-", 6) != 0)                                                 \
            return entry;                                                                                              \
        again = !again;                                                                                                \
        if (again) {                                                                                                   \
            memcpy(&kept, entry, entry->d_reclen < sizeof kept ? entry->d_reclen : sizeof kept);                       \
            fputs("twice\n", stderr);                                                                                  \
        }                                                                                                              \
        return entry;                                                                                                  \
    }

TWICE(dirent, readdir)
TWICE(dirent64, readdir64)
END_OF_C
# shellcheck disable=SC2086  # CC has flags
${CC:-cc} -shared -fPIC -w -o twice.so twice.c -ldl || skip "no library to preload can be made"

"$WEIR_MAKE_PHOTOS" --count 3 --to photos >made 2>&1 || fail "$(cat made)"
for recursive in "" --recursive; do
    rm -rf out
    # shellcheck disable=SC2086  # none, or an option
    LD_PRELOAD=$work/twice.so "$program" --from photos --to out $recursive >printed 2>&1 || fail "$(cat printed)"
    grep -q '^twice' printed || skip "the system's readdir cannot be replaced"
    [ "$(find out -type f | wc -l)" -eq 3 ] || fail "$(ls out) $(cat printed)"
    ! grep -q 'failed [1-9]\|would have the name' printed || fail "$(cat printed)"
done
