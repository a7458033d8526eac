#!/bin/sh
# Records the interface of the built shared library: exported functions, and all types reachable from them through the
# public headers. abi.sh compares with the record.
#
#     update.sh [FILE]     FILE is the output, by default libweir.abi beside this script
#
# `make update-abi` calls it, in a build folder of gcc or clang for x86-64, with debugging information (-g, the
# default). HACKING.md says when.
#
# environment: top_srcdir, top_builddir; WEIR_SO: the shared library. Needs abidw, from libabigail.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

here=$(dirname "$0")
top_srcdir=${top_srcdir:-$here/../..}
WEIR_SO=${WEIR_SO:-${top_builddir:-.}/.libs/libweir.so}
file=${1:-$here/libweir.abi}
LC_ALL=C
export LC_ALL

if ! command -v abidw >/dev/null 2>&1; then
    echo "there is no abidw (libabigail; Debian: abigail-tools)" >&2
    exit 1
fi
if [ ! -e "$WEIR_SO" ]; then
    echo "there is no shared library ($WEIR_SO)" >&2
    exit 1
fi

# A type is private if no public header defines it. The record must not depend on build folders, on the compiler, or on
# the library's own calls.
trap 'rm -f "$file.raw"' EXIT
abidw --headers-dir "$top_srcdir/include" --drop-private-types --exported-interfaces-only --drop-undefined-syms \
    --no-comp-dir-path --no-corpus-path --no-show-locs --no-elf-needed --no-parameter-names --type-id-style hash \
    --out-file "$file.raw" "$WEIR_SO"
sed -e "s| path='[^']*/lib/| path='lib/|" -e "s/ language='[^']*'//" "$file.raw" >"$file"
