#!/bin/sh
# release --check accepts a tree that states its version everywhere, and names the place in a tree that does not.
#
# environment: top_srcdir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
if ! command -v git >/dev/null 2>&1; then
    echo "SKIPPED: there is no git, which release asks what has changed"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-release.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
unset GIT_DIR GIT_WORK_TREE

git_here() {
    git -C "$work" -c user.name=weir -c user.email=weir@weir.invalid -c commit.gpgsign=false -c tag.gpgsign=false "$@"
}

commit() {
    git_here add . && git_here commit -q -m "$1"
}

# expect STATUS WORDS WHAT: the check ends with the status, and its message has the words; it has none if there are none.
expect() {
    status=0
    "$work/release" --check 1.2.3 >"$work.out" 2>&1 || status=$?
    if [ "$status" -ne "$1" ] || { [ -n "$2" ] && ! grep -q "$2" "$work.out"; } || { [ -z "$2" ] && [ -s "$work.out" ]; }; then
        echo "FAIL: $3: status $status"
        cat "$work.out"
        failed=1
    fi
    rm -f "$work.out"
}

# ---- a tree of version 1.2.3 ----

mkdir -p "$work/include/weir" "$work/bindings/python" "$work/debian" "$work/lib"
cp "$top_srcdir/release" "$work"
sed 's/^AC_INIT(\[weir\], \[[^]]*\]/AC_INIT([weir], [1.2.3]/' "$top_srcdir/configure.ac" >"$work/configure.ac"
sed -e 's/^\(#define WEIR_VERSION\) .*/\1 "1.2.3"/' -e 's/\(_MAJOR\) .*/\1 1/' -e 's/\(_MINOR\) .*/\1 2/' \
    -e 's/\(_PATCH\) .*/\1 3/' "$top_srcdir/include/weir/version.h" >"$work/include/weir/version.h"
sed 's/^version = .*/version = "1.2.3"/' "$top_srcdir/bindings/python/pyproject.toml" >"$work/bindings/python/pyproject.toml"
sed '1s/(.*)/(1.2.3)/' "$top_srcdir/debian/changelog" >"$work/debian/changelog"
printf 'User-visible changes, newest first.\n\nweir 1.2.3 (released 2030-01-31)\n' >"$work/NEWS"
git_here init -q
commit "a release"
expect 0 '' "a tree that is ready"

# ---- each place, with another version ----

# other FILE SED-SCRIPT: the check fails, and names the file.
other() {
    sed "$2" "$work/$1" >"$work/changed"
    mv "$work/changed" "$work/$1"
    commit "another version"
    expect 1 "^release: $1 " "$1 changed by $2"
    git_here reset -q --hard HEAD~1
}
other configure.ac 's/\[1[.]2[.]3\]/[1.2.4]/'
other include/weir/version.h 's/"1[.]2[.]3"/"1.2.30"/'
other include/weir/version.h 's/_MAJOR 1/_MAJOR 2/'
other include/weir/version.h 's/_MINOR 2/_MINOR 1/'
other include/weir/version.h 's/_PATCH 3/_PATCH 0/'
other bindings/python/pyproject.toml 's/1[.]2[.]3/1.2.2/'
other debian/changelog '1s/1[.]2[.]3/1.2.2/'
other NEWS 's/released 2030-01-31/not yet released/'
other NEWS 's/1[.]2[.]3/1.3.0/'

# ---- what has changed since the last release ----

git_here tag v1.2.2
echo 'int added;' >"$work/lib/added.c"
expect 1 "not committed" "a change that is not committed"
commit "more code"
expect 1 "WEIR_VERSION_INFO of v1.2.2" "code changed, and the interface number did not"
sed 's/^AC_SUBST(\[WEIR_VERSION_INFO\].*/AC_SUBST([WEIR_VERSION_INFO], [7:8:9])/' "$work/configure.ac" >"$work/changed"
mv "$work/changed" "$work/configure.ac"
commit "another interface number"
expect 0 '' "code and interface number changed"
exit "$failed"
