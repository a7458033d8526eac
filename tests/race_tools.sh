#!/bin/sh
# Runs a user's program under ThreadSanitizer, Helgrind and DRD, with the plain shared library. They must report
# nothing for the correct program, and the race of the racing one. A missing tool is skipped with a message; without
# any tool the exit status is 77.
#
# environment: top_srcdir, top_builddir, CC, WEIR_SO, WEIR_SANITIZER_CFLAGS.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
CC=${CC:-cc}
WEIR_SO=${WEIR_SO:-$top_builddir/.libs/libweir.so}

skip() {
    echo "race_tools: $1: skipped"
    exit 77
}
[ -e "$WEIR_SO" ] || skip "there is no shared library"
[ -z "${WEIR_SANITIZER_CFLAGS:-}" ] || skip "the library is built with a sanitizer"
case $CC in
*--coverage*) skip "the library is built for coverage" ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-race-tools.XXXXXX")
trap 'rm -rf "$work"' EXIT
libraries=$(cd "$(dirname "$WEIR_SO")" && pwd)
export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
limit=
if command -v timeout >/dev/null 2>&1; then limit='timeout 300'; fi
failed=0
looked=0

# build NAME FLAG...: builds the program with these flags.
build() {
    name=$1
    shift
    # shellcheck disable=SC2086 # a compiler and its flags
    $CC -g "$@" -I"$top_srcdir/include" "$top_srcdir/tests/race_tools_program.c" -o "$work/$name" \
        -L"$libraries" -lweir -pthread >"$work/out" 2>&1
}

# look TOOL ITEMS COMMAND...: the correct program must pass, the racing one must fail. Tools exit with 66 on a report.
look() {
    tool=$1
    items=$2
    shift 2
    looked=$((looked + 1))
    status=0
    $limit "$@" "$items" >"$work/out" 2>&1 || status=$?
    if [ "$status" != 0 ]; then
        echo "FAIL: $tool reports a program that is right (status $status)"
        head -60 "$work/out"
        failed=1
    fi
    status=0
    $limit "$@" "$items" racing >"$work/out" 2>&1 || status=$?
    if [ "$status" != 66 ]; then
        echo "FAIL: $tool reports no race in a program that has one (status $status)"
        tail -20 "$work/out"
        failed=1
    fi
    echo "$tool: looked"
}

# A small program shows whether the tool works here at all.
echo 'int main(void) { return 0; }' >"$work/empty.c"
# shellcheck disable=SC2086 # a compiler and its flags
if $CC -fsanitize=thread "$work/empty.c" -o "$work/empty" >/dev/null 2>&1 && "$work/empty" >/dev/null 2>&1; then
    if build tsan -fsanitize=thread; then
        look ThreadSanitizer 1000 env TSAN_OPTIONS='exitcode=66' "$work/tsan"
    else
        cat "$work/out"
        failed=1
    fi
else
    echo "SKIPPED: ThreadSanitizer: $CC has none, or it does not run here"
fi

# under_valgrind TOOL ITEMS OPTION...: looks with this tool if it runs here; it may need the C library's symbols.
under_valgrind() {
    tool=$1
    items=$2
    shift 2
    if valgrind -q --tool="$tool" "$work/empty" >/dev/null 2>&1; then
        look "$tool" "$items" valgrind -q --tool="$tool" "$@" --fair-sched=try --error-exitcode=66 \
            --suppressions="$top_srcdir/weir.supp" "$work/plain"
    else
        echo "SKIPPED: $tool: there is no valgrind, or it does not run here"
    fi
}

build plain || { cat "$work/out"; exit 1; }
if ! grep -q 'define HAVE_VALGRIND_HELGRIND_H 1' "$top_builddir/config.h"; then
    echo "SKIPPED: Helgrind and DRD: the library is built without Valgrind's headers"
else
    # shellcheck disable=SC2086 # a compiler and its flags
    $CC "$work/empty.c" -o "$work/empty"
    under_valgrind helgrind 1000
    under_valgrind drd 200 --segment-merging-interval=300
fi
[ "$looked" -gt 0 ] || exit 77
exit "$failed"
