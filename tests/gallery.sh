#!/bin/sh
# Runs the twelve programs of the gallery (pipeline_examples/README), and compares their results with those of other
# tools. Compiles each by the cc line in its first comment. Times and ratios are printed, and not judged.
#
# Programs that were not built, because a library is missing, are left out with a line, and so are comparisons with
# tools that are missing.
#
# environment: top_srcdir, top_builddir, CC, CXX; WEIR_SANITIZER_CFLAGS: the flags with which the library was built.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
CC=${CC:-cc}
CXX=${CXX-c++}
WEIR_SANITIZER_CFLAGS=${WEIR_SANITIZER_CFLAGS:-}
examples=$top_builddir/pipeline_examples
failed=0
LC_ALL=C
export LC_ALL

# With timeout(1), a program that hangs fails.
limit=
if command -v timeout >/dev/null 2>&1; then limit='timeout 300'; fi

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-gallery.XXXXXX")
trap 'rm -rf "$work"' EXIT

complain() {
    echo "FAIL: $*"
    failed=1
}

# has TOOL: returns whether there is such a command, and prints a line otherwise.
has() {
    if command -v "$1" >/dev/null 2>&1; then return 0; fi
    echo "    not compared: there is no $1"
    return 1
}

# built PROGRAM: returns whether it was built, and prints a line otherwise.
built() {
    if [ -x "$examples/$1" ]; then return 0; fi
    echo "$1: left out, because configure found no library for it"
    return 1
}

# run STATUS PROGRAM WORD...: runs it with $work/in on standard input. Its output goes to $work/out, but for the last
# line, with its times, which is printed.
run() {
    expected=$1 program=$2 status=0
    shift 2
    # shellcheck disable=SC2086 # two words, or none
    $limit "$examples/$program" "$@" <"$work/in" >"$work/all" 2>"$work/err" || status=$?
    if [ "$status" != "$expected" ]; then
        complain "$program ends with status $status"
        cat "$work/err"
    fi
    sed '$d' "$work/all" >"$work/out"
    tail -n 1 "$work/all" | sed -n "s/^time: [0-9].*[0-9] s.*/$program, &/p" >"$work/time"
    [ -s "$work/time" ] || complain "$program does not print its times"
    cat "$work/time"
}

# same PROGRAM WHAT: compares $work/out with standard input.
same() {
    if diff - "$work/out" >"$work/diff"; then
        echo "$1, $2: ok"
    else
        complain "$1, $2: not what it should be (<)"
        cat "$work/diff"
    fi
}

: >"$work/in"

# ---- blocking_calls ----

run 0 blocking_calls
printf '%s: 10 calls, 10 timed out\n' sequential executor | same blocking_calls 'ten calls'

# ---- counter: only the unprotected way loses counts; on one processor it may lose none ----

for round in 1 2 3 4 5; do # a lock that protects nothing may lose none in one round
    run 0 counter
    lost=$(sed -n 's/^load and store: [1-9][0-9]* of 1000000, \([0-9]*\) lost$/\1/p' "$work/out")
    sed 1d "$work/out" >"$work/rest"
    mv "$work/rest" "$work/out"
    printf '%s: 1000000 of 1000000, 0 lost\n' lock 'atomic addition' | same counter "round $round"
    if [ -z "$lost" ] || [ "$lost" -ge 1000000 ]; then
        complain "counter lost '$lost' of 1000000"
    elif [ "$lost" = 0 ] && command -v nproc >/dev/null 2>&1 && [ "$(nproc)" -gt 1 ]; then
        complain "counter lost none without protection"
    fi
done

# ---- factors: the products of the prime factors that factor(1) prints ----

