#!/bin/sh
# weir-thumbs puts thumbnails into buckets of S3 stores: one in Python that verifies each signature by itself, and, where
# node finds them (NODE_PATH), the packages @20minutes/s3rver and aws4 of npm.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS; WEIR_NEED_NODE: fails without node and the packages.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}

skip() {
    echo "SKIPPED: $1"
    exit 77
}

[ -x "${WEIR_THUMBS:-}" ] || skip "weir-thumbs was not built"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || skip "no python3, at least 3.9, for the stores"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-s3.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$WEIR_MAKE_PHOTOS" --count 5 --to "$work/photos" >"$work/out" 2>&1 || {
    cat "$work/out"
    exit 1
}
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/image_pipeline_s3/check.py" "$WEIR_THUMBS" "$work/photos" "$work"
