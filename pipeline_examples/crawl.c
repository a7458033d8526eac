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
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700 /* search.h */
#include <weir.h>

#include <curl/curl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20 };

/* An item of both stages. */
struct page {
    char *url, *text;
    size_t length;
    long code; /* of HTTP; 0: no answer */
};

struct crawl {
    weir_stage *fetch;
    void *seen; /* a tree of URLs; parse runs one call at a time, so that it needs no lock */
    size_t pages;
};

static void free_page(void *item, void *arg) {
    struct page *page = item;
    (void)arg;
    free(page->url);
    free(page->text);
    free(page);
}

static struct page *new_page(const char *url) {
    struct page *page = calloc(1, sizeof *page);
    if (page != NULL && (page->url = strdup(url)) != NULL && (page->text = calloc(1, MOST_BYTES + 1)) != NULL)
        return page;
    if (page != NULL)
        free_page(page, NULL);
    return NULL;
}

/* ---- fetch ---- */

static size_t append(char *data, size_t size, size_t count, void *raw) {
    struct page *page = raw;
    size_t length = size * count;
    if (length > MOST_BYTES - page->length)
        return 0; /* an error of the transfer */
    memcpy(page->text + page->length, data, length);
    page->length += length;
    return length;
}

static void *fetch(void *item, void *arg) {
    struct page *page = item;
    CURL *curl = curl_easy_init();
    (void)arg;
    curl_easy_setopt(curl, CURLOPT_URL, page->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, page);
    if (curl != NULL && curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &page->code);
    curl_easy_cleanup(curl);
    return page;
}

/* ---- parse ---- */

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

/* Whether two URLs have the same server. */
static bool is_same_server(CURLU *a, CURLU *b) {
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    bool same = true;
    for (size_t i = 0; same && i < sizeof parts / sizeof parts[0]; i++) {
        char *of_a = NULL, *of_b = NULL;
        same = curl_url_get(a, parts[i], &of_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               curl_url_get(b, parts[i], &of_b, CURLU_DEFAULT_PORT) == CURLUE_OK && strcmp(of_a, of_b) == 0;
        curl_free(of_a);
        curl_free(of_b);
    }
    return same;
}

/* Returns the URL to which a link of a page leads, without its fragment; NULL if that is on another server. */
static char *resolve(const char *base, const char *link) {
    CURLU *from = curl_url(), *to = curl_url();
    char *url = NULL;
    bool valid = from != NULL && to != NULL && curl_url_set(from, CURLUPART_URL, base, 0) == CURLUE_OK &&
                 curl_url_set(to, CURLUPART_URL, base, 0) == CURLUE_OK &&
                 curl_url_set(to, CURLUPART_URL, link, 0) == CURLUE_OK &&
                 curl_url_set(to, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK && is_same_server(from, to);
    if (valid)
        (void)curl_url_get(to, CURLUPART_URL, &url, 0);
    curl_url_cleanup(from);
    curl_url_cleanup(to);
    return url;
}

/* Remembers a URL. Returns whether it is new. */
static bool is_new(struct crawl *crawl, const char *url) {
    if (tfind(url, &crawl->seen, compare) != NULL)
        return false;
    char *copy = strdup(url);
    return copy != NULL && tsearch(copy, &crawl->seen, compare) != NULL;
}

static int follow(weir_task *task, struct crawl *crawl, const char *base, const char *link) {
    char *url = resolve(base, link);
    int error = 0;
    if (url != NULL && is_new(crawl, url)) {
        struct page *next = new_page(url);
        if (next == NULL || weir_task_feed(task, crawl->fetch, next) != WEIR_OK)
            error = weir_task_fail(task, 1, "%s: no memory", url);
        if (error != 0 && next != NULL)
            free_page(next, NULL);
    }
    curl_free(url);
    return error;
}

static int parse(weir_task *task, void *item, void *arg) {
    static const char mark[] = "href=\"";
    struct page *page = item;
    struct crawl *crawl = arg;
    int error = 0;
    char *end;
    for (char *at = page->text; error == 0 && (at = strstr(at, mark)) != NULL; at = end + 1) {
        at += strlen(mark);
        if ((end = strchr(at, '"')) == NULL)
            break;
        *end = '\0';
        error = follow(task, crawl, page->url, at);
    }
    if (error != 0)
        return error;
    (void)printf("%03ld %s\n", page->code, page->url);
    crawl->pages++;
    free_page(page, NULL);
    return 0;
}

static int run(const char *url) {
    struct crawl crawl = {0};
    const weir_stage_options fetches = {
        .name = "fetch", .work.func = fetch, .threads.count = 4, .limits.rate = 100, .input.drop = free_page};
    const weir_stage_options parses = {
        .name = "parse", .work.run = parse, .work.arg = &crawl, .threads.width = 1, .input.drop = free_page};
    struct page *first = is_new(&crawl, url) ? new_page(url) : NULL;
    weir_stage *parser = NULL;
    weir_pipeline *pipeline = NULL;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, &crawl.fetch, &fetches);
    weir_pipeline_add(pipeline, &parser, &parses);
    weir_pipeline_connect(pipeline, crawl.fetch, parser);
    weir_pipeline_connect_back(pipeline, parser, crawl.fetch);
    weir_status status = first == NULL ? WEIR_NOMEM : weir_pipeline_start(pipeline);
    if (status == WEIR_OK && (status = weir_pipeline_put(pipeline, first)) == WEIR_OK)
        status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    else if (first != NULL)
        free_page(first, NULL);
    if (status != WEIR_OK)
        (void)fprintf(stderr, "crawl: %s %s\n", weir_strerror(status), weir_pipeline_message(pipeline));
    (void)weir_pipeline_destroy(pipeline);
    while (crawl.seen != NULL) {
        char *seen = *(char **)crawl.seen;
        (void)tdelete(seen, &crawl.seen, compare);
        free(seen);
    }
    (void)printf("%zu pages\n", crawl.pages);
    return status == WEIR_OK ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        (void)fprintf(stderr, "usage: crawl URL\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = run(argv[1]);
    curl_global_cleanup();
    return status;
}
