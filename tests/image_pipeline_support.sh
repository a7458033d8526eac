# shellcheck shell=sh
# image_pipeline_support.sh - what tests of weir-thumbs share: they read it with `.`.
#
# environment: WEIR_THUMBS, WEIR_MAKE_PHOTOS.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

skip() {
    echo "SKIPPED: $1"
    exit 77
}

need_thumbs() {
    [ -x "${WEIR_THUMBS:-}" ] || skip "weir-thumbs was not built"
}

# need_python WHAT: for servers, or whatever the test has in Python.
need_python() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || skip "no python3, at least 3.9, for the $1"
}

# make_photos COUNT FOLDER: into FOLDER/photos.
make_photos() {
    "$WEIR_MAKE_PHOTOS" --count "$1" --to "$2/photos" >"$2/made" 2>&1 || {
        cat "$2/made"
        exit 1
    }
}

# Prints the name of the program itself, which needs LD_LIBRARY_PATH: a signal must not go to libtool's script.
real_program() {
    real=$(dirname "$WEIR_THUMBS")/.libs/$(basename "$WEIR_THUMBS")
    if [ -x "$real" ]; then echo "$real"; else echo "$WEIR_THUMBS"; fi
}

find_library() {
    LD_LIBRARY_PATH=$(dirname "$WEIR_THUMBS")/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export LD_LIBRARY_PATH
}
