/*
 * reason.c - Implements statuses and messages.
 *
 * A URL loses its user and password before it gets into a message.
 *
 * A server does not answer a call that it does not permit: it tells the connection the subject. So the call that has no
 * answer looks whether its subject was told lately.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "reason.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

weir_status weir__nats_status(natsStatus status, jsErrCode code) {
    if (code == JSStreamNotFoundErr || code == JSNoMessageFoundErr)
        return WEIR_EMPTY;
    switch (status) {
        case NATS_OK:
            return WEIR_OK;
        case NATS_CONNECTION_AUTH_FAILED:
        case NATS_NOT_PERMITTED:
            return WEIR_AUTH;
        case NATS_SSL_ERROR:
        case NATS_SECURE_CONNECTION_WANTED:
        case NATS_SECURE_CONNECTION_REQUIRED:
            return WEIR_TLS;
        case NATS_MAX_PAYLOAD:
            return WEIR_TOO_LARGE;
        case NATS_NO_MEMORY:
            return WEIR_NOMEM;
        case NATS_TIMEOUT:
            return WEIR_TIMEDOUT;
        case NATS_NOT_FOUND:
            return WEIR_EMPTY;
        case NATS_IO_ERROR:
        case NATS_CONNECTION_CLOSED:
        case NATS_CONNECTION_DISCONNECTED:
        case NATS_NO_SERVER:
        case NATS_STALE_CONNECTION:
            return WEIR_DISCONNECTED;
        default:
            return WEIR_FAILED;
    }
}

/* Copies a list of URLs without what stands before an @. */
static void copy_without_users(char *to, size_t size, const char *urls) {
    size_t used = 0;
    while (*urls != '\0' && used + 1 < size) {
        size_t length = strcspn(urls, ",");
        const char *scheme = strstr(urls, "://");
        const char *host = scheme != NULL && scheme < urls + length ? scheme + 3 : urls;
        for (const char *c = host; c < urls + length; c++) {
            if (*c == '@')
                host = c + 1;
        }
        int written = snprintf(to + used, size - used, "%.*s", (int)(urls + length - host), host);
        used += written < 0 ? 0 : (size_t)written;
        urls += length;
        if (*urls == ',' && used + 1 < size)
            to[used++] = *urls++;
    }
    to[used < size ? used : size - 1] = '\0';
}

static void name_server(weir_nats *nats, char *server, size_t size) {
    char url[256] = "";
    if (nats->prompt == NULL || natsConnection_GetConnectedUrl(nats->prompt, url, sizeof url) != NATS_OK ||
        *url == '\0')
        copy_without_users(server, size, nats->config.urls);
    else
        copy_without_users(server, size, url);
}

weir_status weir__nats_fail(weir_nats *nats, weir_status status, const char *format, ...) {
    char server[128], reason[MESSAGE_BYTES - 200];
    va_list arguments;
    name_server(nats, server, sizeof server);
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&nats->lock);
    snprintf(nats->message, sizeof nats->message, "queue %s on %s: %s", nats->config.name, server, reason);
    pthread_mutex_unlock(&nats->lock);
    return status;
}

const char *weir__nats_without_place(const char *text) {
    const char *end = *text == '(' ? strstr(text, "): ") : NULL;
    return end == NULL ? text : end + strlen("): ");
}

/* Such a call has no answer, so none looks for it. They come again without an end. */
static bool is_looked_for(const char *text) {
    return strstr(text, ".CONSUMER.MSG.NEXT.") == NULL && strstr(text, "$JS.ACK.") == NULL;
}

static void keep_locked(weir_nats *nats, const char *text) {
    size_t place = 0;
    for (size_t i = 1; i < REFUSALS && strcmp(nats->refusals[place].text, text) != 0; i++) {
        if (strcmp(nats->refusals[i].text, text) == 0 || nats->refusals[i].told < nats->refusals[place].told)
            place = i;
    }
    snprintf(nats->refusals[place].text, sizeof nats->refusals[place].text, "%s", text);
    nats->refusals[place].told = weir__nats_now();
}

void weir__nats_refused(weir_nats *nats, const char *text) {
    pthread_mutex_lock(&nats->lock);
    if (is_looked_for(text))
        keep_locked(nats, text);
    pthread_mutex_unlock(&nats->lock);
    weir__nats_fail(nats, WEIR_AUTH, "the server does not permit this user: %s", text);
}

/* Copies the text of the refusal that was told lately and has these words. Returns whether there is one. */
static bool find_refusal(weir_nats *nats, const char *words, char *text) {
    bool found = false;
    pthread_mutex_lock(&nats->lock);
    for (size_t i = 0; i < REFUSALS && !found; i++) {
        found = nats->refusals[i].told != 0 && weir__nats_now() < nats->refusals[i].told + 2 * nats->config.timeout &&
                strstr(nats->refusals[i].text, words) != NULL;
        memcpy(text, nats->refusals[i].text, REFUSAL_BYTES);
    }
    pthread_mutex_unlock(&nats->lock);
    return found;
}

bool weir__nats_is_refused(weir_nats *nats, const char *subject) {
    char words[REFUSAL_BYTES + 2], text[REFUSAL_BYTES];
    snprintf(words, sizeof words, "%s\"", subject);
    bool is = find_refusal(nats, words, text);
    if (is)
        weir__nats_fail(nats, WEIR_AUTH, "the server does not permit this user: %s", text);
    return is;
}

struct weir__nats_api weir__nats_api(const char *call, const char *stream, const char *consumer) {
    struct weir__nats_api api;
    snprintf(api.subject, sizeof api.subject, "$JS.API.%s.%s%s%s", call, stream, consumer == NULL ? "" : ".",
             consumer == NULL ? "" : consumer);
    return api;
}

weir_status weir__nats_fail_as(weir_nats *nats, natsStatus status, jsErrCode code, const char *what,
                               const char *subject) {
    const char *last = nats_GetLastError(NULL);
    if (last == NULL || *last == '\0' || status == NATS_INVALID_ARG) /* such a text may quote a password */
        last = natsStatus_GetText(status);
    last = weir__nats_without_place(last);
    if (status == NATS_TIMEOUT && subject != NULL && weir__nats_is_refused(nats, subject))
        return WEIR_AUTH;
    if (code != 0)
        return weir__nats_fail(nats, weir__nats_status(status, code), "%s: %s (%d)", what, last, (int)code);
    return weir__nats_fail(nats, weir__nats_status(status, code), "%s: %s", what, last);
}
