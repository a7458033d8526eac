/*
 * weir/signals.h - the signal mask of programs that a stage or a worker starts.
 *
 * A program inherits the signal mask of the thread that starts it, through fork, posix_spawn and exec. Threads of
 * weir block every signal except SIGSEGV and the others that a thread causes itself. A program that uses
 * weir_pipeline_end_on blocks some signals in all of its threads. A child that starts with such a mask receives
 * neither SIGTERM nor SIGINT. A stage or worker that starts a program should give it the mask that this process was
 * started with:
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
 * system and popen offer no way to set the mask: a shell may or may not restore it.
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
 * Stores in `*signals` the signals that were blocked when the library was loaded. If the program is linked with the
 * library, this is before main. In a static link, this is also before the program's constructors without a priority,
 * including those of C++ globals. If dlopen loads the library, the signals are those blocked in the thread that calls
 * dlopen.
 *
 * Never blocks. Thread-safe and async-signal-safe: a child may call it between fork and exec. NULL does nothing.
 * Declared only where <signal.h> declares sigset_t, which strict C hides.
 */
#ifdef SIG_BLOCK
WEIR_API void weir_signals_original(sigset_t *signals);
#endif

/*
 * Sets the signal mask of the calling thread to the signals of weir_signals_original. Async-signal-safe, for a child
 * between fork and exec. From this call until exec, a signal handler of the program may run in the child: reset the
 * handlers first. Must not be called in a thread of weir, which would receive the program's signals from then on.
 */
WEIR_API void weir_signals_restore(void);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_SIGNALS_H */
