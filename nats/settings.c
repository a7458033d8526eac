/*
 * settings.c - Implements the check of a config: what is refused, and the defaults.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "settings.h"

#include "strings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 64, ATTEMPTS = 5, WINDOW = 64, LANES = 16 };

static bool is_name(const char *name) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = name == NULL ? 0 : strlen(name);
    return length > 0 && length <= NAME_MOST && strspn(name, allowed) == length;
}

static const char *host_of(const char *url, const char *end) {
    const char *scheme = strstr(url, "://");
    const char *host = scheme != NULL && scheme < end ? scheme + 3 : url;
    for (const char *c = host; c < end; c++) {
        if (*c == '@')
            host = c + 1;
    }
    return host;
}

/* Returns whether there is no port after a host, or a number. Otherwise it may be a piece of a password. */
static bool has_right_port(const char *host, const char *end) {
    const char *bracket = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : NULL;
    const char *colon =
        memchr(bracket == NULL ? host : bracket, ':', (size_t)(end - (bracket == NULL ? host : bracket)));
    if (colon == NULL)
        return true;
    size_t digits = strspn(colon + 1, "0123456789");
    const char *rest = colon + 1 + digits;
    return digits > 0 && digits <= 5 && (rest == end || *rest == '/');
}

/* libnats takes any scheme but tls for nats: it would send a password in clear to https. */
static bool has_right_scheme(const char *url, const char *end) {
    const char *scheme = strstr(url, "://");
    return scheme == NULL || scheme >= end || strncmp(url, "nats://", 7) == 0 || strncmp(url, "tls://", 6) == 0;
}

static const char *wrong_urls(const char *urls) {
    size_t count = 0;
    while (urls != NULL && *urls != '\0') {
        const char *end = urls + strcspn(urls, ", "), *host = host_of(urls, end);
        if (end > urls && !has_right_port(host, end))
            return "a url has a port that is no number; a password must have %2C instead of a comma";
        if (end > urls && !has_right_scheme(urls, end))
            return "a url must begin with nats:// or tls://, or have neither";
        if (end > urls && (host == end || *host == ':' || *host == '/'))
            return "a url has no host";
        count += end > urls;
        urls = end + (*end != '\0');
    }
    return urls != NULL && count == 0 ? "urls has no url" : NULL;
}

static const char *wrong(const weir_nats_config *config) {
    for (size_t i = 0; i < sizeof config->reserved / sizeof config->reserved[0]; i++) {
        if (config->reserved[i] != NULL)
            return "a reserved member is not NULL";
    }
    if (wrong_urls(config->urls) != NULL)
        return wrong_urls(config->urls);
    if (!is_name(config->name))
        return "name must be 1 to 64 letters, digits, - or _";
    if (config->capacity == 0 || (config->capacity != WEIR_UNBOUNDED && (uint64_t)config->capacity > INT64_MAX))
        return "capacity must be at least 1, or WEIR_UNBOUNDED";
    if (config->replicas > 5 || (config->replicas != 0 && config->replicas % 2 == 0))
        return "replicas must be 1, 3 or 5";
    if ((config->encode == NULL) != (config->decode == NULL))
        return "encode and decode must be set together";
    if (config->lanes > LANES_MOST || (config->lanes != 0 && config->key == NULL))
        return "lanes must be at most 1024, and need key";
    if (config->ack_wait > INT64_MAX || config->retry_delay > INT64_MAX || config->timeout > INT64_MAX)
        return "a time is too long";
    if (config->ack_wait != 0 && config->ack_wait < 10 * WEIR__NATS_MILLISECOND)
        return "ack_wait must be at least 10 ms";
    if ((config->certificate_file == NULL) != (config->private_key_file == NULL))
        return "certificate_file and private_key_file must be set together";
    return NULL;
}

static void set_defaults(weir_nats_config *config) {
    if (config->urls == NULL)
        config->urls = "nats://localhost:4222";
    if (config->replicas == 0)
        config->replicas = 1;
    if (config->attempts == 0)
        config->attempts = ATTEMPTS;
    if (config->ack_wait == 0)
        config->ack_wait = 30 * WEIR_SECOND;
    if (config->retry_delay == 0)
        config->retry_delay = WEIR_SECOND;
    if (config->timeout == 0)
        config->timeout = 5 * WEIR_SECOND;
    if (config->window == 0 || config->window > INT32_MAX)
        config->window = WINDOW;
    if (config->lanes == 0)
        config->lanes = config->key == NULL ? 1 : LANES;
    weir__nats_strings(config);
}

static bool copy_strings(weir_nats *nats) {
    weir_nats_config *config = &nats->config;
    const char **members[] = {&config->urls,
                              &config->name,
                              &config->user,
                              &config->password,
                              &config->token,
                              &config->credentials,
                              &config->ca_file,
                              &config->certificate_file,
                              &config->private_key_file};
    bool copied = true;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (*members[i] == NULL)
            continue;
        nats->strings[i] = strdup(*members[i]);
        *members[i] = nats->strings[i];
        copied = copied && nats->strings[i] != NULL;
    }
    return copied;
}

weir_status weir__nats_settings(weir_nats *nats, const weir_nats_config *config) {
    if (config->size != 0 && config->size != sizeof *config) {
        snprintf(nats->message, sizeof nats->message, "size must be 0 or sizeof(weir_nats_config)");
        return WEIR_INVALID;
    }
    const char *reason = wrong(config);
    if (reason != NULL) {
        snprintf(nats->message, sizeof nats->message, "%s", reason);
        return WEIR_INVALID;
    }
    nats->config = *config;
    set_defaults(&nats->config);
    snprintf(nats->stream, sizeof nats->stream, "WEIR_%s", config->name);
    snprintf(nats->dead, sizeof nats->dead, "WEIR_%s_DEAD", config->name);
    return copy_strings(nats) ? WEIR_OK : WEIR_NOMEM;
}

void weir__nats_settings_free(weir_nats *nats) {
    for (size_t i = 0; i < sizeof nats->strings / sizeof nats->strings[0]; i++)
        free(nats->strings[i]);
}
