/*
 * dead_letter.c - Gives up items: dead-letters or drops them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/dead_letter.h"

#include <string.h>

#include "pipeline/outcome/outcome.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"

static weir_dead_letter *letter_of(const weir_stage *stage, void *item, const weir__failure *failure) {
    size_t name = strlen(stage->name) + 1, message = strlen(failure->message) + 1;
    weir_dead_letter *letter = weir__alloc(sizeof *letter + name + message);
    if (letter == NULL)
        return NULL;
    char *text = (char *)(letter + 1);
    *letter = (weir_dead_letter){
        .item = item,
        .stage = memcpy(text, stage->name, name),
        .code = failure->code,
        .message = memcpy(text + name, failure->message, message),
        .attempts = failure->attempts,
    };
    return letter;
}

void weir_dead_letter_free(weir_dead_letter *letter) {
    weir__free(letter);
}

/* Sends a letter to the stage for it, as one more piece of the item's root. */
static weir_status send_letter(weir_stage *to, weir__lane *lane, weir__envelope *item, weir_dead_letter *letter) {
    weir__flight *flight = &to->pipeline->flight;
    if (!weir__envelope_share(flight, &lane->account, item))
        return WEIR_NOMEM;
    weir__envelope *piece = weir__envelope_new(flight, &lane->account, letter);
    if (piece == NULL)
        return WEIR_NOMEM;
    piece->stage = to;
    piece->pieces = item->pieces;
    weir__pieces_add(piece->pieces);
    weir_status status = weir__offer(lane, to->queue, piece);
    if (status != WEIR_OK)
        weir__envelope_end(flight, &lane->account, piece, WEIR__DONE);
    return status;
}

static weir_status put_letter(weir_stage *stage, weir__lane *lane, weir__envelope *item, const weir__failure *failure) {
    weir_dead_letter *letter = letter_of(stage, item->item, failure);
    if (letter == NULL)
        return WEIR_NOMEM;
    weir_status status = stage->dead_to != NULL ? send_letter(stage->dead_to, lane, item, letter)
                                                : weir__offer(lane, stage->options.errors.dead, letter);
    if (status != WEIR_OK)
        weir_dead_letter_free(letter);
    return status;
}

/* Returns the verdict of an item after the put of its dead letter failed. Adds the error. */
static weir__verdict lose_letter(weir_stage *stage, weir_status why) {
    if (why == WEIR_CLOSED && weir__is_cancelled(stage->pipeline))
        return WEIR__DROPPED;
    if (why == WEIR_CLOSED)
        weir__fail_output(stage, "dead-letter");
    else if (why == WEIR_NOMEM)
        weir__fail_stage(stage, WEIR_CODE(WEIR_NOMEM), "cannot allocate a dead letter");
    else
        weir__fail_stage(stage, WEIR_CODE(why), weir_strerror(why)); /* of a port */
    return WEIR__FAILED;
}

weir__verdict weir__give_up(weir_stage *stage, weir__lane *lane, weir__envelope *item, const weir__failure *failure) {
    weir_status status = WEIR_OK;
    bool has_letter = stage->options.errors.dead != NULL || stage->dead_to != NULL;
    if (has_letter && (status = put_letter(stage, lane, item, failure)) == WEIR_OK)
        return WEIR__DEAD;
    weir__drop_item(stage, item->item);
    return status == WEIR_OK ? WEIR__FAILED : lose_letter(stage, status);
}
