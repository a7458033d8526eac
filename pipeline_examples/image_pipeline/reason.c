/*
 * reason.c - looks for the reason in the head and the body of an answer.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "reason.h"

#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "url.h"

/* Appends the text of the first element of that name. */
static void append_element(char reason[REASON_SIZE], const char *xml, const char *name) {
    char start[32];
    size_t used = strlen(reason);
    snprintf(start, sizeof start, "<%s>", name);
    const char *text = strstr(xml, start);
    if (text == NULL)
        return;
    text += strlen(start);
    snprintf(reason + used, REASON_SIZE - used, "%s%.*s", used > 0 ? ": " : "", (int)strcspn(text, "<\r\n"), text);
}

static void read_body(char reason[REASON_SIZE], const char *type, const char *body) {
    if (strncmp(type, "text/plain", 10) == 0) {
        snprintf(reason, REASON_SIZE, "%.*s", (int)strcspn(body, "\r\n"), body);
    } else if (strstr(type, "xml") != NULL && strstr(type, "html") == NULL) {
        append_element(reason, body, "Code");
        append_element(reason, body, "Message");
    }
}

void reason_read(char reason[REASON_SIZE], CURL *curl, const char *body, size_t size) {
    char text[REASON_WITHIN + 1], place[REASON_SIZE - sizeof "redirect to "];
    const char *type = NULL, *redirect = NULL;
    size = size < REASON_WITHIN ? size : REASON_WITHIN;
    if (size > 0)
        memcpy(text, body, size);
    text[size] = '\0';
    escape_trim(text);
    reason[0] = '\0';
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
    if (type != NULL)
        read_body(reason, type, text);
    if (redirect != NULL) {
        url_show(place, sizeof place, redirect);
        snprintf(reason, REASON_SIZE, "redirect to %s", place);
    }
    if (strlen(reason) >= REASON_SIZE - 2) /* truncated, maybe as a part of the redirect */
        escape_trim(reason);
}
