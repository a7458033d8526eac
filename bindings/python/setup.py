"""Builds the two extensions of weir: _queue, in C, and _weir, by cffi."""

import runpy

from setuptools import Extension, setup

flags = runpy.run_path("ffi_build.py")["flags"]

setup(
    ext_modules=[
        Extension("weir._queue", ["weir/_queue.c", "weir/_items.c"], depends=["weir/_items.h"], **flags)
    ],
    cffi_modules=["ffi_build.py:ffi"],
)
