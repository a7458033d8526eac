/*
 * comment_avif.c - comments in AVIF: a box of type "free" (ISO/IEC 14496-12, 8.1.2).
 *
 * The box is inserted behind the first one, "ftyp". The box "iloc" (8.11.3), in "meta", has the places of the pixels as
 * offsets in the file, which are increased by the size of what is inserted.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "comment.h"

enum { HEAD = 8 /* bytes of the head of a box: its size and its type */, FULL_HEAD = 12 /* version and flags too */ };

/* Bytes that are still to be read. */
struct reader {
    unsigned char *at;
    size_t left;
    bool is_over; /* more was read than there is */
};

/* Reads a number of `size` bytes, at most 8; 0 if there are fewer. */
static uint64_t get(struct reader *reader, size_t size) {
    uint64_t number = 0;
    reader->is_over = reader->is_over || size > reader->left;
    if (reader->is_over)
        return 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | reader->at[i];
    reader->at += size;
    reader->left -= size;
    return number;
}

/* Reads a number that is an offset, and increases it in place by `more`. */
static void move(struct reader *reader, size_t size, uint64_t more) {
    unsigned char *at = reader->at;
    uint64_t number = get(reader, size) + more;
    for (size_t i = size; i-- > 0 && !reader->is_over; number >>= 8)
        at[i] = (unsigned char)number;
}

/* Finds a box in the bytes. Returns what is in it; at == NULL if it is not there. */
static struct reader find(struct reader bytes, const char *type) {
    while (bytes.left >= HEAD) {
        struct reader box = bytes;
        size_t size = (size_t)get(&box, 4);
        if (size < HEAD || size > bytes.left)
            break;
        if (memcmp(box.at, type, 4) == 0)
            return (struct reader){.at = box.at + 4, .left = size - HEAD};
        bytes.at += size;
        bytes.left -= size;
    }
    return (struct reader){.at = NULL};
}

/* Skips version and flags. Returns the version. */
static unsigned skip_full_head(struct reader *box) {
    return (unsigned)(get(box, FULL_HEAD - HEAD) >> 24);
}

/* Increases the offsets of one item. */
static void move_item(struct reader *iloc, unsigned version, const size_t sizes[4], uint64_t more) {
    get(iloc, version < 2 ? 2 : 4); /* item_ID */
    bool is_in_file = version == 0 || (get(iloc, 2) & 0xf) == 0;
    get(iloc, 2); /* data_reference_index */
    get(iloc, sizes[2]);
    for (uint64_t extents = get(iloc, 2); extents > 0 && !iloc->is_over; extents--) {
        get(iloc, version == 0 ? 0 : sizes[3]); /* extent_index */
        move(iloc, sizes[0], is_in_file ? more : 0);
        get(iloc, sizes[1]); /* extent_length */
    }
}

/* Increases all offsets. Returns false if the box has not the form that it must have. */
static bool move_items(struct reader iloc, uint64_t more) {
    unsigned version = skip_full_head(&iloc), widths = (unsigned)get(&iloc, 2);
    const size_t sizes[4] = {widths >> 12 & 0xf, widths >> 8 & 0xf, widths >> 4 & 0xf, widths & 0xf};
    if (sizes[0] == 0 || sizes[0] > 8 || sizes[1] > 8 || sizes[2] > 8 || sizes[3] > 8 || version > 2)
        return false;
    for (uint64_t items = get(&iloc, version < 2 ? 2 : 4); items > 0 && !iloc.is_over; items--)
        move_item(&iloc, version, sizes, more);
    return !iloc.is_over;
}

bool comment_in_avif(struct comment *comment) {
    struct reader file = {.at = comment->file, .left = comment->size};
    struct reader ftyp = find(file, "ftyp"), meta = find(file, "meta");
    if (ftyp.at != comment->file + HEAD || meta.at == NULL)
        return false;
    skip_full_head(&meta);
    struct reader iloc = find(meta, "iloc");
    if (meta.is_over || iloc.at == NULL || !move_items(iloc, HEAD + comment->text_size))
        return false;
    comment->place = HEAD + ftyp.left;
    comment_add_number(comment, (uint32_t)(HEAD + comment->text_size));
    comment_add(comment, "free", 4);
    comment_add(comment, comment->text, comment->text_size);
    return true;
}
