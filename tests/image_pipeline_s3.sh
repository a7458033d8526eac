#!/bin/sh
# weir-thumbs puts thumbnails into buckets of S3 stores: one in Python that verifies each signature by itself, and, where
# node finds them (NODE_PATH), the packages @20minutes/s3rver and aws4 of npm.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS; WEIR_NEED_NODE: fails without node and the packages.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source=/dev/null
. "$top_srcdir/tests/image_pipeline_support.sh"
need_thumbs
need_python stores

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-s3.XXXXXX")
trap 'rm -rf "$work"' EXIT
make_photos 5 "$work"
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/image_pipeline_s3/check.py" "$WEIR_THUMBS" "$work/photos" "$work"
