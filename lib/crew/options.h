/*
 * options.h - Defines the options of a crew, and the bands of jobs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_OPTIONS_H
#define WEIR_CREW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/status.h>

/* Bands of priority. Ready jobs of a higher band run first; a job that has waited for long runs next in any band. */
enum weir__band { WEIR__BAND_HIGH, WEIR__BAND_NORMAL, WEIR__BAND_LOW, WEIR__BANDS };

typedef struct weir__crew_options {
    const char *name;   /* base of the threads' names; copied; NULL selects "weir" */
    size_t size;        /* number of seats; 0 selects one for each processor that the process may use */
    size_t most;        /* maximum number of threads; 0 selects size + 256 */
    size_t stack_size;  /* bytes per thread; 0 selects the system's default */
    uint64_t idle_time; /* ns after which an idle thread ends; 0 selects 10 s; UINT64_MAX: never */
    uint64_t tick;      /* ns between two looks of the monitor; 0 selects 1 ms; UINT64_MAX: no monitor */
    bool keeps_seats;   /* the monitor takes no seat away: no more than `size` threads run jobs */
    weir_status (*init)(void *arg, void **state); /* called first in each thread; NULL: none */
    void (*fini)(void *state);                    /* called last in each thread, if init succeeded; NULL: none */
    void *arg;                                    /* argument of init; the state without init */
} weir__crew_options;

#endif /* WEIR_CREW_OPTIONS_H */
