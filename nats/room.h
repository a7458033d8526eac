/*
 * room.h - the bound of the queue, kept by the programs, and the wait for room.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_ROOM_H
#define WEIR_NATS_ROOM_H

#include "handle.h"

/*
 * Admits up to `wanted` puts, and stores their number in `*admitted`, which may be 0. Asks the server if what is known
 * leaves no room, except after an election. Returns WEIR_OK, or a status of weir__nats_state.
 */
weir_status weir__nats_room_admit(weir_nats *nats, size_t wanted, size_t *admitted);

/* Asks before the next put is admitted. */
void weir__nats_room_forget(weir_nats *nats);

/* Admits no put for a while: longer than other programs take to repeat theirs (put.c). */
void weir__nats_room_quiet(weir_nats *nats);

/* Returns whether no put is admitted for that reason. */
bool weir__nats_room_is_quiet(weir_nats *nats);

/* Subscribes to the news of new leaders, each of which begins such a while. Does nothing with one replica. */
natsStatus weir__nats_room_watch_leaders(weir_nats *nats);

/* Begins such a while: the leader may be new. */
void weir__nats_room_elected(weir_nats *nats);

/* Admits a put that takes the place of a message in the queue: the bound does not hold it up. */
void weir__nats_room_replace(weir_nats *nats);

/* Ends admissions: `count` puts have an answer, or are given up. */
void weir__nats_room_leave(weir_nats *nats, size_t count);

/* Takes notice of a stored put. The lock is held. */
void weir__nats_room_stored_locked(weir_nats *nats, uint64_t sequence);

/*
 * Blocks until an acknowledgement of any program may have made room, `deadline`, or a while that doubles from call to
 * call; `*pause` is 0 before the first one, which returns at once.
 */
void weir__nats_room_wait(weir_nats *nats, uint64_t *pause, weir_deadline deadline);

/* If no put is admitted after an election, blocks until that ends, or the deadline. Returns whether it did. */
bool weir__nats_room_wait_quiet(weir_nats *nats, weir_deadline deadline);

/*
 * Subscribes to acknowledgements, unless that is done. Returns whether it did just now: room that was made before was not
 * seen then.
 */
bool weir__nats_room_watch(weir_nats *nats);

/* Sets a function that is called when room may have been made, or the queue may be empty. The target must not end. */
void weir__nats_room_tell(weir_nats *nats, void (*changed)(void *target), void *target);

/* Calls that function, if a put or a count has waited lately. */
void weir__nats_room_look(weir_nats *nats);

/* Ends the subscription to acknowledgements if no put has waited lately. */
void weir__nats_room_rest(weir_nats *nats);

#endif /* WEIR_NATS_ROOM_H */
