#!/usr/bin/env python3
"""Runs the drivers of the benchmark against each other: `make bench`, `make bench-hogs`.

    bench/run.py [options] DRIVER...

A driver is a program with the words and the result line that driver.h describes. Each configuration is run by every
driver in turn, in another order each round; the table has the medians. The first driver is the one that the ratios are
of. A driver that fails, or takes too long, is reported and left out of the rest of that configuration.

In the folder --results: table.txt, what was printed; results.tsv, a line for each run; threads.svg, capacity.svg and
work.svg, by gnuplot. Exit status 1: a driver failed.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import argparse
import math
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

TIMEOUT = 30  # seconds
SHAPES = ["1x1", "2x2", "4x4", "8x8"]
CAPACITIES = [1, 2, 4, 16, 64, 256, 1024, 4096]
WORKS = [0, 100, 300, 1000, 3000, 10000]  # nanoseconds
STAGES = 3
SLOTS_IN_LINE = 8
COLUMNS = ["config", "driver", "round", "items", "items_per_s", "wall_s", "cpu_s", "ctxsw"]
# One for each processor: busy until it is killed, or whoever started it is gone.
HOG = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [int(sys.argv[1])])
parent = int(sys.argv[2])
while os.getppid() == parent:
    for _ in range(100000):
        pass
"""


class Failed(Exception):
    """A driver did not do what it should."""


class Unknown(Exception):
    """A driver does not know this workload."""


