#!/bin/sh
# Programs built against the library of libweir.abi run with the new one: no function, struct or number was removed or
# changed. Additions are reported, and are no failure.
#
# environment: top_srcdir, top_builddir; WEIR_SO: the shared library. Skipped without abidiff and abidw.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

here=$(dirname "$0")
export top_srcdir="${top_srcdir:-$here/../..}"
export WEIR_SO="${WEIR_SO:-${top_builddir:-.}/.libs/libweir.so}"

skip() {
    echo "$1: skipped"
    exit 77
}
for tool in abidiff abidw; do
    command -v "$tool" >/dev/null 2>&1 || skip "there is no $tool (libabigail; Debian: abigail-tools)"
done
[ -e "$WEIR_SO" ] || skip "there is no shared library ($WEIR_SO)"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-abi.XXXXXX")
trap 'rm -rf "$work"' EXIT
sh "$here/update.sh" "$work/now.abi"

architecture() {
    sed -n "s/.* architecture='\([^']*\)'.*/\1/p" "$1" | head -n 1
}
[ "$(architecture "$work/now.abi")" = "$(architecture "$here/libweir.abi")" ] ||
    skip "the library is for $(architecture "$work/now.abi"), and libweir.abi is not"
grep -q 'weir_queue_options' "$work/now.abi" || skip "the library has no debugging information"

# Names with a leading underscore belong to the compiler and its sanitizers.
status=0
abidiff --no-added-syms --drop '^_' "$here/libweir.abi" "$work/now.abi" >"$work/changed" 2>&1 || status=$?
if [ $((status & 3)) -ne 0 ]; then
    echo "FAIL: abidiff could not compare ($status)"
    cat "$work/changed"
    exit 1
elif [ "$status" -ne 0 ]; then
    echo "FAIL: the interface is not that of tests/abi/libweir.abi any more (abidiff: $status)"
    cat "$work/changed"
    echo "Programs have to be built again? See Versions in HACKING.md. They do not? \`make update-abi\`."
    exit 1
fi
abidiff --drop '^_' --harmless "$here/libweir.abi" "$work/now.abi" >"$work/added" || :
if [ -s "$work/added" ]; then
    cat "$work/added"
    echo "Only added, which programs do not notice. \`make update-abi\` writes it down."
fi
exit 0
