/*
 * spin.c - Implements spinning before a thread sleeps. See spin.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "park/spin.h"

static const uint64_t quick_yield = 2 * 1000;           /* ns; no other thread has run in it */
static const uint64_t longest_counted = 4 * 1000;       /* ns of a yield that count as waiting, at most */
static const uint64_t long_yield = 2500 * 1000;         /* ns; another thread had a time slice */
static const uint64_t too_short = 20 * 1000 * 1000;     /* ns; over less, a clock of used time is not exact */
static const uint64_t too_long = 1000 * 1000 * 1000;    /* ns; over more, the figures say nothing about now */
static const uint64_t no_yield_for = 100 * 1000 * 1000; /* ns; the first ban */

enum {
    FIRST_PAUSE = 16,       /* ns, of a wait */
    OVERSHOOT = 4,          /* a pause adds one part in so many of the time waited */
    LONGEST_PAUSE = 1024,   /* ns */
    SHORTEST_GATHER = 1024, /* ns */
    MOST_GATHER = 5,        /* SHORTEST_GATHER, doubled four times */
    GATHER_LOOKS = 8,       /* per gathering */
    STREAMING = 256,        /* ns per item of a streaming partner, at most */
    TRY_GATHER = 512,       /* one in so many waits tries to gather */
    SHORTEST = 4,           /* most halvings of the pauses before a yield */
    PATIENT_FOR = 4,        /* waits in vain before the yields become short */
    MOST_BANS = 3,          /* most doublings of no_yield_for; it stays below too_long */
    PATIENT_AGAIN = 8,      /* one in so many waits in vain is patient: things may have changed */
    IMPATIENT_PART = 8      /* an impatient wait yields one part in so many of the time */
};

/* Does not write an unchanged value, so that the cache line stays shared. */
static inline void set(weir__u32 *hint, uint32_t from, uint32_t to) {
    if (from != to)
        weir__u32_store_relaxed(hint, to);
}

static inline uint32_t more(uint32_t value, uint32_t most) {
    return value < most ? value + 1 : most;
}

static inline uint32_t less(uint32_t value) {
    return value > 0 ? value - 1 : 0;
}

/* ---- gathering ---- */

/* Returns 1 + how often to double the gathering time; 0: do not gather this time. */
static uint32_t time_to_gather(weir__spin *spin, size_t far) {
    uint32_t gather = weir__u32_load_relaxed(&spin->gather);
    if (far < WEIR__SPIN_FAR || gather > 0)
        return far < WEIR__SPIN_FAR ? 0 : gather;
    uint32_t waits = weir__u32_load_relaxed(&spin->waits);
    weir__u32_store_relaxed(&spin->waits, waits + 1);
    return waits % TRY_GATHER == 0;
}

/* Learns from a gathering of length `gather` in which the partner did not get so far. */
static void learn_from_gathering(weir__spin *spin, weir__spin_look *look, const void *arg, uint32_t gather,
                                 size_t far) {
    size_t streamed = ((size_t)SHORTEST_GATHER << (gather - 1)) / STREAMING;
    bool streams = look(arg, streamed < far ? streamed - 1 : far);
    weir__u32_store_relaxed(&spin->gather, streams ? more(gather, MOST_GATHER) : gather - 1);
}

/* Returns how many of the `left` nanoseconds it has used. */
static uint32_t gather(weir__spin *spin, weir__spin_look *look, const void *arg, size_t far, uint64_t left) {
    uint32_t time = time_to_gather(spin, far);
    if (time == 0 || left < (uint64_t)SHORTEST_GATHER << (time - 1))
        return 0;
    uint32_t pause = ((uint32_t)SHORTEST_GATHER << (time - 1)) / GATHER_LOOKS;
    for (uint32_t i = 1; i <= GATHER_LOOKS; i++) {
        weir__pause(pause);
        if (look(arg, far)) {
            set(&spin->gather, weir__u32_load_relaxed(&spin->gather), time);
            return i * pause;
        }
    }
    learn_from_gathering(spin, look, arg, time, far);
    return GATHER_LOOKS * pause;
}

/* ---- pausing ---- */

static inline uint32_t least(uint32_t one, uint64_t other) {
    return one < other ? one : (uint32_t)other;
}

