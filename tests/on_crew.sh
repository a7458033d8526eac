#!/bin/sh
# Runs tests of pipelines again with their stages on the crew (WEIR_TESTS_ON_CREW, see pipeline_support.c).
#
# environment: top_builddir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

WEIR_TESTS_ON_CREW=1
export WEIR_TESTS_ON_CREW
failed=0
for name in order turns conservation sources limits errors faults feed letters submit outputs fail_item; do
    "${top_builddir:-.}/tests/test_pipeline_$name" >"on_crew_$name.out" 2>&1 || {
        echo "FAIL: test_pipeline_$name, on the crew"
        grep -aE ':[FE]:' "on_crew_$name.out" || true
        failed=1
    }
    rm -f "on_crew_$name.out"
done
exit "$failed"
