"""
What of weir the pipeline uses, for cffi; and where weir is.

weir is found by pkg-config. For one that is not installed, set WEIR_INCLUDE_DIR and WEIR_LIBRARY_DIR.
"""

import os
import shlex
import subprocess
import sys

from cffi import FFI


def pkg_config(option: str) -> list[str]:
    try:
        return shlex.split(subprocess.check_output(["pkg-config", option, "weir"], text=True))
    except (OSError, subprocess.CalledProcessError):
        sys.exit("weir was not found by pkg-config; set PKG_CONFIG_PATH, or WEIR_INCLUDE_DIR and WEIR_LIBRARY_DIR")


def find_weir() -> dict[str, list[str]]:
    include = os.environ.get("WEIR_INCLUDE_DIR")
    library = os.environ.get("WEIR_LIBRARY_DIR")
    if include is None or library is None:
        return {"extra_compile_args": pkg_config("--cflags"), "extra_link_args": pkg_config("--libs")}
    return {
        "include_dirs": [os.path.abspath(include)],
        "library_dirs": [os.path.abspath(library)],
        "runtime_library_dirs": [os.path.abspath(library)],
        "libraries": ["weir"],
    }


flags = find_weir()
ffi = FFI()
with open(os.path.join("weir", "_weir.h"), encoding="utf-8") as declarations:
    ffi.cdef(declarations.read())
with open(os.path.join("weir", "_weir.c"), encoding="utf-8") as code:
    ffi.set_source("weir._weir", code.read(), **flags)
