#!/bin/sh
# The programs shown in the documentation compile, run, and print the output shown. These are the first program of
# README.md, which must also be short, valid C++, and equal to pipeline_examples/pipeline.c, and the programs of
# man/weir.7, man/weir_patterns.7, man/weir_async.3, man/weir_pipeline.3, man/weir_select.3 and man/weir.hpp.3; that of
# weir_async.3 is pipeline_examples/bridges.c. The files and the targets of make that README.md, HACKING.md and the
# pages of section 7 name exist.
#
# environment: top_srcdir, top_builddir; CC, CXX (with flags, if need be); WEIR_SANITIZER_CFLAGS: the flags with which
# the library was built.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
CC=${CC:-cc}
CXX=${CXX-c++}
WEIR_SANITIZER_CFLAGS=${WEIR_SANITIZER_CFLAGS:-}
longest_program=30
failed=0

. "$top_srcdir/tests/library_support.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-readme.XXXXXX")
trap 'rm -rf "$work"' EXIT

complain() {
    echo "FAIL: $*"
    failed=1
}

# run NAME STANDARD COMPILER...: compiles $work/NAME.c, runs it in the source folder, and compares its output with
# $work/NAME.txt. If that begins with a line like "$ ./words LICENSE", these words are the arguments.
run() {
    name=$1 standard=$2
    shift 2
    language=c
    warnings='-Wall -Wextra -Werror'
    # Members omitted by a designated initialiser are zero on purpose; only g++ warns.
    case $standard in c++*) language=c++ warnings="$warnings -Wno-missing-field-initializers" ;; esac
    # shellcheck disable=SC2086 # several flags each
    if ! "$@" -x $language "-std=$standard" $warnings $WEIR_SANITIZER_CFLAGS "-I$top_srcdir/include" \
        "$work/$name.c" -x none $library -pthread -o "$work/$name" >"$work/errors" 2>&1; then
        complain "the program of $name is no $standard"
        cat "$work/errors"
        return
    fi
    words=$(sed -n '1s/^\$ [^ ]* *//p' "$work/$name.txt")
    sed '1{/^\$ /d;}' "$work/$name.txt" >"$work/said"
    # shellcheck disable=SC2086 # several words
    if ! (cd "$top_srcdir" && "$work/$name" $words) >"$work/printed" 2>"$work/errors"; then
        complain "the program of $name fails"
        cat "$work/errors"
    elif ! diff "$work/said" "$work/printed"; then
        complain "the program of $name does not print what is said (<)"
    else
        echo "$name, as $standard: ok"
    fi
}

# block WORD: prints the first block of README.md marked ```WORD after the first one marked ```c.
block() {
    awk -v word="$1" '
        $0 == "```c" { seen = 1 }
        inside && $0 == "```" { exit }
        inside { print }
        seen && $0 == "```" word { inside = 1 }' "$top_srcdir/README.md"
}

# literal PAGE NTH: prints the nth block between .Bd -literal and .Ed of a page's EXAMPLES, as rendered.
literal() {
    awk -v nth="$2" '
        /^\.Sh/ { examples = ($2 == "EXAMPLES") }
        inside && /^\.Ed/ { inside = 0 }
        inside && count == nth { print }
        examples && /^\.Bd -literal/ { inside = 1; count++ }' "$top_srcdir/man/$1" |
        sed -e 's/^\\&//' -e 's/\\&//g' -e 's/\\-/-/g' -e 's/\\(dq/"/g' -e 's/\\(aq/'"'"'/g' -e 's/\\e/\\/g'
}

block c >"$work/README.c"
block text >"$work/README.txt"
for page in weir.7 weir.hpp.3 weir_async.3 weir_pipeline.3 weir_select.3; do
    literal $page 1 >"$work/$page.c"
    literal $page 2 >"$work/$page.txt"
done
patterns=$(awk '/^\.Sh/ { examples = ($2 == "EXAMPLES") } examples && /^\.Ss/ { print "pattern" ++count }' \
    "$top_srcdir/man/weir_patterns.7")
for name in $patterns; do
    nth=${name#pattern}
    literal weir_patterns.7 $((2 * nth - 1)) >"$work/$name.c"
    literal weir_patterns.7 $((2 * nth)) >"$work/$name.txt"
done
for name in README weir.7 weir.hpp.3 weir_async.3 weir_pipeline.3 weir_select.3 $patterns; do
    [ -s "$work/$name.c" ] || complain "$name shows no program"
    [ -s "$work/$name.txt" ] || complain "$name does not say what its program prints"
done
lines=$(wc -l <"$work/README.c")
[ "$lines" -le "$longest_program" ] || complain "the program of README has $lines lines; $longest_program is the most"
# same_program NAME EXAMPLE: they may differ in layout, and in the example's first comment.
same_program() {
    tr -d ' \n' <"$work/$1.c" >"$work/shown.tight"
    sed '1,/^ \*\/$/d' "$top_srcdir/pipeline_examples/$2" | tr -d ' \n' >"$work/example.tight"
    cmp "$work/shown.tight" "$work/example.tight" || complain "pipeline_examples/$2 is not the program of $1"
}
same_program README pipeline.c
same_program weir_async.3 bridges.c

# shellcheck disable=SC2086
run README c11 $CC
# shellcheck disable=SC2086
run weir.7 c11 $CC
# shellcheck disable=SC2086
run weir_async.3 c11 $CC
# shellcheck disable=SC2086
run weir_pipeline.3 c11 $CC
# shellcheck disable=SC2086
run weir_select.3 c11 $CC
for name in $patterns; do
    # shellcheck disable=SC2086
    run "$name" c11 $CC
done
if [ -z "$CXX" ] || [ "$CXX" = no ] || [ "$CXX" = : ] || ! command -v "${CXX%% *}" >/dev/null 2>&1; then
    echo "no C++ compiler: C++ left out"
else
    # shellcheck disable=SC2086
    run README c++17 $CXX
    # shellcheck disable=SC2086
    run weir.hpp.3 c++17 $CXX
fi

# code FILE: prints what is set as code in a Markdown file, or as literal in a page: `...`, an indented line, .Ql.
code() {
    sed -n -e 's/^    //p' -e 's/^[.]Ql //p' "$1"
    # shellcheck disable=SC2016 # the character
    grep -o '`[^`]*`' "$1" | tr -d '`'
}

# targets, files: print those that the code on standard input names, one on a line.
targets() {
    grep -oE '(^| )make [a-z][a-z-]*( |$)' | sed -e 's/.*make //' -e 's/ //' | sort -u
}
files() {
    grep -oE '^([a-z_0-9]+/)+[a-z_0-9.]+[.](c|h|sh|py|mk|symbols|sym)' | sort -u
}

for text in README.md HACKING.md man/weir.7 man/weir_patterns.7 man/weir_tuning.7; do
    code "$top_srcdir/$text" >"$work/code"
    targets <"$work/code" >"$work/targets"
    files <"$work/code" >"$work/files"
    while read -r target; do
        grep -qE "^([a-z-]+ )*$target( [a-z-]+)* *:" "$top_builddir/Makefile" || complain "$text names make $target, which is no target"
    done <"$work/targets"
    while read -r file; do
        [ -e "$top_srcdir/$file" ] || [ -e "$top_srcdir/lib/$file" ] || complain "$text names $file, which is no file"
    done <"$work/files"
done
exit "$failed"
