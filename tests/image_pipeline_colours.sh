#!/bin/sh
# weir-thumbs makes thumbnails with the right colours of every kind of picture, and none of damaged ones.
#
# environment: top_srcdir, WEIR_THUMBS; PYTHON: a python3 with Pillow.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}

skip() {
    echo "SKIPPED: $1"
    exit 77
}

[ -x "${WEIR_THUMBS:-}" ] || skip "weir-thumbs was not built"
python=
for candidate in ${PYTHON:-} python3 /usr/bin/python3; do
    if "$candidate" -c 'import PIL.ImageCms' >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || skip "no python3 with Pillow (python3-pil) to compare the colours with"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-colours.XXXXXX")
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$python" "$top_srcdir/tests/image_pipeline_colours/compare.py" "$WEIR_THUMBS" "$work"