class Report:
    """What is printed goes to table.txt as well."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.failed = False
        self.table = open(os.path.join(folder, "table.txt"), "w")
        self.runs = open(os.path.join(folder, "results.tsv"), "w")
        self.row(COLUMNS)

    def say(self, text):
        print(text, flush=True)
        print(text, file=self.table, flush=True)

    def fail(self, text):
        self.failed = True
        self.say(f"FAILED: {text}")

    def row(self, values):
        print(*values, sep="\t", file=self.runs, flush=True)


# ---- configurations ----


class Config:
    def __init__(self, name, words):
        self.name = name
        self.words = words
        self.workload = words[0]
        self.sweeps = []
        self.keys = dict(word.split("=") for word in words[1:])

    def ceiling(self):
        """The items/s of a pipeline that would do nothing but its work; None: it has none."""
        work = float(self.keys.get("work", 0))
        return processors() * 1e9 / (STAGES * work) if work > 0 else None

    def limit(self, limits):
        """The nanoseconds that an item costs at least with one lock on each side and slots that travel; None: it has no such limit.

        With room for a few items at most so many go over and back in a trip of a line. With more, lines travel while
        others are written, and each side pays for its lock and its part in the trip of an eighth of a line.
        """
        if self.workload not in ("queue", "pingpong") or not limits:
            return None
        room = int(self.keys.get("cap", 1))
        return max(limits["line_ns"] / room, limits["rmw_ns"] + limits["line_ns"] / (2 * SLOTS_IN_LINE))


def queue_config(shape, capacity):
    p, c = shape.split("x")
    return Config(f"queue/{shape}/cap{capacity}", ["queue", f"p={p}", f"c={c}", f"cap={capacity}"])


def pipeline_config(capacity, work):
    name = f"pipeline/cap{capacity}/work{work}"
    return Config(name, ["pipeline", "w=3,4,5", f"cap={capacity}", f"work={work}"])


def ordered_config(capacity, work):
    name = f"ordered/cap{capacity}/work{work}"
    return Config(name, ["ordered", "w=3,4,5", f"cap={capacity}", f"work={work}"])


def table_configs():
    found = [queue_config(shape, 1024) for shape in ["1x1", "2x2", "4x4", "1x8", "8x1"]]
    found += [queue_config("1x1", 16), queue_config("4x4", 16), queue_config("1x1", 1)]
    found += [Config("pingpong", ["pingpong"])]
    found += [pipeline_config(capacity, work) for capacity in [1024, 64] for work in [0, 1000, 10000]]
    found += [ordered_config(capacity, work) for capacity in [1024, 64] for work in [0, 1000, 10000]]
    return found + [Config("idle", ["idle"])]


def sweeps():
    """Of each plot: its name, the label of its axis, its configurations, and what stands below each."""
    return [
        ("threads", "producers x consumers, capacity 1024", [queue_config(s, 1024) for s in SHAPES], SHAPES),
        ("capacity", "capacity, 2 producers and 2 consumers", [queue_config("2x2", c) for c in CAPACITIES], CAPACITIES),
        ("work", "work for each item and stage in ns", [pipeline_config(64, w) for w in WORKS], WORKS),
    ]


def all_configs(pattern):
    """Each once; the pattern is looked for in its name and in the names of the sweeps that it is part of."""
    found = {config.name: config for config in table_configs()}
    for sweep, _, configs, _ in sweeps():
        for config in configs:
            found.setdefault(config.name, config).sweeps.append(sweep)
    return [c for c in found.values() if any(re.search(pattern, n) for n in [c.name] + c.sweeps)]


def hog_configs(pattern):
    return [c for c in table_configs() if c.workload in ("queue", "pipeline", "ordered") and re.search(pattern, c.name)]


# ---- running ----


def processors():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_hogs():
    ids = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(processors())
    return [subprocess.Popen([sys.executable, "-c", HOG, str(i), str(os.getpid())]) for i in ids]


def stop_hogs(hogs):
    for hog in hogs:
        hog.kill()
    for hog in hogs:
        hog.wait()


def output_of(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)}: not done after {TIMEOUT} s")
    except OSError as error:
        raise Failed(f"{' '.join(command)}: {error.strerror}")
    if done.returncode == 77:
        raise Unknown()
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def run_once(driver, config, items, speed):
    command = [driver] + config.words
    if config.workload != "idle":
        command.append(f"n={items}")
    if config.workload in ("pipeline", "ordered"):
        command.append(f"ipu={speed}")
    output = output_of(command)
    result = dict(word.split("=", 1) for word in output.split() if "=" in word)
    try:
        for column in COLUMNS[4:]:
            result[column] = float(result[column])
        result["ctxsw"] = int(result["ctxsw"])
    except (KeyError, ValueError):
        raise Failed(f"{' '.join(command)}: no result in what it printed: {output.strip()}")
    result["items"] = items
    return result


def choose_items(driver, config, speed, seconds):
    """So many that a run takes about `seconds`."""
    if config.workload == "idle":
        return 0
    items = 500
    while True:
        result = run_once(driver, config, items, speed)
        wall = max(result["wall_s"], 1e-6)
        if wall >= 0.2 * seconds:
            return max(100, int(items * seconds / wall))
        items = int(items * min(20, max(2, 0.4 * seconds / wall)))


def guarded(report, config, action):
    """What the action returns; None: the driver is out of this configuration."""
    try:
        return action()
    except Unknown:
        return None
    except Failed as failure:
        report.fail(f"{config.name}: {failure}")
        return None


def measure(report, config, drivers, options):
    """The results of each driver that has some, by its name."""
    items = {}
    for name, path in drivers.items():
        chosen = guarded(report, config, lambda: choose_items(path, config, options.speed, options.seconds))
        if chosen is not None:
            items[name] = chosen
    results = {name: [] for name in items}
    for number in range(1, options.reps + 1):
        order = list(items)
        options.random.shuffle(order)
        for name in order:
            got = guarded(report, config, lambda: run_once(drivers[name], config, items[name], options.speed))
            if got is None:
                del items[name]
                continue
            results[name].append(got)
            report.row([config.name, name, number] + [got[column] for column in COLUMNS[3:]])
    return {name: runs for name, runs in results.items() if runs}


def calibrate(driver):
    """Steps of the work loop in a microsecond, undisturbed: the most of several tries."""
    try:
        return max(float(output_of([driver, "calibrate"])) for _ in range(3))
    except (Failed, Unknown, ValueError) as error:
        sys.exit(f"bench: cannot calibrate: {error}")


def limits_of(drivers):
    """What the machine's own steps take, in nanoseconds, by their names; {}: no driver tells."""
    for path in drivers.values():
        try:
            words = output_of([path, "limits"]).split()
            return {name: float(value) for name, value in (word.split("=") for word in words)}
        except (Failed, Unknown, ValueError):
            continue
    return {}


