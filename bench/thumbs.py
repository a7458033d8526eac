"""Compares weir-thumbs with what else makes thumbnails of a list of URLs, at several round-trip times.

    thumbs.py [--runs N] [--count N] [--milliseconds MS,MS...] [--fixed] BUILD WORK

BUILD has weir-thumbs, weir-make-photos, bench/relay and bench/thumbs_limit. nginx is origin and store, behind
bench/relay if there is a round trip. Prints a table: medians of interleaved runs, in pictures per second, and the ratio
of weir-thumbs to each peer. A peer whose programs are missing is left out, with a line that says so. Each run checks
that all thumbnails arrive.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
PHOTOS = 100  # different ones; the list has each several times
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


@contextlib.contextmanager
def nginx(work):
    """Yields the port of a server with the photos, to which files can be put."""
    port = free_port()
    (work / "tmp").mkdir()
    (work / "nginx.conf").write_text(NGINX.format(work=work, port=port))
    path = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
    with running([shutil.which("nginx", path=path), "-c", work / "nginx.conf", "-p", work]) as process:
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


class Bench:
    def __init__(self, options):
        self.build, self.work = options.build.resolve(), options.work.resolve()
        self.count = options.count
        self.environment = os.environ | {"LD_LIBRARY_PATH": str(self.build / ".libs")}
        self.names = []
        shutil.rmtree(self.work, ignore_errors=True)
        self.photos = self.work / "www" / "photos"
        self.photos.mkdir(parents=True)

    def make_photos(self):
        first = min(PHOTOS, self.count)
        subprocess.run([program(self.build / "weir-make-photos"), "--count", str(first), "--to", self.photos],
                       env=self.environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        originals = sorted(self.photos.iterdir())
        self.names = [f"{number:06}.jpg" for number in range(self.count)]
        for number, name in enumerate(self.names):
            os.link(originals[number % first], self.photos / name)
        (self.work / "names").write_text("".join(f"{name}\n" for name in self.names))

    def prepare(self, port):
        (self.work / "urls").write_text("".join(f"http://127.0.0.1:{port}/photos/{name}\n" for name in self.names))

    # ---- what is compared: each returns a command ----

    def thumbs(self, port, *options):
        return [program(self.build / "weir-thumbs"), "--from", self.work / "urls", "--to",
                f"http://127.0.0.1:{port}/weir", "--quiet", "--overwrite", *options]

    def fixed(self, port):
        return self.thumbs(port, "--downloads", "4", "--uploads", "2")

    def pillow(self, port, threads):
        return ["sh", "-c", f'exec "$@" <"{self.work}/names"', "sh", python_with_pillow(),
                HERE / "peers" / "programs" / "thumbs.py", str(threads), f"http://127.0.0.1:{port}"]

    def parallel(self, port, jobs):
        url, work = f"http://127.0.0.1:{port}", self.work / "tmp"
        one = (f"curl -sSf -o {work}/{{}} {url}/photos/{{}} && vipsthumbnail {work}/{{}} -s '320x320>' -o "
               f"{work}/t-{{}}'[Q=85,strip,optimize_coding]' && curl -sSf -T {work}/t-{{}} {url}/parallel/{{}} && "
               f"rm {work}/{{}} {work}/t-{{}}")
        return ["parallel", "--will-cite", "-j", str(jobs), "-a", self.work / "names", one]

    # ---- runs ----

    def time(self, command, folder):
        """Pictures a second."""
        shutil.rmtree(self.work / "www" / folder, ignore_errors=True)
        begun = time.monotonic()
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        seconds = time.monotonic() - begun
        arrived = len(list((self.work / "www" / folder).iterdir())) if done.returncode == 0 else 0
        if arrived != self.count:
            sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}, {arrived} thumbnails: {done.stdout}")
        return self.count / seconds

    def limit(self, threads):
        rounds = max(1, self.count // PHOTOS)
        files = sorted(path for path in self.photos.iterdir() if path.name in self.names[:PHOTOS])
        return float(subprocess.run([program(self.build / "bench" / "thumbs_limit"), str(threads), str(rounds), *files],
                                    env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout)


def python_with_pillow():
    for candidate in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([candidate, "-c", "import PIL, requests"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return candidate
    return None


def found(bench, has_fixed):
    """Returns what can run: name: (function of the port, folder of its thumbnails)."""
    programs = {"weir-thumbs": (bench.thumbs, "weir")}
    if has_fixed:
        programs["weir-thumbs, 4 downloads and 2 uploads"] = (bench.fixed, "weir")
    if python_with_pillow():
        for threads in (8, 32):
            programs[f"Pillow, {threads} threads"] = (lambda port, n=threads: bench.pillow(port, n), "pillow")
    else:
        print("left out: Pillow in threads, because no python3 has PIL and requests")
    missing = [name for name in ("parallel", "curl", "vipsthumbnail") if shutil.which(name) is None]
    if missing:
        print(f"left out: GNU parallel, curl and vipsthumbnail, because of {', '.join(missing)}: not installed")
    else:
        for jobs in (8, 32):
            programs[f"parallel, curl, vipsthumbnail, {jobs} jobs"] = (lambda port, n=jobs: bench.parallel(port, n),
                                                                       "parallel")
    return programs


def measure(bench, options, programs, milliseconds, port):
    """Prints the rows of a round-trip time."""
    rates = {name: [] for name in programs}
    limits = []
    bench.prepare(port)
    for _ in range(options.runs):
        for name, (command, folder) in programs.items():
            rates[name].append(bench.time(command(port), folder))
        limits.append(bench.limit(os.cpu_count()))
    ours = rates.pop("weir-thumbs")
    rates["libvips alone"] = limits
    print(f"| {milliseconds} ms | weir-thumbs | {statistics.median(ours):.1f} | |")
    for name, theirs in rates.items():
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        print(f"| {milliseconds} ms | {name} | {statistics.median(theirs):.1f} | {ratio:.2f} |")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--milliseconds", default="0,50,200")
    parser.add_argument("--fixed", action="store_true", help="compare with fixed numbers of threads too")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    options = parser.parse_args()
    if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin") is None:
        print("nothing is compared: nginx, which is origin and store, is not installed")
        return
    bench = Bench(options)
    bench.make_photos()
    programs = found(bench, options.fixed)
    print("| round trip | program | pictures/s | ratio of weir-thumbs to it |\n|---|---|---|---|")
    with nginx(bench.work) as origin:
        for milliseconds in map(int, options.milliseconds.split(",")):
            with relay(bench.build, origin, milliseconds) as port:
                measure(bench, options, programs, milliseconds, port)


main()
