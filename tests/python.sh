#!/bin/sh
# The Python package builds against this library, in a temporary folder, and passes its tests and mypy, if that is here.
#
#     python.sh [bench]       bench: runs its benchmark instead
#
# environment: top_srcdir, top_builddir; PYTHON: the Python to test with; WEIR_SANITIZER_CFLAGS: the flags with which
# the library was built.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
library=$(cd "$top_builddir" && pwd)/.libs

skip() {
    echo "SKIPPED: $1"
    exit 77
}

# usable PYTHON: whether it can build extensions with cffi.
usable() {
    "$1" -c 'import cffi, os, setuptools, sys, sysconfig
sys.exit(sys.version_info < (3, 10) or not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' \
        2>/dev/null
}

[ -z "${WEIR_SANITIZER_CFLAGS:-}" ] || skip "Python is not built with the sanitizer"
[ -e "$library/libweir.so" ] || skip "there is no shared library in $library"
python=
for candidate in ${PYTHON:-} /usr/bin/python3 python3; do
    if usable "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || skip "no Python >= 3.10 with cffi, setuptools and Python.h (python3-cffi python3-setuptools python3-dev)"
"$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$library/libweir.so" 2>/dev/null ||
    skip "$python cannot load the library, which is for another machine"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-python.XXXXXX")
trap 'rm -rf "$work"' EXIT
WEIR_INCLUDE_DIR=$(cd "$top_srcdir/include" && pwd)
WEIR_LIBRARY_DIR=$library
CFLAGS="-Wall -Wextra -Werror -Wno-missing-field-initializers"
PYTHONDONTWRITEBYTECODE=1
PYTHONPATH=.
export WEIR_INCLUDE_DIR WEIR_LIBRARY_DIR CFLAGS PYTHONDONTWRITEBYTECODE PYTHONPATH
unset CC # that of weir may not suit this Python

cp -R "$top_srcdir/bindings/python" "$work/python"
chmod -R u+w "$work/python"
cd "$work/python"
"$python" setup.py -q build_ext --inplace >"$work/build.out" 2>&1 || { cat "$work/build.out"; exit 1; }
if [ "${1:-}" = bench ]; then # make bench-python
    "$python" bench.py
    exit
fi
if "$python" -c 'import mypy' 2>/dev/null; then
    "$python" -m mypy --strict --cache-dir "$work/mypy" weir
else
    echo "SKIPPED: the annotations: no mypy"
fi
"$python" -m unittest discover -v -s tests
