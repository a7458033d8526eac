#!/bin/sh
# Lists the files of lib/ that an item enters from its put to its end, under valgrind's callgrind; `make bench-way` calls
# it. A file counts if a function of it is called for nine of ten items: two runs, with COUNT and 2 COUNT items, differ by
# as many calls. What the compiler has inlined into another file is not called. lib/sync, the seam to the system, does not
# count.
#
# Exit status 77: there is no valgrind.
#
# environment: top_srcdir, top_builddir; LIBTOOL: how to run a program of the build folder; COUNT, 50 if not said.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
way=${top_builddir:-.}/bench/way
count=${COUNT:-50}

if ! command -v valgrind >/dev/null 2>&1; then
    echo "way: left out: there is no valgrind here" >&2
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-way.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The files of functions that several files share. For these callgrind names a header if they begin with what is inline.
awk '/^[A-Za-z].*[ *]weir_[a-z0-9_]*\(/ && !/;$/ && !/^(static|typedef)/ {
    name = substr($0, match($0, /weir_[a-z0-9_]*\(/), RLENGTH - 1)
    print name, FILENAME
}' "$top_srcdir"/lib/*/*.c "$top_srcdir"/lib/*/*/*.c >"$work/shared"

# calls KIND ITEMS: prints lines "FILE FUNCTION CALLS".
calls() {
    # shellcheck disable=SC2086 # LIBTOOL is a list of words
    if ! ${LIBTOOL:-./libtool} --mode=execute valgrind --tool=callgrind --callgrind-out-file="$work/out" \
        --compress-strings=no --compress-pos=no "$way" "$1" "$2" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        exit 1
    fi
    awk '
        NR == FNR { shared[$1] = $2; next }
        $1 == "fl" || $1 == "fi" || $1 == "fe" { file = $2 }
        $1 == "cfi" || $1 == "cfl" { theirs = $2 }
        $1 == "cfn" { name = $2 }
        $1 == "calls" {
            split($2, words, " ")
            from = name in shared ? shared[name] : theirs != "" ? theirs : file
            sum[from " " name] += words[1]
            theirs = ""
        }
        END { for (key in sum) print key, sum[key] }' "$work/shared" FS='=' "$work/out"
}

# entered KIND: prints the files, by their names in lib/.
entered() {
    calls "$1" "$count" >"$work/once"
    calls "$1" "$((2 * count))" >"$work/twice"
    awk -v least="$count" '
        NR == FNR { once[$1, $2] = $3; next }
        $1 ~ /\/lib\/[a-z_]*\/([a-z_]*\/)?[a-z_]*[.]c$/ && $1 !~ /\/lib\/sync\// && $3 - once[$1, $2] >= 0.9 * least {
            sub(/.*\/lib\//, "", $1)
            print $1
        }' "$work/once" "$work/twice" | sort -u
}

# row KIND TEXT
row() {
    entered "$1" >"$work/files"
    echo "$2: $(wc -l <"$work/files") files, $(grep -Ec '^(pipeline|item)/' "$work/files") of them in pipeline and item"
    tr '\n' ' ' <"$work/files" | fold -s -w 116 | sed 's/^/    /'
    echo
}

row plain "an item of a function"
row dropped "an item that fails and is given up"
row lettered "an item that fails and becomes a dead letter"
