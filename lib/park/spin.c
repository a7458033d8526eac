/*
 * spin.c - see spin.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "park/spin.h"

static const uint64_t switching_yield = 2 * 1000;       /* ns: another thread has run meanwhile */
static const uint64_t long_yield = 2500 * 1000;         /* ns: somebody else had a time slice */
static const uint64_t too_short = 20 * 1000 * 1000;     /* ns: a time in which a clock of used time is not exact */
static const uint64_t too_long = 1000 * 1000 * 1000;    /* ns: a time that tells nothing about now */
static const uint64_t no_yield_for = 100 * 1000 * 1000; /* ns */

enum {
    LONGEST_FIRST = 6, /* the logarithm of pauses */
    SHORTEST = 4,      /* halvings of the pauses before a yield */
    SWITCH_COUNTS = 8, /* yields, for one that has let another thread run */
    PATIENT_FOR = 4,   /* waits in vain */
    MOST_BANS = 3,     /* doublings of no_yield_for; it stays below too_long */
    PATIENT_AGAIN = 8, /* each so many waits in vain, another patient one: things may have changed */
    IMPATIENT_PART = 8 /* of the yields, otherwise */
};

/* Leaves the cache line alone when there is nothing new. */
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

static void pause_times(uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        weir__pause();
}

static void learn_from_pauses(weir__spin *spin, weir__sight sight, uint32_t spent, uint32_t most) {
    uint32_t first = weir__u32_load_relaxed(&spin->first), short_of = weir__u32_load_relaxed(&spin->short_of);
    set(&spin->first, first, sight == WEIR__SEE_SEVERAL ? more(first, LONGEST_FIRST) : less(first));
    set(&spin->short_of, short_of, 4 * spent > most ? less(short_of) : short_of);
}

static bool pause_until(weir__spin *spin, weir__spin_look *look, const void *arg) {
    uint32_t short_of = weir__u32_load_relaxed(&spin->short_of), most = WEIR__PAUSES_FOR_PARTNER >> short_of;
    uint32_t run = 1u << weir__u32_load_relaxed(&spin->first), spent = 0;
    while (spent < most) {
        run = run < most - spent ? run : most - spent;
        pause_times(run);
        spent += run;
        weir__sight sight = look(arg);
        if (sight != WEIR__SEE_NOTHING) {
            learn_from_pauses(spin, sight, spent, most);
            return true;
        }
        run *= 2;
    }
    set(&spin->short_of, short_of, more(short_of, SHORTEST));
    return false;
}

/* What all that wait have learnt about the processors; hints, like those. */
static struct {
    weir__u64 judged_at, used_by_then; /* on the monotonic clock, and on the one that counts our own time */
    weir__u64 no_yield_until;
    weir__u32 bans; /* how many in a row */
} processors;

/*
 * Called after a yield that has taken a time slice or more. If our own threads have kept the processors busy since the
 * last such yield, one of them had it; otherwise some other program did.
 */
static void judge_long_yield(uint64_t now) {
    uint64_t since = now - weir__u64_load_relaxed(&processors.judged_at), used = weir__clock_used();
    uint64_t ours = used - weir__u64_load_relaxed(&processors.used_by_then);
    uint32_t bans = weir__u32_load_relaxed(&processors.bans);
    if (since < too_short)
        return;
    weir__u64_store_relaxed(&processors.judged_at, now);
    weir__u64_store_relaxed(&processors.used_by_then, used);
    if (since > too_long)
        return;
    bool busy = ours >= since * weir__processors() / 4 * 3;
    weir__u32_store_relaxed(&processors.bans, busy ? 0 : more(bans, MOST_BANS));
    if (!busy)
        weir__u64_store_relaxed(&processors.no_yield_until, now + (no_yield_for << bans));
}

/* What a yield of so many nanoseconds has told; returns how much of the waiting was done by it. */
static int learn_from_yield(weir__spin *spin, uint64_t took, uint64_t now, weir__sight sight) {
    uint32_t short_of = weir__u32_load_relaxed(&spin->short_of);
    if (took > long_yield)
        judge_long_yield(now);
    if (took <= switching_yield && sight != WEIR__SEE_NOTHING) /* the partner runs beside us */
        set(&spin->short_of, short_of, less(short_of));
    return took > switching_yield ? SWITCH_COUNTS : 1;
}

static bool yield_until(weir__spin *spin, weir__spin_look *look, const void *arg) {
    uint32_t in_vain = weir__u32_load_relaxed(&spin->in_vain);
    bool patient = in_vain < PATIENT_FOR || in_vain % PATIENT_AGAIN == 0;
    int left = patient ? WEIR__YIELDS_FOR_PARTNER : WEIR__YIELDS_FOR_PARTNER / IMPATIENT_PART;
    uint64_t before = weir__clock_now();
    while (left > 0 && before >= weir__u64_load_relaxed(&processors.no_yield_until)) {
        weir__yield();
        weir__sight sight = look(arg);
        uint64_t after = weir__clock_now();
        left -= learn_from_yield(spin, after - before, after, sight);
        if (sight != WEIR__SEE_NOTHING) {
            set(&spin->in_vain, in_vain, 0);
            return true;
        }
        before = after;
    }
    weir__u32_store_relaxed(&spin->in_vain, in_vain + 1);
    return false;
}

bool weir__spin_until(weir__spin *spin, weir__spin_look *look, const void *arg) {
    return pause_until(spin, look, arg) || yield_until(spin, look, arg);
}
