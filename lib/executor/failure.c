/*
 * failure.c - Implements errors and cancels of groups of tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/failure.h"

#include <string.h>

#include "executor/account.h"
#include "executor/drop.h"
#include "executor/recall.h"

enum { FIRST_ROOM = 4 };

/* Makes room for one more error. Returns false if there is no memory. The lock of the errors is held. */
static bool grow_locked(weir_task_group *group) {
    if (group->error_count < group->error_room)
        return true;
    size_t room = group->error_room == 0 ? FIRST_ROOM : 2 * group->error_room;
    struct weir__error *errors = room > SIZE_MAX / 2 / sizeof *errors ? NULL : weir__alloc(room * sizeof *errors);
    if (errors == NULL)
        return false;
    if (group->error_count > 0)
        memcpy(errors, group->errors, group->error_count * sizeof *errors);
    if (group->errors != &group->first)
        weir__free(group->errors);
    group->errors = errors;
    group->error_room = room;
    return true;
}

void weir__failure_record(weir_task_group *group, int code, char *message) {
    weir__lock_acquire(&group->errors_lock);
    bool kept = grow_locked(group);
    if (kept)
        group->errors[group->error_count++] = (struct weir__error){.code = code, .message = message};
    weir__lock_release(&group->errors_lock);
    if (!kept)
        weir__free(message);
    weir__failure_cancel(group);
}

/* Returns the group after `at` in the tree below `root`, or of all groups if that is NULL; NULL: none is left. */
static weir_task_group *next_locked(weir_task_group *at, const weir_task_group *root) {
    if (at->children != NULL)
        return at->children;
    while (at != root && at->after == NULL)
        at = at->parent;
    return at == root ? NULL : at->after;
}

/* Wakes the callers of run and wait. There may be many groups. */
static void wake_callers_locked(weir_task_group *group) {
    if (weir__park_wake_all(&group->park))
        weir__park_signal(&group->park, WEIR__EVERYONE);
}

void weir__failure_wake_all_locked(weir_executor *executor) {
    for (weir_task_group *at = executor->groups; at != NULL; at = next_locked(at, NULL))
        wake_callers_locked(at);
}

void weir__failure_cancel(weir_task_group *root) {
    weir_executor *executor = root->executor;
    weir__task *list = NULL;
    weir__lock_acquire(&executor->lock);
    weir__recall_from_locked(executor, WEIR__BAND_HIGH); /* tasks of the groups may be in batches */
    for (weir_task_group *at = root; at != NULL; at = next_locked(at, root)) {
        weir__u32_store_release(&at->cancelled, 1);
        weir__drop_pull_source_locked(executor, &at->source, &list);
        wake_callers_locked(at);
    }
    weir__park_release_all(&executor->room, &executor->lock); /* callers of run may sleep there, too */
    weir__drop_list(executor, list, &(weir__fate){.code = 0});
}
