"""thumbs.py THREADS URL <NAMES: thumbnails as a Python programmer makes them: requests and Pillow in threads.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import io
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from PIL import Image

threads, url = int(sys.argv[1]), sys.argv[2]
local = threading.local()


def make(name):
    if not hasattr(local, "session"):
        local.session = requests.Session()
    answer = local.session.get(f"{url}/photos/{name}", timeout=30)
    answer.raise_for_status()
    picture = Image.open(io.BytesIO(answer.content))
    picture.draft("RGB", (640, 640))  # libjpeg decodes a smaller picture
    picture = picture.convert("RGB")
    picture.thumbnail((320, 320), Image.LANCZOS)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=85, optimize=True)
    local.session.put(f"{url}/pillow/{name}", data=jpeg.getvalue(), timeout=30).raise_for_status()


with ThreadPoolExecutor(threads) as executor:
    list(executor.map(make, sys.stdin.read().split()))
