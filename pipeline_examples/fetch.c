/*
 * fetch.c - URLs fetched on an executor, and handled as they complete.
 *
 * A server in this program, on 127.0.0.1, has ten pages, of which some take longer than others, and one is missing.
 * Each page is saved in FOLDER under the MD5 of its URL. weir_as_completed returns each future when its page is there,
 * not in the order of the list. An error is the result of its page alone. It prints (order, port and times vary):
 *
 *     e7a1b5e2ac9d0f9a5c1a0c4f5b3f0d8e 900 bytes http://127.0.0.1:39121/page/9
 *     failed: status 404 http://127.0.0.1:39121/page/7
 *     ...
 *     9 saved, 1 failed
 *     time: 0.506 s sequential, 0.112 s on the executor, ratio 4.5
 *
 * cc -O2 fetch.c -o fetch $(pkg-config --cflags --libs weir libcurl libmicrohttpd glib-2.0)
 *
 * usage: fetch FOLDER
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <glib.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGES = 10, MISSING = 7, THREADS = 5, HTTP_OK = 200 };

struct page {
    const char *folder;
    char url[100], md5[33];
    long size;
    char error[CURL_ERROR_SIZE]; /* "" if the page is saved */
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "fetch: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- the server ---- */

/* Page n has 100 * n bytes, and takes 10 to 90 ms. */
static enum MHD_Result serve(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                             const char *version, const char *data, size_t *size, void **request) {
    char text[100 * PAGES];
    int number = 0;
    (void)arg, (void)method, (void)version, (void)data, (void)size, (void)request;
    if (sscanf(path, "/page/%d", &number) != 1 || number < 0 || number >= PAGES)
        number = MISSING;
    nanosleep(&(struct timespec){.tv_nsec = 10000000L * (1 + number * 7 % 9)}, NULL);
    memset(text, '0' + number, sizeof text);
    struct MHD_Response *response = MHD_create_response_from_buffer(100 * (size_t)number, text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result =
        MHD_queue_response(connection, number == MISSING ? MHD_HTTP_NOT_FOUND : MHD_HTTP_OK, response);
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
        fprintf(stderr, "fetch: cannot start a server on 127.0.0.1\n");
        exit(EXIT_FAILURE);
    }
    *port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return daemon;
}

/* ---- the client ---- */

/* Transfers the page to `file`, and describes an error in page->error. */
static void transfer(struct page *page, FILE *file) {
    long code = 0;
    CURL *curl = curl_easy_init();
    if (curl == NULL) {
        strcpy(page->error, "no memory");
        return;
    }
    curl_easy_setopt(curl, CURLOPT_URL, page->url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, file);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    if (result != CURLE_OK)
        snprintf(page->error, sizeof page->error, "%s", curl_easy_strerror(result));
    else if (code != HTTP_OK)
        snprintf(page->error, sizeof page->error, "status %ld", code);
    curl_easy_cleanup(curl);
}

static void save(struct page *page) {
    char name[4096];
    gchar *md5 = g_compute_checksum_for_string(G_CHECKSUM_MD5, page->url, -1);
    snprintf(page->md5, sizeof page->md5, "%s", md5);
    g_free(md5);
    snprintf(name, sizeof name, "%s/%s", page->folder, page->md5);
    FILE *file = fopen(name, "wb");
    if (file == NULL) {
        strcpy(page->error, "cannot create the file");
        return;
    }
    transfer(page, file);
    page->size = ftell(file);
    if (fclose(file) != 0 && page->error[0] == '\0')
        strcpy(page->error, "cannot write the file");
    if (page->error[0] != '\0')
        remove(name);
}

/* The task. */
static int fetch(weir_future *self, void *arg, void **value) {
    struct page *page = arg;
    save(page);
    *value = page;
    return page->error[0] == '\0' ? 0 : weir_executor_error(self, 1, "%s", page->error);
}

static void fetch_at_once(struct page *pages) {
    weir_executor *executor;
    weir_future *futures[PAGES], *future;
    weir_completions *completions;
    size_t index;
    int saved = 0;
    check(weir_executor_create(&executor, &(weir_executor_options){.name = "fetch", .threads = THREADS}), "create");
    for (int i = 0; i < PAGES; i++)
        check(weir_executor_submit(executor, fetch, &pages[i], &futures[i]), "submit");
    check(weir_as_completed(&completions, futures, PAGES), "as completed");
    while (weir_completions_next(completions, &future, &index, WEIR_NEVER) == WEIR_OK) {
        if (weir_future_state_of(future) == WEIR_FUTURE_DONE) {
            printf("%s %ld bytes %s\n", pages[index].md5, pages[index].size, pages[index].url);
            saved++;
        } else {
            printf("failed: %s %s\n", weir_future_message(future), pages[index].url);
        }
    }
    weir_completions_destroy(completions);
    for (int i = 0; i < PAGES; i++)
        weir_future_release(futures[i]);
    check(weir_executor_destroy(executor), "destroy");
    printf("%d saved, %d failed\n", saved, PAGES - saved);
}

int main(int argc, char **argv) {
    static struct page pages[PAGES];
    unsigned port;
    if (argc != 2) {
        fprintf(stderr, "usage: fetch FOLDER\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct MHD_Daemon *server = start_server(&port);
    for (int i = 0; i < PAGES; i++) {
        pages[i].folder = argv[1];
        snprintf(pages[i].url, sizeof pages[i].url, "http://127.0.0.1:%u/page/%d", port, i);
    }
    double start = now();
    for (int i = 0; i < PAGES; i++) {
        save(&pages[i]);
        pages[i].error[0] = '\0';
    }
    double middle = now();
    fetch_at_once(pages);
    double end = now();
    printf("time: %.3f s sequential, %.3f s on the executor, ratio %.1f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    MHD_stop_daemon(server);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
