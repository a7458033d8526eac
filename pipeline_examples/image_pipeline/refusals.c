/*
 * refusals.c - counts refusals and failures.
 *
 * A single refusal may be due to one thumbnail: its name, or its size when the destination is nearly full.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "refusals.h"

#include <stdio.h>
#include <string.h>

#include "reason.h"
#include "terminal.h"

enum { MOST = 3 };

/* Returns whether the reason of a status 400 begins with a code of S3 that is about the account or the bucket. */
static bool is_about_account(const char *reason) {
    static const char *const codes[] = {
        "AuthorizationHeaderMalformed", /* of another region */
        "AuthorizationQueryParametersError",
        "ExpiredToken",
        "IllegalLocationConstraintException",
        "InvalidBucketName",
        "InvalidToken",
        "TokenRefreshRequired",
    };
    size_t length = strcspn(reason, ":");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strlen(codes[i]) == length && memcmp(codes[i], reason, length) == 0)
            return true;
    }
    return false;
}

/* Returns whether the answer is more likely about the destination than about one thumbnail. */
static bool is_refusal(long status, const char *reason) {
    switch (status) {
        case 400: /* bad request: often a name that the server does not accept */
            return is_about_account(reason);
        case 401: /* unauthorized */
        case 403: /* forbidden */
        case 404: /* no such collection or bucket */
        case 405: /* no uploads */
        case 507: /* full */
            return true;
        default:
            return status >= 300 && status < 400; /* the destination is elsewhere; libcurl does not follow it */
    }
}

void refusals_note_bar(struct refusals *refusals, const char *reason) {
    if (atomic_fetch_add(&refusals->in_a_row, 1) + 1 < MOST || atomic_exchange(&refusals->have_ended_run, true))
        return;
    terminal_say("giving up, because the destination refuses uploads: %s", reason);
    weir_pipeline_cancel(refusals->pipeline);
}

void refusals_note(struct refusals *refusals, long status, const char *reason, bool is_folder) {
    if (!is_refusal(status, reason)) {
        if (status >= 200 && status < 300)
            atomic_store(&refusals->in_a_row, 0);
        return;
    }
    char what[REASON_SIZE + 32];
    snprintf(what, sizeof what, "HTTP status %ld%s%s", status, *reason == '\0' ? "" : ": ", reason);
    refusals_note_bar(refusals, is_folder && *reason != '\0' ? reason : what);
}

void refusals_note_journal(struct refusals *refusals, int error) {
    if (atomic_exchange(&refusals->have_ended_run, true))
        return;
    terminal_say("giving up, because the journal cannot be written: %s", strerror(error));
    weir_pipeline_cancel(refusals->pipeline);
}

void refusals_end_run(struct refusals *refusals) {
    if (!atomic_exchange(&refusals->have_ended_run, true))
        weir_pipeline_cancel(refusals->pipeline);
}

void refusals_note_failure(struct refusals *refusals) {
    size_t failures = atomic_fetch_add(&refusals->failures, 1) + 1;
    if (failures != refusals->max_failures || atomic_exchange(&refusals->have_ended_run, true))
        return;
    terminal_say("giving up, because %zu picture%s failed", failures, failures == 1 ? " has" : "s have");
    weir_pipeline_cancel(refusals->pipeline);
}
