#!/bin/sh
# Each public header compiles alone, twice in one file, as C11 and C17 and as C++11 and C++17, with every warning an
# error.
#
# environment: top_srcdir; CC, CXX (with flags, if need be). Without a C++ compiler that half is left out, and says so.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
CC=${CC:-cc}
CXX=${CXX-c++}
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-headers.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
count=0

# compiles NAME COMPILER OPTION...: whether the compiler takes the file that stands in $work.
compiles() {
    name=$1
    shift
    count=$((count + 1))
    if ! "$@" -Wall -Wextra -Wpedantic -Werror "-I$top_srcdir/include" -c -o "$work/out.o" >"$work/errors" 2>&1; then
        echo "FAIL: <$name>: $*"
        cat "$work/errors"
        failed=1
    fi
}

# Whether the compiler knows a standard at all.
knows() {
    echo 'int main(void);' >"$work/known.$suffix"
    "$@" -c -o "$work/known.o" "$work/known.$suffix" >/dev/null 2>&1
}

# try SUFFIX COMPILER... -- STANDARD...
try() {
    suffix=$1
    shift
    compiler=
    while [ "$1" != -- ]; do
        compiler="$compiler $1"
        shift
    done
    shift
    for standard in "$@"; do
        # shellcheck disable=SC2086 # the compiler comes with its flags
        if ! knows $compiler "-std=$standard"; then
            echo "$compiler does not know $standard: left out"
            continue
        fi
        for header in "$top_srcdir/include/weir.h" "$top_srcdir"/include/weir/*.h; do
            name=${header#"$top_srcdir/include/"}
            printf '#include <%s>\n#include <%s>\nint main(void);\n' "$name" "$name" >"$work/alone.$suffix"
            # shellcheck disable=SC2086
            compiles "$name" $compiler "-std=$standard" "$work/alone.$suffix"
        done
        # What is a macro is only compiled where it is used.
        cat >"$work/macros.$suffix" <<'END'
#include <weir.h>
int use(weir_queue *queue);
int use(weir_queue *queue) {
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    weir_deadline never = WEIR_NEVER;
    return weir_queue_cursor_end(&cursor) == WEIR_OK && weir_queue_capacity(queue) == WEIR_UNBOUNDED && never != 0;
}
END
        # shellcheck disable=SC2086
        compiles "weir.h, its macros" $compiler "-std=$standard" "$work/macros.$suffix"
    done
}

# shellcheck disable=SC2086
try c $CC -- c11 c17
# `:` and `no` are what configure says when it has found none.
if [ -z "$CXX" ] || [ "$CXX" = no ] || [ "$CXX" = : ] || ! command -v "${CXX%% *}" >/dev/null 2>&1; then
    echo "no C++ compiler: C++ left out"
else
    # shellcheck disable=SC2086
    try cc $CXX -- c++11 c++17
fi
if [ "$count" -eq 0 ]; then
    echo "FAIL: nothing was compiled"
    failed=1
fi
echo "$count compilations"
exit "$failed"
