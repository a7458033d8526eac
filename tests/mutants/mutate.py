#!/usr/bin/env python3
"""Mutation testing: makes one small change to lib/ at a time, and asks whether a test notices.

    tests/mutants/mutate.py [--sample N] [--seed S] [--file PART] [--list] [--seconds T]

A mutant is killed when the scheduler (tests/sched) fails, or a unit test does. One that both let through survives: the
tests have a hole, or the change changes nothing that can be seen. Those of the second kind are in the file `survivors`
beside this one, each with its reason; the exit status is 1 when another one survives. What compiles to the same code as
the original is not counted, and what does not compile neither.

All of lib/ but the seam (lib/sync) is mutated, a line at a time: negated and skipped conditions, comparisons, && and
||, true and false, + and -, statements left out, weaker atomics, wake-ups left out, and statuses.

A full run takes an hour on one processor; --sample takes N of the mutants at random. The sources, and which files make
the tests, come from Makefile.am and the parts that it includes. Environment: top_srcdir, CC.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.environ.get("top_srcdir", os.path.join(HERE, "..", "..")))
CC = os.environ.get("CC", "cc").split()
FLAGS = "-std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -DWEIR_DEBUG -w -Iinclude".split()
FOR_SCHED = FLAGS + "-O1 -Itests/sched -Ilib".split()
FOR_SCHED_LIBRARY = FOR_SCHED + ["-fsanitize=thread"]
FOR_TESTS = FLAGS + "-O1 -pthread -Ilib -Itests".split()
# What runs within a second or two; the others are long or need more than the library.
SLOW_TESTS = {"tests/test_image_pipeline", "tests/test_linearizable", "tests/test_clock", "tests/test_futex"}
TEST_SECONDS = 20  # the limit for one test program; only a hang reaches it
MEGABYTES, CPU_SECONDS = 1000, 30  # for one search or test program, against loops that no scheduler sees

# ---- the makefile ----


def makefile_text(name):
    """The file, with what it includes in its place."""
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    return re.sub(r"^include +(\S+)$", lambda m: makefile_text(m.group(1)), text, flags=re.M)


def makefile_variables():
    text = makefile_text("Makefile.am")
    found = re.findall(r"^(\w+) *\+?= *(.*)$", text, re.M)
    variables = {}
    for name, value in found:
        variables[name] = variables.get(name, "") + " " + value
    return variables


MAKE = makefile_variables()


def words_in(variable):
    words = []
    for word in MAKE.get(variable, "").split():
        inner = re.fullmatch(r"\$\((\w+)\)", word)
        words += words_in(inner.group(1)) if inner else [word]
    return words


def sources_in(variable):
    return [word for word in words_in(variable) if word.endswith(".c")]


LIBRARY = sources_in("lib_sources")
SEAM = [source for source in sources_in("libcore_la_SOURCES") if source not in LIBRARY]
# The seam's files for this system, if the makefile chooses them: Linux.
SEAM = [s for s in SEAM if not s.endswith(("futex_portable.c", "thread_name_none.c"))]
SCHED = sources_in("tests_sched_sched_SOURCES")
TESTS = [name for name in words_in("unit_tests") if name not in SLOW_TESTS]

# ---- mutations ----

STATUS = (r"\bWEIR_(?:OK|CLOSED|FULL|EMPTY|TIMEDOUT|INVALID|NOMEM|BUSY|DISCARDED|DEADLOCK|UNFINISHED|NOTHREAD|"
          r"INITFAILED)\b")
DECLARES = re.compile(r"^\s*(?:const |static |extern |typedef |struct |enum |unsigned |void |bool |char |int |"
                      r"u?int\d+_t |size_t |uintptr_t |weir_\w+ \**\w+ *[=;,(]|weir__\w+ \**\w+ *[=;,(])")
RELAXED = {  # what is weaker, operation by operation; those that atomic.h lacks are made (relaxed_twins)
    "load_acquire": "load_relaxed",
    "store_release": "store_relaxed",
    "exchange_acquire": "exchange_relaxed",
    "exchange_release": "exchange_relaxed",
    "exchange_acquire_release": "exchange_relaxed",
    "swap_acquire": "swap_relaxed",
    "swap_weak_acquire_release": "swap_weak_relaxed",
    "or_acquire": "or_relaxed",
}


def code_of(line):
    """The line with its comments and strings blanked, as long as before."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: '"' + " " * (len(m.group()) - 2) + '"', line)
    line = re.sub(r"/\*.*?(?:\*/|$)", lambda m: " " * len(m.group()), line)
    return line


