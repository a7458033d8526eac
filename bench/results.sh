#!/bin/sh
# Runs the benchmarks that print their own tables, one after another, and prints one file in Markdown:
# `make bench-results` writes bench/results.md. Nothing else should run beside it.
#
#     results.sh MAKE SOURCE
#
# environment: MAKEFLAGS, as make sets it.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

make=$1 source=$2

# Machine and sources, so that the figures can be told apart.
commit=$(git -C "$source" describe --always --dirty=+ 2>&1) || commit=unknown
processors=$(getconf _NPROCESSORS_ONLN)
cat <<END
# Programs, and the other ways to run a stage, compared with others

\`make bench-results\` writes this file; each section names its own command. Medians of interleaved runs, on $processors
processors. Measured: $commit.

The machine's primitives, in ns (\`bench/machine.h\`): \`$(bench/weir_peer limits)\`.
END

# section TARGET TITLE BARS: what `make TARGET` prints; as it is if it is a table, otherwise as text.
section() {
    # shellcheck disable=SC2016 # for Markdown
    printf '\n## %s\n\n`make %s`. %s\n\n' "$2" "$1" "$3"
    "$make" -s "$1" >bench/results.out 2>bench/results.err || { cat bench/results.err >&2; exit 1; }
    sed -i '/^ *\(CC\|CXX\|CCLD\|CXXLD\)  /d' bench/results.out # of make
    sed '/^|/!s/^/    /' bench/results.out | awk '/^\|/ && !table && NR > 1 { print "" } { table = /^\|/; print }'
    rm -f bench/results.out bench/results.err
}

section bench-programs 'Examples that are whole programs' \
    'The ratio is the time of the peer to that of weir; for crawl, to that which the rate limit allows. In three runs of this day top_paths had 1.45, 1.25 and 1.45, and etl 1.61, 1.67 and 1.35.'
section bench-operations 'Calls that end later' \
    'Bars: 300 ns over a function that returns, for an operation that the thread of the stage finishes; 1.15 times the same loop without weir, with less processor time and memory than Go and asyncio. The clients make their table of descriptors large enough first: otherwise the kernel makes a process with several threads wait whenever it doubles the table, together 65 ms for 10,000 requests.'
section bench-select 'Waiting for the first of eight queues' \
    'Bar: 0.3 of a plain get. Measured once, beside 72.9 million items a second of a plain get: select had 40.7 million, 33.8 when it cleared its struct before its first look, which mostly finds an item, and 18.2 when it prepared all cases first. It had 45.4 if a thread began at the same case four times running, which gives the random order up, and 33.7 if it checked the cases without branches.'
section bench-commands 'A command for each item' \
    'Bars: 1.0 times xargs, 10 times GNU parallel. Beside them, measured once: two threads that only call posix_spawn and waitpid start 11.1 times as many as GNU parallel, two that call vfork and execve of a path 12.1 times; weir had 9.6 times then. Since then a child starts by vfork, and an output that no caller gets is /dev/null: the library takes 179 us of processor time for a program that only ends, and not 210. The rest is a poll for the outputs and the end, and up to five context switches a command in place of three. With the writing ends of its pipes held until the end of the command, which then wakes the poll alone, it took 188 us in place of 188, and four switches; a process that another thread forks in that time would keep them open.'
section bench-processes 'Functions in child processes' \
    "The peers are Python's ProcessPoolExecutor, with one item at a time and with its best chunksize, and memcpy."
section bench-goals 'Goals of calls that end later and of child processes' \
    'The figures without weir are those of the same loop and system calls: where they exceed the bar, the kernel of this machine does. A wake-up is measured on one processor. A stall is measured in time of the thread itself if it computes. The replacement of a killed child took 1.2 to 1.7 ms in seven measurements, and a child that only starts and exits takes 0.62 ms. An item of 0.1 ms in a child costs six system calls and two context switches, 13 us on one processor. Without its look for an unasked message before each question, one of these calls, it was as slow (17.3 k items a second in place of 17.3 k; threads 19.6 k); in batches of eight it costs a third of that. Measured once each beside other programs: of 100,000,677 sleeps of polls none was lost (bench/wakes lost n=100000000 p=2 c=2 cap=2); of the items of 100,000 killed children none was lost, twice or wrongly blamed, and 100,000 commands left no descriptor, no zombie and 64 KiB (tests/stress_children 100000 0 7 100000).'
section bench-python 'Queues of Python threads' 'Bar: 3 times queue.Queue with eight threads.'
[ -x bench/nats ] || exit 0
section bench-nats 'A queue on a server of NATS' 'One server on this machine, with its store on disk.'
cat <<'END'

Three servers on this machine with three replicas, four producers, two consumers and a capacity of 50, in which each run
may exceed it by the number of producers less one. Measured twice, with assertions, the first time beside other load:
`KILLS=10 STOPS=4 RUNS=10 tests/nats.sh`.

| run | acknowledged puts | lost | uncertain | came twice | of 50 items, most inside |
|---|---|---|---|---|---|
| 10 kills of the leader | 10,414; 59,243 | 0; 0 | 0; 0 | 130; 121 | 51; 7 |
| 4 stops of the leader | 6,684; 30,329 | 0; **1** | 0; 0 | 72; 79 | 43; 3 |
| 10 full queues, together | 5,000; 5,000 | 0; 0 | 0; 0 | 0; 0 | 53; 53 |

What a stopped leader loses is a fault of the server, which weir avoids with the exceptions that weir_nats(7) lists. A put
was acknowledged again 4.4 to 10.2 s after a kill or a stop, once after 29.8 s. Of the 121 items, 114 were told by an
attempt above 1, the others had the attempt 1 both times; all 79 were told.

One server, and a worker that is killed after it has begun 20 items and acknowledged 10 (`tests/test_nats_faults`): the
other 10 came again, each with an attempt above 1. Three processes of weir-thumbs on one queue, one of them killed with
pictures in work (`tests/image_pipeline_queue.sh check_killed`): each of 60 pictures is at the target, with the bytes of a
run without a queue, and once in the report.
END
