#!/bin/sh
# Every public name has a manual page of its name, or a link to one (man/aliases): the functions of lib/weir.sym, and
# the types and macros of the headers. The page contains the name. Each constant of an enum occurs in a page of
# section 3. The links between the pages as HTML lead somewhere.
#
# environment: top_srcdir, top_builddir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
man=$top_srcdir/man
LC_ALL=C
export LC_ALL
failed=0
count=0

complain() {
    echo "FAIL: $*"
    failed=1
}

# says PAGE NAME: returns 0 if the page has the name as a word.
says() {
    grep -Eq "(^|[^A-Za-z0-9_])$2([^A-Za-z0-9_]|\$)" "$man/$1"
}

# Include guards and markers of declarations are no names for users.
names() {
    cat "$top_srcdir/lib/weir.sym"
    sed -n -e 's/^typedef .*[ *]\(weir_[a-z_]*\)[;(].*/\1/p' -e 's/^} \(weir_[a-z_]*\);$/\1/p' \
        -e 's/^#define \(WEIR_[A-Z_]*\).*/\1/p' "$top_srcdir"/include/weir/*.h |
        grep -Ev '^WEIR_([A-Z_]*_H|API)$'
}

for name in $(names | sort -u); do
    count=$((count + 1))
    page=$name.3
    if [ ! -e "$man/$page" ]; then
        page=$(awk -v name="$name.3" '$1 == name { print $2 }' "$man/aliases")
    fi
    if [ -z "$page" ] || [ ! -e "$man/$page" ]; then
        complain "$name has no page"
    elif ! says "$page" "$name"; then
        complain "$page says nothing of $name"
    fi
done
[ "$count" -ge 95 ] || complain "only $count names were found"

constants=$(sed -n 's/^    \(WEIR_[A-Z_]*\) = .*/\1/p' "$top_srcdir"/include/weir/*.h)
for name in $constants; do
    cat "$man"/*.3 | grep -Eq "(^|[^A-Z_])$name([^A-Z_]|\$)" || complain "no page says $name"
done

# A link leads to a page, is listed once, and is not a page itself.
sort -c "$man/aliases" || complain "man/aliases is not in order"
while read -r alias page; do
    [ -e "$man/$page" ] || complain "$alias is a link to $page, which there is not"
    [ ! -e "$man/$alias" ] || complain "$alias is a page and a link"
done <"$man/aliases"
[ -z "$(awk '{ print $1 }' "$man/aliases" | uniq -d)" ] || complain "man/aliases has a name twice"

# The pages as HTML: each link leads to one of them, or to a page of the system.
if ! command -v mandoc >/dev/null 2>&1; then
    echo "no mandoc: the pages as HTML left out"
elif (cd "$top_builddir" && make -s html) >/dev/null; then
    links=$(cat "$top_builddir"/html/*.html | grep -o 'href="weir[a-zA-Z_.]*[.][0-9][.]html' | sort -u)
    [ -n "$links" ] || complain "the pages as HTML have no links"
    for link in $links; do
        page=${link#*\"}
        [ -e "$top_builddir/html/$page" ] || complain "a page leads to $page, which make html does not write"
    done
else
    complain "make html fails"
fi
exit "$failed"