# Prints "NUMBER: FACTORS", ascending, for each number.
factors_of() {
    factor "$@" | awk '{
        count = 1; list[1] = 1
        for (i = 2; i <= NF; i++) {
            known = count
            for (j = 1; j <= known; j++)
                list[++count] = list[j] * $i
        }
        for (j = 1; j <= count; j++)
            printf "%d %.0f\n", NR, list[j]
    }' | sort -k1,1n -k2,2n -u | awk '$1 != last { if (NR > 1) print line; line = ""; last = $1 } { line = line " " $2 } END { print line }' >"$work/lists"
    printf '%s:\n' "$@" | paste -d '\0' - "$work/lists"
}

run 0 factors
cp "$work/out" "$work/factors"
grep -qx '53541233: 1 5501 9733 53541233' "$work/out" || complain "factors does not know those of 53541233"
if has factor; then
    factors_of 53541233 21235343 11421443 5423123 | same factors 'four numbers'
    set -- 1 2 36 199999 200000 200001 400000 720720 1000000 1000003
    run 0 factors "$@"
    factors_of "$@" | same factors 'at the borders of ranges'
fi
for word in 0 4294967296 -1 x 7x ''; do
    status=0
    "$examples/factors" "$word" >"$work/out" 2>"$work/err" || status=$?
    if [ $status != 2 ] || ! grep -q '^usage: ' "$work/err"; then
        complain "factors '$word' ends with status $status"
    fi
done

# ---- numbers: additions, Euclid's algorithm, and the numbers with one prime factor ----

run 0 numbers 300000
cp "$work/out" "$work/numbers"
grep '^fibonacci' "$work/numbers" >"$work/out"
awk 'BEGIN {
    a = 0; b = 1
    for (n = 1; n <= 34; n++) { if (n >= 30) line[n] = "fibonacci(" n ") = " b; c = a + b; a = b; b = c }
    for (n = 34; n >= 30; n--) print line[n]
}' | same numbers Fibonacci
if has python3; then
    grep '^gcd' "$work/numbers" >"$work/out"
    [ "$(wc -l <"$work/out")" -ge 10 ] || complain "numbers has too few pairs"
    sed 's/ = .*//' "$work/out" >"$work/pairs"
    python3 -c 'import sys, math
for line in sys.stdin: print(line.strip(), "=", eval("math." + line))' <"$work/pairs" | same numbers 'divisors, as math.gcd'
fi
if has factor; then
    grep primes "$work/numbers" >"$work/out"
    echo "$(seq 1 300000 | factor | awk 'NF == 2' | wc -l | tr -d ' ') primes up to 300000" | same numbers 'primes, as factor'
fi

# ---- fetch: each page under the MD5 of its URL ----

