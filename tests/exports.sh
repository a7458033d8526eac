#!/bin/sh
# The shared library exports exactly the names of lib/weir.sym, which are also the ones that the headers declare
# WEIR_API, and those of Debian's package.
#
# environment: top_srcdir, top_builddir; WEIR_SO: the shared library; NM.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
WEIR_SO=${WEIR_SO:-$top_builddir/.libs/libweir.so}
NM=${NM:-nm}
LC_ALL=C
export LC_ALL

if [ ! -e "$WEIR_SO" ]; then
    echo "there is no shared library ($WEIR_SO): skipped"
    exit 77
fi
if ! $NM -D --defined-only "$WEIR_SO" >/dev/null 2>&1; then
    echo "$NM cannot read $WEIR_SO: skipped"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-exports.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Names with a leading underscore belong to the compiler and its sanitizers.
$NM -D --defined-only "$WEIR_SO" | awk '{ sub(/@.*/, "", $NF); print $NF }' | grep -v '^_' | sort -u >"$work/exported"
sort -u "$top_srcdir/lib/weir.sym" >"$work/listed"
cat "$top_srcdir"/include/weir/*.h | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*WEIR_API [A-Za-z_0-9 *]*[ *]\(weir_[a-z_0-9]*\)(.*/\1/p' | sort -u >"$work/declared"

failed=0
for other in listed declared; do
    if ! diff "$work/$other" "$work/exported" >"$work/difference"; then
        echo "FAIL: < $other, > exported:"
        cat "$work/difference"
        failed=1
    fi
done
if ! diff "$top_srcdir/lib/weir.sym" "$work/listed" >/dev/null; then
    echo "FAIL: lib/weir.sym is not sorted"
    failed=1
fi
sed -n 's/^ \(.*\)@Base .*/\1/p' "$top_srcdir/debian/libweir0.symbols" >"$work/packaged"
if ! diff "$top_srcdir/lib/weir.sym" "$work/packaged" >"$work/difference"; then
    echo "FAIL: < lib/weir.sym, > debian/libweir0.symbols:"
    cat "$work/difference"
    failed=1
fi
if [ ! -s "$work/exported" ]; then
    echo "FAIL: nothing is exported"
    failed=1
fi
echo "$(wc -l <"$work/exported") names"
exit "$failed"
