#!/bin/sh
# weir.hpp does what cpp.cpp checks. What its comment forbids does not compile.
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

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-cpp.XXXXXX")
trap 'rm -rf "$work"' EXIT

compile c++17 "$top_srcdir/tests/cpp.cpp" "$work/cpp"
limited 300 "$work/cpp" || failed=1

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