def closing(code, at):
    """Where the parenthesis that opens at `at` is closed; None: not on this line."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] == "(") - (code[i] == ")")
        if depth == 0:
            return i
    return None


def swaps(code, pairs):
    for old, new in pairs:
        for m in re.finditer(old, code):
            yield m.start(), m.end(), m.expand(new)


def conditions(code):
    for m in re.finditer(r"\b(if|while) (\()", code):
        end = closing(code, m.start(2))
        if end is None:
            continue
        inner = code[m.start(2) + 1:end]
        if not re.fullmatch(r"[^&|]* (?:==|!=) [^&|]*", inner):
            yield m.start(2), end + 1, "(!(" + inner + "))"
        if m.group(1) == "if":
            yield m.start(2), end + 1, "(0)"
            yield m.start(2), end + 1, "(1)"
        elif "}" not in code[:m.start()]:
            yield m.start(1), m.start(2), "if "


def wakes(code):
    for m in re.finditer(r"weir__park_release_(?:one|all)\([^,()]*, ", code):
        yield m.start(), m.end(), "weir__lock_release("
    for m in re.finditer(r"weir__park_wake_(?:one|all)\([^()]*\)", code):
        yield m.start(), m.end(), "false"
    yield from swaps(code, [(r"\bWEIR__EVERYONE\b", "1"), (r"park_release_all\b", "park_release_one"),
                            (r"park_wake_all\(", "park_wake_one(")])


def orders(code):
    longest_first = "|".join(sorted(RELAXED, key=len, reverse=True))
    for m in re.finditer(r"\b(weir__(?:u32|u64|ptr)_)(" + longest_first + r")\(", code):
        yield m.start(), m.end(), m.group(1) + RELAXED[m.group(2)] + "("


def statements(code):
    m = re.fullmatch(r"(\s+)([^{}#\s][^{}]*;)\s*", code)
    keyword = re.match(r"\s*(?:return|goto|if|for|while|else|do|case|default)\b", code)
    if m and not keyword and not DECLARES.match(code) and code.count("(") == code.count(")"):
        yield m.start(2), m.end(2), ";"


def mutations_of(code):
    yield from conditions(code)
    yield from swaps(code, [
        (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "),
        (r" && ", " || "), (r" \|\| ", " && "), (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
        (r"(?<=[\w)]) \+ (?=[\w(])", " - "), (r"(?<=[\w)]) - (?=[\w(])", " + "),
        (r"(?<=[+-] )1\b", "0"), (r"\? (\w+) : (\w+)", r"? \2 : \1"),
    ])
    for m in re.finditer(r"(?:return |\? |: |= )(" + STATUS + ")", code):
        yield m.start(1), m.end(1), "WEIR_INVALID" if m.group(1) == "WEIR_OK" else "WEIR_OK"
    yield from wakes(code)
    yield from orders(code)
    yield from statements(code)


class Mutant:
    def __init__(self, path, lines, number, mutated, copy):
        self.path, self.lines, self.number, self.line, self.mutated = path, lines, number, lines[number], mutated
        line = self.line
        self.name = f"{path}: {line.strip()} => {mutated.strip()}" + (f" #{copy}" if copy > 1 else "")


def mutants_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        lines = file.read().split("\n")
    inside_comment = False
    seen = {}
    for number, line in enumerate(lines):
        if inside_comment:
            inside_comment = "*/" not in line
            continue
        inside_comment = line.rfind("/*") > line.rfind("*/")
        code = code_of(line)
        if code.lstrip().startswith("#") or "weir__assert(" in code or "_peek(" in code:
            continue  # an assertion that is weaker breaks nothing
        for start, end, new in mutations_of(code):
            mutated = line[:start] + new + line[end:]
            if mutated == line:
                continue
            seen[(line, mutated)] = seen.get((line, mutated), 0) + 1
            yield Mutant(path, lines, number, mutated, seen[(line, mutated)])


# ---- building ----


def relaxed_twins(path, order):
    """Adds to an atomic.h the operations that only mutants use: the ordered ones, copied, with another order."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    twins = ""
    for m in re.finditer(r"^static inline [^\n]*?(weir__\w+?)_((?:exchange|swap|swap_weak|or)"
                         r"_(?:acquire_release|acquire|release))\(.*?^}\n", text, re.M | re.S):
        name = m.group(1) + "_" + RELAXED[m.group(2)]
        if name + "(" in text + twins:
            continue
        twins += "\n" + re.sub(order, order.split("(")[0] + "RELAXED" if order[0] == "S" else "memory_order_relaxed",
                               m.group().replace(m.group(1) + "_" + m.group(2), name, 1))
    at = text.rindex("#endif")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text[:at] + twins + "\n" + text[at:])


