#!/bin/sh
# Each file of git is in the distribution, but for those listed here. Nothing else would notice a file that is in no
# list of a local.mk: a checkout has it, and a tarball does not.
#
# environment: top_srcdir, top_builddir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd -P)
left_out='^([.]gitignore|[.]ci/.*)$' # for those that work on a checkout

skip() {
    echo "SKIPPED: $1"
    exit 77
}

unset GIT_DIR GIT_WORK_TREE
top=$(git -C "$top_srcdir" rev-parse --show-toplevel 2>/dev/null) || skip "no checkout of git that git can read, or no git"
[ "$(cd "$top" && pwd -P)" = "$top_srcdir" ] || skip "the sources are no checkout of git: the one around them is another's"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL

# missing FILES DISTRIBUTED: prints the files that are in no entry of the distribution. An entry may be a folder.
missing() {
    awk 'NR == FNR { there[$0] = 1; next }
        {
            for (path = $0; path != ""; path = path ~ /\// ? substr(path, 1, match(path, /\/[^\/]*$/) - 1) : "")
                if (path in there) next
            print
        }' "$2" "$1"
}

# The check finds a file that is left out, beside those that are not.
printf '%s\n' a.c folder/b.c folder/deep/c.c folders/d.c >"$work/files"
printf '%s\n' a.c folder >"$work/distributed"
found=$(missing "$work/files" "$work/distributed")
if [ "$found" != folders/d.c ]; then
    echo "FAIL: of four files of which one is left out, these are found: $found"
    exit 1
fi

git -C "$top_srcdir" ls-files | grep -Ev "$left_out" >"$work/files"
MAKEFLAGS='' make -s --no-print-directory -C "${top_builddir:-.}" print-distributed >"$work/distributed"
for name in files distributed; do
    count=$(wc -l <"$work/$name")
    if [ "$count" -lt 500 ]; then
        echo "FAIL: there are only $count $name"
        exit 1
    fi
done
missing "$work/files" "$work/distributed" >"$work/missing"
sed 's/^/FAIL: in git, and not in the distribution: /' "$work/missing"
echo "$(wc -l <"$work/files") files of git, of which $(wc -l <"$work/missing") are left out"
[ ! -s "$work/missing" ]
