#!/bin/sh
# Each shared library exports exactly the names of its list, which are also the ones that its headers declare WEIR_API,
# and those of its Debian package: libweir those of lib/weir.sym, and libweir-nats, if it is built, those of
# nats/weir-nats.sym.
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

failed=0

# check LIBRARY LIST SYMBOLS HEADER...: names with a leading underscore belong to the compiler and its sanitizers.
check() {
    library=$1 list=$2 symbols=$3
    shift 3
    $NM -D --defined-only "$library" | awk '{ sub(/@.*/, "", $NF); print $NF }' | grep -v '^_' | sort -u >"$work/exported"
    sort -u "$list" >"$work/listed"
    cat "$@" | tr '\n' ' ' | tr ';' '\n' |
        sed -n 's/.*WEIR_API [A-Za-z_0-9 *]*[ *]\(weir_[a-z_0-9]*\)(.*/\1/p' | sort -u >"$work/declared"
    sed -n 's/^ \(.*\)@Base .*/\1/p' "$symbols" >"$work/packaged"
    for other in listed declared packaged; do
        if ! diff "$work/$other" "$work/exported" >"$work/difference"; then
            echo "FAIL: ${library##*/}: < $other, > exported:"
            cat "$work/difference"
            failed=1
        fi
    done
    if ! diff "$list" "$work/listed" >/dev/null; then
        echo "FAIL: $list is not sorted"
        failed=1
    fi
    if [ ! -s "$work/exported" ]; then
        echo "FAIL: ${library##*/} exports nothing"
        failed=1
    fi
    echo "${library##*/}: $(wc -l <"$work/exported") names"
}

find "$top_srcdir/include/weir" -name '*.h' ! -name nats.h | sort >"$work/headers"
# shellcheck disable=SC2046 # one name a line, without spaces
check "$WEIR_SO" "$top_srcdir/lib/weir.sym" "$top_srcdir/debian/libweir0.symbols" $(cat "$work/headers")
nats=${WEIR_SO%/*}/libweir-nats.so
if [ -e "$nats" ]; then
    check "$nats" "$top_srcdir/nats/weir-nats.sym" "$top_srcdir/debian/libweir-nats0.symbols" "$top_srcdir/include/weir/nats.h"
fi
exit "$failed"
