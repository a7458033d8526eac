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
# shellcheck source=/dev/null
. "$top_srcdir/tests/image_pipeline_support.sh"
need_thumbs
need_python store
program=$(real_program)
find_library

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-kills.XXXXXX")
trap 'rm -rf "$work"' EXIT
make_photos 5 "$work"
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/image_pipeline_kills/kills.py" "$program" "$work/photos" "$work" \
    "${1:-10}" ${2:+"$2"}
