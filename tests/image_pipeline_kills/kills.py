"""kills.py WEIR-THUMBS PHOTOS WORK [KILLS [SEED]]: runs that are killed at random moments, and go on with --resume.

A bucket counts the uploads of each thumbnail. After KILLS kills by SIGKILL and a run to the end, each was uploaded once
and none is missing. Prints the seed.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import collections
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "image_pipeline_s3"))
import store as stores  # noqa: E402

THUMBS, PHOTOS, WORK = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
KILLS = int(sys.argv[4]) if len(sys.argv) > 4 else 50
SEED = int(sys.argv[5]) if len(sys.argv) > 5 else random.randrange(1 << 32)
PICTURES = 40 * KILLS


def uploads(store):
    """The number of uploads of each path that the store has accepted."""
    with store.lock:
        return collections.Counter(path for method, path, status, _ in store.log if method == "PUT" and status == 200)


def check(store, whole, what):
    counts = uploads(store)
    twice = [path for path, count in counts.items() if count > 1]
    if twice:
        sys.exit(f"FAIL: {what}: uploaded more than once: {twice}")
    if whole and len(counts) != PICTURES:
        sys.exit(f"FAIL: {what}: {len(counts)} of {PICTURES} thumbnails arrived")
    return len(counts)


def main():
    print(f"{KILLS} kills, seed {SEED}", flush=True)
    chance = random.Random(SEED)
    folder = WORK / "in"
    folder.mkdir()
    photos = sorted(PHOTOS.iterdir())
    for number in range(PICTURES):
        os.link(photos[number % len(photos)], folder / f"{number:05}.jpg")
    store = stores.Store()
    server = stores.Server(store)
    environment = os.environ | store.environment()
    command = [THUMBS, "--from", folder, "--to", "s3://thumbs", "--s3-endpoint", server.url, "-s", "64x64", "--resume",
               WORK / "journal"]
    killed = 0
    while killed < KILLS:
        # In a part of the kills the run has just begun or reads its journal; in most it is in the middle.
        begun, target = check(store, False, "before"), chance.choice((0, 1, 5, 20, 30))
        with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and len(uploads(store)) < begun + target:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.03))
            if process.poll() is not None:
                sys.exit(f"FAIL: seed {SEED}: a run ended before kill {killed + 1} of {KILLS}")
            process.send_signal(signal.SIGKILL)
        killed += 1
        check(store, False, f"kill {killed}, seed {SEED}")
    before = check(store, False, f"seed {SEED}")
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAIL: seed {SEED}: exit status {done.returncode}: {done.stderr}{done.stdout}")
    check(store, True, f"seed {SEED}")
    if set(store.objects) != {f"{number:05}.jpg".encode() for number in range(PICTURES)}:
        sys.exit(f"FAIL: seed {SEED}: the bucket has other objects")
    print(f"{killed} kills: {before} of {PICTURES} thumbnails arrived before the last run, and each once")


main()
