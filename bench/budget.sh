#!/bin/sh
# Runs bench/budget and draws what it says: results/budget.svg, memory in flight and resident over time.
#
#     budget.sh PROGRAM RESULTS [IMAGES [BUDGET-MB]]
#
# Without gnuplot there is no picture. Exit status: the program's.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

program=$1 results=$2
shift 2
mkdir -p "$results"
status=0
"$program" "$@" >"$results/budget.tsv" || status=$?
if ! command -v gnuplot >/dev/null 2>&1; then
    echo "plot left out: there is no gnuplot here"
    exit "$status"
fi
gnuplot <<END
set terminal svg size 900,400 background 'white'
set output '$results/budget.svg'
set xlabel 'ms'
set ylabel 'MB'
set yrange [0:*]
set key outside below
plot '$results/budget.tsv' using 1:2 with lines linewidth 1 title 'resident, above the start', \
     '' using 1:3 with steps linewidth 1 title 'in flight, by the report', \
     ${2:-64} with lines dashtype 2 linecolor 'gray' title 'budget'
END
echo "$results/budget.svg"
exit "$status"
