#!/bin/sh
# Runs four producers and four consumers: by plain gets, by weir_select over eight queues, and by Go's select over eight
# channels, if Go is installed. Prints a table: medians of interleaved runs, items per second, and the ratio to a plain
# get of one queue. The bar of select is 0.30.
#
#     selects.sh SELECTS GO_SOURCE WORK [RUNS [ITEMS]]
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu
LC_ALL=C
export LC_ALL

selects=$1 source=$2 work=$3 runs=${4:-5} items=${5:-100000}
mkdir -p "$work" && rm -f "$work"/*.rates

kinds='get gets select'
if command -v go >"$work/found" 2>&1 && go build -o "$work/go_select" "$source"; then
    kinds="$kinds go_get go_select"
else
    echo "selects: without Go" >&2
fi

# rate_of KIND: appends the items per second of a run to $work/KIND.rates.
rate_of() {
    case $1 in
    go_*) "$work/go_select" "${1#go_}" "$items" ;;
    *) "$selects" "$1" "$items" ;;
    esac >>"$work/$1.rates"
}

median() {
    sort -n "$work/$1.rates" | sed -n "$(((runs + 1) / 2))p"
}

for _ in $(seq "$runs"); do
    for kind in $kinds; do rate_of "$kind"; done
done
echo '| way | items/s | ratio to get |'
echo '|---|---|---|'
plain=$(median get)
for kind in $kinds; do
    awk -v kind="$kind" -v rate="$(median "$kind")" -v plain="$plain" \
        'BEGIN { printf "| %s | %.0f | %.2f |\n", kind, rate, rate / plain }'
done
