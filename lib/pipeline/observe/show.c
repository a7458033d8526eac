/*
 * show.c - Draws the live view.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/show.h"

#include <string.h>

#include "pipeline/observe/helper.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/refuse.h"
#include "report/figure.h"
#include "report/view.h"
#include "sync/terminal.h"

static const uint64_t frame_on_terminal = 200 * WEIR_MILLISECOND;
static const uint64_t frame_elsewhere = 10 * WEIR_SECOND;

struct weir__show {
    weir__thread thread;
    weir_pipeline *pipeline;
    struct weir__view view;
};

static void draw(struct weir__show *show, bool last) {
    weir_report *report;
    if (weir_pipeline_report(show->pipeline, &report) != WEIR_OK)
        return; /* the next frame may succeed */
    struct weir__terminal terminal = weir__terminal_size(show->view.stream);
    show->view.terminal = terminal.columns != 0;
    show->view.columns = terminal.columns;
    show->view.rows = terminal.rows;
    weir__callback call;
    weir__callback_begin(&call, show->pipeline, NULL, WEIR_IN_STREAM);
    weir__view_draw(&show->view, report, last);
    weir__callback_end(&call);
    weir_report_free(report);
}

/* Blocks until the time of the next frame. Returns false if the run is over. */
static bool wait_for_frame(struct weir__show *show, uint64_t due) {
    weir_pipeline *pipeline = show->pipeline;
    weir__lock_acquire(&pipeline->lock);
    while (pipeline->state != WEIR_RUN_OVER && weir__clock_now() < due)
        weir__park_wait(&pipeline->changed, &pipeline->lock, due, NULL);
    bool over = pipeline->state == WEIR_RUN_OVER;
    weir__lock_release(&pipeline->lock);
    return !over;
}

static void run(void *raw) {
    struct weir__show *show = raw;
    weir__visit visit = {.listed = false};
    uint64_t due = weir__clock_now();
    weir__visit_enter_listed(&visit, show->pipeline);
    do {
        draw(show, false);
        due += show->view.terminal ? frame_on_terminal : frame_elsewhere;
    } while (wait_for_frame(show, due));
    draw(show, true);
    weir__visit_leave(&visit);
}

static weir_status start(weir_pipeline *pipeline, FILE *stream, uint64_t total) {
    struct weir__show *show = weir__alloc(sizeof *show);
    if (show == NULL)
        return weir__refuse(pipeline, WEIR_NOMEM, NULL, "show: cannot allocate %s for the view",
                            weir__figure_bytes(sizeof *show).text);
    show->pipeline = pipeline;
    show->view = (struct weir__view){.stream = stream, .total = total};
    show->thread = (weir__thread){.main = run, .arg = show};
    strcpy(show->thread.name, "weir-show");
    weir_status status;
    if (!weir__view_begin(&show->view, pipeline->stage_count)) {
        status = weir__refuse_memory(pipeline, WEIR_NOMEM, NULL, "show: the number of stages", pipeline->stage_count,
                                     sizeof(struct weir__pace));
        goto free_show;
    }
    if (weir__thread_start(&show->thread)) {
        pipeline->show = show;
        return WEIR_OK;
    }
    weir__view_end(&show->view);
    status = weir__refuse(pipeline, WEIR_NOTHREAD, NULL, "show: cannot create its thread");
free_show:
    weir__free(show);
    return status;
}

weir_status weir_pipeline_show(weir_pipeline *pipeline, FILE *stream, uint64_t total) {
    if (pipeline == NULL)
        return weir__refuse_null("show");
    if (stream == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "show: stream is NULL");
    if (!weir__helper_claim(pipeline, &pipeline->has_show))
        return weir__helper_refuse(pipeline, &pipeline->has_show, "show");
    weir_status status = start(pipeline, stream, total);
    weir__helper_claimed(pipeline, &pipeline->has_show, status == WEIR_OK);
    return status;
}

bool weir__show_end(weir_pipeline *pipeline, uint64_t deadline) {
    struct weir__show *show = pipeline->show;
    if (show == NULL)
        return true;
    if (!weir__thread_join_until(&show->thread, deadline))
        return false;
    weir__view_end(&show->view);
    weir__free(show);
    pipeline->show = NULL;
    return true;
}
