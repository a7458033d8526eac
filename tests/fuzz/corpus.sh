#!/bin/sh
# Every input that was kept is run once more: by hand for what is worth it, and by the fuzzer for what they have missed.
#
# environment: top_srcdir, top_builddir
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu
exec "${top_builddir:-.}/tests/fuzz/replay" "${top_srcdir:-$(dirname "$0")/../..}/tests/fuzz/corpus"
