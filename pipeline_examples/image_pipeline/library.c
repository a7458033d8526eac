/*
 * library.c - sets libvips up.
 *
 * libvips may compute with vectors, by code that liborc compiles for each scale. Versions of liborc before 0.4.34 manage
 * the memory of that code without a lock, and crash now and then if several threads compile. Versions before 0.4.41
 * change the umask of the process while they compile, which other threads must not see when they create files. So vectors
 * are used in a process that decodes one picture at a time, with a later liborc, or if libvips uses another library.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <vips/vips.h>
#include <vips/vector.h>

#include "thumbnail.h"

/* Copies the address of a function that the process may have. */
static bool find(const char *name, void *function) {
    void *process = dlopen(NULL, RTLD_LAZY);
    void **address = function;
    *address = process == NULL ? NULL : dlsym(process, name);
    if (process != NULL)
        dlclose(process);
    return *address != NULL;
}

/* Returns whether liborc has the version "0.4.41" or a later one. */
static bool is_good(const char *version) {
    unsigned major = 0, minor = 0, micro = 0;
    if (sscanf(version, "%u.%u.%u", &major, &minor, &micro) != 3)
        return false;
    return major > 0 || minor > 4 || (minor == 4 && micro >= 41);
}

/* Returns whether several threads can use vectors. */
static bool vectors_are_safe(void) {
    gint64 (*highway)(void); /* libvips 8.15 or later, if built with it */
    const char *(*orc)(void);
    if (find("vips_vector_get_builtin_targets", &highway) && highway() != 0)
        return true;
    return find("orc_version_string", &orc) && is_good(orc());
}

bool library_open(enum library_use use) {
    if (VIPS_INIT("weir-thumbs") != 0)
        return false;
    vips_concurrency_set(1); /* the pipeline's workers are the parallelism */
    vips_vector_set_enabled(use == LIBRARY_ONE || vectors_are_safe());
    vips_cache_set_max(0); /* no picture occurs twice */
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    thumbnail_open();
    return true;
}

void library_close(void) {
    vips_shutdown();
}