# ---- tables ----


def rates(runs):
    return [run["items_per_s"] for run in runs]


def median(runs, value):
    return statistics.median(value(run) for run in runs)


def short(number):
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.2f}{unit}"
    return f"{number:.1f}"


def note(runs):
    return runs[0].get("note", "")


def idle_table(results, width):
    lines = [f"{'':{width}} {'cpu us in 1 s':>14} {'ctxsw':>8}"]
    for name, runs in results.items():
        cpu = median(runs, lambda run: run["cpu_s"]) * 1e6
        lines.append(f"{name:{width}} {cpu:14.0f} {median(runs, lambda run: run['ctxsw']):8.0f}  {note(runs)}")
    return lines


def rate_table(config, results, width, base, limits):
    ceiling, limit = config.ceiling(), config.limit(limits)
    ceiling = 1e9 / limit if limit else ceiling
    part = f" {'limit' if limit else 'ceiling':>8}" if ceiling else ""
    lines = [
        f"{'':{width}} {'items/s':>9} {'min..max':>19} {'ratio':>8} {'cpu ns/item':>12} {'ctxsw/item':>11}{part}"
    ]
    middle = {name: statistics.median(rates(runs)) for name, runs in results.items()}
    for name, runs in results.items():
        spread = f"{short(min(rates(runs)))}..{short(max(rates(runs)))}"
        ratio = f"{middle[base] / middle[name]:.2f}x" if base in middle else "-"
        cpu = median(runs, lambda run: run["cpu_s"] / run["items"]) * 1e9
        switches = median(runs, lambda run: run["ctxsw"] / run["items"])
        part = f" {100 * middle[name] / ceiling:7.0f}%" if ceiling else ""
        lines.append(
            f"{name:{width}} {short(middle[name]):>9} {spread:>19} {ratio:>8} {cpu:12.0f} {switches:11.4f}{part}"
            f"  {note(runs)}"
        )
    return lines


def table(config, results, drivers, limits):
    width = max(len(name) for name in drivers)
    base = next(iter(drivers))
    if config.workload == "idle":
        lines = idle_table(results, width)
    else:
        lines = rate_table(config, results, width, base, limits)
    of = f"  (plotted: {', '.join(config.sweeps)})" if config.sweeps else ""
    return "\n".join([f"\n{config.name}{of}"] + [line.rstrip() for line in lines])


# ---- plots ----


def data_block(number, configs, measured, name):
    """The points of a driver, as (place, median, least, most), in gnuplot's words."""
    lines = [f"$data{number} << END"]
    for place, config in enumerate(configs):
        runs = measured.get(config.name, {}).get(name)
        if runs:
            lines.append(f"{place} {statistics.median(rates(runs))} {min(rates(runs))} {max(rates(runs))}")
    return lines + ["END"] if len(lines) > 1 else []


def ceiling_block(configs):
    points = [f"{place} {c.ceiling()}" for place, c in enumerate(configs) if c.ceiling()]
    return ["$ceiling << END"] + points + ["END"] if points else []


def gnuplot_script(path, axis, configs, ticks, measured, drivers):
    """None: nothing to draw."""
    blocks, curves = [], []
    for number, name in enumerate(drivers):
        block = data_block(number, configs, measured, name)
        if not block:
            continue
        blocks += block
        notes = {note(measured[c.name][name]) for c in configs if name in measured.get(c.name, {})}
        title = f"{name} {' '.join(notes)}".strip().replace("'", "''")
        curves.append(f"$data{number} with yerrorlines linewidth 1.5 pointtype {number + 4} title '{title}'")
    if not curves:
        return None
    ceiling = ceiling_block(configs)
    if ceiling:
        curves.append("$ceiling with lines dashtype 2 linecolor 'gray' title 'ceiling'")
    labels = ", ".join(f"'{tick}' {place}" for place, tick in enumerate(ticks))
    return "\n".join(
        blocks
        + ceiling
        + [
            "set terminal svg size 800,500 noenhanced background 'white'",
            f"set output '{path}'",
            f"set xlabel '{axis}'",
            "set ylabel 'items/s (median, least, most)'",
            f"set xtics ({labels})",
            f"set xrange [-0.3:{len(ticks) - 0.7}]",
            "set logscale y",
            "set format y '%.0s%c'",
            "set grid y",
            "set key above",
            "plot " + ", ".join(curves),
            "",
        ]
    )


