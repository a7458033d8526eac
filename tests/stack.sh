#!/bin/sh
# Bounds the library's stack. No function of lib/ calls itself, directly or through others, so that no depth depends
# on a graph or on data. No frame is large. The stack of a stage's thread, beside its function, is what weir_tuning(7)
# gives. gcc records each call and each frame, without optimisation: with it, frames are smaller.
#
# The table below lists calls through pointers, with the functions of lib/ that they may reach; functions of the user
# end a path. A call through a pointer that is not in the table fails the test.
#
# environment: top_srcdir, CC (with -fcallgraph-info; else gcc is used; without both the test is skipped).
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)
largest_frame=1024 # bytes
for_a_stage=4608   # bytes, as in weir_tuning(7)

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-stack.XXXXXX")
trap 'rm -rf "$work"' EXIT

# FUNCTION: its callees through pointers; "user" stands for functions of the program.
cat >"$work/pointers" <<'END'
least_up_from: limit_of_version_1 limit_of_version_2
weir__options_check: check_name check_functions check_place check_priority check_threads check_source check_func check_numbers check_batch
trampoline: run_member ring_timers run run_drop write_end weir__hand_run run_monitor
leave_thread: end_member weir__hand_end
weir__thread_guard: call_run_map abandon_map
tell_late_locked: rescue_lane
tell_starved_locked: end_starved
tell_release: tell_items tell_room
tell_watching_locked: ring_descriptor tell_of_queue tell_of_item tell_of_room
end_member: leave_queues user end_worker
leave_queues: weir__exit
call_last: end_items
sleep_for_items: weir__own_wait_for_item
call_wait: user
call_hook: user
lose: lose_worker
run_member: enter_queues work
initialise: user begin_worker
run_batch: user weir__run weir__run_plain weir__run_source
weir__abort_ask: user
weir__init_call: user
end_worker: user
call_batch: user
call_function: user
call: user
weir__plain_call: user
call_in_a_row: user
weir__drop_item: user
weir__queue_drop: user drop_envelope drop_plain
weigh: user
ring_timers: ring ring_task ring_alarm end_rest
weir__timers_close: ring ring_task ring_alarm end_rest
complete_locked: weir__requeue_first
end_rest: weir__requeue_first
weir__weigh: user
join_by: weir__pending_await join_workers join_timers_and_dropper join_rest is_late helper_is_late
tell_locked: tell
call_route: user
call_copy: user
convey: user
convey_call: user
settle_by: user
weir__cross_encode: user
weir__attempt: converse converse_once
call_init: user
call_fini: user
end_count: tell_settled
tell_unadmitted: tell_settled
tell_settled: user
new_key: user
weir__retry_is_wanted: user
print_rows: user
gather: is_below look_at_slot look_at_counts look_for_room look_at_queue look_at_future look_at_wait look_at_park weir__select_look
learn_from_gathering: is_below look_at_slot look_at_counts look_for_room look_at_queue look_at_future look_at_wait look_at_park weir__select_look
pause_until: is_below look_at_slot look_at_counts look_for_room look_at_queue look_at_future look_at_wait look_at_park weir__select_look
yield_until: is_below look_at_slot look_at_counts look_for_room look_at_queue look_at_future look_at_wait look_at_park weir__select_look
look_at_clock: weir__clock_now
time_pauses: weir__clock_now pause_times
run_jobs: weir__worker_run visit_stage user
weir__hand_run: weir__worker_init user
weir__hand_end: weir__worker_exited weir__worker_fini abandon_visit user
drop_value: user
weir__callback_call: user
end_locked: withdraw_task user
cancel_pending: cancel_task
free_future: free_task user
help: help_task user
help_window: help_task
weir_future_cancelled: is_asked
pass_on: user
call_func: user
drop_unused: user
call_unrun: user
weir__worker_init: user
weir__worker_fini: user
weir__callouts_tell: weir__timing_tell
ask_locked: user
end_receipt: user
weir__port_end: user
weir__watch_tell: tell_map tell_wait tell_completions tell_of_future
END

# Calls that close a cycle, CALLER CALLEE. A results queue is the program's: its drop function is none of lib/, which the
# table does not tell from those of the stages' queues.
echo 'weir__drop_left weir__queue_drop' >"$work/allowed"

has_callgraph() {
    echo 'int main(void) { return 0; }' >"$work/probe.c"
    $1 -fcallgraph-info=su -c "$work/probe.c" -o "$work/probe.o" 2>"$work/said" && [ -s "$work/probe.ci" ]
}