def run(command, **options):
    return subprocess.run(command, capture_output=True, check=False, **options)


def must(command, **options):
    said = run(command, **options)
    if said.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{said.stderr.decode(errors='replace')}")
    return said.stdout.decode()


class Bench:
    """A copy of the sources, and all objects of the originals."""

    def __init__(self, folder):
        self.folder = folder
        for part in ("lib", "include"):
            shutil.copytree(os.path.join(TOP, part), os.path.join(folder, part))
        shutil.copytree(os.path.join(TOP, "tests"), os.path.join(folder, "tests"),
                        ignore=shutil.ignore_patterns("mutants", "fuzz", "abi", ".deps"))
        relaxed_twins(os.path.join(folder, "tests/sched/sync/atomic.h"), r"SCHED_(?:ACQUIRE|RELEASE|ACQ_REL)")
        relaxed_twins(os.path.join(folder, "lib/sync/atomic.h"), r"memory_order_\w+")
        self.check = must(["pkg-config", "--cflags", "--libs", "check"]).split()
        os.mkdir(os.path.join(folder, "objects"))
        os.mkdir(os.path.join(folder, "mutated"))
        for source in LIBRARY:
            self.compile(FOR_SCHED_LIBRARY, source, "objects", "s")
        for source in SCHED:
            self.compile(FOR_SCHED, source, "objects", "s")
        for source in LIBRARY + SEAM + ["tests/support.c", "tests/ledger.c"]:
            self.compile(FOR_TESTS, source, "objects", "t")
        for test in TESTS:
            for source in self.sources_of(test):
                self.compile(FOR_TESTS + self.check, source, "objects", "t")

    @staticmethod
    def sources_of(test):
        return sources_in(test.replace("/", "_") + "_SOURCES") or [test + ".c"]

    def object_of(self, source, folder, kind):
        return os.path.join(self.folder, folder, source.replace("/", "_") + "." + kind + ".o")

    def compile(self, flags, source, folder, kind):
        must(CC + flags + ["-c", source, "-o", self.object_of(source, folder, kind)], cwd=self.folder)

    def compile_mutated(self, flags, sources, kind):
        """None: does not compile; else whether anything differs from the original."""
        differs = False
        for source in sources:
            mutated = self.object_of(source, "mutated", kind)
            if run(CC + flags + ["-c", source, "-o", mutated], cwd=self.folder).returncode != 0:
                return None
            with open(mutated, "rb") as a, open(self.object_of(source, "objects", kind), "rb") as b:
                differs = a.read() != b.read() or differs
        return differs

    def link(self, sources, kind, output, flags=()):
        objects = []
        for source in sources:
            mutated = self.object_of(source, "mutated", kind)
            objects.append(mutated if os.path.exists(mutated) else self.object_of(source, "objects", kind))
        return run(CC + objects + list(flags) + ["-o", output], cwd=self.folder).returncode == 0

    def link_test(self, test):
        """Where the test program is; None: it does not link."""
        program = os.path.join(self.folder, "test")
        wraps = [word for word in words_in(test.replace("/", "_") + "_LDFLAGS") if word.startswith("-Wl,")]
        sources = LIBRARY + SEAM + ["tests/support.c"] + self.sources_of(test)
        return program if self.link(sources, "t", program, wraps + ["-pthread"] + self.check) else None

    def begin(self, mutant):
        """Puts the mutant in; returns the sources that have to be compiled again."""
        for name in os.listdir(os.path.join(self.folder, "mutated")):
            os.remove(os.path.join(self.folder, "mutated", name))
        self.write(mutant, mutant.mutated)
        return LIBRARY if mutant.path.endswith(".h") else [mutant.path]

    def end(self, mutant):
        self.write(mutant, mutant.line)

    def write(self, mutant, line):
        lines = mutant.lines[:mutant.number] + [line] + mutant.lines[mutant.number + 1:]
        with open(os.path.join(self.folder, mutant.path), "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


# ---- running ----


def limits():
    import resource  # pylint: disable=import-outside-toplevel
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end(process):
    """Ends what we have started and still runs. Check's programs pass SIGTERM on to the test that they run."""
    if process.poll() is not None:
        return  # and its number may be another's by now
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def first_failure(program, folder, seconds, *arguments):
    """What the scheduler finds first, in words; None: nothing."""
    process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               cwd=folder, start_new_session=True, preexec_fn=limits, errors="replace")
    failure = None
    signal.alarm(seconds)
    try:
        for line in process.stdout:
            if line.startswith("FAIL"):
                failure = line[5:].strip()
                break
        else:
            if process.wait() != 0:
                failure = "the scheduler died"
    except TimeoutError:
        failure = "the scheduler hangs"
    finally:
        signal.alarm(0)
        end(process)
        process.stdout.close()
    return failure


