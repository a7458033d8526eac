#!/bin/sh
# Small files that take much memory to decode stay within --memory. It takes minutes, so it runs if WEIR_BOMBS is set.
#
# environment: top_srcdir, WEIR_THUMBS, WEIR_BOMBS.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}

skip() {
    echo "SKIPPED: $1"
    exit 77
}

[ -n "${WEIR_BOMBS:-}" ] || skip "takes minutes; WEIR_BOMBS is not set"
[ -x "${WEIR_THUMBS:-}" ] || skip "weir-thumbs was not built"
[ -e /proc/self/smaps_rollup ] || skip "the system does not tell the memory of a process"
command -v python3 >/dev/null || skip "no python3"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-bombs.XXXXXX")
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/image_pipeline_bombs.py" "$WEIR_THUMBS" "$work"
