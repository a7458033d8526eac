"""compare.py WEIR-THUMBS FOLDER: makes thumbnails of every kind of picture, and looks at their colours.

They must be those that Pillow sees in the picture, and those of vipsthumbnail where that is installed and agrees: at
most LIMIT of 255 off, and as much more as the codec of a format needs. FOLDER is empty, and is filled. One format is
made in threads, and the others in child processes."""
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
import io
import os
import shutil
import subprocess
import sys
import warnings

from PIL import Image, ImageCms, ImageOps

import pictures

LIMIT = 2
# Extension, further distance, and options of each format.
FORMATS = (
    (".jpg", 0, ["-q", "100", "--no-isolate"]),
    (".png", 0, ["-f", "png"]),
    (".webp", 2, ["-f", "webp", "-q", "100"]),
    (".avif", 2, ["-f", "avif", "-q", "100"]),
)
BOX = "120x120"
# Where to look, in parts of the whole: in each quarter, and in each part of the hole.
PLACES = [(x, y) for y in (0.15, 0.85) for x in (0.15, 0.85)] + [(x, y) for y in (0.4, 0.6) for x in (0.4, 0.6)]
AROUND = 0.04
SRGB = ImageCms.createProfile("sRGB")

failures = []
warnings.simplefilter("ignore", DeprecationWarning)  # Pillow renames its constants


def fail(name, text):
    failures.append(name)
    print(f"FAIL: {name}: {text}")


def on_white(picture):
    """Without transparency."""
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode not in ("LA", "RGBA"):
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def colours(picture):
    """The mean colour around each place."""
    width, height = picture.size
    found = []
    for x, y in PLACES:
        left, top = int((x - AROUND) * width), int((y - AROUND) * height)
        right, bottom = max(left + 1, int((x + AROUND) * width)), max(top + 1, int((y + AROUND) * height))
        found.append(picture.crop((left, top, right, bottom)).resize((1, 1), Image.BOX).getpixel((0, 0)))
    return found


def by_profile(picture, profile):
    """In sRGB; None if the profile does not fit."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = profile.profile.xcolor_space.strip()
        opaque = picture.convert("RGB") if picture.mode == "RGBA" else picture
        if {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}.get(space) != opaque.mode:
            return None
        intent = ImageCms.INTENT_RELATIVE_COLORIMETRIC
        converted = ImageCms.profileToProfile(opaque, profile, SRGB, intent, outputMode="RGB")
        if picture.mode == "RGBA":
            converted.putalpha(picture.getchannel("A"))
        return converted
    except (ImageCms.PyCMSError, OSError):
        return None


def pillow_colours(data):
    picture = Image.open(io.BytesIO(data))
    profile = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    converted = by_profile(picture, profile) if profile else None
    return colours(on_white(converted or picture))


def vips_colours(path, data, noted):
    """What vipsthumbnail makes of it; None: it is not installed, or would use a profile that does not fit."""
    program = shutil.which("vipsthumbnail")
    has_profile = "icc_profile" in Image.open(io.BytesIO(data)).info
    is_cmyk = Image.open(io.BytesIO(data)).mode == "CMYK"
    if program is None or (noted and not is_cmyk):
        return None
    to_srgb = ["--eprofile", "srgb"] if has_profile and not is_cmyk else []
    output = os.path.abspath(path + ".vips.png")
    subprocess.run([program, path, "-s", BOX + ">", "-o", output, *to_srgb], capture_output=True, check=False)
    return colours(on_white(Image.open(output))) if os.path.exists(output) else None


def distance(some, others):
    return max(abs(a - b) for one, other in zip(some, others) for a, b in zip(one, other))


def thumbnail_colours(thumbnail):
    """In a transparent thumbnail, those over white. Pillow may not have AVIF."""
    if thumbnail.endswith(".avif"):
        output = thumbnail + ".png"
        subprocess.run(["vips", "copy", thumbnail, output], capture_output=True, check=True)
        thumbnail = output
    return colours(on_white(Image.open(thumbnail)))


def check_colours(name, picture, thumbnail, path, limit):
    ours = thumbnail_colours(thumbnail)
    if picture.colours is not None and picture.colours != "vips":
        if distance(ours[:4], picture.colours) > limit:
            fail(name, f"is {ours[:4]}, not {picture.colours}")
        return
    theirs = vips_colours(path, picture.data, picture.noted)
    if picture.colours is None:
        expected = pillow_colours(picture.data)
        if distance(ours, expected) > limit:
            fail(name, f"is {distance(ours, expected)} off: {ours}, Pillow has {expected}")
        if theirs is not None and distance(theirs, expected) > LIMIT:
            theirs = None  # they do not agree
    if theirs is not None and distance(ours, theirs) > limit:
        fail(name, f"is {distance(ours, theirs)} off: {ours}, vipsthumbnail has {theirs}")


def check(name, picture, folder, said, extension, further):
    to = f"{folder}/to{extension}"
    thumbnail = next((f"{to}/{t}" for t in (name, name + extension) if os.path.exists(f"{to}/{t}")), None)
    about = [line for line in said if f": {name}: " in line]
    if picture.refused is not None:
        if thumbnail is not None or not any(picture.refused in line for line in about):
            fail(name, f"is not refused with '{picture.refused}': {about}")
        return
    if thumbnail is None:
        fail(name, f"has no thumbnail: {about}")
        return
    if any("colour profile" in line for line in about) != picture.noted:
        fail(name, f"its profile {'does not fit' if picture.noted else 'fits'}: {about}")
    check_colours(f"{name} as {extension}", picture, thumbnail, f"{folder}/from/{name}", LIMIT + further)


def run(program, folder, every, extension, further, options):
    words = [program, "--from", f"{folder}/from", "--to", f"{folder}/to{extension}", "-s", BOX, *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 1:
        fail("the run", f"exits with {done.returncode}: {done.stderr}")
    for name, picture in every.items():
        check(name, picture, folder, done.stderr.splitlines(), extension, further)


def main():
    program, folder = sys.argv[1:]
    every = pictures.every()
    os.mkdir(f"{folder}/from")
    for name, picture in every.items():
        with open(f"{folder}/from/{name}", "wb") as file:
            file.write(picture.data)
    for extension, further, options in FORMATS:
        if extension != ".avif" or shutil.which("vips"):
            run(program, folder, every, extension, further, options)
    beside = "Pillow and vipsthumbnail" if shutil.which("vipsthumbnail") else "Pillow; vipsthumbnail is not installed"
    print(f"{len(every)} pictures beside {beside}: {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
