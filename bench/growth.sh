#!/bin/sh
# Turns the output of bench/growth into bench/growth.md; `make bench-growth-results` calls it.
#
#     growth.sh <OUTPUT >growth.md
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

cat <<END
# The cost of one of many

\`make bench-growth-results\` writes this file: processor time in nanoseconds for one of N, the minimum of some runs, on
$(getconf _NPROCESSORS_ONLN) processors ($(uname -s) $(uname -r | cut -d. -f1,2)). The growth is the cost of one of the most, divided by the smallest cost
in its row. In rows that create something once for all N, the cost falls towards that of one.

The system's cost per blocked thread rises with the number of blocked threads. On two processors Linux 6.18 keeps all
blocked threads of a process in 16 lists, and each wake searches one. Therefore rows that wake or start a thread are
compared with plain threads. "As plain threads" means that their growth or their cost is at most twice that of plain
threads. 10,000 of anything need no thread each, except stages, workers and pipelines.

END
awk '
    /^ns of processor time/ {
        printf "| one of |"
        for (i = 1; i <= NF; i++)
            if ($i ~ /^[0-9]+$/) { printf " %s |", $i; columns++ }
        printf " growth | |\n|---|"
        for (i = 0; i < columns; i++) printf "---|"
        print "---|---|"
        next
    }
    columns && match($0, /  +[0-9]/) {
        name = substr($0, 1, RSTART - 1)
        n = split(substr($0, RSTART), cells, " ")
        printf "| %s |", name
        for (i = 1; i <= columns + 1; i++) printf " %s |", cells[i]
        verdict = ""
        for (i = columns + 2; i <= n; i++) verdict = verdict (verdict == "" ? "" : " ") cells[i]
        print " " verdict " |"
        rows++
    }
    END { exit rows == 0 }'
