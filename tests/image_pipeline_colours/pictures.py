"""Pictures of every kind that is found in the wild, and what becomes of each.

A picture shows four quarters: red and green at the top, blue and a light one at the bottom. Some are stored so that a
tag has to turn them, in another colour space, in 16 bits, with a hole that one can see through, damaged, or with a
header that lies."""
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
import io
import struct
import zlib
from dataclasses import dataclass
from typing import Optional

from PIL import Image, ImageCms

import profiles

WIDTH, HEIGHT = 300, 200
QUARTERS = ((220, 30, 30), (30, 180, 30), (30, 30, 220), (230, 230, 210))
HOLE = (90, 60, 210, 140)  # left, top, right, bottom


@dataclass
class Picture:
    data: bytes
    refused: Optional[str] = None  # the reason that it is given; None: it becomes a thumbnail
    noted: bool = False  # its profile is ignored, and that is said
    colours: Optional[tuple] = None  # of the quarters, where Pillow sees them otherwise; "vips": ask vipsthumbnail


def quarters(width=WIDTH, height=HEIGHT):
    picture = Image.new("RGB", (width, height))
    for i, colour in enumerate(QUARTERS):
        x, y = i % 2 * width // 2, i // 2 * height // 2
        picture.paste(colour, (x, y, x + width // 2, y + height // 2))
    return picture


def encode(picture, form, **options):
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def jpeg(picture, **options):
    return encode(picture, "JPEG", quality=92, **options)


def png(picture, **options):
    return encode(picture, "PNG", **options)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(size, depth, colour, rows, extra=b"", interlaced=False):
    head = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def with_hole(picture):
    picture = picture.convert("RGBA")
    picture.paste((0, 0, 0, 0), HOLE)
    return picture


def rows_of(picture, wide=False):
    """The picture's rows; `wide`: with 16 bits a channel."""
    line = picture.width * len(picture.getbands())
    data = picture.tobytes()
    rows = [data[i : i + line] for i in range(0, len(data), line)]
    return [bytes(byte for byte in row for _ in range(2)) for row in rows] if wide else rows


def interlaced_png(picture):
    size, rows = len(picture.getbands()), rows_of(picture)
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    lines = [
        b"".join(rows[y][x * size : (x + 1) * size] for x in range(left, picture.width, right))
        for left, top, right, down in passes
        for y in range(top, picture.height, down)
    ]
    return raw_png(picture.size, 8, {3: 2, 4: 6}[size], lines, interlaced=True)


def oriented():
    base = quarters()
    back = (None, Image.FLIP_LEFT_RIGHT, Image.ROTATE_180, Image.FLIP_TOP_BOTTOM, Image.TRANSPOSE)
    back += (Image.ROTATE_90, Image.TRANSVERSE, Image.ROTATE_270)
    for tag, turn in [*enumerate(back, 1), (0, None), (9, None), (65535, None)]:
        picture = base if turn is None else base.transpose(turn)
        exif = Image.Exif()
        exif[0x112] = tag
        yield f"orient-{tag}.jpg", Picture(jpeg(picture, exif=exif))
        if tag in (3, 6):
            yield f"orient-{tag}-png.png", Picture(png(picture, exif=exif))
            yield f"orient-{tag}-webp.webp", Picture(encode(picture, "WEBP", lossless=True, exif=exif))


def profiled():
    base, grey, cmyk = quarters(), quarters().convert("L"), quarters().convert("CMYK")
    wide, srgb = profiles.rgb(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    yield "rgb.jpg", Picture(jpeg(base))
    yield "rgb-srgb.jpg", Picture(jpeg(base, icc_profile=srgb))
    yield "rgb-wide.jpg", Picture(jpeg(base, icc_profile=wide))
    yield "rgb-wide-png.png", Picture(png(base, icc_profile=wide))
    yield "rgb-wide-webp.webp", Picture(encode(base, "WEBP", lossless=True, icc_profile=wide))
    yield "rgba-wide.png", Picture(png(with_hole(base), icc_profile=wide))
    for name, profile in (
        ("grey", profiles.grey()),
        ("cmyk", profiles.cmyk()),
        ("lab", lab),
        ("garbage", b"\0\0\x10\0" + b"garbage!" * 500),
        ("cut", wide[:300]),
        ("empty", profiles.profile(b"mntr", b"RGB ", b"XYZ ", [])),
    ):
        yield f"rgb-with-{name}-profile.jpg", Picture(jpeg(base, icc_profile=profile), noted=True)
    yield "grey.jpg", Picture(jpeg(grey))
    yield "grey-grey.jpg", Picture(jpeg(grey, icc_profile=profiles.grey()))
    yield "grey-with-rgb-profile.jpg", Picture(jpeg(grey, icc_profile=wide), noted=True)
    yield "grey-with-rgb-profile-png.png", Picture(png(grey, icc_profile=wide), noted=True)
    yield "cmyk.jpg", Picture(jpeg(cmyk), colours="vips")
    yield "cmyk-cmyk.jpg", Picture(jpeg(cmyk, icc_profile=profiles.cmyk()))
    for name, profile in (("rgb", wide), ("garbage", b"garbage!" * 500), ("cut", profiles.cmyk()[:400])):
        yield f"cmyk-with-{name}-profile.jpg", Picture(jpeg(cmyk, icc_profile=profile), noted=True, colours="vips")


def deep_and_transparent():
    base, grey, white = quarters(), quarters().convert("L"), (255, 255, 255)
    hole, size = with_hole(base), (WIDTH, HEIGHT)
    yield "rgb-16.png", Picture(raw_png(size, 16, 2, rows_of(base, wide=True)))
    yield "rgba-16.png", Picture(raw_png(size, 16, 6, rows_of(hole, wide=True)))
    yield "grey-16.png", Picture(raw_png(size, 16, 0, rows_of(grey, wide=True)))
    yield "grey-alpha-16.png", Picture(raw_png(size, 16, 4, rows_of(hole.convert("LA"), wide=True)))
    red_is_clear = chunk(b"tRNS", struct.pack(">HHH", *(channel * 257 for channel in QUARTERS[0])))
    data = raw_png(size, 16, 2, rows_of(base, wide=True), red_is_clear)
    yield "rgb-16-clear.png", Picture(data, colours=(white, *QUARTERS[1:]))
    yield "rgba-8.png", Picture(png(hole))
    yield "rgba.webp", Picture(encode(hole, "WEBP", lossless=True))
    yield "grey-alpha-8.png", Picture(png(hole.convert("LA")))
    palette = base.quantize(4)
    yield "palette.png", Picture(png(palette))
    yield "palette-clear.png", Picture(png(palette, transparency=bytes((0, 255, 128, 255))))
    yield "one-bit.png", Picture(png(grey.point(lambda level: 255 * (level > 100)).convert("1")))
    yield "interlaced.png", Picture(interlaced_png(base))
    yield "interlaced-rgba.png", Picture(interlaced_png(hole))
    gamma = chunk(b"gAMA", struct.pack(">I", 100000))
    yield "gamma-1.png", Picture(raw_png(size, 8, 2, rows_of(base), gamma))


def formats():
    base = quarters()
    yield "progressive.jpg", Picture(jpeg(base, progressive=True))
    yield "one-pixel.jpg", Picture(jpeg(Image.new("RGB", (1, 1), "red")))
    yield "one-pixel-png.png", Picture(png(Image.new("RGB", (1, 1), "red")))
    for width, height in ((20000, 1), (1, 20000), (3000, 3)):
        thin = Image.new("RGB", (width, height), (200, 40, 40))
        yield f"thin-{width}x{height}.jpg", Picture(jpeg(thin))
        yield f"thin-{width}x{height}-png.png", Picture(png(thin))
    frames = [quarters(), *(Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in QUARTERS)]
    for form in ("WEBP", "PNG"):
        options = {"save_all": True, "append_images": frames[1:], "lossless": True}
        yield f"animated-{form}.{form.lower()}", Picture(encode(frames[0], form, **options))
    yield "png-named.jpg", Picture(png(base))
    yield "webp-named.jpg", Picture(encode(base, "WEBP", lossless=True))
    for form in ("BMP", "PPM"):
        yield f"{form.lower()}-named.jpg", Picture(encode(base, form), refused="not JPEG, PNG, WebP, GIF, TIFF, ")
    yield "gif-named.jpg", Picture(encode(base.quantize(4), "GIF"))
    yield "tiff-named.jpg", Picture(encode(base, "TIFF"))
    yield "cmyk-tiff.tif", Picture(encode(base.convert("CMYK"), "TIFF"), colours="vips")
    yield "rgba-tiff.tif", Picture(encode(with_hole(base), "TIFF"))
    for form in ("GIF", "TIFF"):
        options = {"save_all": True, "append_images": frames[1:]}
        yield f"pages-{form}.{form.lower()}", Picture(encode(frames[0], form, **options))
    yield "text-named.jpg", Picture(b"This is no picture.\n", refused="not an image")
    yield "html-named.jpg", Picture(b"<!doctype html><html><body>404</body></html>\n", refused="not an image")


def damaged():
    noise = Image.merge("RGB", [Image.effect_noise((900, 600), 50)] * 3)
    photo = Image.blend(quarters(900, 600), noise, 0.15)
    whole, progressive = jpeg(photo, subsampling=2), jpeg(photo, progressive=True)
    lossless, lossy = png(photo.resize((WIDTH, HEIGHT))), encode(photo, "WEBP", quality=80)
    middle, late = len(whole) // 2, len(whole) * 99 // 100
    yield "whole.jpg", Picture(whole)
    yield "trailing-zeros.jpg", Picture(whole + b"\0" * 5000)
    yield "two-jpegs.jpg", Picture(whole + jpeg(quarters()))
    for percent in (1, 10, 50, 90, 99):
        for name, data in (("j.jpg", whole), ("p.png", lossless), ("w.webp", lossy), ("progressive.jpg", progressive)):
            yield f"cut-{percent}-{name}", Picture(data[: len(data) * percent // 100], refused=": ")
    yield "hole.jpg", Picture(whole[:middle] + whole[middle + 4000 :], refused="Corrupt JPEG data")
    yield "end-in-the-middle.jpg", Picture(whole[:middle] + b"\xff\xd9" + whole[middle + 2 :], refused="JPEG data")
    yield "end-too-early.jpg", Picture(whole[:late] + b"\xff\xd9", refused="Corrupt JPEG data")
    yield "no-end.jpg", Picture(whole[:-2], refused="Premature end")
    flipped = bytes(byte ^ 1 << i % 8 if i > 2000 and i % 997 == 0 else byte for i, byte in enumerate(whole))
    yield "bit-flips.jpg", Picture(flipped, refused="Corrupt JPEG data")
    middle = len(lossless) // 2
    yield "hole-png.png", Picture(lossless[:middle] + b"\0" * 400 + lossless[middle + 400 :], refused="png")
    for name, data in (("empty", b""), ("one-byte", b"\xff"), ("start", b"\xff\xd8"), ("start-and-end", b"\xff\xd8\xff\xd9")):
        yield f"{name}.jpg", Picture(data, refused=": ")


def resized_header(data, width, height):
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def lying():
    small, size = jpeg(quarters()), (WIDTH, HEIGHT)
    yield "bomb.jpg", Picture(resized_header(small, 65500, 65500), refused="is more than")
    yield "short.jpg", Picture(resized_header(small, WIDTH, 1999), refused="Corrupt JPEG data")
    yield "no-height.jpg", Picture(resized_header(small, WIDTH, 0), refused=": ")
    yield "bomb-png.png", Picture(raw_png((50000, 50000), 8, 2, [b"\0" * 100]), refused="is more than")
    texts = b"".join(chunk(b"tEXt", b"k%d\0v" % i) for i in range(60))
    yield "texts.png", Picture(raw_png(size, 8, 2, rows_of(quarters()), texts))
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(b"A" * (4 << 20)))
    yield "profile-bomb.png", Picture(raw_png(size, 8, 2, rows_of(quarters()), profile), noted=True, colours=QUARTERS)
    yield "exif-garbage.jpg", Picture(small[:2] + b"\xff\xe1\0\x30Exif\0\0" + b"\xaa" * 40 + small[2:])


def every():
    """All of them, by name."""
    kinds = (oriented, profiled, deep_and_transparent, formats, damaged, lying)
    every = {name: picture for kind in kinds for name, picture in kind()}
    assert len({name.rpartition(".")[0] for name in every}) == len(every)
    return every
