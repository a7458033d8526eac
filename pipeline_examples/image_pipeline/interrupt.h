/*
 * interrupt.h - Ctrl-C, once, twice and three times.
 *
 * A thread of its own waits for SIGINT, SIGTERM and SIGHUP; all other threads have them blocked. So no code ever runs
 * in a signal handler, and the answer to a signal may take locks and call weir.
 *
 *   first    stop: nothing new is begun, what is in flight is finished
 *   second   abort: what is in flight is thrown away too
 *   third    end: the temporary folder is removed, and the signal kills the program, whatever it waits for
 *
 * Before queues are attached nothing is in flight, and the second signal ends the program already.
 *
 * There is one of it, as the signals belong to the process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_INTERRUPT_H
#define IMAGE_PIPELINE_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/closable_queue.h>

/* Blocks the signals and starts the thread. To be called while there is no other. False: a message was printed. */
bool interrupt_start(void);

/* Ends the thread. The signals stay blocked. */
void interrupt_stop(void);

bool interrupt_is_stopping(void);
bool interrupt_is_aborting(void);

/*
 * From now on a stop shuts queues[0] down with WEIR_DRAIN, which ends the feeding at once even while it waits for room,
 * and an abort shuts all of them down with WEIR_DISCARD. A signal that came before counts too. The array and the queues
 * must live until interrupt_detach.
 */
void interrupt_attach(weir_queue *const *queues, size_t count);
void interrupt_detach(void);

/*
 * Names the folder that is removed when a signal ends the program; NULL: none any more. The text must live until then.
 * When this returns after NULL, no removal is under way.
 */
void interrupt_set_temporary(const char *folder);

#endif /* IMAGE_PIPELINE_INTERRUPT_H */
