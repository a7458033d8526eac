/*
 * crawl.c - fetches the pages of one server that can be reached from a first one: stages in a loop.
 *
 *     first URL -> fetch (4 threads, 100 a second) -> parse (one call at a time)
 *                    ^                                  |
 *                    '---------- new links -------------'
 *
 * Parse hands links back to fetch with weir_task_feed, which weir_pipeline_connect_back permits. It never blocks, so a
 * page with thousands of links cannot stop the loop. The finish completes all that is fed: the crawl ends by itself once
 * no link is new. A page that cannot be fetched is a line like any other.
 *
 *     $ crawl http://127.0.0.1:8080/
 *     200 http://127.0.0.1:8080/
 *     404 http://127.0.0.1:8080/gone.html
 *     200 http://127.0.0.1:8080/weirs.html
 *     3 pages
 *
 * cc -O2 crawl.c -o crawl $(pkg-config --cflags --libs weir libcurl)
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* tdestroy */
#include <weir.h>

#include <curl/curl.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20 };

struct page { /* a result of fetch, which gets its URL */
    char *url;
    long code; /* of HTTP; 0: no answer */
    char text[MOST_BYTES + 1];
};
static weir_stage *fetcher;
static char *server; /* the beginning of all URLs */
static void *seen;   /* a tree, which owns the URLs; parse runs one call at a time, so that it needs no lock */
static size_t pages;

static int fetch(weir_task *task, void *url, void *arg) {
    struct page *page = calloc(1, sizeof *page);
    FILE *text = page == NULL ? NULL : fmemopen(page->text, MOST_BYTES, "w"); /* a page that is too long fails */
    if (text == NULL)
        return free(page), weir_task_fail(task, ENOMEM, "no memory");
    CURL *curl = curl_easy_init();
    page->url = url;
    curl_easy_setopt(curl, CURLOPT_URL, page->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    if (curl != NULL && curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &page->code);
    curl_easy_cleanup(curl);
    if (fclose(text) != 0)
        page->code = 0;
    weir_task_emit(task, page);
    return (void)arg, 0;
}

/* Returns the URL to which a link of a page leads, without its fragment; NULL if it is none. */
static char *resolve(const char *base, const char *link) {
    CURLU *to = curl_url();
    char *url = NULL;
    if (curl_url_set(to, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(to, CURLUPART_URL, link, 0) == CURLUE_OK &&
        curl_url_set(to, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
        curl_url_get(to, CURLUPART_URL, &url, CURLU_NO_DEFAULT_PORT);
    curl_url_cleanup(to);
    return url;
}

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

/* Feeds a new URL of the server to fetch. Returns false if out of memory. */
static bool follow(weir_task *task, const char *base, const char *link) {
    char *url = resolve(base, link);
    bool same_server = url != NULL && strncasecmp(url, server, strlen(server)) == 0;
    char **node = same_server ? tsearch(url, &seen, compare) : NULL;
    if (node != NULL && *node == url)
        return weir_task_feed(task, fetcher, url) == WEIR_OK;
    curl_free(url);
    return node != NULL || !same_server;
}

static int parse(weir_task *task, void *item, void *arg) {
    static const char mark[] = "href=\"";
    struct page *page = item;
    for (char *at = page->text, *link; at != NULL && (link = strstr(at, mark)) != NULL;) {
        at = link + strlen(mark);
        link = strsep(&at, "\"");
        if (at != NULL && !follow(task, page->url, link))
            return weir_task_fail(task, ENOMEM, "no memory");
    }
    printf("%03ld %s\n", page->code, page->url);
    pages++;
    free(page);
    return (void)arg, 0;
}

static void drop_page(void *page, void *arg) {
    (void)arg;
    free(page);
}

int main(int argc, char **argv) {
    const weir_stage_options fetches = {.name = "fetch", .work.run = fetch, .threads.count = 4, .limits.rate = 100};
    const weir_stage_options parses = {.name = "parse", .work.run = parse, .threads.width = 1, .input.drop = drop_page};
    weir_stage *parser = NULL;
    weir_pipeline *pipeline = NULL;
    char *first = NULL;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (argc != 2 || (first = resolve(argv[1], argv[1])) == NULL || (server = resolve(first, "/")) == NULL ||
        tsearch(first, &seen, compare) == NULL)
        return fprintf(stderr, "usage: crawl URL\n"), 2;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, &fetcher, &fetches);
    weir_pipeline_add(pipeline, &parser, &parses);
    weir_pipeline_connect_back(pipeline, parser, fetcher);
    weir_status status = weir_pipeline_start(pipeline);
    if (status == WEIR_OK && (status = weir_pipeline_put(pipeline, first)) == WEIR_OK)
        status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    if (status != WEIR_OK)
        fprintf(stderr, "crawl: %s %s\n", weir_strerror(status), weir_pipeline_message(pipeline));
    weir_pipeline_destroy(pipeline);
    tdestroy(seen, curl_free);
    curl_free(server);
    curl_global_cleanup();
    printf("%zu pages\n", pages);
    return status != WEIR_OK || fflush(stdout) != 0 || ferror(stdout);
}
