#!/bin/sh
# weir-thumbs and the network: --rate, --per-host, --cacert, --insecure, --no-private, --metrics, --trace, names and
# handshakes that fail, and hosts that are tried.
#
# usage: image_pipeline_network.sh [CHECK...]
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
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || skip "no python3, at least 3.9, for the servers"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-network.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$WEIR_MAKE_PHOTOS" --count 1 --to "$work/photos" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/image_pipeline_network/check.py" "$WEIR_THUMBS" \
    "$work/photos/photo-0001.jpg" "$work" "$@"
