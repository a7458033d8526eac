/*
 * messages.h - finds out which of libvips's messages are about which picture.
 *
 * libvips has one buffer of messages for the whole process, and a message does not name its picture. While several
 * threads decode, a message of this buffer may be about any picture that was being decoded when it came.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_MESSAGES_H
#define IMAGE_PIPELINE_MESSAGES_H

#include <stddef.h>

enum { MESSAGES_MOST = 8, MESSAGE_SIZE = 160 };

/* Different messages that may be about a picture. */
struct messages {
    size_t count;
    char lines[MESSAGES_MOST][MESSAGE_SIZE];
};

/* Returns the number of messages so far, which is where those about a picture begin if its decode begins now. */
size_t messages_begin(void);

/*
 * Collects the messages since `begin` that may be about a picture of this format (thumbnail_format): those
 * that mention it, in upper or lower case. If none does, collects all.
 */
void messages_collect(struct messages *messages, size_t begin, const char *format);

/* Makes `line` the only message; "" for none. */
void messages_set(struct messages *messages, const char *line);

/* Keeps the messages that `again` has too, unless that leaves none. */
void messages_narrow(struct messages *messages, const struct messages *again);

/* Writes the messages as one line, joined by "; " and truncated to `size`. */
void messages_join(char *text, size_t size, const struct messages *messages);

#endif /* IMAGE_PIPELINE_MESSAGES_H */
