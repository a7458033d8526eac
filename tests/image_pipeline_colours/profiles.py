"""ICC profiles, small ones: an RGB one unlike sRGB, a grey one, and one for CMYK (ICC.1:2001-04)."""
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
import itertools
import struct

D50 = (0.9642, 1.0, 0.8249)


def fixed(*numbers):
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def xyz(numbers):
    return b"XYZ \0\0\0\0" + fixed(*numbers)


def gamma(exponent):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256))


def description(text):
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" * 80


def profile(kind, colour, connection, tags):
    """`tags` is a list of (signatures, data): several tags may share their data."""
    tags = [((b"desc",), description(b"weir test")), ((b"cprt",), b"text\0\0\0\0none\0"), ((b"wtpt",), xyz(D50))] + tags
    count = sum(len(names) for names, _ in tags)
    place = 128 + 4 + 12 * count
    table, body = b"", b""
    for names, data in tags:
        for name in names:
            table += name + struct.pack(">II", place + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = place + len(body)
    head = struct.pack(">I4xI", size, 0x02400000) + kind + colour + connection
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed(*D50)
    return head.ljust(128, b"\0") + struct.pack(">I", count) + table + body


def rgb():
    """Wider than sRGB, as Adobe's RGB is."""
    columns = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
    tags = [((name + b"XYZ",), xyz(column)) for name, column in zip((b"r", b"g", b"b"), columns)]
    return profile(b"mntr", b"RGB ", b"XYZ ", tags + [((b"rTRC", b"gTRC", b"bTRC"), gamma(2.2))])


def grey():
    return profile(b"mntr", b"GRAY", b"XYZ ", [((b"kTRC",), gamma(1.6))])


def lab(cyan, magenta, yellow, black):
    """Of full inks or none: what a corner of the table is, in 8 bits."""
    light = (100, 68, 58, 38, 92, 55, 48, 30)[cyan + 2 * magenta + 4 * yellow]
    a = (0, -28, 62, 16, -4, -58, 58, 0)[cyan + 2 * magenta + 4 * yellow]
    b = (0, -38, -6, -40, 78, 22, 40, 0)[cyan + 2 * magenta + 4 * yellow]
    if black:
        light, a, b = light // 5, a // 5, b // 5
    return bytes((round(light * 2.55), a + 128, b + 128))


def cmyk():
    line = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + line * 4
    table += b"".join(lab(*inks) for inks in itertools.product((0, 1), repeat=4)) + line * 3
    return profile(b"prtr", b"CMYK", b"Lab ", [((b"A2B0", b"A2B1", b"A2B2"), table)])
