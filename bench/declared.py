#!/usr/bin/env python3
"""Writes the table of bench/declared.md from what run.py has measured: `make bench-declared-results`.

    bench/declared.py RESULTS

RESULTS is the folder of a run of bench/weir_peer, a pipeline by hand, and bench/weir_pipeline, the same one declared. Each
ratio is that of two neighbouring runs.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import collections
import csv
import os
import statistics
import subprocess
import sys

BAR = 0.95
HAND, DECLARED = "weir_peer", "weir_pipeline"
HEAD = """# A declared pipeline beside the same one by hand

`make bench-declared-results` writes this file: the items per second of a declared pipeline of 3, 4 and 5 threads, divided
by those of the same threads and queues wired by hand, in neighbouring runs. Measured: {commit}, {machine}.

By hand, a stage is a function between two queues and counts nothing. A declared one counts its items, adds up its time for
the report, looks whether the run is cancelled, its stage paused and its rate used up: 185 instructions an item
(`make bench-instructions`), two functions that take 9% of all samples in a pipeline that does nothing. With an envelope for
each item it took 660, and takes 524 now: the plain way without one (`lib/pipeline/call/plain.c`) is the second design. In
another hour 1024 without work reached 0.83, and 64 with 300 ns 0.97.

| capacity | work, ns | by hand | declared | ratio: median | least and most of {runs} | reached ({bar}) |
|---|---|---|---|---|---|---|"""


def read(folder):
    runs = collections.defaultdict(lambda: collections.defaultdict(dict))
    with open(os.path.join(folder, "results.tsv"), newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            runs[row["config"]][row["round"]][os.path.basename(row["driver"])] = float(row["items_per_s"])
    return runs


def machine(folder):
    with open(os.path.join(folder, "table.txt"), encoding="utf-8") as file:
        return file.readline().split(", ")[1]


def row(config, rounds):
    _, capacity, work = config.split("/")
    ratios = [run[DECLARED] / run[HAND] for run in rounds.values()]
    medians = [statistics.median(run[name] for run in rounds.values()) for name in (HAND, DECLARED)]
    ratio = statistics.median(ratios)
    return "| {} | {} | {:.0f} k | {:.0f} k | {:.2f} | {:.2f} to {:.2f} | {} |".format(
        capacity[3:], work[4:], *(m / 1000 for m in medians), ratio, min(ratios), max(ratios),
        "yes" if ratio >= BAR else "**no**")


def main():
    folder = sys.argv[1]
    found = read(folder)
    commit = subprocess.run(["git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty=+"],
                            stdout=subprocess.PIPE, text=True, check=False).stdout.strip() or "unknown"
    runs = max(len(rounds) for rounds in found.values())
    print(HEAD.format(commit=commit, machine=machine(folder), runs=runs, bar=BAR))
    for config, rounds in sorted(found.items(), key=lambda pair: [int(part.strip("capwork")) for part in pair[0].split("/")[1:]]):
        print(row(config, rounds))


if __name__ == "__main__":
    main()
