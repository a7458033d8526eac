"""image_pipeline_flight.py WEIR-THUMBS PICTURE FOLDER: downloads wait until there is memory for their bytes.

A server on 127.0.0.1 answers with the picture and zeros behind it, with and without its length. FOLDER is empty, and is
filled."""
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
import os
import signal
import subprocess
import sys
import threading
import time

from process_memory import memory_of
from servers import serving

COUNT = 30
MIB = 1 << 20
SIZE = 63_000_000
MEMORY = 256 * MIB
FURTHER = 100 * MIB  # of the program and its child processes, besides MEMORY
LIMIT = 120  # seconds after which something hangs
PROGRAM, PICTURE, FOLDER = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
with open(PICTURE, "rb") as picture_file:
    IMAGE = picture_file.read()


def expect(condition, what):
    if not condition:
        sys.exit(f"FAIL: {what}")


class Run:
    """A run with a list of URLs."""

    def __init__(self, urls, *options):
        with open(f"{FOLDER}/list", "w", encoding="ascii") as file:
            file.writelines(f"{url}\t{number}.jpg\n" for number, url in enumerate(urls))
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self.process = subprocess.Popen(
            [PROGRAM, f"{FOLDER}/list", f"{FOLDER}/out", "--overwrite", "--resizes", "2", *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)

    def finish(self, expected=0):
        try:
            said, _ = self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit("FAIL: hangs")
        expect(self.process.returncode == expected, f"exit status {self.process.returncode}, not {expected}: {said}")
        return said

    def peak(self):
        peak, until = 0, time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < until:
            peak = max(peak, memory_of(self.process.pid))
            time.sleep(0.01)
        return peak


def begin(request, size):
    """Sends the head of an answer of `size` bytes; None: without its length."""
    request.send_response(200)
    request.send_header(*(("Transfer-Encoding", "chunked") if size is None else ("Content-Length", str(size))))
    request.end_headers()


def send_large(request, _):
    has_length = request.path.endswith("length.jpg")
    begin(request, SIZE if has_length else None)
    for start in range(0, SIZE, MIB):
        piece = bytes(min(MIB, SIZE - start)) if start > 0 else IMAGE.ljust(MIB, b"\0")
        request.wfile.write(piece if has_length else b"%x\r\n%b\r\n" % (len(piece), piece))
    if not has_length:
        request.wfile.write(b"0\r\n\r\n")


def check_large_files():
    """Thirty files of 63 MB at a time stay within --memory and FURTHER."""
    with serving(send_large) as server:
        for kind in ("length", "pieces"):
            urls = [server.url(f"{number}/{kind}.jpg") for number in range(COUNT)]
            run = Run(urls, "--memory", MEMORY, "--downloads", COUNT)
            peak = run.peak()
            said = run.finish()
            print(f"{kind}: {peak // MIB} MiB")
            expect(0 < peak <= MEMORY + FURTHER, f"{kind}: more than {(MEMORY + FURTHER) // MIB} MiB\n{said}")


class Crowd:
    """Three pictures, of which two fill the memory until `released`: one has to wait."""
    size = MIB * 3 // 4  # two exceed the share of --memory 4M

    def __init__(self, is_cut=False):
        self.released, self.dropped, self.begun, self.is_cut = threading.Event(), threading.Event(), [], is_cut

    def answer(self, request, _):
        self.begun.append(request.path)
        begin(request, self.size)
        body, sent = IMAGE.ljust(self.size, b"\0"), 0
        try:
            while not self.released.wait(0.05):
                request.wfile.write(body[sent : sent + 1000])  # not so slow that it is given up
                request.wfile.flush()
                sent = min(sent + 1000, self.size // 2)
            if self.is_cut:
                request.close_connection = True
            else:
                request.wfile.write(body[sent:])
        except OSError:
            self.dropped.set()
            raise


def check_wait_beyond_stall():
    """A download that waits for longer than its server may be silent is put off: nothing is lost, or counted."""
    crowd = Crowd()
    with serving(crowd.answer) as server:
        urls = [server.url(f"{number}.jpg") for number in range(3)]
        run = Run(urls, "--memory", "4M", "--downloads", "3", "--stall", "3", "--retries", "0")
        expect(crowd.dropped.wait(LIMIT), "no download waits, or it never gives its connection up")
        crowd.released.set()
        said = run.finish()
        expect("done         3 of 3\n" in said and "retried      0\n" in said, said)
        expect(len(crowd.begun) == 4, f"requests: {crowd.begun}")


def check_failure_after_short_wait():
    """A connection that breaks after a short wait is a failure: the picture is not tried without end."""
    crowd = Crowd(is_cut=True)
    with serving(crowd.answer) as server:
        urls = [server.url(f"{number}.jpg") for number in range(3)]
        run = Run(urls, "--memory", "4M", "--downloads", "3", "--stall", "300", "--retries", "0")
        expect(server.wait(lambda: len(crowd.begun) == 3, LIMIT), "not three downloads at a time")
        time.sleep(0.3)  # one of them waits then
        crowd.released.set()
        said = run.finish(1)
        expect("failed       3 (download 3" in said and "retried      0\n" in said, said)
        expect(len(crowd.begun) == 3, f"requests: {crowd.begun}")


def check_cancelled_wait():
    """Two signals end a run while a download waits."""
    crowd = Crowd()
    with serving(crowd.answer) as server:
        run = Run([server.url(f"{number}.jpg") for number in range(3)], "--memory", "4M", "--downloads", "3")
        expect(server.wait(lambda: len(crowd.begun) == 3, LIMIT), "not three downloads at a time")
        for _ in range(2):
            run.process.send_signal(signal.SIGINT)
            time.sleep(0.3)  # so that two signals do not become one
        run.finish(128 + signal.SIGINT)
        expect(crowd.dropped.wait(LIMIT), "the downloads go on")
        crowd.released.set()


for check in (check_wait_beyond_stall, check_failure_after_short_wait, check_cancelled_wait, check_large_files):
    check()
