/*
 * explore.c - implements the search. See explore.h.
 *
 * The search is stateless: a run is the list of its decisions. The next run repeats the list up to the last decision
 * that has a further way within the budget. It takes that way, and defaults from there on.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DECISIONS = 20000 };

struct decision {
    uint8_t taken, count;
    uint16_t spent; /* budget spent before it */
    uint32_t costs;
};

static struct decision decisions[MOST_DECISIONS];
static int length;   /* number of decisions of this run so far */
static int repeated; /* number of decisions that are given */
static int budget, spent;
static enum explore_how how;
static bool first, calm;
static uint64_t random_state;
static char text[MOST_DECISIONS * 3 + 1];

static uint64_t random_next(void) { /* xorshift64*, S. Vigna 2016 */
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717);
}

static void begin(enum explore_how new_how, int new_budget) {
    how = new_how;
    budget = new_budget;
    length = repeated = spent = 0;
    first = true;
}

void explore_all(int new_budget) {
    begin(EXPLORE_ALL, new_budget);
}

void explore_random(uint64_t seed, int new_budget) {
    begin(EXPLORE_RANDOM, new_budget);
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

/* Parses a schedule. "3x1,2": three defaults, way 1, way 2. Trailing defaults are left out. */
void explore_replay(const char *schedule) {
    begin(EXPLORE_REPLAY, 0);
    for (const char *at = schedule; *at != '\0';) {
        char *end;
        unsigned long value = strtoul(at, &end, 10);
        unsigned long defaults = 0;
        if (*end == 'x') {
            defaults = value;
            value = strtoul(end + 1, &end, 10);
        }
        while (defaults-- > 0 && repeated < MOST_DECISIONS)
            decisions[repeated++].taken = 0;
        if (repeated < MOST_DECISIONS)
            decisions[repeated++].taken = (uint8_t)value;
        at = *end == ',' ? end + 1 : end + strlen(end);
    }
}

const char *explore_schedule(void) {
    char *at = text;
    int defaults = 0;
    *at = '\0';
    for (int i = 0; i < length; i++) {
        if (decisions[i].taken == 0) {
            defaults++;
            continue;
        }
        const char *comma = at == text ? "" : ",";
        if (defaults > 0)
            at += sprintf(at, "%s%dx%d", comma, defaults, decisions[i].taken);
        else
            at += sprintf(at, "%s%d", comma, decisions[i].taken);
        defaults = 0;
    }
    return text;
}

/* Returns the next way after `taken` that the budget allows; -1 if there is none. */
static int next_way(const struct decision *d) {
    for (int way = d->taken + 1; way < d->count; way++) {
        if (d->spent + (int)(d->costs >> way & 1) <= budget)
            return way;
    }
    return -1;
}

static bool next_list(void) {
    while (length > 0) {
        struct decision *last = &decisions[length - 1];
        int way = next_way(last);
        if (way >= 0) {
            last->taken = (uint8_t)way;
            return true;
        }
        length--;
    }
    return false;
}

bool explore_next(void) {
    bool more = first;
    if (!first && how == EXPLORE_ALL) {
        more = next_list();
        repeated = length;
    } else if (how == EXPLORE_RANDOM) {
        more = true;
        repeated = 0;
    }
    first = calm = false;
    length = spent = 0;
    return more;
}

/* Chooses at random, but mostly the default, so that a few deviations are spread over the whole run. */
static int random_way(int count, uint32_t costs) {
    int way = 0;
    uint64_t random = random_next();
    if ((costs & ((UINT64_C(1) << count) - 2)) == 0)
        way = (int)(random >> 33) % count; /* free: any */
    else if (random % 16 == 0)
        way = (int)(random >> 33) % count;
    if (spent + (int)(costs >> way & 1) > budget)
        way = 0;
    return way;
}

static int decide(int count, uint32_t costs, int way) {
    if (length == MOST_DECISIONS || calm)
        return 0;
    struct decision *d = &decisions[length];
    if (length < repeated)
        way = d->taken < count ? d->taken : 0;
    *d = (struct decision){.taken = (uint8_t)way, .count = (uint8_t)count, .spent = (uint16_t)spent, .costs = costs};
    spent += (int)(costs >> way & 1);
    length++;
    return way;
}

void explore_calm(bool now_calm) {
    calm = now_calm;
}

bool explore_is_calm(void) {
    return calm;
}

int explore_choose(int count, uint32_t costs) {
    return decide(count, costs, how == EXPLORE_RANDOM ? random_way(count, costs) : 0);
}

int explore_prefer(int count, uint32_t costs, int way) {
    return decide(count, costs, how == EXPLORE_RANDOM ? way : 0);
}

bool explore_is_random(void) {
    return how == EXPLORE_RANDOM;
}

uint64_t explore_random_number(void) {
    return random_next() >> 16;
}
