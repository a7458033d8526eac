#!/bin/sh
# Examples stay short: each has at most two thirds of the lines of a program that does the same on an earlier interface
# of weir; nats.c, for which there is none, has at most 60. A line counts unless it is blank or holds only a comment. The
# programs are formatted, so one layout counts for all.
#
#     lines.sh            checks the table
#     lines.sh FILE...    prints the lines of each file
#
# environment: top_srcdir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
failed=0

# lines_of FILE: prints the number of its lines of code.
lines_of() {
    awk '{
        text = ""
        for (rest = $0; rest != "";) {
            at = index(rest, inside ? "*/" : "/*")
            if (!inside) text = text (at ? substr(rest, 1, at - 1) : rest)
            rest = at ? substr(rest, at + 2) : ""
            if (at) inside = !inside
        }
        sub("^[ \t]*//.*", "", text)
        count += text ~ /[^ \t]/
    } END { print count + 0 }' "$1"
}

if [ $# -gt 0 ]; then
    for file; do echo "$(lines_of "$file") $file"; done
    exit
fi

lines=$(lines_of "$top_srcdir/pipeline_examples/nats.c")
if [ "$lines" -gt 60 ]; then
    echo "FAIL: nats.c has $lines lines; 60 is the most"
    failed=1
else
    echo "nats.c: $lines lines of 60: ok"
fi

# example, lines of the earlier program
while read -r name earlier; do
    lines=$(lines_of "$top_srcdir/pipeline_examples/$name")
    bar=$((earlier * 2 / 3))
    if [ "$lines" -gt $bar ]; then
        echo "FAIL: $name has $lines lines; $bar is the most, of $earlier before"
        failed=1
    else
        echo "$name: $lines lines of $earlier: ok"
    fi
done <<'END'
gzip.c 166
hash_tree.c 113
top_paths.c 201
etl.c 180
crawl.c 160
service.c 266
futures.c 110
sum_lines.cpp 93
END
exit $failed
