#!/bin/sh
# weir-thumbs with --queue: several programs on one list, some of which are killed or interrupted; what is refused.
#
# usage: image_pipeline_queue.sh [CHECK...]
# environment: top_srcdir, WEIR_THUMBS, WEIR_MAKE_PHOTOS; WEIR_NEED_NATS: a missing nats-server is a failure.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}

skip() {
    echo "SKIPPED: $1"
    [ -z "${WEIR_NEED_NATS:-}" ] || exit 1
    exit 77
}

if [ ! -x "${WEIR_THUMBS:-}" ]; then
    echo "SKIPPED: weir-thumbs was not built"
    exit 77
fi
refusal=$("$WEIR_THUMBS" --queue nats://127.0.0.1/none 2>&1) && exit 1
case $refusal in
*"built without libweir-nats") skip "weir-thumbs was built without libweir-nats" ;;
esac
PATH=$PATH:/usr/local/bin:/usr/sbin
export PATH
command -v nats-server >/dev/null || skip "no nats-server"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || skip "no python3, at least 3.9"
program=$WEIR_THUMBS
real=$(dirname "$program")/.libs/$(basename "$program") # a signal must not go to libtool's script
[ ! -x "$real" ] || program=$real
LD_LIBRARY_PATH=$(dirname "$WEIR_THUMBS")/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-queue.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$WEIR_MAKE_PHOTOS" --count 5 --to "$work/photos" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$top_srcdir/tests/image_pipeline_network \
    python3 "$top_srcdir/tests/image_pipeline_queue/check.py" "$program" "$work/photos" "$work" "$@"
