/*
 * elastic.h - Decides how many threads an elastic stage has. Knows no thread and no clock: each decision follows from a
 * look at the stage (times, counts) and the state here, so a test drives it with a time of its own.
 *
 * N1  Growth. The number doubles, but not beyond `most`, if for a whole interval items waited in the queue and the
 *     threads neither starved nor were blocked: the stage is saturated. It doubles at each look while the process
 *     leaves processor time unused, until it is LEAP times the greatest number that has proved worthwhile; twice, after
 *     a number that has not. Beyond that, and if the processors are in use, it doubles only after a measurement, or
 *     while calls take so long that none has ended.
 * N2  Measurement. The throughput since the last change, of a stage that was saturated all the time, over enough items.
 *     It is compared with the throughput of the smaller number measured before. If the gain is less than WORTH percent
 *     of what the added threads would give in proportion, the number goes back to what the gain is worth. Then there is
 *     no growth beyond that for a while: 1 s, doubled each time, up to 30 s.
 * N3  Shrinking. If for the time of a window at most half of the threads were in use at any look, the number falls to
 *     one and a half times the greatest use. If none was in use for that time, or 700 ms, it falls to `least`.
 * N4  No flapping. A number that has proved not worthwhile is not tried again while the growth is held (N2). A window
 *     (N3) is 300 ms. Growth within 2 s of shrinking doubles it, up to 4.8 s, and later growth halves it. Between half
 *     of the threads in use and all of them nothing changes.
 * N5  Limits. A number outside of new limits goes to the nearer one at the next look. If threads cannot be created for
 *     that, the growth is held (N2), and tried again afterwards.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_ELASTIC_H
#define WEIR_FLOW_ELASTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A look at a stage. The totals are since the start and never fall. Times are in ns. */
typedef struct weir__elastic_look {
    uint64_t now;
    size_t threads;    /* number of threads now */
    size_t wanted;     /* number of threads that may stay; the others leave when they have completed their items */
    size_t asleep;     /* number of those that wait for items now */
    size_t queued;     /* number of items that wait now: at least 1 if there are any */
    uint64_t retired;  /* total number of items retired */
    uint64_t starved;  /* total time in which threads waited for items */
    uint64_t blocked;  /* total time of other waits */
    uint64_t used;     /* processor time of the process */
    uint32_t failures; /* number of failures: a thread could not be created, or its init failed */
} weir__elastic_look;

/* The cause of a change of the number of threads. */
typedef enum weir__elastic_cause {
    WEIR__NO_CHANGE,
    WEIR__GREW,           /* N1 */
    WEIR__NO_GAIN,        /* N2 */
    WEIR__SHRANK_STARVED, /* N3: threads were waiting for items */
    WEIR__SHRANK_BLOCKED, /* N3: most of their waits were other ones */
    WEIR__SET             /* N5 */
} weir__elastic_cause;

/* A decision. */
typedef struct weir__elastic_step {
    size_t threads; /* number wanted */
    weir__elastic_cause cause;
    uint64_t next; /* ns until the next look; WEIR_NEVER: once a thread has begun a call after a wait */
} weir__elastic_step;

/* The state. weir__elastic_prepare initialises it. */
typedef struct weir__elastic {
    size_t least, most;  /* N5 */
    unsigned processors; /* constant */
    bool awake;          /* `last` is a look of the present series */
    weir__elastic_look last;
    uint64_t changed;          /* time of the last change, or of the first look of a series */
    uint64_t saturated;        /* time since which the stage has been saturated; 0: it is not */
    uint64_t from;             /* begin of the measurement */
    uint64_t retired;          /* total at `from` */
    size_t measured;           /* number of threads at the last measurement; 0: none that counts */
    double rate;               /* its throughput, in items per ns */
    size_t proven;             /* greatest number that has proved worthwhile */
    uint64_t trust;            /* ns without a measurement after which N1 doubles once more */
    uint64_t held_until, hold; /* N2: end and length of the present hold, or length of the next one */
    uint64_t used;             /* N3: time of the last look with a thread in use */
    uint64_t idle_since;       /* N3: begin of the window */
    double peak;               /* N3: greatest number of threads in use, in the window */
    uint64_t shrunk;           /* N4: time of the last shrinking by N3; 0: none since the last growth */
    uint64_t window;           /* N3: length of a window */
} weir__elastic;

void weir__elastic_prepare(weir__elastic *elastic, size_t least, size_t most, unsigned processors);

/* N5. Sets the limits; `least` is at least 1 and at most `most`. */
void weir__elastic_limit(weir__elastic *elastic, size_t least, size_t most);

/* Decides. The caller changes the number of threads to that of the step, as far as it can, before the next look. */
weir__elastic_step weir__elastic_decide(weir__elastic *elastic, const weir__elastic_look *look);

#endif /* WEIR_FLOW_ELASTIC_H */
