/*
 * hosts.c - the states of hosts: up, paused, tried by one picture, given up.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "hosts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <weir/pipeline.h>

#include "names.h"
#include "paint.h"
#include "terminal.h"
#include "url.h"

enum { MANY = 10 /* failures in a row */, LONGEST_PAUSE = 60 /* seconds */ };

static const uint64_t ask_again = 500 * WEIR_MILLISECOND;

enum state { UP, PAUSED, TRIED, GONE };

/* Guarded by the lock of the hosts. */
struct host {
    struct hosts *hosts; /* constant, like the next one */
    char *name;
    enum state state;
    bool is_source;        /* pictures come from it */
    unsigned in_a_row;     /* failures since the last answer */
    unsigned tries;        /* by one picture each, since the host was up */
    uint64_t trial;        /* number of the last try */
    weir_deadline resume;  /* end of the pause */
    weir_deadline release; /* time from which a parked photo may go to a paused host: one a second */
    size_t inside;         /* photos that are admitted and still to be downloaded */
    struct photo *parked, **last;
    struct host *next; /* in the list of parking hosts */
    bool is_listed;
};

struct hosts {
    pthread_mutex_t lock;
    unsigned tries;      /* constant, like the next one */
    size_t most_inside;  /* of each host; 0: no limit */
    struct names *names; /* guarded by the lock, as the rest */
    struct host **all;
    size_t count, room;
    struct host *parking; /* those with parked photos and room for one inside, in no order */
    uint64_t random;
};

struct hosts *hosts_create(unsigned tries, size_t most_inside) {
    struct hosts *hosts = calloc(1, sizeof *hosts);
    if (hosts == NULL)
        return NULL;
    hosts->tries = tries;
    hosts->most_inside = most_inside;
    hosts->random = weir_deadline_after(0);
    hosts->names = names_create();
    if (hosts->names == NULL) {
        free(hosts);
        return NULL;
    }
    pthread_mutex_init(&hosts->lock, NULL);
    return hosts;
}

void hosts_destroy(struct hosts *hosts) {
    if (hosts == NULL)
        return;
    for (size_t i = 0; i < hosts->count; i++) {
        if (hosts->all[i] != NULL)
            free(hosts->all[i]->name);
        free(hosts->all[i]);
    }
    free(hosts->all);
    names_destroy(hosts->names);
    pthread_mutex_destroy(&hosts->lock);
    free(hosts);
}

/* Returns whether there is room for a further host. */
static bool make_room_locked(struct hosts *hosts) {
    if (hosts->count < hosts->room)
        return true;
    size_t room = hosts->room == 0 ? 16 : hosts->room * 2;
    struct host **all = realloc(hosts->all, room * sizeof *all);
    if (all == NULL)
        return false;
    hosts->all = all;
    hosts->room = room;
    return true;
}

/* Returns NULL if memory is exhausted. */
static struct host *create_host(struct hosts *hosts, const char *url) {
    struct host *host = calloc(1, sizeof *host);
    char *name = url_host(url);
    if (host == NULL || name == NULL) {
        free(host);
        free(name);
        return NULL;
    }
    *host = (struct host){.hosts = hosts, .name = name, .state = UP, .last = &host->parked};
    return host;
}

static struct host *find_locked(struct hosts *hosts, const char *url) {
    size_t first;
    char *origin = make_room_locked(hosts) ? url_origin(url) : NULL;
    if (origin == NULL)
        return NULL;
    if (names_take(hosts->names, origin, hosts->count, &first) == NULL) {
        free(origin);
        return NULL;
    }
    if (first == hosts->count)
        hosts->all[hosts->count++] = create_host(hosts, url); /* NULL has no state */
    return hosts->all[first];
}

struct host *hosts_find(struct hosts *hosts, const char *url) {
    if (hosts == NULL)
        return NULL;
    pthread_mutex_lock(&hosts->lock);
    struct host *host = find_locked(hosts, url);
    pthread_mutex_unlock(&hosts->lock);
    return host;
}

uint64_t hosts_key(struct hosts *hosts, const char *url) {
    return (uint64_t)(uintptr_t)hosts_find(hosts, url);
}

const char *host_name(const struct host *host) {
    return host->name;
}

static enum host_answer look_locked(const struct host *host, uint64_t *delay) {
    weir_deadline now = weir_deadline_after(0);
    switch (host->state) {
        case UP:
            return HOST_GO;
        case GONE:
            return HOST_GONE;
        case PAUSED:
            if (now >= host->resume)
                return HOST_GO;
            *delay = host->resume - now;
            return HOST_WAIT;
        default:
            *delay = ask_again;
            return HOST_WAIT;
    }
}

static enum host_answer begin_locked(struct host *host, uint64_t *delay, uint64_t *trial) {
    enum host_answer answer = look_locked(host, delay);
    if (answer == HOST_GO && host->state == PAUSED) {
        host->state = TRIED;
        *trial = ++host->trial;
    }
    return answer;
}

enum host_answer host_look(struct host *host, uint64_t *delay) {
    if (host == NULL)
        return HOST_GO;
    pthread_mutex_lock(&host->hosts->lock);
    enum host_answer answer = look_locked(host, delay);
    pthread_mutex_unlock(&host->hosts->lock);
    return answer;
}

enum host_answer host_begin(struct host *host, uint64_t *delay, uint64_t *trial) {
    *trial = 0;
    if (host == NULL)
        return HOST_GO;
    pthread_mutex_lock(&host->hosts->lock);
    enum host_answer answer = begin_locked(host, delay, trial);
    pthread_mutex_unlock(&host->hosts->lock);
    return answer;
}

