#!/bin/sh
# Counts the instructions of weir's calls, on a queue that nobody else uses, under valgrind's callgrind; `make
# bench-instructions` calls it. Each kind runs twice, with COUNT and with 2 COUNT items: the difference is the calls and
# the loop round them, and no start-up. Exit status 77: there is no valgrind.
#
# environment: top_builddir; LIBTOOL: how to run a program of the build folder; COUNT, 3200 if not said.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

calls=${top_builddir:-.}/bench/calls
count=${COUNT:-3200}

if ! command -v valgrind >/dev/null 2>&1; then
    echo "instructions: left out: there is no valgrind here" >&2
    exit 77
fi
log=$(mktemp "${TMPDIR:-/tmp}/weir-instructions.XXXXXX")
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM

# collected KIND ITEMS [OPTION]: the instructions of a run; OPTION is one of callgrind's.
collected() {
    # shellcheck disable=SC2086 # LIBTOOL is a list of words
    if ! ${LIBTOOL:-./libtool} --mode=execute valgrind --tool=callgrind --callgrind-out-file=/dev/null ${3:-} \
        "$calls" "$1" "$2" "$((2 * count))" >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
    sed -n 's/^==[0-9]*== Collected : *//p' "$log"
}

# per_item KIND [OPTION]
per_item() {
    once=$(collected "$1" "$count" "${2:-}") || exit 1
    twice=$(collected "$1" "$((2 * count))" "${2:-}") || exit 1
    awk -v once="$once" -v twice="$twice" -v count="$count" 'BEGIN { printf "%.2f", (twice - once) / count }'
}

# row KIND CALLS-OF-THE-LOOP TEXT
row() {
    all=$(per_item "$1") || exit 1
    awk -v text="$3" -v all="$all" -v loop="$loop" -v rounds="$2" \
        'BEGIN { printf "%-34s %12.2f\n", text, all - loop * rounds }'
}

loop=$(per_item loop)
echo "instructions an item, uncontended; the loop's own $loop a round are taken off"
# stage_row KIND FUNCTION TEXT: what a worker does with an item of a stage, the user's function taken off. FUNCTION is where
# the stage begins and ends; waiting for items is outside of it.
stage_row() {
    all=$(per_item "$1" "--toggle-collect=$2") || exit 1
    awk -v text="$3" -v all="$all" -v work="$work" -v loop="$loop" 'BEGIN { printf "%-34s %12.2f\n", text, all - work + loop }'
}

row put 1 "put"
row get 1 "get"
row task_done 1 "task_done"
row put+get+task_done 1 "put, get, task_done of one item"
row cursor_next 1 "cursor_next, with its task_done"
row put_many 0.03125 "put_many of 32"
row get_many 0.03125 "get_many of 32"
row tasks_done 0.03125 "tasks_done of 32"
work=$(per_item work) || exit 1
stage_row declared weir__run_plain "a stage's item, plain"
stage_row enveloped weir__run "a stage's item, in an envelope"
