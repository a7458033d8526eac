#!/bin/sh
# Makes 10,000 requests at a time to a server that answers after 100 ms: with weir on one thread, with the same loop
# without weir, and, if they are installed, with Go and Python's asyncio. Prints a table: medians of interleaved runs, and
# the time as a ratio to that without weir. The bar of weir is 1.15, with less processor time and memory than the others.
#
#     flights.sh FLIGHTS PEERS WORK [RUNS [REQUESTS [MILLISECONDS]]]
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu
LC_ALL=C
export LC_ALL

flights=$1 peers=$2 work=$3 runs=${4:-5} requests=${5:-10000} delay=${6:-100}
mkdir -p "$work" && rm -f "$work"/*.runs

"$flights" server "$delay" >"$work/ports" &
server=$!
trap 'kill "$server"' EXIT
for _ in $(seq 100); do
    [ -s "$work/ports" ] && break
    sleep 0.1
done
ports=$(cat "$work/ports")

kinds='ceiling weir'
if command -v go >"$work/found" 2>&1 && go build -o "$work/go_flights" "$peers/flights.go"; then
    kinds="$kinds go"
else
    echo "flights: without Go" >&2
fi
if command -v python3 >"$work/found" 2>&1; then
    kinds="$kinds asyncio"
else
    echo "flights: without Python" >&2
fi

# fly KIND: appends the seconds, processor seconds and KiB of a run to $work/KIND.runs.
fly() {
    # shellcheck disable=SC2086 # several ports
    case $1 in
    go) "$work/go_flights" "$requests" $ports ;;
    asyncio) python3 "$peers/flights.py" "$requests" $ports ;;
    *) "$flights" "$1" "$requests" $ports ;;
    esac >>"$work/$1.runs"
}

# median KIND COLUMN
median() {
    awk -v column="$2" '{ print $column }' "$work/$1.runs" | sort -n | sed -n "$(((runs + 1) / 2))p"
}

for _ in $(seq "$runs"); do
    for kind in $kinds; do fly "$kind"; done
done
echo "| $requests requests, answered after $delay ms | s | ratio | processor s | MiB |"
echo '|---|---|---|---|---|'
least=$(median ceiling 1)
for kind in $kinds; do
    awk -v kind="$kind" -v took="$(median "$kind" 1)" -v used="$(median "$kind" 2)" -v kib="$(median "$kind" 3)" \
        -v least="$least" 'BEGIN { printf "| %s | %.2f | %.2f | %.2f | %.1f |\n", kind, took, took / least, used, kib / 1024 }'
done
