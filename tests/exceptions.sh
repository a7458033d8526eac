#!/bin/sh
# Exceptions do not leave a function of the program, as exceptions.cpp describes: std::terminate is called on the
# stack of the throw. Each function runs in its own process.
#
# environment: top_srcdir, top_builddir; CXX (with flags, if need be); WEIR_SANITIZER_CFLAGS: the flags with which the
# library was built.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
CXX=${CXX-c++}
WEIR_SANITIZER_CFLAGS=${WEIR_SANITIZER_CFLAGS:-}
libs=$top_builddir/.libs
failed=0

if [ -e "$libs/libweir.so" ]; then
    library="-L$libs -lweir -Wl,-rpath,$(cd "$libs" && pwd)"
elif [ -e "$libs/libweir.a" ]; then
    library=$libs/libweir.a
else
    echo "the library is not built in $top_builddir: skipped"
    exit 77
fi
if [ -z "$CXX" ] || [ "$CXX" = no ] || [ "$CXX" = : ] || ! command -v "${CXX%% *}" >/dev/null 2>&1; then
    echo "no C++ compiler: skipped"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-exceptions.XXXXXX")
trap 'rm -rf "$work"' EXIT

# With timeout(1), a program that hangs fails.
limit=
if command -v timeout >/dev/null 2>&1; then limit='timeout 60'; fi

# shellcheck disable=SC2086 # several flags each
$CXX -std=c++11 -Wall -Wextra -Werror $WEIR_SANITIZER_CFLAGS "-I$top_srcdir/include" "$top_srcdir/tests/exceptions.cpp" \
    $library -pthread -o "$work/exceptions"
"$work/exceptions" list >"$work/names"
printf 'caught\nexit\n' >>"$work/names"
while read -r name; do
    # shellcheck disable=SC2086 # two words, or none
    if ! $limit "$work/exceptions" "$name" >"$work/said" 2>&1 </dev/null; then
        echo "FAIL: $name"
        cat "$work/said"
        failed=1
    fi
done <"$work/names"
count=$(wc -l <"$work/names")
if [ "$count" -lt 20 ]; then
    echo "FAIL: there are only $count"
    failed=1
fi
echo "$count functions"
exit "$failed"
