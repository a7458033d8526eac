/*
 * burst.h - several puts that are sent before their answers have come.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_NATS_BURST_H
#define WEIR_NATS_BURST_H

#include "buffer.h"
#include "handle.h"

enum { BURST_MOST = 256 };

struct weir__nats_burst {
    struct weir__nats_call call;
    size_t count;
    struct weir__nats_put puts[BURST_MOST];
    size_t offsets[BURST_MOST + 1];
    weir_nats_buffer bytes;
};

/* Returns NULL if out of memory. */
struct weir__nats_burst *weir__nats_burst_create(void);
void weir__nats_burst_destroy(struct weir__nats_burst *burst);

/*
 * Sends the first of the items, as many as there is room for, and waits for the answers, at most for `timeout`. Returns how
 * many it has sent: `answer` of each of these `puts` tells what became of it, and weir__nats_put_until makes one again, with
 * its identity. Returns 0 if the first item must be put alone.
 */
size_t weir__nats_burst_send(weir_nats *nats, struct weir__nats_burst *burst, void *const *items, size_t wanted);

/*
 * With replicas, repeats the puts without an answer, until one fails. Returns the place of that one, and stores its status;
 * without a failure, the number of puts and WEIR_OK. All wait for answers until the deadline, or for one `timeout`. A refused
 * put is no longer `sent`, so that a further call passes it over. The repeated ones must be made once more, by
 * weir__nats_put_within: after one time without puts for all of them. Does nothing with one replica, where the caller repeats
 * puts in order.
 */
size_t weir__nats_burst_repeat(weir_nats *nats, struct weir__nats_burst *burst, weir_status *status,
                               weir_deadline deadline);

#endif /* WEIR_NATS_BURST_H */
