#!/bin/sh
# stress.sh BUDGET - runs the long concurrency tests in turn until the budget (90s, 20m, 8h) is spent: plain stress,
# stress pinned to one processor, beside programs that occupy all processors, with noise in lib/sync, and under
# ThreadSanitizer; random schedules; many commands, and killed parents and children of stages in child processes. Each
# turn prints its own
# seed. A table ends the output; exit status 0: all passed.
#
# environment: top_srcdir, top_builddir (`make stress BUDGET=20m` sets them).
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
budget=${1:-10m}
case $budget in
    *h) budget=$((${budget%h} * 3600)) ;;
    *m) budget=$((${budget%m} * 60)) ;;
    *) budget=${budget%s} ;;
esac
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-stress.XXXXXX")
hogs=
trap 'kill $hogs 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
processors=$(getconf _NPROCESSORS_ONLN)
kinds="plain pinned hogs noise tsan schedules children"
end=$(($(date +%s) + budget))
seed=$(date +%s)
# A long budget runs each kind several times, a short one once.
turn=$((budget / 12))
[ "$turn" -le 300 ] || turn=300
[ "$turn" -ge 5 ] || turn=5

build_tsan() {
    mkdir -p "$work/tsan"
    (cd "$work/tsan" && "$top_srcdir/configure" -q --enable-sanitizer=thread --disable-shared --without-vips \
        >configure.out 2>&1 && make -s libweir.la tests/stress >make.out 2>&1)
}

start_hogs() {
    for _ in $(seq "$processors"); do
        (while :; do :; done) &
        hogs="$hogs $!"
    done
}

stop_hogs() {
    # shellcheck disable=SC2086  # a list
    kill $hogs 2>/dev/null || true
    hogs=
}

# one KIND SEED: runs one turn; its output goes to $work/out.
one() {
    case $1 in
        plain) "$top_builddir/tests/stress" "$turn" "$2" ;;
        pinned) taskset -c 0 "$top_builddir/tests/stress" "$turn" "$2" ;;
        hogs)
            start_hogs
            status=0
            "$top_builddir/tests/stress" "$turn" "$2" || status=$?
            stop_hogs
            return "$status"
            ;;
        noise) "$top_builddir/tests/stress_noise" "$turn" "$2" ;;
        children) "$top_builddir/tests/stress_children" 100000 200 "$2" 10000 ;;
        tsan) TSAN_OPTIONS=halt_on_error=1 "$work/tsan/tests/stress" "$turn" "$2" ;;
        schedules)
            "$top_builddir/tests/sched/sched" --jobs "$processors" --random 1000000000 --seconds "$((turn / 40 + 1))" \
                --seed "$2"
            ;;
    esac
}

if ! build_tsan; then
    echo "no ThreadSanitizer build here: that kind is left out"
    kinds="plain pinned hogs noise schedules children"
fi
failed=0
while [ "$(date +%s)" -lt "$end" ]; do
    for kind in $kinds; do
        seed=$((seed + 1))
        if one "$kind" "$seed" >"$work/out" 2>&1; then
            result=passed
        else
            result=FAILED
            failed=$((failed + 1))
            cat "$work/out"
        fi
        echo "$kind $result" >>"$work/results"
        echo "$(date +%H:%M:%S)  $kind, seed $seed, $turn s: $result; $(tail -n 1 "$work/out")"
        [ "$(date +%s)" -lt "$end" ] || break
    done
done

echo
printf '%-10s %6s %6s\n' kind passed failed
for kind in $kinds; do
    printf '%-10s %6d %6d\n' "$kind" "$(grep -c "^$kind passed" "$work/results" || true)" \
        "$(grep -c "^$kind FAILED" "$work/results" || true)"
done
[ "$failed" -eq 0 ]