def test_fails(program, folder):
    process = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
                               start_new_session=True, env=dict(os.environ, CK_DEFAULT_TIMEOUT="8"), preexec_fn=limits)
    try:
        return process.wait(TEST_SECONDS) != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        end(process)


def on_alarm(*_):
    raise TimeoutError


def build_scheduler(bench, sources):
    """None: does not build; else whether anything differs from the original."""
    differs = bench.compile_mutated(FOR_SCHED_LIBRARY, sources, "s")
    if differs and not bench.link(LIBRARY + SCHED, "s", os.path.join(bench.folder, "sched")):
        return None
    return differs


def ask_scheduler(bench, searches):
    for arguments in searches:
        failure = first_failure(os.path.join(bench.folder, "sched"), bench.folder, 300, *arguments)
        if failure:
            return failure
    return None


def ask_tests(bench, sources):
    differs = bench.compile_mutated(FOR_TESTS, sources, "t")
    if not differs:
        return differs, None
    for test in TESTS:
        program = bench.link_test(test)
        if program is None:
            return None, None
        if test_fails(program, bench.folder):
            return True, os.path.basename(test)
    return True, None


def judge(bench, mutant, seconds):
    """'broken', 'same', 'survived', or what has killed it."""
    sources = bench.begin(mutant)
    quick = [["--bound", "1", "--seconds", str(seconds / 4)], ["--random", "300"]]
    deep = [["--bound", "2", "--seconds", str(seconds)]]
    try:
        sched_differs = build_scheduler(bench, sources)
        if sched_differs is None:
            return "broken"
        failure = ask_scheduler(bench, quick) if sched_differs else None
        if failure:
            return "sched: " + failure
        tests_differ, failure = ask_tests(bench, sources)
        if tests_differ is None:
            return "broken"
        if failure:
            return "test: " + failure
        failure = ask_scheduler(bench, deep) if sched_differs else None
        if failure:
            return "sched: " + failure
        return "survived" if sched_differs or tests_differ else "same"
    finally:
        bench.end(mutant)


