#!/bin/sh
# Checks each seeded bug without running it: it applies to lib/, and names a scenario that finds it.
#
# environment: top_srcdir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

cd "${top_srcdir:-.}"
command -v patch >/dev/null || { echo "no patch: skipped"; exit 77; }
failed=0

wrong() {
    echo "$1: $2"
    failed=1
}

for file in tests/mutants/*.patch; do
    claim=$(sed -n -e 's/^Caught-by: //p' -e 's/^Waits-for: //p' "$file")
    if [ -z "$claim" ]; then
        wrong "$file" "no line Caught-by"
    elif ! grep -qF "{.name = \"${claim%% *}\"," tests/sched/scenarios.c; then
        wrong "$file" "no scenario ${claim%% *}"
    fi
    patch -p1 -F1 -s -f --dry-run <"$file" >/dev/null || wrong "$file" "does not apply"
done
exit "$failed"
