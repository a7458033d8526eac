/*
 * cross.c - Implements what crosses of one item.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "process/cross.h"

#include <string.h>

#include "sync/border.h"

int weir__cross_encode(weir__keeper *keeper, const void *item, void *data, size_t *size) {
    const weir_process *options = keeper->options;
    weir_process_payload to = {.data = data, .room = keeper->room};
    keeper->why[0] = '\0';
    int code = options->encode(keeper->task, item, &to, options->arg);
    weir__border();
    *size = to.size;
    if (code != 0 || to.size <= keeper->room)
        return code;
    return weir__keeper_fail(keeper, WEIR_CODE(WEIR_INVALID), "%s: an item of %zu bytes, and there is room for %zu",
                             options->function, to.size, keeper->room);
}

int weir__cross_ask(weir__keeper *keeper, const void *item) {
    weir__message *question = &keeper->question;
    bool roomy = weir__keeper_is_roomy(keeper);
    unsigned char *bytes = roomy ? weir__keeper_questions(keeper) : question->bytes;
    size_t size = 0;
    int code = weir__cross_encode(keeper, item, bytes, &size);
    if (code != 0)
        return code;
    question->head = (weir__head){.size = size, .in_memory = size > WEIR_PROCESS_MESSAGE};
    if (roomy && question->head.in_memory == 0)
        memcpy(question->bytes, bytes, size);
    return 0;
}

int weir__cross_reason(weir__keeper *keeper, int code, const void *bytes, size_t size) {
    memcpy(keeper->why, bytes, size);
    keeper->why[size] = '\0';
    return code;
}

int weir__cross_result(weir__keeper *keeper, const void **bytes, size_t *size) {
    const weir__head *head = &keeper->answer.head;
    *bytes = head->in_memory != 0 ? weir__keeper_results(keeper) : keeper->answer.bytes;
    *size = (size_t)head->size;
    return head->code == 0 ? 0 : weir__cross_reason(keeper, head->code, *bytes, *size);
}
