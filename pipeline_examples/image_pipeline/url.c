/*
 * url.c - percent-encoding, and the last component of a URL.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "escape.h"

bool url_is_http(const char *text) {
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* RFC 3986, 2.3. Not isalnum, which depends on the locale. */
static bool is_unreserved(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
}

/* Encodes all but unreserved characters and slashes. */
static char *append_encoded(char *end, const char *name) {
    static const char digits[] = "0123456789ABCDEF";
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        if (is_unreserved(*c) || *c == '/') {
            *end++ = (char)*c;
        } else {
            *end++ = '%';
            *end++ = digits[*c >> 4];
            *end++ = digits[*c & 15];
        }
    }
    return end;
}

char *url_join(const char *base, const char *name) {
    size_t path = strcspn(base, "?"), query = strlen(base + path);
    char *url = malloc(path + 1 + 3 * strlen(name) + query + 1);
    if (url == NULL)
        return NULL;
    memcpy(url, base, path);
    char *end = url + path;
    if (path == 0 || end[-1] != '/')
        *end++ = '/';
    end = append_encoded(end, name);
    memcpy(end, base + path, query + 1);
    return url;
}

char *url_encode_path(const char *path) {
    char *encoded = malloc(3 * strlen(path) + 1);
    if (encoded != NULL)
        *append_encoded(encoded, path) = '\0';
    return encoded;
}

char *url_encode_blanks(const char *url) {
    size_t length = strcspn(url, "#");
    char *encoded = malloc(3 * length + 1), *end = encoded;
    if (encoded == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        if (url[i] == ' ') {
            memcpy(end, "%20", 3);
            end += 3;
        } else {
            *end++ = url[i];
        }
    }
    *end = '\0';
    return encoded;
}

static int digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool url_decode(const char *encoded, size_t length, char *plain) {
    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)encoded[i];
        if (c == '%') {
            int high = length - i > 2 ? digit(encoded[i + 1]) : -1, low = high < 0 ? -1 : digit(encoded[i + 2]);
            if (low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0)
            return false;
        *plain++ = (char)c;
    }
    *plain = '\0';
    return true;
}

const char *url_last_component(const char *url, size_t *length) {
    const char *path = strstr(url, "://");
    path = path == NULL ? url : path + 3;
    const char *end = path + strcspn(path, "?#"), *component = end;
    while (component > path && component[-1] != '/')
        component--;
    if (component == path)
        component = end; /* a host without a path */
    *length = (size_t)(end - component);
    return component;
}

bool url_is_plain_path(const char *path) {
    for (;; path++) {
        size_t length = strcspn(path, "/");
        if (length == 0 || path[0] == '.')
            return false;
        path += length;
        if (*path == '\0')
            return true;
    }
}

bool url_is_plain_name(const char *name) {
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

/* Returns the length of "scheme://", however many slashes; 0 if the URL begins with the host. */
static size_t scheme_length(const char *url) {
    size_t length = strspn(url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");
    size_t slashes = url[length] == ':' ? strspn(url + length + 1, "/") : 0;
    return slashes == 0 ? 0 : length + 1 + slashes;
}

/* Returns where the host begins: behind the user and password; and where it ends, behind the port. */
static const char *find_host(const char *url, const char **end) {
    const char *host = url + scheme_length(url);
    *end = host + strcspn(host, "/?#");
    for (const char *c = host; c < *end; c++) {
        if (*c == '@')
            host = c + 1; /* the last '@' ends the user part */
    }
    return host;
}

char *url_host(const char *url) {
    const char *end, *host = find_host(url, &end);
    return strndup(host, (size_t)(end - host));
}

char *url_origin(const char *url) {
    const char *end, *host = find_host(url, &end);
    size_t scheme = scheme_length(url), length = (size_t)(end - host);
    char *origin = malloc(scheme + length + 1);
    if (origin == NULL)
        return NULL;
    memcpy(origin, url, scheme);
    memcpy(origin + scheme, host, length);
    origin[scheme + length] = '\0';
    for (char *c = origin; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return origin;
}

void url_show(char *text, size_t size, const char *url) {
    const char *end, *host = find_host(url, &end);
    end += strcspn(end, "?#");
    size_t scheme = scheme_length(url), rest = (size_t)(end - host);
    char *plain = calloc(1, scheme + rest + 1);
    if (plain == NULL) {
        snprintf(text, size, "%.*s...", (int)scheme, url); /* memory is exhausted */
        return;
    }
    memcpy(plain, url, scheme);
    memcpy(plain + scheme, host, rest);
    escape_shorten(text, size, plain);
    free(plain);
}