/* Pauses for at most `left` nanoseconds. If a deadline cuts the pauses short, their failure teaches nothing. */
static bool pause_until(weir__spin *spin, weir__spin_look *look, const void *arg, uint64_t left) {
    uint32_t short_of = weir__u32_load_relaxed(&spin->short_of), most = WEIR__PAUSE_FOR_PARTNER >> short_of;
    uint32_t spent = 0;
    while (spent < least(most, left)) {
        uint32_t pause = least(FIRST_PAUSE + spent / OVERSHOOT, LONGEST_PAUSE);
        pause = least(pause, left - spent);
        weir__pause(pause);
        spent += pause;
        if (look(arg, 0)) {
            set(&spin->short_of, short_of, 4 * spent > most ? less(short_of) : short_of);
            return true;
        }
    }
    if (left > most)
        set(&spin->short_of, short_of, more(short_of, SHORTEST));
    return false;
}

/* ---- yielding ---- */

/* What all waiting threads have learnt about the processors. Each member is a hint. */
static struct {
    weir__u64 judged_at, used_by_then; /* on the monotonic clock; on that of this process's processor time */
    weir__u64 no_yield_until;
    weir__u32 bans; /* consecutive bans */
} processors;

/*
 * Called after a yield that took a time slice or more. If this process's threads have kept the processors busy since
 * the last such yield, one of them had the slice. Otherwise another program had it.
 */
static void judge_long_yield(uint64_t now) {
    uint64_t judged_at = weir__u64_load_relaxed(&processors.judged_at), since = now - judged_at;
    if (since < too_short)
        return; /* before weir__clock_used, for which the system visits each thread of the process */
    if (!weir__u64_swap_weak_acquire_release(&processors.judged_at, &judged_at, now))
        return; /* another thread judges this time: half of its figures with half of ours would say nothing */
    uint64_t used = weir__clock_used(), ours = used - weir__u64_load_relaxed(&processors.used_by_then);
    uint32_t bans = weir__u32_load_relaxed(&processors.bans);
    weir__u64_store_relaxed(&processors.used_by_then, used);
    if (since > too_long)
        return;
    bool busy = ours >= since * weir__processors() / 4 * 3;
    weir__u32_store_relaxed(&processors.bans, busy ? 0 : more(bans, MOST_BANS));
    if (!busy)
        weir__u64_store_relaxed(&processors.no_yield_until, now + (no_yield_for << bans));
}

/* Learns from a yield of `took` nanoseconds. Returns how much of it counts as waiting. */
static uint64_t learn_from_yield(weir__spin *spin, uint64_t took, uint64_t now, bool seen) {
    uint32_t short_of = weir__u32_load_relaxed(&spin->short_of);
    if (took > long_yield)
        judge_long_yield(now);
    if (took <= quick_yield && seen) /* the partner runs on another processor */
        set(&spin->short_of, short_of, less(short_of));
    return took < longest_counted ? took : longest_counted;
}

/* Returns whether a yield is allowed. Its length cannot be limited, so that none is made close to the deadline. */
static bool may_yield(uint64_t now, uint64_t deadline) {
    return now < deadline && deadline - now >= WEIR__YIELD_MAY_TAKE;
}

static bool yield_until(weir__spin *spin, weir__spin_look *look, const void *arg, uint64_t deadline) {
    uint32_t in_vain = weir__u32_load_relaxed(&spin->in_vain);
    bool patient = in_vain < PATIENT_FOR || in_vain % PATIENT_AGAIN == 0;
    uint64_t most = patient ? WEIR__YIELD_FOR_PARTNER : WEIR__YIELD_FOR_PARTNER / IMPATIENT_PART, spent = 0;
    uint64_t before = weir__clock_now();
    if (!may_yield(before, deadline))
        return false;
    while (spent < most && before >= weir__u64_load_relaxed(&processors.no_yield_until) &&
           may_yield(before, deadline)) {
        weir__yield();
        bool seen = look(arg, 0);
        uint64_t after = weir__clock_now();
        spent += learn_from_yield(spin, after - before, after, seen);
        if (seen) {
            set(&spin->in_vain, in_vain, 0);
            return true;
        }
        before = after;
    }
    weir__u32_store_relaxed(&spin->in_vain, in_vain + 1);
    return false;
}

/* Returns the nanoseconds until the deadline. Without a deadline it does not read the clock. */
static uint64_t time_until(uint64_t deadline) {
    if (deadline == UINT64_MAX)
        return UINT64_MAX;
    uint64_t now = weir__clock_now();
    return now < deadline ? deadline - now : 0;
}

bool weir__spin_until(weir__spin *spin, weir__spin_look *look, const void *arg, size_t far, uint64_t deadline) {
    uint64_t left = time_until(deadline);
    weir__callouts_tell(WEIR__SPINS);
    if (WEIR__PAUSE_FOR_PARTNER > 0)
        left -= gather(spin, look, arg, far, left);
    bool seen = pause_until(spin, look, arg, left) || yield_until(spin, look, arg, deadline);
    weir__callouts_tell(WEIR__GOES_ON);
    return seen;
}
