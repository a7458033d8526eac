/*
 * account.c - counters that all threads add to, and the summary.
 *
 * Only sums are kept, and nobody draws conclusions from one counter about another while the workers run: the additions
 * are relaxed. The summary is printed after the workers were joined, which orders everything before it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "account.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

uint64_t account_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void account_busy(struct account *account, enum stage stage, uint64_t began) {
    atomic_fetch_add_explicit(&account->busy[stage], account_clock() - began, memory_order_relaxed);
}

static void count(atomic_size_t *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void account_settle(struct account *account, struct photo *photo) {
    atomic_fetch_add_explicit(&account->bytes_in, photo->bytes_in, memory_order_relaxed);
    if (photo->is_uploaded) {
        atomic_fetch_add_explicit(&account->bytes_out, photo->thumbnail_size, memory_order_relaxed);
        count(&account->done);
    } else if (photo->has_failed) {
        count(&account->failed[photo->failed_in]);
    } else {
        count(&account->abandoned);
    }
    photo_destroy(photo);
}

static size_t read_count(atomic_size_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

size_t account_failed(struct account *account) {
    size_t failed = 0;
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        failed += read_count(&account->failed[stage]);
    return failed;
}

size_t account_settled(struct account *account) {
    return read_count(&account->done) + account_failed(account) + read_count(&account->abandoned);
}

bool account_is_all_done(struct account *account) {
    return read_count(&account->done) == account->total;
}

static void print_stages(struct account *account) {
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        uint64_t busy = atomic_load_explicit(&account->busy[stage], memory_order_relaxed);
        size_t threads = account->threads[stage];
        printf("%-12s busy %.3f s in %zu thread%s\n", stage_name((enum stage)stage), (double)busy / 1e9, threads,
               threads == 1 ? "" : "s");
    }
}

bool account_print(struct account *account) {
    double seconds = (double)(account->ended - account->began) / 1e9;
    size_t done = read_count(&account->done);
    printf("%-12s %zu of %zu\n", "done", done, account->total);
    printf("%-12s %zu", "failed", account_failed(account));
    if (account_failed(account) > 0) {
        printf(" (download %zu, resize %zu, upload %zu)", read_count(&account->failed[STAGE_DOWNLOAD]),
               read_count(&account->failed[STAGE_RESIZE]), read_count(&account->failed[STAGE_UPLOAD]));
    }
    printf("\n%-12s %zu\n", "abandoned", read_count(&account->abandoned));
    printf("%-12s %zu\n", "not started", account->total - read_count(&account->started));
    printf("%-12s %" PRIuFAST64 "\n", "bytes in", atomic_load_explicit(&account->bytes_in, memory_order_relaxed));
    printf("%-12s %" PRIuFAST64 "\n", "bytes out", atomic_load_explicit(&account->bytes_out, memory_order_relaxed));
    printf("%-12s %.3f s\n", "time", seconds);
    printf("%-12s %.1f images/s\n", "rate", seconds > 0 ? (double)done / seconds : 0.0);
    print_stages(account);
    return fflush(stdout) == 0 && !ferror(stdout);
}
