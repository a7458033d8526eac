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
# shellcheck source=/dev/null
. "$top_srcdir/tests/cpp_support.sh"
failed=0

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-exceptions.XXXXXX")
trap 'rm -rf "$work"' EXIT

compile c++11 "$top_srcdir/tests/exceptions.cpp" "$work/exceptions"
"$work/exceptions" list >"$work/names"
printf 'caught\nexit\n' >>"$work/names"
while read -r name; do
    if ! limited 60 "$work/exceptions" "$name" >"$work/said" 2>&1 </dev/null; then
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
