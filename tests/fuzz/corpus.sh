#!/bin/sh
# Runs every kept input again: those written by hand, and those that the fuzzer found in addition.
#
# environment: top_srcdir, top_builddir
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu
exec "${top_builddir:-.}/tests/fuzz/replay" "${top_srcdir:-$(dirname "$0")/../..}/tests/fuzz/corpus"
