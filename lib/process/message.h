/*
 * message.h - Declares what a process and its child tell each other, and the memory that they share.
 *
 * Invariants:
 *   R1  A message is there whole or not at all. No lock and no pointer lies in shared memory, and no length there is
 *       believed: of the page, the parent reads `begun`, `begun_at` and `done`. A head is copied before it is checked.
 *   R2  The shared memory cannot change its size. The result's part is the child's from the question to the answer.
 *       The question's part is read-only in the child.
 *   R3  An answer that has come counts, whatever became of the child since.
 *   R4  The child writes the number of the question into the page before it calls the function. Only then is the item
 *       to blame for the child's death.
 *   R5  The thread that has started a child reaps it, once.
 *   R6  No child outlives its parent and the processes that were forked from it and have not executed a program: they
 *       hold the lifeline too.
 *   R7  Of a batch, the child writes each answer before it raises `done`, and begins an item after that. So the items up to
 *       `done` are answered, whatever became of the child, and one item at most is begun and not answered.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PROCESS_MESSAGE_H
#define WEIR_PROCESS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <weir/process.h>

#include "sync/atomic.h"
#include "sync/confine.h"

enum { WEIR__REASON = 256 }; /* bytes of the text of a failure, terminating zero included */

/* Time of work in a batch, in ns, after which a child tells its parent of the answers, when it begins another item. */
#define WEIR__TELL_EVERY WEIR_MILLISECOND

/* The second argument of a child; the third is the name of the function. */
#define WEIR__PROCESS_MODE "--weir-process"

typedef struct weir__head {
    uint64_t size;      /* bytes that cross */
    uint32_t number;    /* of the question; 0: the child is ready, or cannot be */
    int32_t code;       /* of an answer; with another one than 0, the bytes are the reason */
    uint32_t in_memory; /* 1: the bytes are in shared memory; 0: they follow */
    uint32_t count;     /* of a question: items of a batch, of which the first has the number; 0: a single item */
    uint32_t offset;    /* of a batch: where its first item lies in the part of questions */
    uint32_t zero[1];   /* keeps the bytes that follow aligned */
} weir__head;

typedef struct weir__message {
    weir__head head;
    _Alignas(16) unsigned char bytes[WEIR_PROCESS_MESSAGE];
} weir__message;

_Static_assert(offsetof(weir__message, bytes) == sizeof(weir__head), "a message has no gap");

/* Returns the bytes that a head and `size` bytes of an item take in the shared memory. */
static inline size_t weir__room_for(size_t size) {
    return sizeof(weir__head) + (size + 15) / 16 * 16;
}

/*
 * The first part of the shared memory. The parts of questions and of results follow, each of `span` bytes.
 *
 * A question of a batch lies in the part of questions: for each item a head with its size, its bytes, and a gap up to a
 * multiple of 16. The numbers of its items follow that of the question. The answers lie in the part of results, in the
 * same way. A message of the child says that there are some: at times, and with `count` 1 when it waits for a question. It
 * has answered all items by then, or has no room for a further result.
 */
typedef struct weir__page {
    weir__u32 begun;       /* R4 */
    weir__u32 begun_at;    /* in a batch: milliseconds of weir__clock_now at that time; written before `begun` */
    weir__u32 done;        /* in a batch: number of the last item that is answered */
    uint32_t span;         /* in pages; this and what follows is written before each start, and only a child reads it */
    uint64_t payload;      /* bytes that may cross; 0: messages alone */
    weir__confined limits; /* of the child */
} weir__page;

/* Bytes of the first part, and the unit of the others: a multiple of the size of a page of any system. */
enum { WEIR__PAGE = 65536 };

#endif /* WEIR_PROCESS_MESSAGE_H */