compiler=
for candidate in "${CC:-cc}" gcc; do
    if has_callgraph "$candidate"; then
        compiler=$candidate
        break
    fi
done
if [ -z "$compiler" ]; then
    echo "neither ${CC:-cc} nor gcc has -fcallgraph-info: skipped"
    exit 77
fi

CCACHE_DISABLE=1 # ccache keeps the object, and not the call graph beside it
export CCACHE_DISABLE
count=0
for source in "$top_srcdir"/lib/*/*.c "$top_srcdir"/lib/*/*/*.c; do
    count=$((count + 1))
    # shellcheck disable=SC2086 # a compiler may be several words
    $compiler -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -O0 -w -fno-sanitize=all -I"$top_srcdir/include" \
        -I"$top_srcdir/lib" -fcallgraph-info=su -c "$source" -o "$work/$count.o"
done

# Prints lines "frame FUNCTION BYTES HOW" and "call CALLER CALLEE". A static function is FILE:NAME, gcc's form.
awk -F'"' '
    /^node:/ && /bytes \(/ {
        split($4, parts, "\\\\n")
        split(parts[3], size, " ")
        print "frame", $2, size[1], size[3]
    }
    /^edge:/ { print "call", $2, $4 }
' "$work"/*.ci | sort -u >"$work/graph"

awk -v largest="$largest_frame" -v limit="$for_a_stage" -v pointers="$work/pointers" -v permitted="$work/allowed" '
    function short(name) {
        sub(/.*:/, "", name)
        return name
    }
    function fail(text) {
        print "FAIL: " text
        failed = 1
    }
    function add_call(from, to) {
        if (!((from, to) in seen)) {
            seen[from, to] = 1
            calls[from] = calls[from] " " to
            waits[from]++
            callers[to] = callers[to] " " from
        }
    }
    BEGIN {
        while ((getline line <pointers) > 0) {
            split(line, halves, ": ")
            behind[halves[1]] = halves[2]
        }
        while ((getline line <permitted) > 0)
            allowed[line] = 1
    }
    $1 == "frame" {
        frame[$2] = $3
        names[short($2)] = names[short($2)] " " $2
        if ($4 != "(static)" && $4 != "(dynamic,bounded)")
            fail(short($2) " has a frame whose size is not constant")
        if ($3 > largest)
            fail(short($2) " has a frame of " $3 " bytes; " largest " is the most")
    }
    $1 == "call" { from[++edges] = $2; to[edges] = $3 }
    END {
        for (i = 1; i <= edges; i++) {
            if (to[i] == "__indirect_call") {
                name = short(from[i])
                if (!(name in behind))
                    fail(name " calls through a pointer, and is not in the table of this test")
                used[name] = 1
                n = split(behind[name], targets, " ")
                for (t = 1; t <= n; t++) {
                    m = split(names[targets[t]], full, " ")
                    if (m == 0 && targets[t] != "user")
                        fail("the table of this test names " targets[t] ", which there is not")
                    for (f = 1; f <= m; f++)
                        add_call(from[i], full[f])
                }
            } else if ((to[i] in frame) && !(short(from[i]) " " short(to[i]) in allowed)) {
                add_call(from[i], to[i])
            }
        }
        for (name in behind) {
            if (!(name in used))
                fail("the table of this test has " name ", which calls through no pointer")
        }
        # Removes functions with only known callees, repeatedly; the rest is on a cycle, or calls one.
        for (name in frame) {
            if (!waits[name])
                ready[++last] = name
        }
        for (at = 1; at <= last; at++) {
            name = ready[at]
            deep[name] += frame[name]
            n = split(callers[name], by, " ")
            for (i = 1; i <= n; i++) {
                if (deep[by[i]] < deep[name]) {
                    deep[by[i]] = deep[name]
                    way[by[i]] = name
                }
                if (--waits[by[i]] == 0)
                    ready[++last] = by[i]
            }
        }
        total = 0
        for (name in frame) {
            total++
            if (waits[name] > 0)
                stuck = stuck " " short(name)
        }
        if (stuck != "")
            fail("on a cycle of calls, or calling one:" stuck)
        for (name in frame) {
            if (short(name) == "trampoline")
                top = name
        }
        printf "%d functions; a thread of the library: %d bytes, by", total, deep[top]
        for (name = top; name != ""; name = way[name])
            printf " %s(%d)", short(name), frame[name]
        print ""
        if (deep[top] > limit)
            fail("that is more than " limit " bytes")
        exit failed
    }
' "$work/graph"
