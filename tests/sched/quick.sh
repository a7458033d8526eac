#!/bin/sh
# Every scenario under every memory model: exhaustively with a budget of one, then at random. A few seconds; `make
# schedules` goes deeper.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu
sched=${top_builddir:-.}/tests/sched/sched
"$sched" --bound 1 --seconds 2
"$sched" --random 500 --seed "${SCHED_SEED:-1}"
