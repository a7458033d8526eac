/*
 * transfer.c - prepares and runs a libcurl handle.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "stages.h"

enum { LONGEST_WAIT = 300 /* seconds */, STATUS_TEXT = 40, HELD_UP_PART = 10 /* of the stall limit */ };

/* libcurl calls it about once a second, and more often while data flows. A result other than 0 ends the transfer. */
static int look_for_abort(void *transfer, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total,
                          curl_off_t uploaded) {
    (void)download_total, (void)downloaded, (void)upload_total, (void)uploaded;
    return weir_task_cancelled(((struct transfer *)transfer)->task);
}

/* URLs in a list are untrusted: file:// and the like must not work, even after a redirect. */
static CURLcode allow_only_http(CURL *curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    return code != CURLE_OK ? code
                            : curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* Returns the seconds after which a transfer without progress is given up. */
static long stall_of(const struct options *options) {
    return options->stall < options->timeout ? options->stall : options->timeout;
}

static CURLcode limit_time(CURL *curl, const struct options *options) {
    long stall = stall_of(options);
    CURLcode code = curl_easy_setopt(curl, CURLOPT_TIMEOUT, options->timeout);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, stall);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall);
    return code != CURLE_OK ? code : curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 100L); /* bytes a second */
}

/* Trusts the file in place of the system's authorities, which libcurl may have in a file, a folder or both. */
static CURLcode trust_file(CURL *curl, const char *file) {
    (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* a TLS library that refuses it has no folder */
    return curl_easy_setopt(curl, CURLOPT_CAINFO, file);
}

static CURLcode set_trust(CURL *curl, const struct options *options) {
    CURLcode code = CURLE_OK;
    if (options->cacert != NULL)
        code = trust_file(curl, options->cacert);
    if (code == CURLE_OK && options->is_insecure)
        code = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    if (code == CURLE_OK && options->is_insecure)
        code = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    return code;
}

/* Forgets the addresses of the host before the last redirect. */
static void follow(struct transfer *transfer) {
    long redirects = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_COUNT, &redirects);
    if (redirects != transfer->redirects)
        transfer->met_private = transfer->met_public = false;
    transfer->redirects = redirects;
}

/*
 * Called by libcurl for each address that it is about to connect to, whatever name has led to it. So a name that
 * resolves to another address after a check cannot pass.
 */
static curl_socket_t open_public(void *argument, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)purpose;
    struct transfer *transfer = argument;
    follow(transfer);
    if (!address_is_public(&address->addr)) {
        transfer->met_private = true;
        return CURL_SOCKET_BAD;
    }
    transfer->met_public = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A proxy would connect in place of libcurl. */
bool transfer_stay_public(struct transfer *transfer) {
    CURL *curl = transfer->curl;
    return curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_public) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
}

bool transfer_open(struct transfer *transfer, struct work *work, bool is_embedded) {
    const struct options *options = work->options;
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return false;
    transfer->curl = curl;
    transfer->is_embedded = is_embedded;
    transfer->hosts = is_embedded ? NULL : work->hosts;
    transfer->pace = is_embedded ? NULL : &work->pace;
    transfer->timeout = options->timeout;
    transfer->patience = (uint64_t)stall_of(options) * WEIR_SECOND / HELD_UP_PART;
    bool ok = set_trust(curl, options) == CURLE_OK && allow_only_http(curl) == CURLE_OK &&
              limit_time(curl, options) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK; /* the process has other threads */
    ok = ok && curl_easy_setopt(curl, CURLOPT_USERAGENT, options->user_agent) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_for_abort) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    if (is_embedded) /* the environment's proxy cannot reach this server */
        ok = ok && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    if (!ok)
        transfer_close(transfer);
    return ok;
}

void transfer_close(struct transfer *transfer) {
    curl_easy_cleanup(transfer->curl); /* NULL does nothing */
    transfer->curl = NULL;
}

/*
 * Returns whether data arrived until the time for the whole transfer was over: another attempt would take as long. Both
 * times are whole seconds, so half a second tells them apart. libcurl's figure may be some less than its own limit.
 */
static bool is_too_slow(const struct transfer *transfer) {
    curl_off_t took = 0, got = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_TOTAL_TIME_T, &took); /* microseconds */
    curl_easy_getinfo(transfer->curl, CURLINFO_SIZE_DOWNLOAD_T, &got);
    return got > 0 && took >= (curl_off_t)transfer->timeout * 1000000 - 500000;
}

/* Returns whether the host has no public address. */
static bool is_private(const struct transfer *transfer, CURLcode code) {
    return code == CURLE_COULDNT_CONNECT && transfer->met_private && !transfer->met_public;
}

