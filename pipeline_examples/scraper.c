/*
 * scraper.c - a page scraper: fetch, parse, store, with errors as results.
 *
 *     paths -> fetch (4 threads, ordered) -> parse (on the crew, ordered) -> store (1 thread)
 *
 * A page travels through all stages, and carries its error with it: a page that could not be fetched is not parsed,
 * but reaches the end like any other. So each path has one result, and the results are in the order of the paths.
 * Store writes FOLDER/pages.txt; the sequential way writes FOLDER/sequential.txt. A server in this program, on
 * 127.0.0.1, has the pages; two paths have an error. It prints
 * (the times vary):
 *
 *     /rivers: Rivers, 2 links
 *     /lakes: Lakes, 1 link
 *     /missing: error: status 404
 *     /plain: error: no title
 *     ...
 *     time: 0.125 s sequential, 0.043 s in the pipeline, ratio 2.9
 *
 * cc -O2 scraper.c -o scraper $(pkg-config --cflags --libs weir libcurl libmicrohttpd)
 *
 * usage: scraper FOLDER
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the server has: a path, and its page. */
static const char *const site[][2] = {
    {"/rivers", "<html><title>Rivers</title><a href='/lakes'>Lakes</a> <a href='/weirs'>Weirs</a></html>"},
    {"/lakes", "<html><title>Lakes</title><a href='/rivers'>Rivers</a></html>"},
    {"/missing", NULL},
    {"/plain", "A page without a title."},
    {"/weirs", "<html><title>Weirs</title>Hold back water, and let it through.</html>"},
    {"/ponds", "<html><title>Ponds</title><a href='/lakes'>Lakes</a> <a href='/none'>None</a> <a href='#'>Up</a>"},
};

enum { PATHS = sizeof site / sizeof site[0], MOST_TEXT = 4096, HTTP_OK = 200 };

/* An item, and a result. */
struct page {
    const char *path;
    size_t length;
    char text[MOST_TEXT];
    char title[100];
    int links;
    char error[CURL_ERROR_SIZE]; /* "" if there is none */
};

struct store {
    unsigned port;
    FILE *file;
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "scraper: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- the server ---- */

/* Each page takes 20 ms. */
static enum MHD_Result serve(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                             const char *version, const char *data, size_t *size, void **request) {
    const char *text = NULL;
    (void)arg, (void)method, (void)version, (void)data, (void)size, (void)request;
    for (int i = 0; i < PATHS; i++)
        if (strcmp(path, site[i][0]) == 0)
            text = site[i][1];
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    struct MHD_Response *response = MHD_create_response_from_buffer(text == NULL ? 0 : strlen(text),
                                                                    (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, text == NULL ? MHD_HTTP_NOT_FOUND : MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

/* The system chooses the port. */
static struct MHD_Daemon *start_server(unsigned *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL, serve, NULL,
                         MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "scraper: cannot start a server on 127.0.0.1\n");
        exit(EXIT_FAILURE);
    }
    *port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return daemon;
}

/* ---- the stages ---- */

static struct page *create_page(const char *path) {
    struct page *page = calloc(1, sizeof *page);
    if (page == NULL)
        check(WEIR_NOMEM, "create a page");
    page->path = path;
    return page;
}

static size_t append(char *data, size_t size, size_t count, void *item) {
    struct page *page = item;
    size_t length = size * count;
    if (length >= sizeof page->text - page->length)
        return 0; /* an error of the transfer */
    memcpy(page->text + page->length, data, length);
    page->length += length;
    return length;
}

static void *fetch(void *item, void *arg) {
    struct page *page = item;
    const struct store *store = arg;
    char url[200];
    long code = 0;
    CURL *curl = curl_easy_init();
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", store->port, page->path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, page);
    CURLcode result = curl == NULL ? CURLE_OUT_OF_MEMORY : curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    if (result != CURLE_OK)
        snprintf(page->error, sizeof page->error, "%s", curl_easy_strerror(result));
    else if (code != HTTP_OK)
        snprintf(page->error, sizeof page->error, "status %ld", code);
    curl_easy_cleanup(curl);
    return page;
}

static void *parse(void *item, void *arg) {
    struct page *page = item;
    (void)arg;
    if (page->error[0] != '\0')
        return page;
    const char *title = strstr(page->text, "<title>"), *end = strstr(page->text, "</title>");
    if (title == NULL || end == NULL || end < title) {
        snprintf(page->error, sizeof page->error, "no title");
        return page;
    }
    title += strlen("<title>");
    snprintf(page->title, sizeof page->title, "%.*s", (int)(end - title), title);
    for (const char *at = page->text; (at = strstr(at, "<a href=")) != NULL; at++)
        page->links++;
    return page;
}

static void *store_page(void *item, void *arg) {
    struct page *page = item;
    const struct store *store = arg;
    if (page->error[0] != '\0')
        fprintf(store->file, "%s: error: %s\n", page->path, page->error);
    else
        fprintf(store->file, "%s: %s, %d link%s\n", page->path, page->title, page->links, page->links == 1 ? "" : "s");
    free(page);
    return NULL;
}

/* ---- both ways ---- */

static void scrape_sequentially(struct store *store) {
    for (int i = 0; i < PATHS; i++)
        store_page(parse(fetch(create_page(site[i][0]), store), store), store);
}

static void scrape_at_once(struct store *store) {
    const weir_stage_options fetching = {
        .name = "fetch", .work.func = fetch, .work.arg = store, .threads.count = 4, .output.ordered = true};
    const weir_stage_options parsing = {.name = "parse", .work.func = parse, .output.ordered = true};
    const weir_stage_options storing = {
        .name = "store", .work.func = store_page, .work.arg = store, .threads.count = 1};
    weir_pipeline *pipeline;
    check(weir_pipeline_create(&pipeline, NULL), "create a pipeline");
    check(weir_pipeline_add(pipeline, NULL, &fetching), "add fetch");
    check(weir_pipeline_add(pipeline, NULL, &parsing), "add parse");
    check(weir_pipeline_add(pipeline, NULL, &storing), "add store");
    weir_status started = weir_pipeline_start(pipeline);
    check(started, weir_pipeline_message(pipeline));
    for (int i = 0; i < PATHS; i++)
        check(weir_pipeline_put(pipeline, create_page(site[i][0])), "put");
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    check(weir_pipeline_destroy(pipeline), "destroy the pipeline");
}

static FILE *open_file(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w+");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static void print_file(FILE *file) {
    rewind(file);
    for (int c = getc(file); c != EOF; c = getc(file))
        putchar(c);
}

int main(int argc, char **argv) {
    struct store store;
    if (argc != 2) {
        fprintf(stderr, "usage: scraper FOLDER\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct MHD_Daemon *server = start_server(&store.port);
    FILE *sequential = open_file(argv[1], "sequential.txt"), *pages = open_file(argv[1], "pages.txt");
    double start = now();
    store.file = sequential;
    scrape_sequentially(&store);
    double middle = now();
    store.file = pages;
    scrape_at_once(&store);
    double end = now();
    print_file(pages);
    printf("time: %.3f s sequential, %.3f s in the pipeline, ratio %.1f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    fclose(sequential);
    fclose(pages);
    MHD_stop_daemon(server);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
