/*
 * The callbacks of a pipeline that are not in Python. cffi puts Python.h before this text.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include <weir.h>

#define NO_RETRY 2 /* as in stage.py */

static int weir_python_fail(weir_task *task, int code, const char *message) {
    return weir_task_fail(task, code, "%s", message);
}

static weir_status weir_python_fail_item(weir_task *task, size_t index, int code, const char *message) {
    return weir_task_fail_item(task, index, code, "%s", message);
}

/* Like weir_pipeline_submit_until. Sets *accepted if the pipeline owns the item: an interrupt may lose the status. */
static weir_status weir_python_submit(weir_pipeline *pipeline, void *item, void *ticket, weir_deadline deadline,
                                      bool *accepted) {
    weir_status status = weir_pipeline_submit_until(pipeline, item, ticket, deadline);
    *accepted = status == WEIR_OK;
    return status;
}

static bool weir_python_may_retry(int code, void *arg) {
    (void)arg;
    return code != NO_RETRY;
}

/* Frees a letter that the program has not read, and releases its item. */
static void weir_python_drop_letter(void *letter, void *arg) {
    PyGILState_STATE state = PyGILState_Ensure();
    (void)arg;
    Py_DECREF((PyObject *)((weir_dead_letter *)letter)->item);
    weir_dead_letter_free(letter);
    PyGILState_Release(state);
}
