#!/bin/sh
# Runs every scenario under every memory model: exhaustively with a budget of one, the large ones with none, then at
# random. Takes a few seconds; `make schedules` goes deeper. Before that it checks that each
# scenario has its row in RESULTS.md.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu
sched=${top_builddir:-.}/tests/sched/sched
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
sh "${top_srcdir:-.}/tests/sched/results.sh" check
"$sched" --jobs "$jobs" --base 1 --seconds 2
"$sched" --jobs "$jobs" --random 500 --seed "${SCHED_SEED:-1}"
