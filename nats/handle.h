/*
 * handle.h - the structures of an open queue: weir_nats, puts without an answer, and items that are held.
 *
 * Two connections: `prompt` sends each message at once, for single puts, requests and pulls; `bulk` gathers messages for up
 * to a millisecond, for bursts of puts and acknowledgements, and receives the items.
 *
 * One lock guards all that changes. It is never held during a call of libnats that waits for the server, nor during a
 * function of the program. Threads: those of the program; those of libnats, which call the functions of the five
 * subscriptions; the tick, which never waits for the server; and the look, which asks it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_HANDLE_H
#define WEIR_NATS_HANDLE_H

#include <pthread.h>
#include <stdbool.h>

#include <nats/nats.h>
#include <weir/nats.h>

enum {
    MESSAGE_BYTES = 512,
    NAME_BYTES = 80,     /* of a stream or a consumer */
    SUBJECT_BYTES = 160, /* of a subject of ours */
    INBOX_BYTES = 64,
    REFUSAL_BYTES = 256,
    REFUSALS = 8,
    LANES_MOST = 1024
};

#define WEIR__NATS_MILLISECOND UINT64_C(1000000)

/* Several puts of one call: their thread waits for the answers of all of them. */
struct weir__nats_call {
    pthread_cond_t answered;
    size_t open; /* puts that are sent and have no answer; under the lock */
};

/* What the server has said about a put. */
enum weir__nats_answer {
    ANSWER_NONE,
    ANSWER_STORED,
    ANSWER_FULL,  /* definitely not stored: the next attempt needs a new identity */
    ANSWER_LATER, /* not now, or not known: the next attempt has the same identity */
    ANSWER_TOO_LARGE,
    ANSWER_NO_MEMORY,
    ANSWER_REFUSED
};

/* A put, from its first attempt to its end. */
struct weir__nats_put {
    struct weir__nats_call *call;
    struct weir__nats_put *next; /* in the list of puts without an answer */
    const char *subject;
    const void *bytes;
    size_t size;
    const char *header; /* name of a further header, or NULL */
    const char *value;
    const char *same_id; /* identity that the caller has given, or NULL */
    uint64_t token;      /* number of the identity; 0: none yet */
    bool listed;         /* without an answer; under the lock */
    bool admitted;       /* counted in `flying` */
    bool sent;           /* at least once with this identity */
    bool stored;         /* at least once; perhaps by a leader that was new (put.c) */
    uint64_t elections;  /* seen when it was sent first, or again after it was stored */
    enum weir__nats_answer answer;
    uint64_t sequence;
    char text[160]; /* reason of a refusal */
};

/* An item or a sentinel that this program has taken and not settled. */
struct weir__nats_held {
    weir_nats *nats;
    struct weir__nats_held *next, *previous; /* in `held` */
    natsMsg *message;                        /* until it is decoded */
    char *reply;                             /* subject of its acknowledgement */
    uint64_t sequence;
    uint64_t told;    /* when the server was told last that it is in work */
    unsigned attempt; /* deliveries of this message; one that was put again had others before */
    unsigned lane;
    uint64_t dropped_at;
    bool sentinel;
    bool dropped; /* returns to the server when the last taker ends */
};

/* Is given an item or a sentinel that has arrived. */
typedef void weir__nats_deliver_func(void *target, struct weir__nats_held *held);

/* A consumer of the server, from which this program pulls. */
struct weir__nats_lane {
    char consumer[NAME_BYTES];
    char subject[SUBJECT_BYTES]; /* of its items */
    uint64_t request;            /* number of the newest request */
    uint64_t asked;              /* when that was sent */
    uint64_t paused_until;       /* no request is sent before */
    size_t expected;             /* items that it may still bring */
    size_t held;                 /* items of this lane that are held */
    size_t most;                 /* of `held` */
    uint64_t suspect;            /* its messages up to this sequence must be looked at again; the look's alone */
};

struct weir_nats {
    weir_nats_config config; /* with defaults; the strings are copies */
    char *strings[10];
    char stream[NAME_BYTES], dead[NAME_BYTES];
    char inbox[INBOX_BYTES];
    natsConnection *prompt, *bulk;
    jsCtx *js;
    natsSubscription *answers, *arrivals, *acks, *elected;
    pthread_t tick, look;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* stopped, connected, an acknowledgement, a callback that has ended */
    bool stopped;
    size_t callbacks; /* subscriptions whose function may still be called */
    size_t calls;     /* calls of the program that are under way */
    char message[MESSAGE_BYTES];
    struct {
        char text[REFUSAL_BYTES];
        uint64_t told;    /* when; 0: never */
    } refusals[REFUSALS]; /* the newest calls that the server did not permit */

    uint64_t connects;                    /* times that `prompt` was made again */
    uint64_t tokens;                      /* identities given */
    struct weir__nats_mailbox *mailboxes; /* those that are unused */
    unsigned mailbox_count;
    struct weir__nats_put *first, **last; /* puts without an answer */

    uint64_t messages, last_sequence; /* of the stream, as it told */
    uint64_t newest;                  /* sequence of the newest put of this program */
    bool known;                       /* these three are of use, and the leader knows what `prompt` has subscribed to */
    uint64_t quiet_until;             /* no put is admitted before */
    uint64_t elections;         /* leaders of the stream that were told of, and times that `prompt` was made again */
    uint64_t flying;            /* puts admitted and without an answer */
    uint64_t freed;             /* acknowledgements seen */
    bool watching;              /* a thread subscribes to acknowledgements */
    void (*tell)(void *target); /* called when that may have changed; NULL: none */
    void *told;                 /* its target */
    uint64_t waited;            /* when a put waited for room last; 0: never */

    pthread_mutex_t takes; /* held while the first taker subscribes and the last one ends; before `lock` */
    bool subscribed;       /* items may arrive */
    size_t takers;         /* sources and queues that take */
    weir__nats_deliver_func *deliver;
    void *target;
    struct weir__nats_lane *lanes; /* those of the items, and that of the sentinels behind them */
    size_t lane_count;             /* of both kinds */
    struct weir__nats_held *held;
    struct weir__nats_held *sentinel; /* waits until it is the first in the stream */
    uint64_t passed;                  /* sequence of the sentinel that was passed on last */
    struct {
        uint64_t first, messages; /* of the stream, at the last look */
        bool asked;               /* whether an item is before the sentinel; it was one */
        uint64_t until, pause;    /* no question is asked before; the newest pause */
    } waits;                      /* of the sentinel; the look's alone */
    uint64_t stepped;             /* when the leader was asked to step down last; 0: never; the look's alone */
    size_t turn;                  /* lane with which the next look begins; the look's alone */
    uint64_t looked;              /* when messages were looked for that were passed over; the look's alone */
    weir_queue *arrived;          /* for sources */
};

#endif /* WEIR_NATS_HANDLE_H */
