#!/usr/bin/env python3
"""Compares weir's executor and its pipelines on a crew with other libraries: `make bench-executor`, `make bench-crew`.

    bench/league.py [options] run SUITE       measures the rows of a suite
    bench/league.py [options] table SUITE     prints the table of what was measured, in Markdown

A suite has rows; a row is one workload of bench/driver.h, and programs that run it. Each program of a row runs in turn,
in another order each round; the table has the medians. The programs are looked for in the folder --programs (the build
folder's bench); one that is not there is left out. --append keeps the rows that were measured before, and replaces those
that are measured again, so a suite can be measured in parts: --filter selects rows.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import argparse
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import time

TIMEOUT = 40  # seconds
DISTURBED = 0.15  # processors that other programs use beside a run
# One for each processor: busy until it is killed, or the process that started it is gone.
HOG = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [int(sys.argv[1])])
parent = int(sys.argv[2])
while os.getppid() == parent:
    for _ in range(100000):
        pass
"""


def processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---- programs: by the heading of their column, their path below --programs and further words ----

EXECUTORS = {
    "weir": ("weir_executor", []),
    "GThreadPool": ("peers/gthreadpool", []),
    "Java": ("peers/java_pool", ["warm=1"]),
    "Java fork": ("peers/java_fork", ["warm=1"]),
    "rayon": ("peers/rust_rayon", []),
    "threadpool": ("peers/rust_threadpool", []),
    "Go": ("peers/go_peer", []),
    "TBB": ("peers/tbb_tasks", []),
}
PIPELINES = {
    "weir": ("weir_pipeline", ["crew=1"]),
    "ceiling": ("ceiling", []),
    "TBB": ("peers/tbb", []),
    "Go": ("peers/go_peer", []),
    "weir, threads": ("weir_pipeline", []),
    "threads": ("weir_threads", []),
    "1 to 64": ("weir_threads", ["p=1", "most=64"]),
}
FIXED = {str(count): count for count in (1, 8, 16, 32, 48, 64)}  # numbers of threads beside an elastic stage
PIPELINES.update({name: ("weir_threads", [f"p={count}"]) for name, count in FIXED.items()})
EXTRAS = ("p50_us", "p99_us", "max_us", "idle_threads", "busy_threads", "back_ms")
HELPERS = ["threads", "1 to 64", *FIXED]  # programs that have no column


# ---- rows ----


class Bar:
    """What weir must reach: at least `least` times the best of `against` (or at most, for latencies)."""

    def __init__(self, least, against):
        self.least = least
        self.against = against


class Row:
    def __init__(self, key, title, words, bars, **more):
        self.key = key
        self.title = title
        self.words = words
        self.bars = bars
        self.hogs = more.get("hogs", False)
        self.rounds = more.get("rounds", False)  # the length of a run is that of `rounds`, not of `n`
        self.fixed = more.get("fixed")  # items of a run; None: as many as it takes
        self.shorter = more.get("shorter", {})  # the same, of programs that would take too long
        self.peers = more.get("peers", {})  # workloads of programs that have another name for this one
        self.skip = more.get("skip", [])
        self.only = more.get("only")  # programs; None: all but those of `skip`


def executor_rows():
    peers = ["GThreadPool", "Java", "rayon", "threadpool"]
    bars = [Bar(1.5, peers), Bar(1.0, ["Go"]), Bar(1.0, ["TBB"])]
    pool = f"threads={processors()}"

    def row(key, title, *words):
        skip = [] if key == "nested" else ["Java fork"]  # stands for what the fixed pool cannot do
        return Row(key, title, list(words) + [pool], bars, rounds=True, skip=skip)

    return [
        row("tasks1", "10,000 empty tasks from one thread", "tasks", "p=1", "n=10000"),
        row("tasks4", "10,000 empty tasks from four threads", "tasks", "p=4", "n=10000"),
        row("fanout", "fan-out of 10,000 with results, and wait", "fanout", "n=10000"),
        row("nested", "1,000 tasks, each with a fan-out of 10, and wait", "nested", "n=1000"),
    ]


