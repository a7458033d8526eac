#!/bin/sh
# Measures what calls that end later and child processes must reach, and prints a table with the bars: medians of RUNS, or
# counts. WAKES are blocked polls of a queue's descriptors, KILLED are children of a stage, ENDED are commands. PARTS are the
# functions below to run; all of them otherwise. Runs in the folder of the build.
#
#     goals.sh WORK [RUNS [WAKES [KILLED [ENDED [PARTS]]]]]
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# shellcheck disable=SC2317  # the parts are called by their names
set -eu
LC_ALL=C
export LC_ALL

work=$1 runs=${2:-5} wakes=${3:-1000000} killed=${4:-2000} ended=${5:-2000}
parts=${6:-flights cancels wakes stalls children losses}
requests=10000 server=
mkdir -p "$work" && rm -f "$work"/*.runs
trap '[ -z "$server" ] || kill "$server"' EXIT
trap 'exit 130' INT TERM

# row GOAL FIGURE UNIT BAR: a figure must not exceed its bar.
row() {
    awk -v goal="$1" -v figure="$2" -v unit="$3" -v bar="$4" 'BEGIN {
        printf "| %s | %s%s | %s%s | %s |\n", goal, figure, unit, bar, unit, figure + 0 <= bar + 0 ? "yes" : "no" }'
}

# median FILE COLUMN
median() {
    awk -v column="$2" '{ print $column }' "$work/$1.runs" | sort -n | sed -n "$(((runs + 1) / 2))p"
}

# value WORD LINE: the number of WORD=number.
value() {
    printf '%s\n' "$2" | sed -n "s/.* $1=\([0-9.]*\).*/\1/p"
}

# sum EXPRESSION FORMAT: what awk makes of numbers.
sum() {
    awk "BEGIN { printf \"$2\", $1 }"
}

# serve MILLISECONDS: starts the server; its ports are in $ports.
serve() {
    rm -f "$work/ports"
    bench/flights server "$1" >"$work/ports" &
    server=$!
    for _ in $(seq 100); do
        [ -s "$work/ports" ] && break
        sleep 0.1
    done
    ports=$(cat "$work/ports")
}

stop_server() {
    kill "$server"
    wait "$server" || true # as it was killed
    server=
}

# fly KIND: a run; its seconds, processor seconds and KiB.
fly() {
    # shellcheck disable=SC2086 # several ports
    bench/flights "$1" "$requests" $ports >>"$work/$1.runs"
}

measure_flights() {
    serve 1000
    for _ in $(seq "$runs"); do
        fly ceiling
        fly weir
    done
    stop_server
    row "$requests operations in flight on one thread, answered after 1 s; $(median ceiling 1) s without weir" \
        "$(median weir 1)" ' s' 1.3
    row "processor time of that; $(median ceiling 2) s without weir" "$(median weir 2)" ' s' 0.30
    row 'memory of that over the same without weir, an operation' \
        "$(sum "($(median weir 3) - $(median ceiling 3)) * 1024 / $requests" %.0f)" ' B' 1024
}

measure_cancels() {
    for _ in $(seq "$runs"); do
        serve 60000
        for kind in close cancel end; do fly "$kind"; done
        stop_server
    done
    row "cancel of $requests operations, their abort closes sockets; the closes take $(sum "$(median close 1) * 1000" %.0f) ms without weir" \
        "$(sum "$(median cancel 1) * 1000" %.0f)" ' ms' 50
    row 'the same without the closes' "$(sum "$(median end 1) * 1000" %.0f)" ' ms' 50
}

# On one processor, so that no processor must wake up first.
measure_wakes() {
    pin=
    taskset -c 0 true 2>"$work/found" && pin='taskset -c 0'
    for _ in $(seq "$runs"); do
        for way in get poll; do
            line=$($pin bench/wakes $way n=5000)
            value p50_us "$line" >>"$work/wake_$way.runs"
        done
    done
    get=$(median wake_get 1)
    row "wake-up of a poll over one of a get, which takes $get us" "$(sum "$(median wake_poll 1) - $get" %.1f)" ' us' 0.5
    line=$(bench/wakes lost "n=$wakes" p=2 c=2 cap=2)
    row "lost of $(value blocked "$line") sleeps of polls, 2 threads put and 2 get" "$(value lost "$line")" '' 0
}

measure_stalls() {
    for kind in blocked computing; do
        row "a stall is told, stall_time 100 ms, $kind: the latest of 20" \
            "$(sum "$(value max_us "$(bench/stalls $kind n=20)") / 1000" %.1f)" ' ms' 150
    done
    line=$(bench/stalls hogs n=20 p=96)
    row "stalls told of $(value calls "$line") calls of 20 ms beside 96 busy processes; $(value late "$line") took over 100 ms" \
        "$(value told "$line")" '' 0
}

measure_children() {
    steps=$(bench/children calibrate)
    for _ in $(seq "$runs"); do
        for kind in threads processes batches; do
            line=$(bench/children $kind n=10000 threads=2 work=100000 "ipu=$steps")
            value items_per_s "$line" >>"$work/$kind.runs"
        done
    done
    row 'items of 0.1 ms in two child processes, slower than in two threads' \
        "$(sum "100 * (1 - $(median processes 1) / $(median threads 1))" %.1f)" ' %' 6
    row 'the same, at most eight items in a batch' \
        "$(sum "100 * (1 - $(median batches 1) / $(median threads 1))" %.1f)" ' %' 6
    for _ in $(seq "$runs"); do
        value p50_us "$(bench/children replace n=50)" >>"$work/replace.runs"
        value p50_us "$(bench/children cancel n=50 threads=2)" >>"$work/hung.runs"
    done
    row 'a killed child is replaced: from the kill to the begin of the next item' \
        "$(sum "$(median replace 1) / 1000" %.2f)" ' ms' 1.5
    row 'cancel of two hung children until they have ended' "$(sum "$(median hung 1) / 1000" %.2f)" ' ms' 5
}

# What tests/stress_children counts: it fails if a descriptor, a zombie or memory is left.
measure_losses() {
    tests/stress_children "$ended" 0 1 "$killed" >"$work/losses" || { cat "$work/losses"; exit 1; }
    counts=$(sed -n 's/^[0-9]* items: //p' "$work/losses")
    for kind in lost twice 'wrongly blamed'; do
        row "items $kind, of $killed killed children" "$(printf '%s\n' "$counts" | sed "s/.* \([0-9]*\) $kind.*/\1/")" '' 0
    done
    row 'descriptors and zombies left by them' 0 '' 0
    pages=$(sed -n 's/.* \([0-9]*\) pages in the middle and \([0-9]*\) at the end/\2 - \1/p' "$work/losses")
    row "descriptors and zombies left by $ended commands" 0 '' 0
    row 'memory that their second half has added' "$(sum "($pages) * $(getconf PAGESIZE) / 1024" %.0f)" ' KiB' 1024
    grown=$(bench/commands output 1000000000 1048576)
    [ "${grown#* }" = 1048576 ] || { echo "of 1 GB of output, ${grown#* } bytes were kept"; exit 1; }
    row 'memory for 1 GB of output, beyond the bound of 1 MiB' "$(sum "${grown% *} - 1024" %.0f)" ' KiB' 1024
}

echo '| goal | figure | bar | reached |'
echo '|---|---|---|---|'
for part in $parts; do "measure_$part"; done
