# shellcheck shell=sh
# cpp_support.sh - what tests of C++ share: they read it with `.`. Exits with 77 if they cannot run.
#
# environment: top_srcdir, top_builddir; CXX (with flags, if need be); WEIR_SANITIZER_CFLAGS: the flags with which the
# library was built.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

top_builddir=${top_builddir:-.}
CXX=${CXX-c++}

. "${top_srcdir:?}/tests/library_support.sh"

if [ -z "$CXX" ] || [ "$CXX" = no ] || [ "$CXX" = : ] || ! command -v "${CXX%% *}" >/dev/null 2>&1; then
    echo "no C++ compiler: skipped"
    exit 77
fi

# compile STANDARD SOURCE PROGRAM: compiles against the library.
compile() {
    : "${top_srcdir:?}"
    # shellcheck disable=SC2086 # several flags each
    $CXX "-std=$1" -Wall -Wextra -Werror ${WEIR_SANITIZER_CFLAGS:-} "-I$top_srcdir/include" "$2" $library -pthread -o "$3"
}

# limited SECONDS COMMAND...: with timeout(1), a program that hangs fails.
limited() {
    seconds=$1
    shift
    if command -v timeout >/dev/null 2>&1; then timeout "$seconds" "$@"; else "$@"; fi
}