def length(ns):
    return {0: "no work", 1000: "1 us", 2000: "2 us", 10000: "10 us"}[ns]


def stages_row(width, capacity, work, bars, **more):
    words = ["stages", f"w={width}", f"cap={capacity}", f"work={work}", f"threads={processors()}"]
    title = f"{width.replace(',', '/')}, capacity {capacity}, {length(work)}"
    key = f"{width.replace(',', '')}/cap{capacity}/work{work}"
    skip = [] if work else ["ceiling"]
    if more.get("foreign"):
        words[0], key, title = "pipeline", "foreign/" + key, title + ", foreign ends"
    if more.get("ordered"):
        words[0], key, title = "stages_ordered", "ordered/" + key, title + ", ordered"
        skip += ["Go"]  # it has no order
    if more.get("hogs"):
        key, title = "hogs/" + key, title + f", beside {processors()} busy loops"
        skip += ["ceiling"]
    # The ends of the peers are their own in every row.
    inner = "stages_ordered" if more.get("ordered") else "stages"
    return Row(key, title, words, bars, hogs=more.get("hogs", False), skip=skip,
               peers={"ceiling": "stages", "TBB": inner, "Go": inner})


def crew_rows():
    both = ["TBB", "Go"]
    shape = "3,4,5"
    rows = [stages_row(shape, c, 0, [Bar(b, both)] if b else []) for c, b in ((1024, 4), (64, 4), (4, 1.5), (1, None))]
    rows += [stages_row(shape, c, 0, [Bar(b, both)], foreign=True) for c, b in ((1024, 2), (64, 1.5))]
    for work, bars in ((1000, (0.97, 0.97, 0.90)), (10000, (0.98, 0.98, 0.97))):
        rows += [stages_row(shape, c, work, [Bar(b, ["ceiling"])]) for c, b in zip((1024, 64, 4), bars)]
    rows += [stages_row(shape, c, 1000, [Bar(b, ["ceiling"])], foreign=True) for c, b in ((1024, 0.96), (64, 0.89))]
    rows += [stages_row(shape, c, w, [Bar(1.0, ["TBB"])], ordered=True) for w in (0, 1000, 10000) for c in (1024, 64, 4)]
    rows += [stages_row("8,8,8", 128, 0, [Bar(1.5, both)]), stages_row("2,2,2", 32, 2000, [Bar(1.0, both)])]
    sleeper = ["sleeper", "cap=64", "work=10000"]
    rows.append(Row("sleeper", "a stage that sleeps 1 ms on 8 threads of its own", sleeper, [Bar(0.95, ["ceiling"])]))
    for slow, title in ((0, "bursts of 20 items of 10 us each ms"), (1, "the same, one of 500 items takes 5 ms")):
        rows.append(Row(f"skew{slow}", title, ["skew", "cap=64", f"slow={slow}"], [], fixed=4000, skip=["ceiling"]))
    rows.append(Row("threads", "50 pipelines of 5 stages", ["threads"], [], fixed=20000, only=["threads"]))
    rows.append(Row("elastic", "a stage of 10 ms sleeps, elastic or on a fixed number of threads", ["sleeps"], [],
                    fixed=2000, shorter={"1": 200}, only=["1 to 64", *FIXED]))
    for foreign in (False, True):
        rows += [stages_row(shape, 64, w, [Bar(0.95, both)], hogs=True, foreign=foreign) for w in (0, 1000, 10000)]
    return rows


SUITES = {"executor": (EXECUTORS, executor_rows), "crew": (PIPELINES, crew_rows)}


# ---- running ----


class Failed(Exception):
    """A program did not do what it should."""


class Unknown(Exception):
    """A program does not know this workload."""


