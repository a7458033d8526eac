/*
 * fetch_many.c - fetches pages, thousands at a time on one thread, by the multi interface of libcurl.
 *
 *     fetch_many [-j TRANSFERS] [-p TRANSFERS_OF_A_HOST] [-r ATTEMPTS] [-t SECONDS] <URLS
 *
 *     urls -> fetch (operations, in a loop over epoll) -> print
 *                \ dead letters -> gave_up
 *
 * The one thread of `fetch` is the loop: libcurl says which sockets it waits for, and until when; the thread sleeps in
 * epoll_wait(2) (work.wait). No more than 6 transfers of a host run at a time (per_key). What may pass, such as a busy
 * server, is tried again after a pause, and has its place of the host until then. A transfer that takes too long is aborted.
 *
 *     $ seq 5000 | sed 's,.*,http://127.0.0.1:8080/&,' | fetch_many -p 1000 >/dev/null
 *     5000 pages, 0 given up, at most 1000 at a time
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <weir.h>

struct page { /* an item */
    char *url;
    size_t bytes;
    long code;
    CURL *curl; /* its transfer, from here on */
    weir_operation operation;
    struct page *next, *before;
    char error[CURL_ERROR_SIZE];
};

static weir_pipeline *pipeline;
static unsigned long printed, lost;

/* ---- the loop: only the thread of the stage uses it ---- */

static CURLM *multi;
static int loop, bell = -1;                 /* of epoll; of the library */
static weir_deadline due = WEIR_NEVER;      /* time at which libcurl must be called */
static struct page *first_page, *last_page; /* under way, the oldest first */

static void list(struct page *page) {
    page->next = NULL;
    page->before = last_page;
    *(last_page == NULL ? &first_page : &last_page->next) = page;
    last_page = page;
}

static void unlist(struct page *page) {
    *(page->before == NULL ? &first_page : &page->before->next) = page->next;
    *(page->next == NULL ? &last_page : &page->next->before) = page->before;
}

/* libcurl calls these two. */
static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *unused, void *known) {
    struct epoll_event event = {.data.fd = fd};
    (void)curl;
    (void)unused;
    event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (what == CURL_POLL_REMOVE)
        (void)epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL); /* it may be closed already */
    else if (epoll_ctl(loop, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
        return -1;
    curl_multi_assign(multi, fd, what == CURL_POLL_REMOVE ? NULL : &multi);
    return 0;
}

static int set_time(CURLM *unused, long milliseconds, void *unused_too) {
    (void)unused;
    (void)unused_too;
    due = milliseconds < 0 ? WEIR_NEVER : weir_deadline_after((uint64_t)milliseconds * WEIR_MILLISECOND);
    return 0;
}

/* The operation must not touch the page once it is finished: a failed one is the pipeline's again. */
static void end_transfer(struct page *page, CURLcode result) {
    weir_operation operation = page->operation;
    unlist(page);
    curl_multi_remove_handle(multi, page->curl);
    curl_easy_getinfo(page->curl, CURLINFO_RESPONSE_CODE, &page->code);
    curl_easy_cleanup(page->curl);
    page->curl = NULL;
    if (result != CURLE_OK) {
        weir_operation_fail(pipeline, operation, -(int)result, "%s",
                            page->error[0] != '\0' ? page->error : curl_easy_strerror(result));
    } else if (page->code >= 400) {
        weir_operation_fail(pipeline, operation, (int)page->code, "HTTP status %ld", page->code);
    } else {
        weir_operation_emit(pipeline, operation, page);
        weir_operation_finish(pipeline, operation, 0);
    }
}

static void end_transfers(void) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        struct page *page = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &page);
        end_transfer(page, result);
    }
}

/* The milliseconds from now until a deadline, rounded up; -1: without end. */
static int time_until(weir_deadline deadline) {
    weir_deadline now = weir_deadline_after(0);
    weir_deadline left = deadline > now ? (deadline - now - 1) / WEIR_MILLISECOND + 1 : 0;
    return deadline == WEIR_NEVER ? -1 : left < INT_MAX ? (int)left : INT_MAX;
}

static void wait_in_loop(int fd, weir_deadline deadline, void *unused) {
    struct epoll_event events[256];
    int running;
    (void)unused;
    if (bell != fd && epoll_ctl(loop, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd}) != 0)
        abort();
    bell = fd;
    int count = epoll_wait(loop, events, 256, time_until(due < deadline ? due : deadline));
    for (int i = 0; i < count; i++) {
        int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        if (events[i].data.fd != fd)
            curl_multi_socket_action(multi, events[i].data.fd, what, &running);
    }
    if (due <= weir_deadline_after(0)) {
        due = WEIR_NEVER; /* unless it is set again */
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    end_transfers();
}

/* Called in the thread of the loop. The oldest is the first. */
static void abort_transfer(weir_operation operation, weir_abort_reason why, void *unused) {
    struct page *page = first_page;
    (void)unused;
    while (page != NULL && page->operation != operation)
        page = page->next;
    if (page != NULL)
        end_transfer(page, why == WEIR_ABORT_LATE ? CURLE_OPERATION_TIMEDOUT : CURLE_ABORTED_BY_CALLBACK);
}

/* ---- the stages ---- */

static size_t count_bytes(char *bytes, size_t size, size_t count, void *raw) {
    struct page *page = raw;
    (void)bytes;
    page->bytes += size * count;
    return size * count;
}

