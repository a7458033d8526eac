#!/usr/bin/env python3
"""Compares a stage in child processes (bench/processes) with Python's ProcessPoolExecutor.

    processes.py DRIVER [--runs N] [--count N] [--big N] [--workers N]

Round trips of 64 bytes, and payloads of 10 MB of which the child reads each byte once. The pool gets them one at a time
(submit) and by map with the chunksize that is best of several, weir one at a time and in batches. Prints a table: medians
of interleaved runs, items per second, and the ratio with the bar that it must reach.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""

import argparse
import concurrent.futures
import statistics
import subprocess
import time

SMALL, BIG, ANSWER = 64, 10_000_000, bytes(64)
CHUNKS = (16, 100, 500)
BATCH = 200  # ten times as many items, since they take so little time


def echo(_):
    return ANSWER


def read(data):
    memory = memoryview(data)[: len(data) // 8 * 8].cast("Q")
    return ANSWER if memory[-1] == 0 and data.count(1) == 0 else None


def by_submit(pool, function, item, count):
    start = time.perf_counter()
    for future in [pool.submit(function, item) for _ in range(count)]:
        future.result()
    return time.perf_counter() - start


def by_map(pool, function, item, count, chunk):
    start = time.perf_counter()
    for _ in pool.map(function, [item] * count, chunksize=chunk):
        pass
    return time.perf_counter() - start


def by_weir(driver, *numbers):
    said = subprocess.run([driver, *map(str, numbers)], check=True, capture_output=True, text=True)
    return [float(word) for word in said.stdout.split()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--big", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    small, big = bytes(SMALL), bytes(BIG)
    times = {}
    with concurrent.futures.ProcessPoolExecutor(options.workers) as pool:
        by_submit(pool, echo, small, 100)
        for _ in range(options.runs):
            ours = {
                "64 B": by_weir(options.driver, options.count, SMALL, options.workers)[0],
                "64 B batches": by_weir(options.driver, 10 * options.count, SMALL, options.workers, BATCH)[0] / 10,
                "64 B pool": by_submit(pool, echo, small, options.count),
                "10 MB pool": by_submit(pool, read, big, options.big),
            }
            ours["10 MB"], ours["memcpy"] = by_weir(options.driver, options.big, BIG, options.workers)
            for chunk in CHUNKS:
                ours[f"chunks of {chunk}"] = by_map(pool, echo, small, options.count, chunk)
            for name, seconds in ours.items():
                times.setdefault(name, []).append(seconds)
    median = {name: statistics.median(all_times) for name, all_times in times.items()}
    best = min((f"chunks of {chunk}" for chunk in CHUNKS), key=median.get)
    rows = [
        ("64 B, one at a time", "64 B", "64 B pool", options.count, 3),
        (f"64 B, batches of {BATCH} beside {best}", "64 B batches", best, options.count, 1.5),
        ("10 MB", "10 MB", "10 MB pool", options.big, 3),
        ("10 MB, a memcpy of each", "10 MB", "memcpy", options.big, 0.5),
    ]
    print("| workload | weir, items/s | peer, items/s | ratio | bar |")
    print("|---|---|---|---|---|")
    for name, ours, theirs, count, bar in rows:
        ratio = median[theirs] / median[ours]
        print(f"| {name} | {count / median[ours]:.0f} | {count / median[theirs]:.0f} | {ratio:.2f} | {bar} |")


if __name__ == "__main__":
    main()
