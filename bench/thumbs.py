"""Compares weir-thumbs with what else makes thumbnails of a list of URLs, and measures its memory.

    thumbs.py run [--runs N] [--count N] [--milliseconds MS,MS...] BUILD WORK
    thumbs.py memory [--runs N] [--many N] BUILD WORK
    thumbs.py table BUILD WORK
    thumbs.py memory-table BUILD WORK

BUILD has weir-thumbs, weir-make-photos, bench/relay, bench/thumbs_limit and bench/weir_peer. nginx is origin and
store, behind bench/relay if there is a round trip. `run` prints each rate, stores all in WORK/results.json and prints
the table; `table` prints the table from what is stored. `memory` measures the memory, stores it in WORK/results.json,
and fails if it misses a bar; `memory-table` prints its table. Runs are interleaved. A peer whose programs are missing
is left out, with a line that says so. Each run checks that all thumbnails arrive.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "tests"))
from process_memory import memory_of  # pylint: disable=wrong-import-position

PHOTOS = 100  # different ones; the list has each several times
FEW = 200  # pictures whose memory is compared with that of many
BLOCK = 1000  # of each so many pictures, the first ones are photos, and the others small
SMALL = "640"  # the box of these
MOST_MEMORY = 130e6
MOST_FOR_EACH = 1000  # bytes of each further picture
NGINX = """
daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/nginx.err;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000; client_body_buffer_size 1m;
    client_body_temp_path {work}/tmp; proxy_temp_path {work}/tmp; fastcgi_temp_path {work}/tmp;
    uwsgi_temp_path {work}/tmp; scgi_temp_path {work}/tmp;
    server {{
        listen 127.0.0.1:{port} backlog=1024; root {work}/www;
        location / {{ dav_methods PUT; create_full_put_path on; client_max_body_size 64m; }}
    }}
}}
"""


def program(path):
    """The program itself, since libtool's script in its place takes time."""
    real = path.parent / ".libs" / path.name
    return real if real.exists() else path


