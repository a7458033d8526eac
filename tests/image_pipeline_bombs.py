"""image_pipeline_bombs.py WEIR-THUMBS FOLDER: small files that take much memory to decode stay within --memory.

Each has 99,980,001 pixels in about a megabyte or less. Alone, some take gigabytes. The program and its child processes
may take FURTHER more than --memory. FOLDER is empty, and is filled."""
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


def planar_tiff(bands, size):
    """Each band is a strip as large as the picture, of `size` bytes for each pixel. All tell of the same bytes."""
    strip = zlib.compress(bytes(SIDE * SIDE * size), 9)
    start = 8 + len(strip)  # of the arrays of offsets, lengths, depths and formats
    arrays = struct.pack(f"<{bands}I{bands}I{bands}H{bands}H", *[8] * bands, *[len(strip)] * bands, *[8 * size] * bands,
                         *[1] * bands)
    offsets, lengths, depths, formats = (start + part * bands for part in (0, 4, 8, 10))
    entries = [(256, 4, 1, SIDE), (257, 4, 1, SIDE), (258, 3, bands, depths), (259, 3, 1, 8), (262, 3, 1, 2)]
    entries += [(273, 4, bands, offsets), (277, 3, 1, bands), (278, 4, 1, SIDE), (279, 4, bands, lengths)]
    entries.append((284, 3, 1, 2))
    if bands > 3:
        entries.append((338, 3, 1, 2))  # alpha
    entries.append((339, 3, bands, formats))
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    padding = bytes((start + len(arrays)) % 2)
    return struct.pack("<2sHI", b"II", 42, start + len(arrays) + len(padding)) + strip + arrays + padding + directory


def make_bombs(folder):
    os.mkdir(folder)
    for name, *form in (("deep", 16, 6, 8, True), ("interlaced", 8, 2, 3, True), ("plain", 8, 2, 3, False)):
        with open(f"{folder}/{name}.png", "wb") as file:
            file.write(black_png(*form))
    shutil.copy(f"{folder}/interlaced.png", f"{folder}/interlaced-too.png")
    for name, *form in (("planes", 3, 1), ("planes-alpha", 4, 1), ("planes-deep", 3, 2)):
        with open(f"{folder}/{name}.tif", "wb") as file:
            file.write(planar_tiff(*form))
    if shutil.which("vips"):
        make_encoded(folder)


def make_encoded(folder):
    """With the encoders of libvips, as far as it has them."""
    tile = str(SIDE // 16 * 16)
    for saver, name, *options in (
        ("webpsave", "whole.webp", "--lossless"),
        ("jpegsave", "progressive.jpg", "--interlace", "--Q", "50"),
        ("gifsave", "whole.gif"),
        ("tiffsave", "jpeg.tif", "--compression", "jpeg", "--tile", "--tile-width", tile, "--tile-height", tile),
        ("heifsave", "whole.avif", "--compression", "av1", "--speed", "9"),
        ("heifsave", "deep.avif", "--compression", "av1", "--speed", "9", "--bitdepth", "12"),
    ):
        command = ["vips", saver, f"{folder}/plain.png", f"{folder}/{name}", *options]
        if subprocess.run(command, check=False).returncode != 0:
            print(f"left out: {name}")


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
    for memory in (100, 1500):
        for options in (["--no-isolate"], ["--isolate"]):
            words = [program, f"{folder}/from", f"{folder}/to", "--overwrite", "--memory", f"{memory}M", *options]
            peak, status = peak_of([*words, "--resizes", "4", "--resize-timeout", "5"])
            print(f"--memory {memory}M {' '.join(options)}: {peak // MIB} MiB, exit status {status}")
            failures += peak > memory * MIB + FURTHER or peak == 0 or status not in (0, 1)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
