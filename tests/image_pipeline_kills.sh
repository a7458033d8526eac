#!/bin/sh
# Kills runs of weir-thumbs at random moments: with --resume, the runs together upload each thumbnail once.
#
#     image_pipeline_kills.sh [KILLS [SEED]]
#
# make check kills ten runs, and .ci/run fifty. A failure prints the seed, by which the moments are chosen.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}

skip() {
    echo "SKIPPED: $1"
    exit 77
}

[ -x "${WEIR_THUMBS:-}" ] || skip "weir-thumbs was not built"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || skip "no python3, at least 3.9, for the store"
program=$WEIR_THUMBS
real=$(dirname "$program")/.libs/$(basename "$program") # a signal must not go to libtool's script
[ ! -x "$real" ] || program=$real
LD_LIBRARY_PATH=$(dirname "$WEIR_THUMBS")/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-kills.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$WEIR_MAKE_PHOTOS" --count 5 --to "$work/photos" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/image_pipeline_kills/kills.py" "$program" "$work/photos" "$work" \
    "${1:-10}" ${2:+"$2"}