if built fetch; then
    mkdir "$work/pages"
    run 0 fetch "$work/pages"
    if has md5sum; then
        while read -r md5 size word url; do
            case $md5 in
            [0-9]) echo "$md5 $size $word $url" ;; # the last line
            failed:) printf 'failed: status %s /page/%s\n' "$word" "${url##*/}" ;;
            *)
                number=${url##*/}
                [ "$(printf %s "$url" | md5sum)" = "$md5  -" ] || complain "fetch: $md5 is not the MD5 of $url"
                [ "$(tr -d "$number" <"$work/pages/$md5" | wc -c)" -eq 0 ] || complain "fetch: another page under $url"
                [ "$(wc -c <"$work/pages/$md5")" -eq "$size" ] || complain "fetch: the file of $url has not $size $word"
                echo "$size /page/$number"
                ;;
            esac
        done <"$work/out" | sort >"$work/fetched"
        grep '^FAIL' "$work/fetched" && failed=1
        mv "$work/fetched" "$work/out"
        { for number in 0 1 2 3 4 5 6 8 9; do echo "${number}00 /page/$number"; done | sed 's/^000/0/'
          echo 'failed: status 404 /page/7'
          echo '9 saved, 1 failed'; } | sort | same fetch 'nine pages, and one that is missing'
    fi
    [ "$(find "$work/pages" -type f | wc -l)" -eq 9 ] || complain "fetch does not leave nine files"
fi

# ---- count_files: as wc ----

printf 'one two  three\nfour\n\n  five' >"$work/text"
: >"$work/empty"
yes 'a line of six words here' | head -n 50000 >"$work/long"
set -- "$work/text" "$work/none" "$work/empty" "$work" "$top_srcdir/HACKING.md" "$work/long"
run 1 count_files "$@"
wc "$@" 2>/dev/null | awk '{ $1 = $1; print }' | grep -v " $work\$" >"$work/counts" || :
sed "/: /d" "$work/out" >"$work/files"
grep ': ' "$work/out" >"$work/errors" || :
mv "$work/files" "$work/out"
same count_files 'four files and their total, as wc' <"$work/counts"
mv "$work/errors" "$work/out"
printf '%s/none: No such file or directory\n%s: Is a directory\n' "$work" "$work" |
    same count_files 'two that cannot be read'
run 0 count_files "$work/text"

# ---- rows: asked by another program ----

if built rows; then
    mkdir "$work/rows"
    run 0 rows "$work/rows"
    printf '%s.db: 120 rows, ids 1 to 120, each once\n' batches singly | same rows 'both ways'
    if has sqlite3; then
        for name in batches singly; do
            sqlite3 "$work/rows/$name.db" 'PRAGMA integrity_check; SELECT id, square FROM rows ORDER BY id' >"$work/out"
            { echo ok; awk 'BEGIN { for (i = 1; i <= 120; i++) print i "|" i * i }'; } | same rows "$name.db, as sqlite3"
        done
    fi
fi

# ---- statistics: as Python's statistics ----

awk 'BEGIN { x = 1; for (i = 0; i < 20000; i++) { x = (x * 16807) % 2147483647; print x % 100003 / 8 } }' >"$work/in"
run 0 statistics
if has python3; then
    cat >"$work/compare.py" <<'END'
import statistics, sys
numbers = [float(line) for line in open(sys.argv[1])]
lines = [line.split() for line in open(sys.argv[2])]
assert len(lines) == 20, len(lines)
size = len(numbers) // 20
for i, words in enumerate(lines):
    chunk = numbers[i * size:(i + 1) * size]
    assert words[:2] == ["chunk", "%d:" % (i + 1)], words
    expected = {"mean": statistics.mean(chunk), "median": statistics.median(chunk),
                "deviation": statistics.stdev(chunk), "minimum": min(chunk), "maximum": max(chunk)}
    found = dict(zip(words[2::2], map(float, words[3::2])))
    assert found.keys() == expected.keys(), words
    for name in expected:
        assert abs(found[name] - expected[name]) <= 1e-9 * abs(expected[name]), (i, name, found[name], expected[name])
END
    if python3 "$work/compare.py" "$work/in" "$work/out"; then
        echo "statistics, 20 chunks, as Python: ok"
    else
        complain "statistics are not those of Python"
    fi
fi
: >"$work/in"

# ---- life: as a program that knows only the live cells; and a known end ----

run 0 life 40 150
awk -v size=40 -v generations=150 '
    function add(x, y) { x = (x + size) % size; y = (y + size) % size; near[x "," y]++ }
    BEGIN {
        middle = size / 2
        live[middle + 1 "," middle]; live[middle + 2 "," middle]; live[middle "," middle + 1]
        live[middle + 1 "," middle + 1]; live[middle + 1 "," middle + 2]
        for (g = 0; g < generations; g++) {
            for (cell in live) {
                split(cell, at, ",")
                for (dy = -1; dy <= 1; dy++)
                    for (dx = -1; dx <= 1; dx++)
                        if (dx || dy) add(at[1] + dx, at[2] + dy)
            }
            for (cell in near)
                if (near[cell] == 3 || (near[cell] == 2 && (cell in live))) next_live[cell]
            split("", live); split("", near)
            for (cell in next_live) live[cell]
            split("", next_live)
        }
        for (y = 0; y < size; y++) {
            line = ""
            for (x = 0; x < size; x++) {
                alive = (x "," y) in live
                count += alive
                line = line (alive ? "#" : ".")
            }
            print line
        }
        print "generation " generations ": " count " cells live"
    }' | same life '150 generations, cell by cell'
# From generation 1103 on the R-pentomino is stable; this world is large enough for its gliders. With ThreadSanitizer
# that takes minutes.
case $WEIR_SANITIZER_CFLAGS in
*thread*) ;;
*)
    run 0 life 512 1103
    echo 'generation 1103: 116 cells live' | same life 'the known end'
    ;;