def output_of(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout.strip()


@contextlib.contextmanager
def running(command, **options):
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_nginx():
    return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def nginx(work):
    """Yields the port of a server with the photos, to which files can be put."""
    port = free_port()
    (work / "tmp").mkdir()
    (work / "nginx.conf").write_text(NGINX.format(work=work, port=port))
    with running([find_nginx(), "-c", work / "nginx.conf", "-p", work]) as process:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if process.poll() is not None:
                sys.exit(f"nginx ends: {(work / 'nginx.err').read_text()}")
            time.sleep(0.05)
        yield port


@contextlib.contextmanager
def relay(build, port, milliseconds):
    if milliseconds == 0:
        yield port
        return
    environment = os.environ | {"LD_LIBRARY_PATH": str(build / ".libs")}
    with running([program(build / "bench" / "relay"), str(port), str(milliseconds)], env=environment,
                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())


def python_with_pillow():
    for candidate in (sys.executable, "/usr/bin/python3"):
        tried = subprocess.run([candidate, "-c", "import PIL, requests"], stderr=subprocess.DEVNULL, check=False)
        if tried.returncode == 0:
            return candidate
    return None


class Bench:
    def __init__(self, options):
        self.build, self.work = options.build.resolve(), options.work.resolve()
        self.count = options.count
        self.environment = os.environ | {"LD_LIBRARY_PATH": str(self.build / ".libs")}
        self.names = [f"{number:06}.jpg" for number in range(self.count)]
        self.rates = {}  # name: pictures a second of each run
        shutil.rmtree(self.work, ignore_errors=True)
        self.www = self.work / "www"
        self.originals = []
        self.small = []

    # ---- pictures ----

    def make_photos(self):
        folder = self.work / "originals"
        folder.mkdir(parents=True)
        subprocess.run([program(self.build / "weir-make-photos"), "--count", str(PHOTOS), "--to", folder],
                       env=self.environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.originals = sorted(folder.iterdir())
        self.link(self.www / "photos", self.names)
        self.link(self.www / "cut", self.names)
        for name in self.names[::2]:
            cut = self.www / "cut" / name
            half = cut.read_bytes()[:cut.stat().st_size // 2]
            cut.unlink()
            cut.write_bytes(half)

    def link(self, folder, names):
        folder.mkdir(parents=True)
        for number, name in enumerate(names):
            os.link(self.originals[number % PHOTOS], folder / name)

    def write_list(self, name, lines):
        path = self.work / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    # ---- what is compared: each returns a command, and the number of its pictures ----

    def thumbs(self, port, folder="photos"):
        urls = self.write_list("urls", [f"http://127.0.0.1:{port}/{folder}/{name}" for name in self.names])
        return [program(self.build / "weir-thumbs"), "--from", urls, "--to", f"http://127.0.0.1:{port}/weir",
                "--quiet", "--overwrite"]

    def pillow(self, port, threads):
        names = self.write_list("names", self.names[:self.count // 2])
        return ["sh", "-c", f'exec "$@" <"{names}"', "sh", python_with_pillow(),
                HERE / "peers" / "programs" / "thumbs.py", str(threads), f"http://127.0.0.1:{port}"]

    def parallel(self, port, jobs):
        url, work = f"http://127.0.0.1:{port}", self.work / "tmp"
        names = self.write_list("names", self.names[:self.count // 8])
        one = (f"curl -sSf -o {work}/{{}} {url}/photos/{{}} && vipsthumbnail {work}/{{}} -s '320x320>' -o "
               f"{work}/t-{{}}'[Q=85,strip,optimize_coding]' && curl -sSf -T {work}/t-{{}} {url}/parallel/{{}} && "
               f"rm {work}/{{}} {work}/t-{{}}")
        return ["parallel", "--will-cite", "-j", str(jobs), "-a", names, one]

    # ---- runs ----

    def note(self, name, rate):
        self.rates.setdefault(name, []).append(rate)
        print(f"{name}: {rate:.1f} pictures/s", flush=True)

    def time(self, name, command, folder, count, arrives=None):
        """Notes pictures a second. Returns the times at which the thumbnails arrived, in order."""
        arrives = count if arrives is None else arrives
        shutil.rmtree(self.www / folder, ignore_errors=True)
        begun = time.monotonic()
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        seconds = time.monotonic() - begun
        arrived = sorted(file.stat().st_mtime for file in (self.www / folder).iterdir())
        if len(arrived) != arrives or done.returncode != (0 if arrives == count else 1):
            words = " ".join(map(str, command))
            sys.exit(f"{words}: status {done.returncode}, {len(arrived)} thumbnails: {done.stdout}")
        self.note(name, count / seconds)
        return arrived

    def limit(self, name, processes, threads):
        """Notes the speed of libvips alone. In a process with one thread it uses vectors."""
        rounds = max(1, self.count // PHOTOS // processes)
        command = [program(self.build / "bench" / "thumbs_limit"), str(threads), str(rounds), *self.originals]
        alone = [subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)
                 for _ in range(processes)]
        self.note(name, sum(float(one.communicate()[0]) for one in alone))

    def make_small(self):
        folder = self.work / "small"
        subprocess.run([program(self.build / "weir-thumbs"), self.work / "originals", folder, "-s", SMALL, "--quiet"],
                       env=self.environment, check=True)
        self.small = sorted(folder.iterdir())

    def peak(self, count):
        """
        Returns the peak bytes of a run over a folder with defaults, and those of the program alone. The photos come in
        blocks, since the memory in flight is that of the largest pictures in a row; the small ones save time.
        """
        folder = self.work / "many"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "from").mkdir(parents=True)
        for number in range(count):
            pictures = self.originals if number % BLOCK < PHOTOS else self.small
            os.link(pictures[number % PHOTOS], folder / "from" / f"{number:06}.jpg")
        peak = 0
        with subprocess.Popen([program(self.build / "weir-thumbs"), folder / "from", folder / "to", "--quiet"],
                              env=self.environment, stdout=subprocess.DEVNULL) as run:
            while os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                peak = max(peak, memory_of(run.pid))
                time.sleep(0.05)
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        if run.returncode != 0:
            sys.exit(f"weir-thumbs with {count} pictures: status {run.returncode}")
        shutil.rmtree(folder)
        own = usage.ru_maxrss * 1024
        print(f"{count} pictures: {peak / 1e6:.0f} MB, {own / 1e6:.0f} MB of the program", flush=True)
        return {"all": peak, "program": own}

    def peaks(self, many):
        """Returns the peaks with FEW and with `many` pictures."""
        return {str(count): self.peak(count) for count in (FEW, many)}


def warm_rate(arrived):
    """Pictures a second after the first half, by which the numbers of threads are found, and before the last ones."""
    first, last = len(arrived) // 2, len(arrived) * 19 // 20
    return (last - first) / (arrived[last] - arrived[first])


def found():
    """Returns the peers that can run, and prints why others cannot."""
    peers = []
    if python_with_pillow():
        peers.append("Pillow")
    else:
        print("left out: Pillow in threads, because no python3 has PIL and requests")
    missing = [name for name in ("parallel", "curl", "vipsthumbnail") if shutil.which(name) is None]
    if missing:
        print(f"left out: GNU parallel, curl and vipsthumbnail, because of {', '.join(missing)}: not installed")
    else:
        peers.append("parallel")
    return peers


def measure(bench, peers, milliseconds, port):
    """Measures each program once at a round-trip time."""
    at, count = f"{milliseconds} ms", bench.count
    arrived = bench.time(f"{at}: weir-thumbs", bench.thumbs(port), "weir", count)
    bench.note(f"{at}: weir-thumbs, warmed up", warm_rate(arrived))
    bench.limit(f"{at}: libvips alone", 1, os.cpu_count())
    if milliseconds == 0:
        bench.time(f"{at}: half of the pictures cut", bench.thumbs(port, "cut"), "weir", count, count // 2)
        bench.limit(f"{at}: libvips alone, in processes with vectors", os.cpu_count(), 1)
    if "Pillow" in peers:
        for threads in (8,) if milliseconds == 0 else (8, 32):
            bench.time(f"{at}: Pillow, {threads} threads", bench.pillow(port, threads), "pillow", count // 2)
    if "parallel" in peers:
        jobs = 8 if milliseconds == 0 else 32
        name = f"{at}: GNU parallel, curl, vipsthumbnail, {jobs} jobs"
        bench.time(name, bench.parallel(port, jobs), "parallel", count // 8)


# ---- results ----


def compare(rates, title, ours, theirs, bar):
    """Returns a row; None if one of both was not measured."""
    if ours not in rates or theirs not in rates:
        return None
    ratio = statistics.median(a / b for a, b in zip(rates[ours], rates[theirs]))
    medians = [f"{statistics.median(rates[name]):.1f}" for name in (ours, theirs)]
    cells = [title, *medians, f"{ratio:.2f}", f"{bar:g}", "yes" if ratio >= bar else "**no**"]
    return "| " + " | ".join(cells) + " |"


def rows_at(rates, milliseconds):
    at = f"{milliseconds} ms"
    whole = f"{at}: weir-thumbs"
    if milliseconds == 0:
        yield compare(rates, f"{at}: libvips alone", whole, f"{at}: libvips alone", 0.95)
        cut = f"{at}: half of the pictures cut"
        yield compare(rates, f"{cut}, beside none", cut, whole, 0.85)
    else:
        yield compare(rates, f"{at}, warmed up: libvips alone", f"{whole}, warmed up", f"{at}: libvips alone", 0.85)
    for threads, bar in ((8, 1.3 if milliseconds == 0 else 1.5), (32, 1.5)):
        peer = f"{at}: Pillow, {threads} threads"
        yield compare(rates, peer, whole, peer, bar)
    for jobs in (8, 32):
        peer = f"{at}: GNU parallel, curl, vipsthumbnail, {jobs} jobs"
        yield compare(rates, peer, whole, peer, 4)


def growth_of(peaks):
    """Returns the bytes for each picture more than FEW."""
    few, many = sorted(peaks, key=int)
    return (peaks[many]["all"] - peaks[few]["all"]) / (int(many) - int(few))


def reaches(peaks):
    return all(peak["all"] < MOST_MEMORY for peak in peaks.values()) and growth_of(peaks) <= MOST_FOR_EACH


def memory_rows(rounds):
    for number, peaks in enumerate(rounds, start=1):
        cells = [str(number)]
        for count in sorted(peaks, key=int):
            cells += [f"{peaks[count][whose] / 1e6:.0f}" for whose in ("all", "program")]
        cells += [f"{growth_of(peaks):.0f}", "yes" if reaches(peaks) else "**no**"]
        yield "| " + " | ".join(cells) + " |"


NOTES = """\
nginx is origin and store on the same machine, behind `bench/relay` if there is a round trip, so its work counts in
every row. weir-thumbs runs with its defaults, and finds the numbers of its threads. "libvips alone" decodes and encodes
the same pictures from memory to memory in one thread for each processor, without vectors, as libvips must in several
threads here. "Warmed up" is the rate at which thumbnails arrive after the first half of the pictures, and before the
last twentieth. Ratios are medians of the ratios of each round. Bars are minimums."""

MEMORY_NOTES = f"""\
Peak memory in MB of runs over a folder with defaults. Pages that the program and its child processes share count once.
"The program" is the resident set of the program alone. The growth is in bytes for each picture more than {FEW}. Of each
{BLOCK} pictures, the first {PHOTOS} are the photos of `bench/thumbs.md`, in a row, and the others are made smaller, to
{SMALL} pixels. Bars: at most {MOST_MEMORY / 1e6:.0f} MB, and a growth of at most {MOST_FOR_EACH} bytes.

While it waits, a file of a folder takes its name and 5 bytes: the peak of `weir-thumbs -n` grows by 26 to 48 bytes for
each file with a name of 10. The rest of the growth is that the largest of many peaks is larger than that of a few: in
each block, other pictures are in flight at a time. Before, with a photo of each file in memory, and as many arenas of
the allocator as glibc makes, a file took 476 bytes, and in three runs the growth was 440, 665 and 1024 bytes, with 114,
123 and 127 MB."""


def table(results):
    rates = results["rates"]
    lines = ["# weir-thumbs compared with others", "",
             f"`make bench-thumbs-results` writes this file: medians of {results['runs']} interleaved runs with "
             f"{results['count']} pictures, on",
             f"{results['processors']} processors. Measured: {results['version']}.", "", NOTES, "",
             f"The machine's primitives, in ns (`bench/machine.h`): `{results['limits']}`. {results['libraries']}.", "",
             "| round trip, and what is compared | weir-thumbs, pictures/s | it, pictures/s | ratio | bar | reached |",
             "|---|---|---|---|---|---|"]
    for milliseconds in results["milliseconds"]:
        lines += [row for row in rows_at(rates, milliseconds) if row is not None]
    vectors = rates.get("0 ms: libvips alone, in processes with vectors")
    if vectors:
        lines += ["", "With vectors, in one process for each processor, as weir-thumbs decodes, libvips alone makes "
                  f"{statistics.median(vectors):.1f} pictures a second."]
    return "\n".join(lines)


def memory_table(results):
    heads = [f"{count} pictures: {what}" for count in sorted(results["rounds"][0], key=int)
             for what in ("all processes", "the program")]
    return "\n".join(["# Memory of weir-thumbs", "",
                      f"`make bench-thumbs-memory-results` writes this file: {len(results['rounds'])} run(s), on "
                      f"{results['processors']} processors. Measured: {results['version']}.", "", MEMORY_NOTES, "",
                      f"| run | {' | '.join(heads)} | growth | reached |", "|---" * 7 + "|",
                      *memory_rows(results["rounds"])])


def version():
    """The commit of the source tree, with "+" if it has changes."""
    try:
        return output_of(["git", "-C", HERE, "describe", "--always", "--dirty=+"], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return "no repository"


def libraries():
    """What is compared, with versions."""
    names = [output_of([name, "--version"]).splitlines()[0] for name in ("vips", "parallel") if shutil.which(name)]
    python = python_with_pillow()
    if python is not None:
        names.append("Pillow " + output_of([python, "-c", "import PIL; print(PIL.__version__)"]))
    return ", ".join(names)


def run(options):
    if find_nginx() is None:
        sys.exit("nothing is compared: nginx, which is origin and store, is not installed")
    bench = Bench(options)
    bench.make_photos()
    peers = found()
    with nginx(bench.work) as origin:
        for milliseconds in options.milliseconds:
            with relay(bench.build, origin, milliseconds) as port:
                for _ in range(options.runs):
                    measure(bench, peers, milliseconds, port)
    limits = output_of([program(bench.build / "bench" / "weir_peer"), "limits"], env=bench.environment)
    results = {"runs": options.runs, "count": options.count, "processors": os.cpu_count(), "version": version(),
               "limits": limits, "libraries": libraries(), "milliseconds": options.milliseconds, "rates": bench.rates}
    (bench.work / "results.json").write_text(json.dumps(results, indent=1))


def memory(options):
    bench = Bench(options)
    bench.make_photos()
    bench.make_small()
    rounds = [bench.peaks(options.many) for _ in range(options.runs)]
    results = {"processors": os.cpu_count(), "version": version(), "rounds": rounds}
    (bench.work / "results.json").write_text(json.dumps(results, indent=1))
    print(*memory_rows(rounds), sep="\n")
    return 0 if all(map(reaches, rounds)) else 1


def numbers(text):
    return [int(number) for number in text.split(",")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--count", type=int, default=400, help="pictures of a run, at least 100")
    parser.add_argument("--many", type=int, default=20000, help=f"pictures whose memory is measured, beside {FEW}")
    parser.add_argument("--milliseconds", type=numbers, default=[0, 50, 200])
    parser.add_argument("action", choices=["run", "memory", "table", "memory-table"])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    options = parser.parse_args()
    if options.action == "memory":
        sys.exit(memory(options))
    if options.action == "run":
        run(options)
    write = memory_table if options.action == "memory-table" else table
    print(write(json.loads((options.work / "results.json").read_text())))


main()