def plot(report, measured, drivers):
    paths = {sweep[0]: os.path.join(report.folder, f"{sweep[0]}.svg") for sweep in sweeps()}
    for path in paths.values():
        if os.path.exists(path):
            os.remove(path)  # of another run
    if shutil.which("gnuplot") is None:
        report.say("\nplots left out: there is no gnuplot here")
        return
    drawn = []
    for sweep, axis, configs, ticks in sweeps():
        path = paths[sweep]
        script = gnuplot_script(path, axis, configs, ticks, measured, drivers)
        if script is None:
            continue
        done = subprocess.run(["gnuplot"], input=script, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            drawn.append(path)
        else:
            report.fail(f"gnuplot, for {path}: {done.stderr.strip()}")
    report.say("\nplots: " + (" ".join(drawn) or "left out, for nothing of them was run"))


# ---- all of it ----


def named(paths):
    """Each driver by the last part of its path, or the whole where that would name two."""
    ends = [os.path.basename(path) for path in paths]
    absolute = [os.path.abspath(path) for path in paths]
    return {end if ends.index(end) == i else path: path for i, (end, path) in enumerate(zip(ends, absolute))}


def parse():
    def value(convert, default):
        return lambda text: convert(text) if text else default

    parser = argparse.ArgumentParser(usage="run.py [options] DRIVER...", description="An empty value is the default.")
    parser.add_argument("--reps", type=value(int, 5), default=5, help="rounds (5)")
    parser.add_argument("--seconds", type=value(float, 0.5), default=0.5, help="of a run, about (0.5)")
    parser.add_argument("--filter", type=value(re.compile, re.compile("")), default="", help="regular expression")
    parser.add_argument("--seed", type=value(int, None), help="of the order")
    parser.add_argument("--results", default="bench/results", help="folder (bench/results)")
    parser.add_argument("--hogs", action="store_true", help="beside one busy loop for each processor")
    parser.add_argument("drivers", nargs="+")
    options = parser.parse_args()
    if options.reps < 1 or not 0 < options.seconds < TIMEOUT or math.isnan(options.seconds):
        parser.error(f"--reps is at least 1, and --seconds between 0 and {TIMEOUT}")
    if options.seed is None:
        options.seed = random.randrange(10**6)
    options.random = random.Random(options.seed)
    return options


def run(report, configs, drivers, options):
    report.say(
        f"{time.strftime('%Y-%m-%d %H:%M:%S')}, {processors()} processors, {options.reps} rounds of about "
        f"{options.seconds} s, seed {options.seed}, {options.speed:.1f} steps of work a microsecond"
        + (f", beside {processors()} busy loops" if options.hogs else "")
    )
    report.say(f"ratio: the items/s of {next(iter(drivers))} to those of the driver")
    report.say("ceiling: the part of what the processors could do if there were nothing but the work")
    limits = {} if options.hogs else limits_of(drivers)
    if limits:
        report.say("limits: " + " ".join(f"{name}={value:g}" for name, value in limits.items()))
        report.say("limit: the part of what one lock for each side and the slots' trips would let through")
    measured = {}
    for config in configs:
        measured[config.name] = measure(report, config, drivers, options)
        if measured[config.name]:
            report.say(table(config, measured[config.name], drivers, limits))
    if not options.hogs:
        plot(report, measured, drivers)
    report.say(f"each run: {os.path.join(report.folder, 'results.tsv')}")


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    drivers = named(options.drivers)
    configs = hog_configs(options.filter) if options.hogs else all_configs(options.filter)
    if not configs:
        sys.exit("bench: the filter leaves nothing to run")
    report = Report(os.path.join(options.results, "hogs") if options.hogs else options.results)
    options.speed = calibrate(next(iter(drivers.values())))
    hogs = []
    try:
        if options.hogs:
            hogs += start_hogs()
        run(report, configs, drivers, options)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        stop_hogs(hogs)
    sys.exit(1 if report.failed else 0)


main()
