#!/bin/sh
# Many threads that resize at once from their start do not crash: the code for vectors is compiled only where that is safe.
#
# liborc before 0.4.34 crashes now and then if several threads compile at a time, so this runs the program 50 times. Each
# picture has another scale, for which libvips compiles other code.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

RUNS=50
THREADS=16

skip() {
    echo "SKIPPED: $1"
    exit 77
}

[ -x "${WEIR_THUMBS:-}" ] || skip "weir-thumbs was not built"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-vectors.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# Thumbnails of one photo are the pictures: their sizes differ.
"$WEIR_MAKE_PHOTOS" --count 1 --to photo 2>/dev/null
"$WEIR_THUMBS" photo from --quiet -s 130,137,149,163,171,188,194,203
"$WEIR_THUMBS" photo from --quiet -s 211,229,237,248,251,262,277,289

run=1
while [ $run -le $RUNS ]; do
    status=0
    "$WEIR_THUMBS" from to --no-isolate --overwrite --capacity 16 --downloads 4 --resizes $THREADS -s 40,50,60,70 >out 2>err || status=$?
    if [ $status -ne 0 ] || ! grep -q '^done  *16 of 16$' out; then
        echo "run $run of $RUNS: exits with $status: $(cat out err)"
        exit 1
    fi
    run=$((run + 1))
done
