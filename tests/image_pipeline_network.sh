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
# shellcheck source=/dev/null
. "$top_srcdir/tests/image_pipeline_support.sh"
need_thumbs
need_python servers

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-network.XXXXXX")
trap 'rm -rf "$work"' EXIT
make_photos 1 "$work"
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/image_pipeline_network/check.py" "$WEIR_THUMBS" \
    "$work/photos/photo-0001.jpg" "$work" "$@"
