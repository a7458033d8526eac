#!/bin/sh
# Runs `true` for each item, two at a time: a pipeline over weir_command_run (bench/commands), and weir_run, beside
# xargs and GNU parallel, if it is installed. Prints a table: medians of interleaved runs, commands per second, and the
# ratio to each peer.
#
#     commands.sh COMMANDS WEIR_RUN WORK [RUNS [COUNT]]
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# shellcheck disable=SC2317  # the programs are called by their names
set -eu
LC_ALL=C
export LC_ALL

commands=$1 weir_run=$2 work=$3 runs=${4:-5} count=${5:-2000}
jobs=2
mkdir -p "$work" && rm -f "$work"/*.times
libraries=$(cd "$(dirname "$commands")/../.libs" && pwd)

# The scripts of libtool in the programs' places take time.
real() {
    if [ -x "$(dirname "$1")/.libs/$(basename "$1")" ]; then
        echo "$(dirname "$1")/.libs/$(basename "$1")"
    else
        echo "$1"
    fi
}
commands=$(real "$commands") weir_run=$(real "$weir_run")

run_library() { LD_LIBRARY_PATH=$libraries "$commands" "$count" "$jobs"; }
run_weir_run() { LD_LIBRARY_PATH=$libraries "$weir_run" -j "$jobs" true <"$work/in" >"$work/out" 2>"$work/err"; }
run_xargs() { xargs -n 1 -P "$jobs" true <"$work/in"; }
run_parallel() { parallel --will-cite -j "$jobs" true <"$work/in"; }

# time_of PROGRAM: appends the time of a run, in nanoseconds, to $work/PROGRAM.times.
time_of() {
    start=$(date +%s%N)
    "run_$1" || { echo "$1 fails" && exit 1; }
    echo $(($(date +%s%N) - start)) >>"$work/$1.times"
}

median() {
    sort -n "$work/$1.times" | sed -n "$(((runs + 1) / 2))p"
}

peers='xargs'
if command -v parallel >"$work/found" 2>&1; then peers="$peers parallel"; fi
seq "$count" >"$work/in"
for _ in $(seq "$runs"); do
    for program in library weir_run $peers; do time_of "$program"; done
done
echo '| program | commands/s | peer | commands/s of the peer | ratio |'
echo '|---|---|---|---|---|'
for program in library weir_run; do
    for peer in $peers; do
        awk -v program="$program" -v peer="$peer" -v count="$count" -v ours="$(median $program)" -v theirs="$(median "$peer")" '
            BEGIN { printf "| %s | %.0f | %s | %.0f | %.2f |\n", program, count * 1e9 / ours, peer, count * 1e9 / theirs, theirs / ours }'
    done
done
