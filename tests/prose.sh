#!/bin/sh
# Counts, in each place where weir writes English, the words that hide the subject of a sentence, in 1,000 words; more
# than the goal is a failure. With --lines it prints the lines that have one.
#
# environment: top_srcdir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# shellcheck disable=SC2317  # the readers are called by their names
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
goal=0.3 # in 1,000 words
least=200 # words; a place with fewer was not found
banned='who|whoever|whose|whom|nobody|somebody|someone|anybody'
lines=${1:-}

# The comments of C files; code becomes empty lines, so that numbers of lines stay.
comments() {
    awk '{
        line = $0; out = ""
        while (line != "") {
            if (inside) {
                at = index(line, "*/")
                if (at == 0) { out = out line; break }
                out = out substr(line, 1, at - 1) " "; line = substr(line, at + 2); inside = 0
            } else if (match(line, /^"([^"\\]|\\.)*"/)) {
                line = substr(line, RLENGTH + 1)
            } else if (substr(line, 1, 2) == "/*") {
                line = substr(line, 3); inside = 1
            } else if (substr(line, 1, 2) == "//") {
                out = out substr(line, 3); break
            } else {
                line = substr(line, 2)
            }
        }
        print out
    }' "$1"
}

# A page of the manual without its comments and the names of its macros.
manual() {
    sed -e 's/^\.\\".*//' -e 's/^\.[A-Z][A-Za-z]*//' "$1"
}

plain() {
    cat "$1"
}

# count PLACE READER FILE...: a line of the table; fails above the goal.
count() {
    place=$1 reader=$2
    shift 2
    for file in "$@"; do
        "$reader" "$file" | awk -v file="${file#"$top_srcdir/"}" '{ print file ":" NR ": " $0 }'
    done | awk -v place="$place" -v banned="$banned" -v goal="$goal" -v least="$least" -v lines="$lines" '
        BEGIN { n = split(banned, list, "|"); for (i = 1; i <= n; i++) hidden[list[i]] = 1 }
        {
            at = index($0, ": ")
            text = tolower(substr($0, at + 2))
            found = 0
            gsub(/[^a-z\047]+/, " ", text)
            m = split(text, word, " ")
            for (i = 1; i <= m; i++) {
                words++
                if (word[i] in hidden) { subjects++; found = 1 }
                if (i > 1 && word[i] == "is" && word[i - 1] ~ /^(it|there|that)$/) is++
            }
            if (found && lines == "--lines") print
        }
        END {
            if (words == 0) words = 1
            printf "%-20s %7d words %6.2f of %s, %6.2f of it is, there is, that is\n", place, words, 1000 * subjects / words, "hidden subjects", 1000 * is / words
            if (words < least) { print "FAIL: " place ": only " words " words"; exit 1 }
            if (1000 * subjects / words >= goal) { print "FAIL: " place ": the goal is below " goal; exit 1 }
        }'
}

failed=0
# shellcheck disable=SC2046  # no name of ours has a space
{
    count include comments "$top_srcdir"/include/*.h* "$top_srcdir"/include/weir/*.h* || failed=1
    count lib comments $(find "$top_srcdir/lib" -name '*.[ch]' | sort) || failed=1
    count man manual "$top_srcdir"/man/*.[1-9] || failed=1
    count README.md plain "$top_srcdir/README.md" || failed=1
    count HACKING.md plain "$top_srcdir/HACKING.md" || failed=1
    count NEWS plain "$top_srcdir/NEWS" || failed=1
    count pipeline_examples comments $(find "$top_srcdir/pipeline_examples" -name '*.[ch]' -o -name '*.cpp' | sort) || failed=1
    count tests comments $(find "$top_srcdir/tests" -name '*.[ch]' -o -name '*.cpp' | sort) || failed=1
    count bindings plain "$top_srcdir"/bindings/*/README.md || failed=1
    count bench comments $(find "$top_srcdir/bench" -name '*.[ch]' | sort) || failed=1
}
exit "$failed"
