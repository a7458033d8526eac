#!/bin/sh
# weir-thumbs downloads thirty files of 63 MB at a time: their memory is bounded, and all are done.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS, WEIR_SANITIZER_CFLAGS.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source=/dev/null
. "$top_srcdir/tests/image_pipeline_support.sh"
need_thumbs
[ -z "${WEIR_SANITIZER_CFLAGS:-}" ] || skip "a sanitizer takes memory of its own"
need_python server
[ -e /proc/self/smaps_rollup ] || skip "the system does not tell the memory of a process"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-flight.XXXXXX")
trap 'rm -rf "$work"' EXIT
make_photos 1 "$work"
find_library
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$top_srcdir/tests/image_pipeline_network \
    python3 "$top_srcdir/tests/image_pipeline_flight.py" "$(real_program)" "$work/photos/photo-0001.jpg" "$work"
