#!/bin/sh
# Seeded bugs: each *.patch beside this file breaks one rule of lib/, and the scheduler of tests/sched must find it.
# This tests the scenarios, not the library.
#
#     tests/mutants/run.sh [NAME...]      all of them, or these (without .patch); about a second each
#
# A patch begins with the rule that it breaks. Its line "Caught-by: SCENARIO MODEL [BUDGET]" names the search that
# finds it; the default budget is two. The line is verified: if only another search finds the bug, the run fails. The
# line "Waits-for:", with the same words, is for a bug that no scenario finds yet; it fails nothing until a scenario
# has that name. The unpatched sources are searched too: at the end by each search that found a patch, and without names
# also by every scenario, at the start.
#
# environment: top_srcdir; CC; MUTANT_SECONDS: the maximum for one search.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=$(cd "${top_srcdir:-$here/../..}" && pwd)
CC=${CC:-cc}
seconds=${MUTANT_SECONDS:-20}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
kilobytes=1000000 processor_seconds=$((seconds * 3)) # limits of a mutated program, which may run away
LC_ALL=C
export LC_ALL

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-mutants.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
: >"$work/table"

compile() {
    $CC -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -O1 -w -Iinclude -Itests/sched -Ilib "$@"
}

object_of() {
    echo "objects/$(echo "$1" | tr / _).o"
}

# compile_library FILE...: compiles lib/, except lib/sync, to call the scheduler at each plain access.
compile_library() {
    for source; do
        compile -fsanitize=thread -c "$source" -o "$(object_of "$source")" || return 1
    done
}

# sources_in VARIABLE: prints the .c files of a variable in the makefiles of lib and tests/sched.
sources_in() {
    awk -v variable="$1" '$1 == variable && $2 == "=" { inside = 1 }
        inside { for (i = 1; i <= NF; i++) if ($i ~ /[.]c$/) print $i }
        inside && !/\\$/ { exit }' "$top_srcdir/lib/local.mk" "$top_srcdir/tests/sched/local.mk"
}

