#!/bin/sh
# Builds fuzz_queue.c and lib/ with libFuzzer and the address and undefined behaviour sanitizers, and fuzzes for
# FUZZ_SECONDS. `make fuzz` calls it. A failing input is stored in tests/fuzz/found/ of the build folder.
#
# environment: top_srcdir; top_builddir; FUZZ_SOURCES: the library's, from top_srcdir; FUZZ_CPPFLAGS; FUZZ_SECONDS,
# default 60; FUZZ_CC, default clang; FUZZ_OPTIONS: further options of libFuzzer.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/../..}
FUZZ_CC=${FUZZ_CC:-clang}
flags='-g -O1 -std=c11 -pthread -fno-omit-frame-pointer
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined'
here=$top_srcdir/tests/fuzz
work=${top_builddir:-.}/tests/fuzz
mkdir -p "$work/found" "$work/more"

echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d[n] * 0; }' >"$work/try.c"
# shellcheck disable=SC2086 # lists of words
if ! $FUZZ_CC $flags -o "$work/try" "$work/try.c" >"$work/try.log" 2>&1; then
    echo "fuzz: '$FUZZ_CC' cannot build with -fsanitize=fuzzer; wanted is clang (Debian: clang libclang-rt-14-dev)," >&2
    echo "fuzz: or set FUZZ_CC. It said: $(head -n 1 "$work/try.log")" >&2
    exit 1
fi

set -- "$here/fuzz_queue.c" "$here/model.c"
for source in $FUZZ_SOURCES; do
    case $source in *.c) set -- "$@" "$top_srcdir/$source" ;; esac
done
# shellcheck disable=SC2086
$FUZZ_CC $flags ${FUZZ_CPPFLAGS:-} -I"$top_srcdir/include" -I"$top_srcdir/lib" -o "$work/fuzz_queue" "$@"

# libFuzzer stores new inputs in the first folder.
echo "fuzz: for ${FUZZ_SECONDS:-60} s; see $work/fuzz.log"
# shellcheck disable=SC2086
if "$work/fuzz_queue" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=200 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$work/found/" ${FUZZ_OPTIONS:-} "$work/more" "$here/corpus" >"$work/fuzz.log" 2>&1; then
    echo "fuzz: nothing found in $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/fuzz.log") runs"
else
    tail -n 40 "$work/fuzz.log" >&2
    echo "fuzz: the input is in $work/found; tests/fuzz/replay -v FILE prints its calls" >&2
    exit 1
fi
