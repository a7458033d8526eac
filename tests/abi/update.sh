#!/bin/sh
# Writes down the interface of the shared library that was built: exported functions, and all types that can be reached
# from them by the public headers. abi.sh compares with it.
#
#     update.sh [FILE]     where to; libweir.abi beside this script, if not said
#
# `make update-abi` calls it, in a build folder of gcc or clang for x86-64, with debugging information (-g, the default).
# HACKING.md says when.
#
# environment: top_srcdir, top_builddir; WEIR_SO: the shared library. Wanted: abidw, of libabigail.
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

# Private types are those that no public header defines. Nothing may depend on the folders of a build, on the compiler,
# or on what the library itself calls.
trap 'rm -f "$file.raw"' EXIT
abidw --headers-dir "$top_srcdir/include" --drop-private-types --exported-interfaces-only --drop-undefined-syms \
    --no-comp-dir-path --no-corpus-path --no-show-locs --no-elf-needed --no-parameter-names --type-id-style hash \
    --out-file "$file.raw" "$WEIR_SO"
sed -e "s| path='[^']*/lib/| path='lib/|" -e "s/ language='[^']*'//" "$file.raw" >"$file"
