"""image_pipeline_bombs.py WEIR-THUMBS FOLDER: small files that take much memory to decode stay within --memory.

Each has 99,980,001 pixels in less than a megabyte. Alone, some take a gigabyte. The program and its child processes may
take FURTHER more than --memory. FOLDER is empty, and is filled."""
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
import os
import resource
import shutil
import struct
import subprocess
import sys
import time
import zlib

from process_memory import memory_of

SIDE = 9999
MIB = 1 << 20
FURTHER = 100 * MIB
MOST = 6 << 30  # of each process: no fault of the program shall take the machine
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def black_png(depth, colour, pixel, interlaced):
    """`pixel` is its bytes."""
    packer = zlib.compressobj(9)
    body = []
    for left, top, right, down in PASSES if interlaced else ((0, 0, 1, 1),):
        row = b"\0" * (1 + (SIDE - left + right - 1) // right * pixel)
        body += [packer.compress(row) for _ in range((SIDE - top + down - 1) // down)]
    body.append(packer.flush())
    head = struct.pack(">IIBBBBB", SIDE, SIDE, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"".join(body)) + chunk(b"IEND", b"")


def make_bombs(folder):
    os.mkdir(folder)
    for name, *form in (("deep", 16, 6, 8, True), ("interlaced", 8, 2, 3, True), ("plain", 8, 2, 3, False)):
        with open(f"{folder}/{name}.png", "wb") as file:
            file.write(black_png(*form))
    shutil.copy(f"{folder}/interlaced.png", f"{folder}/interlaced-too.png")
    if shutil.which("vips"):
        for name, *options in (("whole.webp", "--lossless"), ("progressive.jpg", "--interlace", "--Q", "50")):
            saver = {"webp": "webpsave", "jpg": "jpegsave"}[name.rpartition(".")[2]]
            subprocess.run(["vips", saver, f"{folder}/plain.png", f"{folder}/{name}", *options], check=True)


def peak_of(words):
    with subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST)),
    ) as run:
        peak = 0
        while run.poll() is None:
            peak = max(peak, memory_of(run.pid))
            time.sleep(0.02)
    return peak, run.returncode


def main():
    program, folder = sys.argv[1:]
    failures = 0
    make_bombs(f"{folder}/from")
    for memory in (100, 700):
        for options in ([], ["--isolate"]):
            words = [program, f"{folder}/from", f"{folder}/to", "--overwrite", "--memory", f"{memory}M", *options]
            peak, status = peak_of([*words, "--resizes", "4", "--resize-timeout", "5"])
            print(f"--memory {memory}M {' '.join(options)}: {peak // MIB} MiB, exit status {status}")
            failures += peak > memory * MIB + FURTHER or peak == 0 or status not in (0, 1)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