# ---- the run ----


def known_survivors():
    path = os.path.join(HERE, "survivors")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as file:
        return {line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")}


def choose(arguments):
    headers = [word for word in words_in("lib_sources") if word.endswith(".h")]
    mutants = [m for path in LIBRARY + headers for m in mutants_of(path) if arguments.file in path]
    if arguments.sample and arguments.sample < len(mutants):
        chosen = random.Random(arguments.seed).sample(range(len(mutants)), arguments.sample)
        mutants = [mutants[i] for i in sorted(chosen)]
    return mutants


def verify_originals(bench):
    """What fails with the originals says nothing about the mutants, and is left out. Returns whether all is well."""
    program = os.path.join(bench.folder, "sched")
    if not bench.link(LIBRARY + SCHED, "s", program):
        sys.exit("the scheduler does not link")
    failure = first_failure(program, bench.folder, 300, "--bound", "1", "--seconds", "1")
    if failure:
        sys.exit("CONTROL FAILED: " + failure)
    failing, took = [], {}
    for test in list(TESTS):
        program = bench.link_test(test)
        if program is None:
            sys.exit(f"{test} does not link")
        from_time = time.monotonic()
        if test_fails(program, bench.folder):
            failing.append(test)
        took[test] = time.monotonic() - from_time
        print(f"control: {test} {took[test]:.1f} s", flush=True)
    TESTS.sort(key=took.get)
    for test in failing:
        print(f"CONTROL FAILED: {test}, which is left out")
        TESTS.remove(test)
    return not failing


def report(counts, survivors, seconds):
    judged = counts["sched"] + counts["test"] + len(survivors)
    known = known_survivors()
    new = [m for m in survivors if m.name not in known]
    print(f"\n{counts['sched']} killed by the scheduler, {counts['test']} by unit tests, {len(survivors)} survived "
          f"({len(survivors) - len(new)} of them known); {counts['same']} changed no code, "
          f"{counts['broken']} did not build; "
          f"{100.0 * (judged - len(survivors)) / max(judged, 1):.1f}% killed, "
          f"{100.0 * (judged - len(new)) / max(judged, 1):.1f}% killed or known; {seconds:.0f} s")
    for mutant in new:
        print(f"SURVIVED {mutant.path}:{mutant.number + 1}\n{mutant.name}")
    return 1 if new else 0


def main():
    parser = argparse.ArgumentParser(description="Mutation testing of lib/.")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", default="", help="only files whose name has this in it")
    parser.add_argument("--list", action="store_true", help="print the mutants, and stop")
    parser.add_argument("--seconds", type=float, default=1, help="the most for one search of the scheduler")
    arguments = parser.parse_args()
    mutants = choose(arguments)
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.number + 1}: {mutant.name}")
        print(f"{len(mutants)} mutants")
        return 0

    signal.signal(signal.SIGALRM, on_alarm)
    begun = time.monotonic()
    counts = {"sched": 0, "test": 0, "same": 0, "broken": 0}
    survivors = []
    print(f"{len(mutants)} mutants, seed {arguments.seed}")
    with tempfile.TemporaryDirectory(prefix="weir-mutate.") as folder:
        bench = Bench(folder)
        well = verify_originals(bench)
        for mutant in mutants:
            verdict = judge(bench, mutant, arguments.seconds)
            print(f"{mutant.number + 1}: {mutant.name}\n    {verdict}", flush=True)
            if verdict == "survived":
                survivors.append(mutant)
            else:
                counts[verdict.split(":")[0]] += 1
        status = report(counts, survivors, time.monotonic() - begun)
        return status if well else 1


if __name__ == "__main__":
    sys.exit(main())
