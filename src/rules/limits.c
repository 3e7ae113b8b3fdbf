// SPDX-License-Identifier: Apache-2.0
/* Each key has a ring of the times it was taken, oldest first:
 *
 *     times:  [ t5 | -- | -- | t2 | t3 | t4 ]      oldest = 3, count = 4, cap = 6
 *
 * A time t is inside the window at `now` while t + window > now. What has left is forgotten by the
 * next take. The keys stand in `idle` by their last take, so a sweep looks at its front only. */
#include "rules/limits.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/mutant.h"

#include <string.h>

enum { TIMES_CAP_MIN = 4 };

struct window {
    struct map_node node; // in limits->by_key
    struct link link;     // in limits->idle
    int64_t *times;       // owned; [cap], a ring
    uint32_t oldest;      // index of the oldest
    uint32_t count;       // times held
    uint32_t cap;
    char key[]; // what node.key borrows
};

struct limits {
    struct limit limit;
    struct map by_key;
    struct link idle; // windows, the longest unused first
};

enum err limits_new(struct limit limit, uint64_t seed, struct limits **ret_limits)
{
    struct limits *limits = mem_new(MEM_ENGINE, sizeof(*limits));
    if (limits == NULL) {
        return ERR_NOMEM;
    }
    limits->limit = limit;
    map_init(&limits->by_key, MEM_ENGINE, seed);
    list_init(&limits->idle);
    *ret_limits = limits;
    return ERR_OK;
}

static void window_free(struct limits *limits, struct window *window)
{
    list_remove(&window->link);
    map_remove(&limits->by_key, &window->node);
    mem_free(MEM_ENGINE, window->times);
    mem_free(MEM_ENGINE, window);
}

void limits_free(struct limits *limits)
{
    if (limits == NULL) {
        return;
    }
    while (!list_is_empty(&limits->idle)) {
        window_free(limits, list_entry(limits->idle.next, struct window, link));
    }
    map_done(&limits->by_key);
    mem_free(MEM_ENGINE, limits);
}

void limits_set(struct limits *limits, struct limit limit)
{
    limits->limit = limit;
}

uint64_t limits_keys(const struct limits *limits)
{
    return limits->by_key.count;
}

static struct window *find(const struct limits *limits, struct str key)
{
    struct map_node *node = map_find(&limits->by_key, key);
    return node == NULL ? NULL : map_entry(node, struct window, node);
}

static int64_t *time_at(const struct window *window, uint32_t index)
{
    return &window->times[(window->oldest + index) % window->cap];
}

/* How many of the oldest have left the window by now. */
static uint32_t passed(const struct window *window, uint32_t window_ms, int64_t mono_ms)
{
    uint32_t low = 0, high = window->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (*time_at(window, middle) + window_ms - (mutant(LIMIT_SHORT) ? 1000 : 0) <= mono_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t until(int64_t then_ms, int64_t mono_ms)
{
    const int64_t left_ms = then_ms - mono_ms;
    if (left_ms <= 0) {
        return 0;
    }
    return left_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)left_ms;
}

static uint32_t times_factor(uint32_t count, uint32_t factor)
{
    const uint64_t product = (uint64_t)count * factor;
    return product > UINT32_MAX ? UINT32_MAX : (uint32_t)product;
}

struct limit_answer limits_ask(const struct limits *limits, struct str key, uint32_t factor,
                               int64_t mono_ms)
{
    const uint32_t window_ms = limits->limit.window_ms;
    const uint32_t most = times_factor(limits->limit.count, factor);
    if (most == 0) {
        return (struct limit_answer){.allowed = true};
    }
    const struct window *window = find(limits, key);
    const uint32_t gone = window == NULL ? 0 : passed(window, window_ms, mono_ms);
    const uint32_t inside = window == NULL ? 0 : window->count - gone;
    if (inside == 0) {
        return (struct limit_answer){
            .allowed = true, .limit = most, .remaining = most - 1, .reset_ms = window_ms};
    }
    struct limit_answer answer = {
        .allowed = inside < most + (mutant(LIMIT_ONE_MORE) ? 1 : 0),
        .limit = most,
        .remaining = inside < most ? most - inside - 1 : 0,
        .reset_ms = until(*time_at(window, gone) + window_ms, mono_ms),
    };
    if (!answer.allowed) {
        /* There is room again when so many have left that `most` - 1 are inside. */
        const int64_t last_to_leave = *time_at(window, gone + inside - most);
        answer.retry_after_ms = until(last_to_leave + window_ms, mono_ms);
    }
    return answer;
}

static enum err window_new(struct limits *limits, struct str key, struct window **ret_window)
{
    struct window *window = mem_new(MEM_ENGINE, sizeof(*window) + key.len);
    if (window == NULL) {
        return ERR_NOMEM;
    }
    if (key.len > 0) {
        memcpy(window->key, key.at, key.len);
    }
    window->node.key = (struct str){.at = window->key, .len = key.len};
    const enum err err = map_add(&limits->by_key, &window->node);
    if (err != ERR_OK) {
        mem_free(MEM_ENGINE, window);
        return err;
    }
    list_push(&limits->idle, &window->link);
    *ret_window = window;
    return ERR_OK;
}

static void forget_passed(struct window *window, uint32_t window_ms, int64_t mono_ms)
{
    const uint32_t gone = passed(window, window_ms, mono_ms);
    window->count -= gone;
    window->oldest = window->cap == 0 ? 0 : (window->oldest + gone) % window->cap;
}

static enum err make_room(struct window *window)
{
    if (window->count < window->cap) {
        return ERR_OK;
    }
    const uint32_t cap = window->cap == 0 ? TIMES_CAP_MIN : window->cap * 2;
    int64_t *times = mem_new(MEM_ENGINE, cap * sizeof(*times));
    if (times == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < window->count; i++) {
        times[i] = *time_at(window, i);
    }
    mem_free(MEM_ENGINE, window->times);
    window->times = times;
    window->oldest = 0;
    window->cap = cap;
    return ERR_OK;
}

enum err limits_take(struct limits *limits, struct str key, int64_t mono_ms)
{
    if (limits->limit.count == 0) {
        return ERR_OK;
    }
    struct window *window = find(limits, key);
    if (window == NULL) {
        TRY(window_new(limits, key, &window));
    }
    forget_passed(window, limits->limit.window_ms, mono_ms);
    TRY(make_room(window)); // an empty window that stays is swept like any
    *time_at(window, window->count) = mono_ms;
    window->count++;
    list_remove(&window->link);
    list_push(&limits->idle, &window->link);
    return ERR_OK;
}

void limits_untake(struct limits *limits, struct str key, int64_t mono_ms)
{
    struct window *window = find(limits, key);
    if (window == NULL) {
        return;
    }
    uint32_t index = window->count;
    while (index > 0 && *time_at(window, index - 1) > mono_ms) {
        index--;
    }
    if (index == 0 || *time_at(window, index - 1) != mono_ms) {
        return;
    }
    for (; index < window->count; index++) {
        *time_at(window, index - 1) = *time_at(window, index);
    }
    window->count--;
    if (window->count == 0) {
        window_free(limits, window);
    }
}

void limits_sweep(struct limits *limits, int64_t mono_ms, uint32_t keys_max)
{
    for (uint32_t i = 0; i < keys_max && !list_is_empty(&limits->idle); i++) {
        struct window *window = list_entry(limits->idle.next, struct window, link);
        if (passed(window, limits->limit.window_ms, mono_ms) < window->count) {
            return;
        }
        window_free(limits, window);
    }
}
