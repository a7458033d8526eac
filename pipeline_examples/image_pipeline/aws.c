/*
 * aws.c - reads the environment and the file of credentials.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "aws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

enum { PATH_SIZE = 4096 };

static const char blanks[] = " \t\r\n";

/* Returns the value of a variable; `fallback` if it is unset or empty. */
static const char *get(const char *variable, const char *fallback) {
    const char *value = getenv(variable);
    return value != NULL && *value != '\0' ? value : fallback;
}

const char *aws_region(void) {
    return get("AWS_REGION", get("AWS_DEFAULT_REGION", "us-east-1"));
}

static bool path_of_file(char path[PATH_SIZE]) {
    const char *file = get("AWS_SHARED_CREDENTIALS_FILE", NULL);
    int length = file != NULL ? snprintf(path, PATH_SIZE, "%s", file)
                              : snprintf(path, PATH_SIZE, "%s/.aws/credentials", get("HOME", ""));
    return length < PATH_SIZE;
}

/* Strips blanks at both ends. */
static char *strip(char *text) {
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
        length--;
    text[length] = '\0';
    return text;
}

/* Returns whether the line begins a profile, and sets `*is_mine` if so. */
static bool read_heading(char *line, const char *profile, bool *is_mine) {
    char *end = *line == '[' ? strchr(line, ']') : NULL;
    if (end == NULL)
        return false;
    *end = '\0';
    *is_mine = strcmp(strip(line + 1), profile) == 0;
    return true;
}

/* Reads a line "name = value" of the profile. */
static void read_setting(struct aws_credentials *credentials, char *line) {
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return;
    *equals = '\0';
    const char *name = strip(line);
    char **member = strcmp(name, "aws_access_key_id") == 0       ? &credentials->key
                    : strcmp(name, "aws_secret_access_key") == 0 ? &credentials->secret
                    : strcmp(name, "aws_session_token") == 0     ? &credentials->token
                                                                 : NULL;
    if (member == NULL)
        return;
    free(*member);
    *member = strdup(strip(equals + 1));
}

static void read_file(struct aws_credentials *credentials, const char *profile) {
    char path[PATH_SIZE], *line = NULL;
    size_t size = 0;
    bool is_mine = false;
    FILE *stream = path_of_file(path) ? fopen(path, "re") : NULL;
    if (stream == NULL)
        return;
    while (getline(&line, &size, stream) >= 0) {
        char *text = strip(line);
        if (!read_heading(text, profile, &is_mine) && is_mine)
            read_setting(credentials, text);
    }
    free(line);
    fclose(stream);
}

static char *copy(const char *value) {
    return value == NULL ? NULL : strdup(value);
}

/* Returns whether the value can be sent in a header. */
static bool is_plain(const char *value) {
    for (; value != NULL && *value != '\0'; value++) {
        if (*value <= ' ' || *value == 0x7f)
            return false;
    }
    return true;
}

bool aws_find_credentials(struct aws_credentials *credentials) {
    static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
    const char *key = get(variables[0], NULL), *secret = get(variables[1], NULL);
    *credentials = (struct aws_credentials){.key = NULL};
    if (key != NULL && secret != NULL)
        *credentials = (struct aws_credentials){copy(key), copy(secret), copy(get(variables[2], NULL))};
    else
        read_file(credentials, get("AWS_PROFILE", "default"));
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        (void)unsetenv(variables[i]); /* decoders in child processes must not have them */
    bool is_found = credentials->key != NULL && credentials->secret != NULL;
    if (!is_found)
        terminal_say("no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write "
                     "~/.aws/credentials");
    else if (!is_plain(credentials->key) || !is_plain(credentials->secret) || !is_plain(credentials->token))
        terminal_say("the credentials for S3 have blanks or other characters that cannot be sent");
    else
        return true;
    return false;
}

void aws_forget(struct aws_credentials *credentials) {
    free(credentials->key);
    free(credentials->secret);
    free(credentials->token);
    *credentials = (struct aws_credentials){.key = NULL};
}