def busy_seconds():
    """Processor time of all processes so far; None: the system does not tell."""
    try:
        with open("/proc/stat") as file:
            user, nice, system, _, _, interrupts, soft, steal = (int(word) for word in file.readline().split()[1:9])
        return (user + nice + system + interrupts + soft + steal) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None


def own_seconds():
    usages = (resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def output_of(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {TIMEOUT} s")
    except OSError as error:
        raise Failed(error.strerror)
    if done.returncode == 77:
        raise Unknown()
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def run_once(options, row, name, length, *last):
    path, more = options.programs[name]
    words = [row.peers.get(name, row.words[0])] + row.words[1:] + more
    words.append(f"rounds={length}" if row.rounds else f"n={length}")
    if not row.rounds:
        words.append(f"ipu={options.speed}")
    busy, own, begin = busy_seconds(), own_seconds(), time.monotonic()
    output = output_of([path] + words + list(last))
    others = 0 if busy is None else busy_seconds() - busy - (own_seconds() - own)
    others /= time.monotonic() - begin
    result = dict(word.split("=", 1) for word in output.split() if "=" in word)
    try:
        found = {key: float(value) for key, value in result.items() if key != "note"}
        return dict(found, others=max(0, others))
    except ValueError:
        raise Failed(f"no result in what it printed: {output.strip()}")


def run_undisturbed(options, row, name, length):
    """Repeats a run beside which other programs used the processors, up to twice; returns the least disturbed one."""
    runs = []
    while len(runs) < (1 if row.hogs else 3):
        runs.append(run_once(options, row, name, length))
        if runs[-1]["others"] < DISTURBED:
            break
    return min(runs, key=lambda run: run["others"])


def choose_length(options, row, name):
    """So much that a run takes about --seconds."""
    if row.fixed:
        return row.shorter.get(name, row.fixed)
    length, last = (4, ["warm=0.2"]) if row.rounds else (500, [])
    while True:
        wall = max(run_once(options, row, name, length, *last)["wall_s"], 1e-6)
        if wall >= 0.2 * options.seconds:
            return max(1 if row.rounds else 100, int(length * options.seconds / wall))
        length = int(length * min(20, max(2, 0.4 * options.seconds / wall)))


def guarded(row, name, action):
    """What the action returns; None: the program is out of this row."""
    try:
        return action()
    except Unknown:
        return None
    except Failed as failure:
        print(f"FAILED: {row.key}: {name}: {failure}", flush=True)
        return None


def start_hogs(wanted):
    ids = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(processors())
    return [subprocess.Popen([sys.executable, "-c", HOG, str(i), str(os.getpid())]) for i in ids] if wanted else []


def measure(options, row):
    """The results of each program that has some, by its name."""
    hogs = start_hogs(row.hogs)
    try:
        lengths, results = {}, {}
        for name in options.programs:
            if name not in row.skip and (name in row.only if row.only else name not in HELPERS):
                chosen = guarded(row, name, lambda: choose_length(options, row, name))
                if chosen is not None:
                    lengths[name], results[name] = chosen, []
        for _ in range(options.reps):
            for name in random.sample(list(lengths), len(lengths)):
                got = guarded(row, name, lambda: run_undisturbed(options, row, name, lengths[name]))
                if got is None:
                    del lengths[name]
                else:
                    got["length"] = lengths[name]
                    results[name].append(got)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    return {name: runs for name, runs in results.items() if runs}


def limits_of(options):
    """What the machine's own steps take, in nanoseconds, by their names."""
    words = output_of([os.path.join(options.folder, "weir_peer"), "limits"]).split()
    return {name: float(value) for name, value in (word.split("=") for word in words)}


def calibrate(options):
    """Steps of the work loop in a microsecond, undisturbed: the most of several tries."""
    return max(float(output_of([os.path.join(options.folder, "weir_peer"), "calibrate"])) for _ in range(3))


# ---- results ----


def median(runs, key="items_per_s"):
    return statistics.median(run[key] for run in runs)


def short(number):
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


def best(results, names):
    """The name and the rate of the fastest of the names; None: none was measured."""
    rates = [(median(results[name]), name) for name in names if name in results]
    return max(rates) if rates else None


def judge(row, results):
    """A cell for each bar, and whether all of them are reached; None: nothing to compare."""
    cells, reached = [], []
    for bar in row.bars:
        other = best(results, bar.against)
        if other is None or "weir" not in results:
            continue
        ratio = median(results["weir"]) / other[0]
        reached.append(ratio >= bar.least)
        cells.append(f"{ratio:.2f} of {other[1]} ({bar.least:g})")
    return ", ".join(cells), all(reached) if reached else None


def latency_judge(measured):
    """The bar of slow items: the p99 latency of the others, at most twice that without slow items."""
    without, slow = measured.get("skew0"), measured.get("skew1")
    if not without or not slow:
        return None
    cells = []
    for name in slow["results"]:
        if name in without["results"]:
            quiet, beside = median(without["results"][name], "p99_us"), median(slow["results"][name], "p99_us")
            cells.append(f"{name} {quiet:.0f} and {beside:.0f} us ({beside / quiet:.2f} times)")
    return cells


def elastic_judge(results):
    """The bars of an elastic stage: its time, at most 1.1 times that of the best fixed number; its return, within 1 s."""
    if "1 to 64" not in results or not any(name in results for name in FIXED):
        return None
    times = {name: 2000 / median(runs) for name, runs in results.items()}
    least = min((times[name], name) for name in FIXED if name in times)
    listed = ", ".join(f"{name}: {times[name] * 1e3:.0f} ms" for name in FIXED if name in times)
    return (f"elastic, {times['1 to 64'] * 1e3:.0f} ms with 1 to 64 threads, {times['1 to 64'] / least[0]:.2f} times the "
            f"best fixed number, {least[1]} (bar: at most 1.10); fixed: {listed}; back at one thread "
            f"{median(results['1 to 64'], 'back_ms'):.0f} ms after the last item (bar: 1000)")


def rate_line(row, results, names):
    cells = [short(median(results[name])) if name in results else "" for name in names]
    ratios, reached = judge(row, results)
    verdict = {True: "yes", False: "**no**", None: ""}[reached]
    return f"| {row.title} | " + " | ".join(cells) + f" | {ratios} | {verdict} |"


def limits_line(limits):
    return " ".join(f"{name}={value:g}" for name, value in limits.items())


NOTES = {
    "executor": """\
Every pool has as many threads as there are processors. A round ends when its tasks have; the submitter is a thread of the
program outside of the pool. For `fanout` and `nested`, rayon enters its pool and uses a scope, and in TBB the thread that
waits runs tasks too. GThreadPool, Java's fixed pool and threadpool cannot wait inside a task: the last of the nested
tasks ends their parent instead. Java is measured after a second of rounds, for its JIT.

Where TBB is ahead, it does less. From four threads, each submitter keeps its tasks to itself and runs them in its wait:
no task changes its thread. weir runs tasks only in threads of the executor, in which init has run, so each task crosses
over, and the submitters share one lock. In `nested`, a task of TBB has no future. A child of weir's can be cancelled,
watched and awaited by any thread: three atomic read-modify-writes, for its push, its claim and its end. In the nested
row TBB makes 21.5 to 41.1 million, from hour to hour: the ratio was 0.85, 1.09 and 1.46.

Of the samples of the row from four threads, 34% were in submissions, 32% in workers, 24% in the kernel and 7% in the
tasks themselves. 16% were spins for a lock, and 13% interrupts between the processors, such as the barrier of a thread
that sleeps for a lock (`lib/lock/lock.h`). A visit of a worker moves the lines of the lock, the source and the bundles
from one processor to another, for 16 tasks at most then. Designs that were measured, interleaved with the one of eeb6803;
medians of the ratios of 5 to 9 rounds, from one thread and from four:

- Workers take up to 64 tasks at once instead of 16. Alone: 1.30 and 1.19, and 1.21 for the fan-out; but tasks that a
  worker had taken did not count for the capacity, and began before later ones of a higher priority. In db8ff5f such
  tasks are recalled when that matters (`lib/executor/recall.h`), and executors with a capacity or priorities still take
  16. Medians of 30, 24 and 28 interleaved pairs of runs, on a busy machine: 1.14, 1.13 and 1.14 from one thread; 1.15,
  1.14 and 1.06 from four; 1.07, 1.13 and 1.09 for the fan-out; 1.02, 0.99 and 1.01 for `nested`. A task has 1% more
  instructions. Kept.
- The same in bundles of 64 tasks: 1.29, 1.26, 1.12 and 0.95, in 24 pairs. Not kept, for the memory that the next entry
  names. Before the recall, up to 256 tasks, in bundles of 256 and with fewer cache lines (below), made 1.72 and 1.62.
- Bundles of 64 tasks: 1.09 and 1.07; of 128: 1.12 and 1.08. Removed: too little for 1.2 KB instead of 0.4 KB for a task
  between two with futures.
- The members of the executor that a submission touches, moved into fewer cache lines: 1.02 and 0.98. With bundles of
  64: 1.10 and 1.08. Removed.
- Spins of 8 us instead of 2 before a thread sleeps for a lock: 1.25 and 1.16, and 1.20 for the fan-out, in 2 or 3
  rounds at half of the machine's speed. Removed: it concerns every lock of the library, and only these rows were
  measured.

The whole table of 5fd9370 came from an hour in which the machine had other work: 2.14, 0.53, 0.93 and 0.77 of TBB, in the
order of the rows, with 8.33 M for the fan-out. Interleaved, 5fd9370 and e6dca38 are as fast: 0.85 and 1.05 in two series of 9
runs from one thread, 1.17 and 1.01 for the fan-out, 1.04 and 0.92 for `nested`.

The gallery's `factors` and `numbers` take 0.15 s in sequence. In 15 interleaved runs they were 1.72 and 1.82 times as fast on
two processors, at best 1.78 and 1.96 (bar 1.9), while two loops at once did 1.50 times what one did, at best 2.10. With tasks
of 1,000,000 divisions in place of 200,000, `factors` reached 1.77 instead of 1.73, at best 1.93 and 1.82, in 15 interleaved
runs; with 50,000 1.69. The caller of the map wakes for each result. Kept.

A list for each submitting thread was not built. If one thread submits a task after another thread's submit has
returned, it must begin second. Lists without a lock in common lose that order, and restoring it takes a count that all
submitters share.""",
    "crew": """\
The source and the sink are stages, too, unless the ends are foreign: then a thread of the program puts, and one gets. The
peers' ends are their own in every row. The ceiling is the work alone, on as many threads as there are processors. The
tokens of TBB are the capacity.

Which bars are reached depends on the processor, and on the hour: TBB makes 7.3 to 10.4 million items a second without work
at 64, and 3.4 to 10.8 at 4. Before morsels of 192 items, on another processor (`rmw_ns=8.7 line_ns=195`), the ratios
were, in the order of the rows: without work 4.45, 6.19 and 1.06, with foreign ends 3.81 and 3.32; with 1 us 0.93, 0.92
and 0.72, with foreign ends 0.92 and 0.79; with 10 us 0.96, 0.97 and 0.99; 8/8/8 8.23; 2/2/2 1.07; sleeps 1.05; beside
busy loops 1.89, 1.00 and 0.96, with foreign ends 0.40, 0.57 and 0.80; p99 1.54 times. Missed each time: 1 us at 64,
foreign ends at 64 with 1 us, and foreign ends beside busy loops. The p99 latencies vary from run to run: in nine further
runs of 40,000 items, those of weir beside slow ones were 713 to 3028 us, with a median of 994.

As b430d21 was measured, two loops at once did 1.50 times what one did (15 runs, 1.20 to 2.10): the machine had other work. In
a calmer hour e6dca38 had 0.98, 0.97 and 0.90 with 1 us, 1.01, 0.99 and 0.98 with 10 us, with foreign ends 0.96 and 0.81,
ordered 1.23, 1.23 and 1.08 with 1 us and 1.02, 1.03 and 0.97 with 10 us, p99 2.92 times, and without work 7.45, 3.88 and
0.64. Interleaved, the two are as fast: 0.98 to 1.06 in four rows. No row of one work and capacity was missed in both hours
but 1 us at 64 with foreign ends, 10 us at 4 ordered, without work at 4 and at 64 with foreign ends, and those with foreign
ends beside busy loops.

Items without work had morsels of 64, about 1.7 us: no other thread could share them, and one of two processors was idle.
Interleaved over that, at 1024: a source that is called in a row 1.20 (1.14 at 64); with morsels of 128 items 1.37; if two
threads share work from 2 us on, too, 2.1, but 100 ns of work at 16 lost a fifth; with 192 items and 3 us 2.2, and none
of seven other rows lost. At 64 two threads that share are slower than one (35 M in place of 40 M), as a morsel then takes
less time than what it moves from one processor to the other.

Where the ceiling is ahead, the rest is spent in the stages' visits, and not in waits: with one thread on one processor the
row of 10 us at capacity 1024 lost as much (0.954). Of its samples, 95.0% were in the work, 1.3% in the clock and the figures
of each call, and the others in the five visits of a morsel. Designs that were measured, interleaved with the one before:

- A source hands on twice as many items, and one call in five is timed: 0.965 instead of 0.948 at 10 us. Kept.
- Stages promise themselves places in the results queue: before, they blocked there, and seven threads computed: 0.65 of the
  ceiling with foreign ends at 64 and 1 us. Kept.
- At capacity 4 four items share a visit. Morsels that leave half of the places to another thread: 393 instead of 469 k/s at
  1 us, and the same from capacity 32 on. Removed.
- Items of 1 us begun four at a time: 0.952 instead of 0.949 at 10 us, and items waited behind a call that blocked (N6).
  Removed.
- With foreign ends, waits by yields of 2 us instead of 16: no difference. Removed. At 64 and 1 us, 4% of the samples are in the
  threads outside, and 5% in the system's changes of threads: a thread outside sleeps 6 times in 64 items.

At 64 with foreign ends and without work there are two changes of threads for 64 items, one at each end, which is the least
that two full queues allow. Items and changes take 231 ns of processor time an item, and 25 of these are the pipeline's. The
bar would leave 126 ns. Threads outside could run stages in their puts, as TBB's do. That was not built: such a thread may
hold a lock that the stage's function needs.

At capacity 4 without work, five visits pass four items on, all on one thread: 100 ns a visit, of which no function has more
than 8%. Built with link-time optimization: 1.07 times as many items at 4, 1.02 at 64 and 0.92 at 1024. Removed.

Beside busy loops, threads of their own get more of the processors than a crew, and with foreign ends the two threads outside
wait for their turn. TBB has no threads outside: its row is the one without foreign ends. Designs that were measured, without
work, with 1 us and with 10 us. Runs without work differ by a factor of two.

- No pauses while other programs have the processors (`spin.c` makes no yields then): 0.97, 1.04 and 1.00, in 25 interleaved runs.
  Removed.
- No pauses and no yields at all: 2.2, 1.07 and 1.04, in 7 interleaved runs; 0.78, 1.12 and 1.08, in 9 others. Without busy
  loops 0.29, 0.90 and 0.89. Removed.

The monitor determines the p99 latency beside slow items on two processors: it looks each millisecond, as a burst comes, and
the thread that runs the burst may have to wait for the processor of the slow item. In 31 interleaved runs of 10,000 items the
medians were 2.63 times those without slow items with the monitor of e6dca38, and 3.40 with one that is awake whenever it must
be (C9 in `lib/crew/state.h`). One that looks at each tick while a thread is idle, which finds twice as many slow calls: 4.53.
Removed. One that looks each 100 ticks in place of 10 while no seat is free: 2.79, but functions that sleep keep their seats
ten times as long. Removed.

Ordered stages took an envelope, an admission and a reorder buffer for each item: without work 0.80, 0.73 and 0.31 of TBB,
with 1 us 1.06, 1.03 and 0.77, with 10 us 1.03, 0.99 and 0.94. Now the results of a morsel leave in one turn. Results that
wait for their turn keep their promised places: without them the row of 10 us at capacity 4 had 8,000 context switches for
20,000 items, with them 100. Without work at capacity 4, TBB passes one of four tokens through all stages on one thread,
while weir has a queue of four items before each stage.""",
}


def table(suite, rows, names, measured):
    found = [row for row in rows if row.key in measured]
    if not found:
        sys.exit(f"bench: no results; first: make bench-{suite}")
    parts = [measured[row.key] for row in found]
    names = [name for name in names if name not in HELPERS and any(name in part["results"] for part in parts)]
    runs = len(next(iter(parts[0]["results"].values())))
    unit = "tasks" if suite == "executor" else "items"
    lines = [
        {"executor": "# The executor compared with others", "crew": "# Pipelines on a crew compared with others"}[suite],
        "",
        f"`make bench-{suite}-results` writes this file: {unit} per second, medians of {runs} "
        f"interleaved runs, on {processors()} processors.",
        f"Measured: {', '.join(sorted({part['version'] for part in parts}))}. A row is reached if all its bars are.",
        "",
        NOTES[suite],
        "",
        "The machine's primitives, in ns (`bench/machine.h`), before the rows: "
        + "; ".join(sorted({f"`{limits_line(part['limits'])}`" for part in parts}))
        + ".",
        "",
        "| row | " + " | ".join(names) + " | ratio (bar) | reached |",
        "|---|" + "---|" * (len(names) + 2),
    ]
    rated = [row for row in found if row.key not in ("skew0", "skew1", "threads", "elastic")]
    lines += [rate_line(row, measured[row.key]["results"], names) for row in rated]
    cells = latency_judge(measured)
    if cells:
        lines += ["", "p99 latency of items of 10 us in bursts of 20 each ms, without and with one item of 500 that takes "
                  "5 ms (bar: at most 2 times): " + "; ".join(cells) + "."]
    if "threads" in measured:
        runs = measured["threads"]["results"]["threads"]
        most = [max(run[key] for run in runs) for key in ("idle_threads", "busy_threads")]
        lines += ["", f"Threads of a process with 50 pipelines of 5 stages on the crew, beside its main one: at most {most[0]:.0f} "
                  f"when they are idle, {most[1]:.0f} when they are busy (bar: {processors() + 4})."]
    if "elastic" in measured:
        lines += ["", f"2,000 items in a stage that sleeps 10 ms: {elastic_judge(measured['elastic']['results'])}."]
    lines += ["", f"Processor time in ns and context switches, for each of the {unit}:", ""]
    lines += ["| row | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for row in [row for row in found if row.key not in ("threads", "elastic")]:
        results = measured[row.key]["results"]
        lines.append(f"| {row.title} | " + " | ".join(cost(results.get(name), row) for name in names) + " |")
    return "\n".join(lines)


def cost(runs, row):
    if not runs:
        return ""
    items = [run["items_per_s"] * run["wall_s"] for run in runs]
    cpu = statistics.median(run["cpu_s"] * 1e9 / n for run, n in zip(runs, items))
    switches = statistics.median(run["ctxsw"] / n for run, n in zip(runs, items))
    return f"{cpu:.0f}, {switches:.2g}"


# ---- all of it ----


def version():
    """The commit of the source tree, with "+" if it has changes."""
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        done = subprocess.run(["git", "-C", here, "describe", "--always", "--dirty=+"], stdout=subprocess.PIPE, text=True)
        return done.stdout.strip() or "no repository"
    except OSError:
        return "no repository"


def print_row(row, results):
    print(f"\n{row.title}", flush=True)
    for name, runs in results.items():
        rates = [run["items_per_s"] for run in runs]
        more = "".join(f" {key}={median(runs, key):.0f}" for key in EXTRAS if key in runs[0])
        spread = f"{short(min(rates))} .. {short(max(rates))}"
        disturbed = sum(run["others"] >= DISTURBED for run in runs)
        more += f"  ({disturbed} of {len(runs)} runs disturbed)" if disturbed and not row.hogs else ""
        print(f"  {name:14} {short(median(runs)):>8}  {spread:22} cpu ns, ctxsw: {cost(runs, row)}{more}", flush=True)
    ratios, reached = judge(row, results)
    if row.key == "elastic":
        print(f"  {elastic_judge(results)}", flush=True)
    if ratios:
        print(f"  {'reached' if reached else 'NOT reached'}: {ratios}", flush=True)


def parse():
    def value(convert, default):
        return lambda text: convert(text) if text else default

    parser = argparse.ArgumentParser(description="An empty value is the default.")
    parser.add_argument("--programs", default="bench", help="folder of the programs (bench)")
    parser.add_argument("--results", default="bench/results", help="folder (bench/results)")
    parser.add_argument("--reps", type=value(int, 5), default=5, help="rounds (5)")
    parser.add_argument("--seconds", type=value(float, 0.3), default=0.3, help="of a run, about (0.3)")
    parser.add_argument("--filter", type=value(re.compile, re.compile("")), default=re.compile(""), help="of rows")
    parser.add_argument("--only", type=value(re.compile, re.compile("")), default=re.compile(""), help="of programs")
    parser.add_argument("--append", action="store_true", help="keep the other rows")
    parser.add_argument("action", choices=["run", "table", "rows"])
    parser.add_argument("suite", choices=sorted(SUITES))
    options = parser.parse_args()
    if options.reps < 1 or not 0 < options.seconds < TIMEOUT:
        parser.error(f"--reps is at least 1, and --seconds between 0 and {TIMEOUT}")
    return options


def load(path):
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)


def run(options, rows, programs, path):
    options.folder = options.programs
    paths = {name: (os.path.join(options.folder, end), more) for name, (end, more) in programs.items()}
    options.programs = {n: p for n, p in paths.items() if os.access(p[0], os.X_OK) and options.only.search(n)}
    missing = [name for name in paths if not os.access(paths[name][0], os.X_OK)]
    if missing:
        print("not built here, left out: " + ", ".join(missing))
    measured = load(path) if options.append else {}
    options.speed, limits = calibrate(options), limits_of(options)
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')}, {processors()} processors, {options.reps} rounds of about "
          f"{options.seconds} s, {options.speed:.1f} steps of work a microsecond\nlimits: {limits_line(limits)}")
    for row in rows:
        if options.filter.search(row.key):
            results = measure(options, row)
            print_row(row, results)
            measured[row.key] = {"version": version(), "limits": limits, "results": results}
            with open(path + ".new", "w") as file:
                json.dump(measured, file, indent=1)
            os.replace(path + ".new", path)


def main():
    options = parse()
    programs, rows = SUITES[options.suite][0], SUITES[options.suite][1]()
    path = os.path.join(options.results, options.suite + ".json")
    if options.action == "rows":
        print("\n".join(row.key for row in rows))
    elif options.action == "table":
        print(table(options.suite, rows, programs, load(path)))
    else:
        os.makedirs(options.results, exist_ok=True)
        run(options, rows, programs, path)


main()
