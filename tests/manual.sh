#!/bin/sh
# Every public name has a manual page of its name, or a link to one (man/aliases): the functions of lib/weir.sym and
# nats/weir-nats.sym, and the types and macros of the headers. The page contains the name. Each constant of an enum occurs in a page of
# section 3. Structs and enums have the members of the headers wherever a page declares them. The pages of the types,
# which make writes, are free of faults. The links between the pages as HTML lead somewhere.
#
# environment: top_srcdir, top_builddir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
man=$top_srcdir/man
types=$top_builddir/man/types
LC_ALL=C
export LC_ALL
failed=0
count=0
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-manual.XXXXXX")
trap 'rm -rf "$work"' EXIT

complain() {
    echo "FAIL: $*"
    failed=1
}

# says FILE NAME: returns 0 if the page has the name as a word.
says() {
    grep -Eq "(^|[^A-Za-z0-9_])$2([^A-Za-z0-9_]|\$)" "$1"
}

# file PAGE: prints where the page is: in man, or among the pages of the types.
file() {
    if [ -e "$man/$1" ]; then
        echo "$man/$1"
    elif [ -e "$types/$1" ]; then
        echo "$types/$1"
    fi
}

# members FILE: prints the members of each public struct and enum that the file declares, one on a line, in order.
members() {
    awk '
        /^typedef (struct|enum) weir_[a-z_]+ [{]/ { inside = 1 }
        inside { text = text " " $0 }
        inside && /[}]/ {
            while (match(text, /[/][*]([^*]|[*][^/])*[*][/]/))
                text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
            split(text, word, " ")
            struct = word[2] == "struct"
            sub(/^[^{]*[{]/, "", text)
            sub(/[}].*/, "", text)
            count = split(text, part, struct ? ";" : ",")
            for (i = 1; i <= count; i++) {
                gsub(/[ \t]+/, " ", part[i])
                sub(/^ /, "", part[i])
                sub(/ (= .*)?$/, "", part[i])
                if (part[i] == "")
                    continue
                names = split(part[i], name, ", *")
                for (j = 1; j <= names; j++) {
                    print word[3], (j > 1 ? of : "") name[j]
                    of = j > 1 ? of : name[j]
                    sub(/[^ *]*$/, "", of)
                }
            }
            inside = 0
            text = ""
        }' "$1"
}

# Include guards and markers of declarations are no names for users.
names() {
    cat "$top_srcdir/lib/weir.sym" "$top_srcdir/nats/weir-nats.sym"
    sed -n -e 's/^typedef .*[ *]\(weir_[a-z_]*\)[;(].*/\1/p' -e 's/^} \(weir_[a-z_]*\);$/\1/p' \
        -e 's/^#define \(WEIR_[A-Z_]*\).*/\1/p' "$top_srcdir"/include/weir/*.h |
        grep -Ev '^WEIR_([A-Z_]*_H|API)$'
}

for name in $(names | sort -u); do
    count=$((count + 1))
    page=$(file "$name.3")
    if [ -z "$page" ]; then
        page=$man/$(awk -v name="$name.3" '$1 == name { print $2 }' "$man/aliases")
    fi
    if [ ! -f "$page" ]; then
        complain "$name has no page"
    elif ! says "$page" "$name"; then
        complain "${page##*/} says nothing of $name"
    fi
done
[ "$count" -ge 95 ] || complain "only $count names were found"

constants=$(sed -n 's/^    \(WEIR_[A-Z_]*\) = .*/\1/p' "$top_srcdir"/include/weir/*.h)
for name in $constants; do
    cat "$man"/*.3 | grep -Eq "(^|[^A-Z_])$name([^A-Z_]|\$)" || complain "no page says $name"
done

for header in "$top_srcdir"/include/weir/*.h; do
    members "$header"
done >"$work/headers"
[ "$(wc -l <"$work/headers")" -ge 200 ] || complain "only $(wc -l <"$work/headers") members were found"
for page in "$man"/*.3 "$types"/*.3; do
    members "$page" >"$work/page"
    for type in $(cut -d ' ' -f 1 "$work/page" | uniq); do
        grep "^$type " "$work/headers" >"$work/expected" || true
        grep "^$type " "$work/page" >"$work/found"
        cmp -s "$work/expected" "$work/found" || {
            complain "${page##*/} declares $type otherwise than its header (<)"
            diff "$work/expected" "$work/found" || true
        }
    done
done
for type in $(cut -d ' ' -f 1 "$work/headers" | uniq); do
    [ "$type" = weir_status ] || cat "$man/$type.3" "$types/$type.3" 2>/dev/null | grep -q "^typedef .* $type {" ||
        complain "no page declares $type"
done

# The table of weir_status(3) has what its header says.
sed -n 's,^    \(WEIR_[A-Z_]*\) = \([0-9]*\)[^/]*[/][*] \(.*\) [*][/]$,.It Dv \1 Ta \2 Ta "\3",p' \
    "$top_srcdir/include/weir/status.h" >"$work/expected"
grep '^[.]It Dv WEIR' "$man/weir_status.3" >"$work/found"
diff "$work/expected" "$work/found" || complain "weir_status.3 says otherwise than its header (<)"

# A link leads to a page, is listed once, and is not a page itself.
sort -c "$man/aliases" || complain "man/aliases is not in order"
while read -r alias page; do
    [ -e "$man/$page" ] || complain "$alias is a link to $page, which there is not"
    [ -z "$(file "$alias")" ] || complain "$alias is a page and a link"
done <"$man/aliases"
[ -z "$(awk '{ print $1 }' "$man/aliases" | uniq -d)" ] || complain "man/aliases has a name twice"

# The pages as HTML: each link leads to one of them, or to a page of the system.
if ! command -v mandoc >/dev/null 2>&1; then
    echo "no mandoc: the pages as HTML left out"
elif ! mandoc -T lint -W warning "$types"/*.3; then
    complain "the pages of the types have faults"
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