# build_control: builds everything in the folder control; the other folders are copies of it.
build_control() {
    mkdir -p "$work/control/tests" "$work/control/objects"
    cp -R "$top_srcdir/lib" "$top_srcdir/include" "$work/control"
    cp -R "$top_srcdir/tests/sched" "$top_srcdir"/tests/*.[ch] "$work/control/tests"
    cd "$work/control"
    # shellcheck disable=SC2046 # names of our own sources
    compile_library $(sources_in lib_sources)
    for source in $(sources_in tests_sched_sched_SOURCES); do
        compile -c "$source" -o "$(object_of "$source")"
    done
    compile objects/*.o -o sched
}

# build_patched PATCH: builds in the folder patched; compiles only the files that the patch changes.
build_patched() {
    rm -rf "$work/patched"
    cp -R "$work/control" "$work/patched"
    cd "$work/patched"
    patch -s -p1 -F1 <"$1" >"$work/said" 2>&1 || return 2
    changed=$(sed -n 's,^+++ b/,,p' "$1")
    case $changed in
    *.h*)
        changed=$(sources_in lib_sources)
        # shellcheck disable=SC2013 # names of our own sources
        for source in $(grep -lE '^#include "(crew|future|lock)/' tests/sched/*.c); do # their inline functions
            compile -c "$source" -o "$(object_of "$source")" || return 1
        done
        ;;
    esac
    # shellcheck disable=SC2086 # names of our own sources
    compile_library $changed >"$work/said" 2>&1 && compile objects/*.o -o sched >"$work/said" 2>&1
}

# search FOLDER OPTION...: returns 0 if the scheduler finds nothing; else sets found_by, found_after and found.
search() {
    folder=$1
    shift
    status=0
    (
        # shellcheck disable=SC3045 # stops runaway programs; some sh have no such limit
        [ "$folder" = control ] || { ulimit -v "$kilobytes" && ulimit -t "$processor_seconds"; } 2>/dev/null || true
        exec timeout 1000 "$work/$folder/sched" "$@"
    ) >"$work/output" 2>&1 || status=$?
    [ "$status" -ne 0 ] || return 0
    found=$(sed -n 's/^FAIL [^:]*: //p' "$work/output" | head -n 1)
    # shellcheck disable=SC2046 # words of the line of the first failed search
    set -- $(awk '/^FAIL / && name == "" { name = $2; sub(/:$/, "", name); next }
        $1 == name && / schedules / { print $1, $2, $5, $7; exit }' "$work/output")
    found_by="${1:-} ${2:-}" found_after="${3:-?} schedules, ${4:-?} s"
    if [ -z "$found" ]; then
        found="the scheduler ends with $status: $(tail -n 1 "$work/output")"
    fi
    return 1
}

# search_all FOLDER: like search, with all scenarios, for patches that their own scenario did not find.
search_all() {
    search "$1" --jobs "$jobs" --base 1 --seconds 0.5 && search "$1" --jobs "$jobs" --random 1000 &&
        search "$1" --jobs "$jobs" --seconds 0.5
}

row() {
    printf '%-29s %-33s %-25s %s\n' "$@" | tee -a "$work/table"
}

fail() {
    failed=1
    row "$@"
}

# claim_of PATCH: sets scenario, model and budget.
claim_of() {
    # shellcheck disable=SC2046 # words
    set -- $(sed -n -e 's/^Caught-by: //p' -e 's/^Waits-for: //p' "$1") ""
    scenario=$1 model=${2:-sc} budget=${3:-2}
}

# try_patch FILE
try_patch() {
    name=$(basename "$1" .patch)
    claim_of "$1"
    if ! grep -q "^$scenario " "$work/scenarios"; then
        if grep -q '^Waits-for: ' "$1"; then
            row "$name" "$scenario $model" "" "WAITS for that scenario"
        else
            fail "$name" "$scenario $model" "" "ERROR: there is no such scenario"
        fi
        return
    fi
    status=0
    build_patched "$1" || status=$?
    if [ "$status" -ne 0 ]; then
        [ "$status" -eq 2 ] && wrong="does not apply" || wrong="does not build"
        fail "$name" "" "" "ERROR: it $wrong: $(head -n 1 "$work/said")"
        return
    fi
    echo "$scenario $model $budget" >>"$work/searches"
    if ! search patched --bound "$budget" --seconds "$seconds" --model "$model" "$scenario"; then
        row "$name" "$found_by" "$found_after" "$found"
    elif search_all patched; then
        fail "$name" "$scenario $model" "" "SURVIVED"
    else
        fail "$name" "$found_by" "$found_after" "WRONG LINE (it says $scenario $model): $found"
    fi
}

cd "$work"
if ! echo 'int main(void) { return 0; }' >probe.c || ! $CC -fsanitize=thread -c probe.c -o probe.o 2>/dev/null; then
    echo "$CC has no -fsanitize=thread: skipped"
    exit 77
fi
build_control
./sched --list >"$work/scenarios"
row "PATCH" "SCENARIO, MODEL" "AFTER" "WHAT WAS FOUND" >/dev/null
if [ "$#" -gt 0 ]; then
    row "(none)" "all" "" "not searched: tests/sched/quick.sh does that"
elif search_all control; then
    row "(none)" "all" "" "nothing, as it should be"
else
    fail "(none)" "$found_by" "$found_after" "CONTROL FAILED: $found"
fi

count=0
[ "$#" -gt 0 ] || set -- "$here"/*.patch
for patch; do
    case $patch in
    */*) ;;
    *) patch=$here/$patch.patch ;;
    esac
    try_patch "$patch"
    count=$((count + 1))
done

# The same searches on the unpatched sources must find nothing.
touch "$work/searches"
sort -u "$work/searches" | while read -r scenario model budget; do
    search control --bound "$budget" --seconds 1 --model "$model" "$scenario" && continue
    echo "$scenario, $model: $found"
done >"$work/false"
if [ -s "$work/false" ]; then
    fail "(none)" "$(head -n 1 "$work/false")" "" "CONTROL FAILED"
else
    row "(none)" "the same $(sort -u "$work/searches" | wc -l) searches" "" "nothing, as it should be"
fi

echo
cat "$work/table"
echo
bad=$(grep -c -e ' SURVIVED$' -e ' ERROR: ' -e ' WRONG LINE ' "$work/table" || true)
waiting=$(grep -c ' WAITS for ' "$work/table" || true)
found=$((count - bad - waiting))
echo "$count seeded bugs: $found found as they should be, $waiting waiting for a scenario, $bad wrong"
exit "$failed"
