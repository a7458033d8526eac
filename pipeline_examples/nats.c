/*
 * nats.c - factors of numbers, on as many machines as there are: a queue on a server of NATS with JetStream.
 *
 * With a server, `nats-server -js`, in two terminals, and on other machines, in any order:
 *
 *     ./nats work nats://localhost:4222
 *     seq 1000000000000 1000000000100 | ./nats put nats://localhost:4222 1      # ends 1 worker after the last number
 *
 * A worker that is killed loses no number: another one, or itself when it is started again, gets what it had taken, 30
 * seconds later (ack_wait).
 *
 *     cc nats.c $(pkg-config --cflags --libs weir-nats) -o nats
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/nats.h>

static int print_factors(weir_task *task, void *text, void *unused) {
    unsigned long long number = strtoull((const char *)text, NULL, 10), factor = 2;
    char line[1024];
    if (number == 0)
        return weir_task_fail(task, 1, "not a number above 0: %s", (const char *)text); /* a dead letter in the end */
    int length = snprintf(line, sizeof line, "%llu:", number);
    while (number > 1) {
        while (number % factor != 0) /* what is left has no factor above its root, except itself */
            factor = factor > number / factor ? number : factor + 1;
        number /= factor;
        length += snprintf(line + length, sizeof line - (size_t)length, " %llu", factor);
    }
    if (puts(line) == EOF || fflush(stdout) == EOF)
        return weir_task_fail(task, 1, "the output cannot be written");
    free(text);
    return (void)unused, 0; /* the number is acknowledged now */
}

static int work(weir_nats *nats) {
    weir_stage_options take = {.name = "take"};
    weir_stage_options factors = {.name = "factors", .work.run = print_factors, .errors.on_error = WEIR_SKIP};
    weir_pipeline_options options = {.name = "worker"};
    weir_pipeline *pipeline = NULL;
    weir_nats_source(nats, &take, &options);
    weir_pipeline_create(&pipeline, &options);
    weir_pipeline_add(pipeline, NULL, &take);
    weir_pipeline_add(pipeline, NULL, &factors);
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        fprintf(stderr, "nats: %s\n", weir_pipeline_message(pipeline));
    weir_pipeline_wait(pipeline, WEIR_NEVER); /* until a sentinel comes */
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    weir_pipeline_destroy(pipeline);
    return status != WEIR_OK;
}

static int put(weir_nats *nats, int workers) {
    weir_status status = WEIR_OK;
    char line[64];
    while (status == WEIR_OK && fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        status = weir_nats_put(nats, strdup(line), WEIR_NEVER); /* blocks while 100 numbers wait */
    }
    for (; status == WEIR_OK && workers > 0; workers--)
        status = weir_nats_close(nats, WEIR_NEVER);
    return status != WEIR_OK || weir_nats_join(nats, WEIR_NEVER) != WEIR_OK;
}

int main(int argc, char **argv) {
    char reason[256] = "usage: nats work URL | nats put URL WORKERS";
    weir_nats_config config = {.name = "factors", .capacity = 100, .window = 8, .attempts = 2};
    weir_nats *nats = NULL;
    config.urls = argc > 2 ? argv[2] : NULL;
    config.message = reason;
    config.message_size = sizeof reason;
    if (argc < 3 || weir_nats_open(&nats, &config) != WEIR_OK)
        return fprintf(stderr, "nats: %s\n", reason), 1;
    int failed = strcmp(argv[1], "work") == 0 ? work(nats) : put(nats, argc > 3 ? atoi(argv[3]) : 1);
    return weir_nats_destroy(nats) != WEIR_OK || failed;
}
