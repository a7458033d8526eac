/*
 * weir/signals.h - the signals that a program blocks, for the programs that it starts.
 *
 * A program inherits the blocked signals of the thread that starts it, through fork, posix_spawn and exec. Threads of
 * weir have all signals blocked but SIGSEGV and the like, and a program that uses weir_pipeline_end_on blocks some in
 * all of its threads. A child that is started with such a mask hears no SIGTERM and no SIGINT. So a stage or worker that
 * starts a program gives it the mask that this process was started with:
 *
 *     sigset_t signals;                                     // with posix_spawn
 *     posix_spawnattr_t attributes;
 *     posix_spawnattr_init(&attributes);
 *     weir_signals_original(&signals);
 *     posix_spawnattr_setsigmask(&attributes, &signals);
 *     posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
 *     posix_spawnp(&child, "convert", NULL, &attributes, arguments, environ);
 *     posix_spawnattr_destroy(&attributes);
 *
 *     child = fork();                                       // with fork
 *     if (child == 0) {
 *         weir_signals_restore();
 *         execvp("convert", arguments);
 *         _exit(127);
 *     }
 *
 * system and popen have no place for either: a shell may or may not restore the mask.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SIGNALS_H
#define WEIR_SIGNALS_H

#include <signal.h>

#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sets `*signals` to those that were blocked when the library was loaded: in a program that is linked with it, before
 * main. Linked statically, that is also before the program's constructors without a priority, those of C++ globals
 * included; loaded with dlopen, they are those of the thread that calls dlopen. Never blocks. Any thread may call it,
 * and a child between fork and exec: it is async-signal-safe. NULL does nothing. It is declared where <signal.h> has
 * sigset_t, which strict C hides.
 */
#ifdef SIG_BLOCK
WEIR_API void weir_signals_original(sigset_t *signals);
#endif

/*
 * Blocks these signals, and no other one, in the calling thread. For a child between fork and exec: it is
 * async-signal-safe. A handler of the program may run in the child from then on until exec: reset it before. In a thread
 * of weir this call would let the signals of the program come there.
 */
WEIR_API void weir_signals_restore(void);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_SIGNALS_H */