static int begin(weir_task *task, void *item, void *unused) {
    struct page *page = item;
    (void)unused;
    page->bytes = 0;
    page->error[0] = '\0';
    page->curl = curl_easy_init();
    if (page->curl == NULL)
        return weir_task_fail(task, ENOMEM, "out of memory");
    curl_easy_setopt(page->curl, CURLOPT_URL, page->url);
    curl_easy_setopt(page->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(page->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(page->curl, CURLOPT_PRIVATE, page);
    curl_easy_setopt(page->curl, CURLOPT_ERRORBUFFER, page->error);
    curl_easy_setopt(page->curl, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(page->curl, CURLOPT_WRITEDATA, page);
    if (weir_task_detach(task, &page->operation) == WEIR_OK && curl_multi_add_handle(multi, page->curl) == CURLM_OK) {
        list(page);
        return WEIR_PENDING;
    }
    curl_easy_cleanup(page->curl);
    return weir_task_fail(task, EIO, "cannot begin");
}

/* The host with its port, between the slashes: FNV-1a. */
static uint64_t host_of(const void *item, void *unused) {
    const struct page *page = item;
    const char *host = strstr(page->url, "://");
    uint64_t key = UINT64_C(14695981039346656037);
    (void)unused;
    for (host = host == NULL ? page->url : host + 3; *host != '\0' && *host != '/'; host++)
        key = (key ^ (unsigned char)*host) * UINT64_C(1099511628211);
    return key;
}

/* Errors of libcurl are negative here. */
static bool may_pass(int code, void *unused) {
    (void)unused;
    return code == -CURLE_COULDNT_CONNECT || code == -CURLE_GOT_NOTHING || code == -CURLE_RECV_ERROR || code == 429 ||
           code >= 500;
}

static void free_page(void *item, void *unused) {
    struct page *page = item;
    (void)unused;
    free(page->url);
    free(page);
}

static void *print(void *item, void *unused) {
    const struct page *page = item;
    printf("%ld %zu %s\n", page->code, page->bytes, page->url);
    printed++;
    free_page(item, unused);
    return NULL;
}

static void free_letter(void *item, void *unused) {
    weir_dead_letter *letter = item;
    free_page(letter->item, unused);
    weir_dead_letter_free(letter);
}

static void *print_letter(void *item, void *unused) {
    const weir_dead_letter *letter = item;
    const struct page *page = letter->item;
    fprintf(stderr, "gave up %s at attempt %u: %s\n", page->url, letter->attempts, letter->message);
    lost++;
    free_letter(item, unused);
    return NULL;
}

/* ---- the pipeline ---- */

struct arguments {
    size_t transfers, of_a_host;
    unsigned attempts;
    uint64_t time;
};

static bool start(const struct arguments *arguments) {
    weir_stage *fetch, *last, *letters;
    weir_stage_options options = {
        .name = "fetch",
        .work = {.run = begin, .wait = wait_in_loop, .abort = abort_transfer},
        .threads.count = 1,
        .input = {.capacity = 1024, .drop = free_page},
        .limits = {.in_flight = arguments->transfers, .per_key = arguments->of_a_host, .key = host_of},
        .errors = {.on_error = WEIR_SKIP,
                   .attempt_time = arguments->time,
                   .retry = {.attempts = arguments->attempts, .backoff = 50 * WEIR_MILLISECOND, .when = may_pass}},
    };
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, &fetch, &options);
    weir_pipeline_add(
        pipeline, &last,
        &(weir_stage_options){.name = "print", .work.func = print, .threads.width = 1, .input.drop = free_page});
    weir_pipeline_add(pipeline, &letters,
                      &(weir_stage_options){
                          .name = "gave_up", .work.func = print_letter, .threads.width = 1, .input.drop = free_letter});
    weir_pipeline_connect(pipeline, fetch, last);
    weir_pipeline_connect_dead(pipeline, fetch, letters);
    if (weir_pipeline_start(pipeline) == WEIR_OK)
        return true;
    fprintf(stderr, "fetch_many: %s\n", weir_pipeline_message(pipeline));
    return false;
}

static bool prepare(const struct arguments *arguments) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (multi == NULL || loop < 0)
        return false;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_time);
    return start(arguments);
}

/* Reads the next line. Returns NULL at the end, or if there is no memory. */
static struct page *read_page(void) {
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, stdin);
    struct page *page = length > 0 ? calloc(1, sizeof *page) : NULL;
    if (page == NULL) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    page->url = line;
    return page;
}

static unsigned long number_of(const char *text) {
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end == '\0' && number > 0 && number < 1000000)
        return number;
    fprintf(stderr, "fetch_many: %s is no number from 1 to 999999\n", text);
    exit(2);
}

static struct arguments read_arguments(int count, char **words) {
    struct arguments arguments = {.transfers = 1000, .of_a_host = 6, .attempts = 4, .time = 60 * WEIR_SECOND};
    for (int option; (option = getopt(count, words, "j:p:r:t:")) != -1;) {
        if (option == 'j')
            arguments.transfers = number_of(optarg);
        else if (option == 'p')
            arguments.of_a_host = number_of(optarg);
        else if (option == 'r')
            arguments.attempts = (unsigned)number_of(optarg);
        else if (option == 't')
            arguments.time = number_of(optarg) * WEIR_SECOND;
        else
            exit(2);
    }
    return arguments;
}

int main(int count, char **words) {
    const struct arguments arguments = read_arguments(count, words);
    weir_report *report = NULL;
    struct page *page;
    if (!prepare(&arguments))
        return 1;
    while ((page = read_page()) != NULL && weir_pipeline_put(pipeline, page) == WEIR_OK)
        ;
    if (page != NULL)
        free_page(page, NULL);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    if (report != NULL)
        fprintf(stderr, "%lu pages, %lu given up, at most %zu at a time\n", printed, lost,
                report->stages[0].detached_peak);
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    curl_multi_cleanup(multi);
    curl_global_cleanup();
    close(loop);
    return status == WEIR_OK && lost == 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