/* Pauses for 1, 2, 4 ... seconds, of which 50 to 100% count, and for no less than the host asks for. */
static void pause_locked(struct host *host, uint64_t retry_after) {
    uint64_t seconds = host->tries < 6 ? UINT64_C(1) << host->tries : LONGEST_PAUSE;
    uint64_t pause = seconds * WEIR_SECOND;
    pause -= random_next(&host->hosts->random) % (pause / 2 + 1);
    host->resume = weir_deadline_after(pause > retry_after ? pause : retry_after);
    host->state = PAUSED;
}

/* A request that began before the pause may end at any time after it, and says nothing new. */
static void fail_locked(struct host *host, bool was_tried, uint64_t retry_after, const char *reason) {
    if (host->state != UP && !was_tried)
        return;
    host->in_a_row++;
    if (host->hosts->tries == 0 || (!was_tried && host->in_a_row < MANY))
        return;
    if (was_tried && ++host->tries == host->hosts->tries) {
        host->state = GONE;
        terminal_say("%s: given up after %u failures in a row: %s", host->name, host->in_a_row, reason);
        return;
    }
    if (!was_tried)
        terminal_say("%s: paused after %u failures in a row: %s", host->name, host->in_a_row, reason);
    pause_locked(host, retry_after);
}

static void answer_locked(struct host *host) {
    if (host->state == GONE)
        return;
    if (host->state != UP)
        terminal_say("%s: answers again", host->name);
    host->state = UP;
    host->in_a_row = host->tries = 0;
}

bool host_end(struct host *host, uint64_t trial, enum host_outcome outcome, uint64_t retry_after, const char *reason) {
    if (host == NULL)
        return false;
    pthread_mutex_lock(&host->hosts->lock);
    bool was_tried = host->state == TRIED && trial == host->trial;
    if (outcome == HOST_FAILED)
        fail_locked(host, was_tried, retry_after, reason);
    else if (outcome == HOST_ANSWERED)
        answer_locked(host);
    else if (was_tried)
        host->state = PAUSED; /* another picture tries at once */
    bool is_gone = host->state == GONE;
    pthread_mutex_unlock(&host->hosts->lock);
    return is_gone;
}

/* ---- admitted and parked photos ---- */

static bool is_full(const struct host *host) {
    return host->hosts->most_inside > 0 && host->inside >= host->hosts->most_inside;
}

static void admit_locked(struct host *host, struct photo *photo) {
    host->inside++;
    photo->inside = host;
}

/* A full host is listed when a photo of it leaves. So no call looks at hosts that can only wait for that. */
static void list_locked(struct host *host) {
    struct hosts *hosts = host->hosts;
    if (host->is_listed || host->parked == NULL || is_full(host))
        return;
    host->next = hosts->parking;
    hosts->parking = host;
    host->is_listed = true;
}

static bool park_locked(struct host *host, struct photo *photo) {
    host->is_source = true;
    if (host->state == UP && !is_full(host)) {
        admit_locked(host, photo);
        return false;
    }
    photo->next_parked = NULL;
    *host->last = photo;
    host->last = &photo->next_parked;
    list_locked(host);
    return true;
}

bool hosts_park(struct hosts *hosts, struct photo *photo) {
    if (hosts == NULL || photo->fault != NULL)
        return false;
    pthread_mutex_lock(&hosts->lock);
    struct host *host = find_locked(hosts, photo->url);
    bool is_parked = host != NULL && park_locked(host, photo);
    pthread_mutex_unlock(&hosts->lock);
    return is_parked;
}

void hosts_leave(struct photo *photo) {
    struct host *host = photo->inside;
    if (host == NULL)
        return;
    photo->inside = NULL;
    pthread_mutex_lock(&host->hosts->lock);
    host->inside--;
    list_locked(host);
    pthread_mutex_unlock(&host->hosts->lock);
}

/* Returns whether a photo may go: the host is up, or its pause is over and no other photo can try it. */
static bool is_open(const struct host *host) {
    weir_deadline now = weir_deadline_after(0);
    return host->state == UP || (host->state == PAUSED && now >= host->resume && now >= host->release);
}

static struct photo *unpark_locked(struct hosts *hosts) {
    for (struct host **link = &hosts->parking; *link != NULL;) {
        struct host *host = *link;
        if (host->parked == NULL || host->state == GONE || is_full(host)) {
            *link = host->next;
            host->is_listed = false;
        } else if (is_open(host)) {
            struct photo *photo = host->parked;
            host->release = weir_deadline_after(WEIR_SECOND);
            host->parked = photo->next_parked;
            if (host->parked == NULL)
                host->last = &host->parked;
            admit_locked(host, photo);
            return photo;
        } else {
            link = &host->next;
        }
    }
    return NULL;
}

struct photo *hosts_unpark(struct hosts *hosts) {
    if (hosts == NULL)
        return NULL;
    pthread_mutex_lock(&hosts->lock);
    struct photo *photo = unpark_locked(hosts);
    pthread_mutex_unlock(&hosts->lock);
    return photo;
}

bool hosts_have_parked(struct hosts *hosts) {
    bool have = false;
    if (hosts == NULL)
        return false;
    pthread_mutex_lock(&hosts->lock);
    for (size_t i = 0; i < hosts->count && !have; i++) {
        const struct host *host = hosts->all[i];
        have = host != NULL && host->parked != NULL && host->state != GONE;
    }
    pthread_mutex_unlock(&hosts->lock);
    return have;
}

bool hosts_are_gone(struct hosts *hosts) {
    size_t sources = 0, gone = 0;
    if (hosts == NULL)
        return false;
    pthread_mutex_lock(&hosts->lock);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->all[i];
        sources += host != NULL && host->is_source;
        gone += host != NULL && host->is_source && host->state == GONE;
    }
    pthread_mutex_unlock(&hosts->lock);
    return sources > 0 && gone == sources;
}
