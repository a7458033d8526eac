/*
 * child_spawn_posix.c - Implements the start of a child process by posix_spawn(3), for systems other than Linux: nothing of
 * this process is copied, so that a start takes the same time in a large process, and no lock of another thread stays held
 * in the child. It cannot set limits, so a child with limits starts by vfork(2) there too.
 * A signal to the group of the program acts on a child that has not left it yet: this call cannot take that back.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np, posix_spawn_file_actions_addclosefrom_np */

#include "sync/child_spawn.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <unistd.h>

#include <weir/signals.h>

#include "sync/child_vfork.h"
#include "sync/lift.h"

extern char **environ;

static int set_directory(posix_spawn_file_actions_t *files, const char *directory) {
    if (directory == NULL)
        return 0;
#ifdef WEIR_SPAWN_CHDIR
    return posix_spawn_file_actions_addchdir_np(files, directory);
#else
    (void)files;
    return ENOSYS;
#endif
}

/* Closes what other threads have opened without O_CLOEXEC. */
static int close_others(posix_spawn_file_actions_t *files, int last) {
#ifdef WEIR_SPAWN_CLOSEFROM
    return posix_spawn_file_actions_addclosefrom_np(files, last + 1);
#else
    (void)files;
    (void)last;
    return 0;
#endif
}

static int set_files(posix_spawn_file_actions_t *files, const weir__child_options *options) {
    int error = 0;
    for (int stream = 0; error == 0 && stream <= WEIR__LAST_STANDARD; stream++)
        error = posix_spawn_file_actions_adddup2(files, options->streams[stream], stream);
    for (int i = 0; error == 0 && i < options->more_count; i++)
        error = posix_spawn_file_actions_adddup2(files, options->more[i], WEIR__LAST_STANDARD + 1 + i);
    if (error == 0)
        error = set_directory(files, options->directory);
    return error != 0 ? error : close_others(files, WEIR__LAST_STANDARD + options->more_count);
}

static void set_attributes(posix_spawnattr_t *attributes) {
    sigset_t mask, defaults;
    weir_signals_original(&mask);
    sigemptyset(&defaults);
    for (size_t i = 0; i < sizeof weir__reset_signals / sizeof weir__reset_signals[0]; i++)
        sigaddset(&defaults, weir__reset_signals[i]);
    posix_spawnattr_setsigmask(attributes, &mask);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int spawn(pid_t *pid, const weir__child_options *options, posix_spawnattr_t *attributes) {
    posix_spawn_file_actions_t files;
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        return error;
    error = set_files(&files, options);
    char *const *env = options->env != NULL ? (char *const *)options->env : environ;
    if (error == 0)
        error = posix_spawnp(pid, options->argv[0], &files, attributes, (char *const *)options->argv, env);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int weir__child_spawn(pid_t *pid, const weir__child_options *options) {
    posix_spawnattr_t attributes;
    if (options->limits != NULL)
        return weir__child_vfork(pid, options);
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    set_attributes(&attributes);
    error = spawn(pid, options, &attributes);
    posix_spawnattr_destroy(&attributes);
    return error;
}
