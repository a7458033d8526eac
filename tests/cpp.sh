#!/bin/sh
# weir.hpp does what cpp.cpp checks. What its comment forbids does not compile.
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
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-cpp.XXXXXX")
trap 'rm -rf "$work"' EXIT

# With timeout(1), a program that hangs fails.
limit=
if command -v timeout >/dev/null 2>&1; then limit='timeout 300'; fi

# shellcheck disable=SC2086 # several flags each
$CXX -std=c++17 -Wall -Wextra -Werror $WEIR_SANITIZER_CFLAGS "-I$top_srcdir/include" "$top_srcdir/tests/cpp.cpp" \
    $library -pthread -o "$work/cpp"
# shellcheck disable=SC2086 # two words, or none
$limit "$work/cpp" || failed=1

# allowed FUNCTION: a stage with this function compiles. refused MESSAGE FUNCTION: it does not, and the compiler says why.
compiles() {
    cat >"$work/stage.cpp" <<END
#include <weir.hpp>
void add(weir::pipeline &pipeline) {
    pipeline.add("stage", $1);
}
END
    # shellcheck disable=SC2086
    $CXX -std=c++17 -Wall -Wextra -Werror "-I$top_srcdir/include" -c -o "$work/stage.o" "$work/stage.cpp" \
        >"$work/errors" 2>&1
}
allowed() {
    compiles "$1" && return
    echo "FAIL: does not compile: $1"
    cat "$work/errors"
    failed=1
}
refused() {
    if compiles "$2"; then
        echo "FAIL: compiles: $2"
        failed=1
    elif ! grep -q "$1" "$work/errors"; then
        echo "FAIL: does not say \"$1\": $2"
        cat "$work/errors"
        failed=1
    fi
}
allowed '[](int &) {}'
allowed '[](const int &) noexcept {}'
allowed '[](int &item) mutable -> int & { return item; }'
refused 'names its parameters' '[](auto &) {}'
refused 'takes T &, std::unique_ptr<T> or weir::batch<T>' '[](int) {}'
refused 'if the pipeline owns the item' '[](std::unique_ptr<int> &) {}'
refused 'returns void, std::unique_ptr<T> or its own item' '[](int &) { return 1; }'
refused 'no reference but that to its item' '[](long &) -> int & { static int other; return other; }'
refused 'a source returns std::unique_ptr<T>' '[] {}'
refused 'a source with a task returns bool' '[](weir::task<int> &) {}'
refused 'emits its results, and returns void' '[](weir::task<int> &, int &) { return std::make_unique<int>(1); }'
exit "$failed"
