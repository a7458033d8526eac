/*
 * fibre.c - implements fibres with ucontext. A context's signal mask costs a system call at each switch. So after the
 * first entry, switches use _setjmp and _longjmp, which leave the mask alone (R. Engelschall, "Portable
 * Multithreading", USENIX 2000). AddressSanitizer is told of each switch.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* its _longjmp treats another stack as an error */

#include "fibre.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <ucontext.h>

#include "sched.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { STACK = 256 * 1024 };

struct fibre {
    ucontext_t context;
    jmp_buf at, top; /* where it was left; where it starts */
    bool created, entered;
    char *stack;
    size_t stack_size;
    void *fake_stack;
    void (*entry)(int fibre);
};

static struct fibre fibres[SCHED_THREADS + 1];
static int switching_from;

static void before_switch(int from, int to) {
    switching_from = from;
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(&fibres[from].fake_stack, fibres[to].stack, fibres[to].stack_size);
#else
    (void)to;
#endif
}

static void after_switch(int self) {
#ifdef WITH_ASAN
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(fibres[self].fake_stack, &bottom, &size);
    if (switching_from == 0) { /* record the explorer's own stack */
        fibres[0].stack = (char *)bottom;
        fibres[0].stack_size = size;
    }
#else
    (void)self;
#endif
}

static void enter(int self) {
    (void)_setjmp(fibres[self].top);
    fibres[self].fake_stack = NULL;
    after_switch(self);
    fibres[self].entry(self);
    abort();
}

void fibre_prepare(int number, void (*entry)(int fibre)) {
    struct fibre *fibre = &fibres[number];
    if (fibre->stack == NULL) {
        fibre->stack = malloc(STACK);
        fibre->stack_size = STACK;
        if (fibre->stack == NULL)
            abort();
    }
    fibre->entered = false;
    fibre->entry = entry;
#ifdef WITH_ASAN
    __asan_unpoison_memory_region(fibre->stack, fibre->stack_size); /* a failed run leaves its frames behind */
#endif
}

static void first_entry(struct fibre *fibre, int number) {
    fibre->entered = true;
    if (fibre->created)
        _longjmp(fibre->top, 1);
    fibre->created = true;
    getcontext(&fibre->context);
    fibre->context.uc_stack.ss_sp = fibre->stack;
    fibre->context.uc_stack.ss_size = fibre->stack_size;
    fibre->context.uc_link = NULL;
    makecontext(&fibre->context, (void (*)(void))enter, 1, number);
    setcontext(&fibre->context);
}

void fibre_switch(int from, int to) {
    if (_setjmp(fibres[from].at) == 0) {
        before_switch(from, to);
        if (to != 0 && !fibres[to].entered)
            first_entry(&fibres[to], to);
        _longjmp(fibres[to].at, 1);
    }
    after_switch(from);
}