/* Returns whether the server was not reached, or its answer was interrupted: a name server may not answer, too. */
static bool is_interrupted(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
            return true;
        default:
            return false;
    }
}

/* A server gives up a client that reads nothing for long, and the time for the transfer passes too. */
static int error_code(const struct transfer *transfer, CURLcode code) {
    if (is_private(transfer, code) || !is_interrupted(code))
        return FAILED;
    if (transfer->held_up > transfer->patience)
        return PUT_OFF;
    bool is_late = code == CURLE_OPERATION_TIMEDOUT && is_too_slow(transfer);
    return transfer->is_embedded || is_late ? FAILED : TRANSIENT;
}

bool transfer_may_pass(const struct transfer *transfer, long status) {
    switch (status) {
        case 202: /* accepted: not ready yet */
        case 408: /* request timeout */
        case 429: /* too many requests */
        case 500:
        case 502:
        case 503:
        case 504:
            return !transfer->is_embedded;
        case 409: /* conflict: of a bucket, with another request; of another server, with a missing folder */
            return transfer->is_bucket;
        default:
            return false;
    }
}

/* Returns the seconds of Retry-After in the last answer; 0 if it has none. */
static uint64_t retry_after(const struct transfer *transfer) {
    curl_off_t seconds = 0;
#if LIBCURL_VERSION_NUM >= 0x074200
    curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &seconds);
#endif
    return seconds > 0 ? (uint64_t)seconds : 0;
}

/* S3 gives a connection up on which it has waited too long for the body. */
static bool is_bucket_timeout(const struct transfer *transfer, long status, const char *reason) {
    static const char timeout[] = "RequestTimeout";
    return transfer->is_bucket && status == 400 && strncmp(reason, timeout, strlen(timeout)) == 0 &&
           (reason[strlen(timeout)] == ':' || reason[strlen(timeout)] == '\0');
}

int transfer_fail(const struct transfer *transfer, const char *before, long status, const char *reason) {
    char later[48] = "";
    bool may_pass = transfer_may_pass(transfer, status) || is_bucket_timeout(transfer, status, reason);
    int code = may_pass ? TRANSIENT : FAILED;
    uint64_t seconds = code == TRANSIENT ? retry_after(transfer) : 0;
    if (seconds > LONGEST_WAIT) {
        code = FAILED;
        snprintf(later, sizeof later, ", Retry-After %" PRIu64 " s", seconds);
    } else {
        transfer->photo->delay = seconds * WEIR_SECOND;
    }
    if (transfer->is_embedded && *reason != '\0') /* the user sees a folder and no server */
        return weir_task_fail(transfer->task, code, "%s%s", before, reason);
    return weir_task_fail(transfer->task, code, "%sHTTP status %ld%s%s%s", before, status, later,
                          *reason == '\0' ? "" : ": ", reason);
}

/* ---- hosts ---- */

/* The hosts of a transfer: that of its URL, and one behind a redirect that has failed before. */
struct asked {
    struct host *first, *behind;
    uint64_t first_trial, behind_trial; /* from host_begin */
};

static struct asked find_hosts(const struct transfer *transfer, const char *url) {
    struct asked asked = {.first = hosts_find(transfer->hosts, url), .behind = transfer->photo->behind};
    if (asked.behind == asked.first)
        asked.behind = NULL;
    return asked;
}

/* Fails the task if the host is paused or given up. */
static int check_answer(const struct transfer *transfer, const struct host *host, enum host_answer answer) {
    switch (answer) {
        case HOST_GO:
            return 0;
        case HOST_WAIT:
            return weir_task_fail(transfer->task, PUT_OFF, "%s is paused", host_name(host));
        default:
            return weir_task_fail(transfer->task, GONE_HOST, "%s is given up", host_name(host));
    }
}

static int begin_host(const struct transfer *transfer, struct host *host, uint64_t *trial) {
    return check_answer(transfer, host, host_begin(host, &transfer->photo->delay, trial));
}

static int begin(const struct transfer *transfer, struct asked *asked) {
    int code = begin_host(transfer, asked->behind, &asked->behind_trial);
    if (code != 0)
        return code;
    code = begin_host(transfer, asked->first, &asked->first_trial);
    if (code != 0)
        host_end(asked->behind, asked->behind_trial, HOST_UNKNOWN, 0, "");
    return code;
}

/*
 * Waits until the request may be sent, and begins it. A picture whose host is paused takes no time of the pace from the
 * other pictures. The host may be paused during the wait, so it is asked once more.
 */