esac

# ---- promise ----

run 0 promise "$work/long" "$work/none" "$work/empty"
cat <<END | same promise 'two texts and an error'
$work/long: promised
$work/long: $(wc -c <"$work/long" | tr -d ' ') bytes
$work/none: error 2, cannot open $work/none
$work/empty: 0 bytes
END

# ---- at_most_three ----

run 0 at_most_three
sed 's/at most [123] at/at most 3 at/' "$work/out" >"$work/most"
mv "$work/most" "$work/out"
printf 'before the event: 0 uses\nafter it: 10 uses, at most 3 at once\n' | same at_most_three 'ten uses'

# ---- scraper ----

if built scraper; then
    mkdir "$work/scraped"
    run 0 scraper "$work/scraped"
    cat >"$work/expected" <<'END'
/rivers: Rivers, 2 links
/lakes: Lakes, 1 link
/missing: error: status 404
/plain: error: no title
/weirs: Weirs, 0 links
/ponds: Ponds, 3 links
END
    same scraper 'six paths' <"$work/expected"
    for name in pages sequential; do
        cp "$work/scraped/$name.txt" "$work/out"
        same scraper "$name.txt" <"$work/expected"
    done
fi

# ---- each compiles alone, by the line in its comment ----

gallery=$(sed -n '/^Gallery:/,/^Others:/s/^\([a-z_]*\)  .*/\1/p' "$top_srcdir/pipeline_examples/README")
[ "$(echo "$gallery" | wc -l)" -eq 12 ] || complain "the README has not twelve programs"
if has pkg-config && { [ -e "$top_builddir/.libs/libweir.so" ] || [ -e "$top_builddir/.libs/libweir.dylib" ]; }; then
    mkdir "$work/alone"
    sed -e "s|^includedir=.*|includedir=$(cd "$top_srcdir" && pwd)/include|" \
        -e "s|^libdir=.*|libdir=$(cd "$top_builddir" && pwd)/.libs|" "$top_builddir/weir.pc" >"$work/alone/weir.pc"
    PKG_CONFIG_PATH=$work/alone${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    export PKG_CONFIG_PATH
    for name in $gallery; do
        [ -x "$examples/$name" ] || continue
        line=$(sed -n 's/^ \* cc \(.*\)$/\1/p' "$top_srcdir/pipeline_examples/$name.c")
        cp "$top_srcdir/pipeline_examples/$name.c" "$work/alone"
        if ! (cd "$work/alone" && eval "$CC $WEIR_SANITIZER_CFLAGS $line" && [ -x "$name" ]) >"$work/err" 2>&1; then
            complain "$name does not compile by its line: cc $line"
            cat "$work/err"
        fi
    done
    line=$(sed -n 's/^ \* c++ \(.*\)$/\1/p' "$top_srcdir/pipeline_examples/sum_lines.cpp")
    cp "$top_srcdir/pipeline_examples/sum_lines.cpp" "$work/alone"
    if [ -x "$examples/sum_lines" ] && ! (cd "$work/alone" && eval "$CXX $WEIR_SANITIZER_CFLAGS $line") >"$work/err" 2>&1; then
        complain "sum_lines does not compile by its line: c++ $line"
        cat "$work/err"
    fi
    echo "cc lines: tried"
fi

exit $failed
