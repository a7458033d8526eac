#!/bin/sh
# Keeps RESULTS.md, the table of what `make schedules` has searched.
#
#     sched --deeper 1 ... | results.sh write     puts the rows of these searches in place of the old ones
#     results.sh check                            fails unless each scenario has a row, with its budget, and no other has
#
# Rows of scenarios that were not searched stay, and so does what stands below the table. Nothing is written if a search
# has failed, was not exhausted, or lacks a memory model.
#
# environment: top_srcdir, top_builddir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

results=${top_srcdir:-$(dirname "$0")/../..}/tests/sched/RESULTS.md
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-results.XXXXXX")
trap 'rm -rf "$work"' EXIT
"${top_builddir:-.}/tests/sched/sched" --deeper 1 --list >"$work/list"

# budgets_of_table: "NAME BUDGET" of each row.
budgets_of_table() {
    sed -n 's/^| \([a-z0-9_]*\) | \([0-9]*\) | .*/\1 \2/p' "$results"
}

check() {
    sed 's/^\([^ ]*\) *budget \([0-9]*\) .*/\1 \2/' "$work/list" | sort >"$work/wanted"
    budgets_of_table | sort >"$work/there"
    cmp -s "$work/wanted" "$work/there" && return 0
    echo "FAIL: tests/sched/RESULTS.md has not the rows (scenario, budget) of scenarios.c; make schedules-results writes it"
    echo "without a row, or with another budget:"
    comm -23 "$work/wanted" "$work/there"
    echo "rows without a scenario:"
    comm -13 "$work/wanted" "$work/there"
    return 1
}

# write_table: reads the output of a search.
write_table() {
    awk '
        function commas(n,    text) {
            for (text = ""; length(n) > 3; n = substr(n, 1, length(n) - 3))
                text = "," substr(n, length(n) - 2) text
            return n text
        }
        function bad(why) { print "results.sh: " why >"/dev/stderr"; failed = 1 }
        FILENAME == ARGV[1] { order[++scenarios] = $1; next }
        FILENAME == ARGV[2] && /^## / { below = 1 }
        FILENAME == ARGV[2] && below { tail = tail "\n" $0 }
        FILENAME == ARGV[2] && /^[|] [a-z0-9_]+ [|] [0-9]+ [|]/ { row[$2] = $0 }
        FILENAME == ARGV[2] { next }
        /^FAIL/ || /not exhausted/ { bad($0) }
        $3 == "budget" && $6 == "schedules" { budget[$1] = $4; count[$1, $2] = $5; searched[$1] = 1 }
        / schedules in .* 0 failed$/ { complete = 1 }
        END {
            if (!complete) bad("the search did not come to its end")
            for (name in searched) {
                if (!((name, "sc") in count && (name, "tso") in count && (name, "weak") in count))
                    bad(name ": not searched under each memory model")
                row[name] = "| " name " | " budget[name] " | " commas(count[name, "sc"]) " | " \
                    commas(count[name, "tso"]) " | " commas(count[name, "weak"]) " |"
            }
            if (failed) exit 1
            print "# What the schedules have searched\n"
            print "`make schedules-results` writes this table: how many schedules were run, all without a failure. Each scenario of"
            print "`tests/sched/scenarios.c` is searched under each memory model until no schedule within its budget is left. The budget"
            print "is two, three for core scenarios, less for large ones; HACKING.md explains budgets and memory models."
            print "`make schedules-results SCHEDULES=PART` searches only the scenarios with PART in their names; other rows stay.\n"
            print "| scenario | budget | sc | tso | weak |"
            print "|---|---|---|---|---|"
            for (i = 1; i <= scenarios; i++) {
                if (!(order[i] in row)) {
                    print "results.sh: no row yet: " order[i] >"/dev/stderr"
                    continue
                }
                print row[order[i]]
                split(row[order[i]], field, " [|] ")
                for (f = 3; f <= 5; f++) {
                    gsub(/[^0-9]/, "", field[f])
                    total += field[f]
                }
            }
            print "\n" commas(total "") " schedules."
            if (tail != "") print tail
        }' "$work/list" "$results" -
}

case ${1:-} in
check) check ;;
write)
    touch "$results"
    write_table >"$work/table"
    cat "$work/table" >"$results"
    ;;
*)
    echo "usage: results.sh write|check" >&2
    exit 2
    ;;
esac