static int wait_and_begin(const struct transfer *transfer, struct asked *asked) {
    uint64_t *delay = &transfer->photo->delay;
    int code = check_answer(transfer, asked->behind, host_look(asked->behind, delay));
    if (code == 0)
        code = check_answer(transfer, asked->first, host_look(asked->first, delay));
    if (code != 0)
        return code;
    if (transfer->pace != NULL && !pace_wait(transfer->pace, transfer->task))
        return weir_task_fail(transfer->task, FAILED, "cancelled");
    return begin(transfer, asked);
}

/* Returns the host that the last request of the transfer went to, which differs from the first after a redirect. */
static struct host *last_host(const struct transfer *transfer, struct host *first) {
    long redirects = 0;
    const char *url = NULL;
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_COUNT, &redirects);
    if (redirects > 0)
        curl_easy_getinfo(transfer->curl, CURLINFO_EFFECTIVE_URL, &url);
    return url == NULL ? first : hosts_find(transfer->hosts, url);
}

/* Returns what the transfer shows about the last host. */
static enum host_outcome outcome_of(const struct transfer *transfer, CURLcode code) {
    long status = 0, redirects = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_COUNT, &redirects);
    if (redirects > 0 && status >= 300 && status < 400 && code != CURLE_OK)
        status = 0; /* that of the host that has redirected */
    if (status == 429 || status == 503)
        return HOST_FAILED;
    if (code == CURLE_OK || code == CURLE_WRITE_ERROR)
        return HOST_ANSWERED;
    if (status != 0) /* an answer that is cut short */
        return HOST_ANSWERED;
    return error_code(transfer, code) == TRANSIENT ? HOST_FAILED : HOST_UNKNOWN;
}

/* Returns whether the host that failed is given up, now or before. */
static bool end(const struct transfer *transfer, const struct asked *asked, CURLcode code, const char *reason) {
    uint64_t seconds = retry_after(transfer);
    struct host *last = last_host(transfer, asked->first);
    enum host_outcome outcome = outcome_of(transfer, code);
    seconds = seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT;
    if (last != asked->first)
        host_end(asked->first, asked->first_trial, HOST_ANSWERED, 0, "");
    if (asked->behind != NULL && last != asked->behind)
        host_end(asked->behind, asked->behind_trial, HOST_UNKNOWN, 0, "");
    transfer->photo->host_failures += outcome == HOST_FAILED;
    if (last != asked->first && outcome == HOST_FAILED)
        transfer->photo->behind = last;
    uint64_t trial = last == asked->first ? asked->first_trial : last == asked->behind ? asked->behind_trial : 0;
    return host_end(last, trial, outcome, seconds * WEIR_SECOND, reason) && outcome == HOST_FAILED;
}

static const char *reason_of(const struct transfer *transfer, CURLcode code, char status_text[STATUS_TEXT]) {
    long status = 0;
    if (is_private(transfer, code))
        return "its address is not public";
    if (code != CURLE_OK)
        return transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 0)
        return "no HTTP answer";
    snprintf(status_text, STATUS_TEXT, "HTTP status %ld", status);
    return status_text;
}

/* Returns whether any further request to the server would fail in the same way. */
static bool is_barred(CURLcode code) {
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CIPHER:
        case CURLE_URL_MALFORMAT:
            return true;
        default:
            return false;
    }
}

/* Performs the transfer, and fails the task unless there is an answer. */
static int perform(struct transfer *transfer, const struct asked *asked, long *status) {
    char status_text[STATUS_TEXT];
    transfer->failure = 0;
    transfer->error[0] = '\0';
    transfer->met_private = transfer->met_public = false;
    transfer->held_up = 0;
    transfer->redirects = 0;
    CURLcode code = curl_easy_perform(transfer->curl);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, status);
    transfer->photo->status = *status;
    const char *reason = reason_of(transfer, code, status_text);
    transfer->barred = is_barred(code) ? reason : NULL;
    if (end(transfer, asked, code, reason))
        return weir_task_fail(transfer->task, GONE_HOST, "its host is given up: %s", reason);
    if (transfer->failure != 0 || (code == CURLE_OK && *status != 0))
        return transfer->failure;
    return weir_task_fail(transfer->task, error_code(transfer, code), "%s", reason);
}

int transfer_run(struct transfer *transfer, weir_task *task, struct photo *photo, const char *url, long *status) {
    *status = 0;
    transfer->task = task;
    transfer->photo = photo;
    transfer->barred = NULL;
    if (curl_easy_setopt(transfer->curl, CURLOPT_URL, url) != CURLE_OK) /* libcurl keeps a copy */
        return weir_task_fail(task, FAILED, "out of memory");
    struct asked asked = find_hosts(transfer, url);
    int code = wait_and_begin(transfer, &asked);
    return code != 0 ? code : perform(transfer, &asked, status);
}
