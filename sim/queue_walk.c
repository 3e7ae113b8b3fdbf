// SPDX-License-Identifier: Apache-2.0
#include "queue_walk.h"

#include "base/must.h"
#include "base/reach.h"
#include "engine/embedded/comment_id.h"
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 500, SHORT_PAGE = 4 };

/* ---- what was told ---- */

struct told {
    uint64_t n, seq;
};

struct page {
    struct told at[PAGE_MAX];
    uint32_t count; // of these
    uint64_t all;   // "count"
    uint64_t last;  // of the cursor
    bool has_more;
};

static const char *behind(struct str json, const char *name)
{
    const char *at = memmem(json.at, json.len, name, strlen(name));
    return at == NULL ? NULL : at + strlen(name);
}

static uint64_t n_of(const struct world *world, const char *id)
{
    uint64_t n = 0;
    int64_t at_ms = 0;
    const struct str text = {.at = id, .len = COMMENT_ID_LEN};
    return comment_id_parse(world->queue.id_key, text, &n, &at_ms) == ERR_OK ? n : 0;
}

/* Each begins as an event does; what it says has no quotes in it. */
static struct str cut_comment(struct str *list)
{
    static const struct str begin = STR("{\"type\":\"comment\"");
    const char *at = memmem(list->at, list->len, begin.at, begin.len);
    if (at == NULL) {
        return STR_NONE;
    }
    const struct str rest = {.at = at + begin.len,
                             .len = (size_t)(list->at + list->len - at) - begin.len};
    const char *next = memmem(rest.at, rest.len, begin.at, begin.len);
    const size_t len = next == NULL ? rest.len : (size_t)(next - rest.at);
    *list = (struct str){.at = rest.at + len, .len = rest.len - len};
    return (struct str){.at = rest.at, .len = len};
}

static void read_page(const struct world *world, struct str json, struct page *page)
{
    const char *end = behind(json, "],\"count\":");
    const char *cursor = behind(json, "\"cursor\":\"");
    must(end != NULL && cursor != NULL);
    struct str list = {.at = json.at, .len = (size_t)(end - json.at)};
    *page = (struct page){.all = strtoull(end, NULL, 10),
                          .last = *cursor == '"' ? 0 : n_of(world, cursor),
                          .has_more = behind(json, "\"more\":true") != NULL};
    struct str comment;
    while ((comment = cut_comment(&list)).len > 0 && page->count < PAGE_MAX) {
        const char *id = behind(comment, "\"id\":\"0");
        const char *seq = behind(comment, "\"seq\":");
        must(id != NULL);
        page->at[page->count++] = (struct told){
            .n = n_of(world, id - 1), .seq = seq == NULL || seq > id ? 0 : strtoull(seq, NULL, 10)};
    }
}

/* ---- what waited ---- */

static bool did_wait(const struct queue_walk *walk, const struct stay *stay, uint64_t version)
{
    return stay->stream == walk->stream && stay->from <= version &&
           (stay->to == 0 || stay->to > version);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = (*(const struct stay *const *)a)->n;
    const uint64_t y = (*(const struct stay *const *)b)->n;
    return (x > y) - (x < y);
}

/* By number; owned by the caller. */
static const struct stay **collect(const struct world *world, const struct queue_walk *walk,
                                   uint64_t version, uint32_t *ret_count)
{
    const struct queue *queue = &world->queue;
    const struct stay **all = calloc(queue->stay_count + 1, sizeof(const struct stay *));
    must(all != NULL);
    *ret_count = 0;
    for (uint32_t i = 0; i < queue->stay_count; i++) {
        if (did_wait(walk, &queue->stays[i], version)) {
            all[(*ret_count)++] = &queue->stays[i];
        }
    }
    qsort(all, *ret_count, sizeof(*all), by_number);
    return all;
}

/* What nobody can read any more is counted and not told. */
static bool lists(const struct world *world, const struct queue_walk *walk, const struct page *page,
                  const struct stay *const *all, uint32_t count)
{
    uint32_t told = 0;
    bool is_over = false;
    for (uint32_t i = 0; i < count && !is_over; i++) {
        const struct stay *stay = all[i];
        const bool is_told =
            told < page->count && page->at[told].n == stay->n && page->at[told].seq == stay->seq;
        is_over = told == walk->limit && stay->n > walk->after_n;
        if (stay->n <= walk->after_n || is_over) {
            continue;
        }
        if (!is_told && !queue_may_be_erased(world, stay->at_ms)) {
            return false;
        }
        told += is_told;
    }
    return told == page->count && page->has_more == is_over;
}

static bool is_as_at(const struct world *world, const struct queue_walk *walk,
                     const struct page *page, uint64_t version)
{
    uint32_t count = 0;
    const struct stay **all = collect(world, walk, version, &count);
    const bool is_so = count == page->all && lists(world, walk, page, all, count);
    free((void *)all);
    return is_so;
}

static void check_page(struct world *world, const struct queue_walk *walk, const struct page *page)
{
    uint64_t version = walk->asked;
    while (version <= world->queue.version && !is_as_at(world, walk, page, version)) {
        version++;
    }
    world_holds(
        world, version <= world->queue.version,
        "P1: a page of the queue of %s has %u of %llu, as it never was since it was asked for",
        world->ledgers[walk->stream].name.at, page->count, (unsigned long long)page->all);
    const uint64_t last = page->count == 0 ? walk->after_n : page->at[page->count - 1].n;
    world_holds(world, page->last == last, "P1: the cursor of a page of the queue of %s is another",
                world->ledgers[walk->stream].name.at);
    reach(QUEUE_PAGED);
    reach_if(version > walk->asked, QUEUE_PAGE_RACED);
}

/* ---- the walk ---- */

void queue_walk_end(struct queue_walk *walk)
{
    free(walk->told);
    *walk = (struct queue_walk){.room = 0};
}

static void note_told(struct world *world, struct queue_walk *walk, uint64_t n)
{
    world_holds(world, walk->count == 0 || n > walk->told[walk->count - 1],
                "P4: a walk through the queue of %s tells of one twice",
                world->ledgers[walk->stream].name.at);
    if (walk->count == walk->room) {
        walk->room = 2 * walk->room + 16;
        walk->told = realloc(walk->told, walk->room * sizeof(*walk->told));
        must(walk->told != NULL);
    }
    walk->told[walk->count++] = n;
}

static bool was_told(const struct queue_walk *walk, uint64_t n)
{
    for (uint32_t i = 0; i < walk->count; i++) {
        if (walk->told[i] == n) {
            return true;
        }
    }
    return false;
}

/* What waited all the while. */
static void check_whole(struct world *world, const struct queue_walk *walk)
{
    for (uint32_t i = 0; i < world->queue.stay_count; i++) {
        const struct stay *stay = &world->queue.stays[i];
        world_holds(world,
                    !did_wait(walk, stay, walk->begun) || stay->to != 0 ||
                        was_told(walk, stay->n) || queue_may_be_erased(world, stay->at_ms),
                    "P1: a walk through the queue of %s leaves out what waits",
                    world->ledgers[walk->stream].name.at);
    }
    reach_if(walk->pages > 1, QUEUE_WALKED);
    reach_if(walk->pages > 1 && walk->begun < world->queue.version, QUEUE_WALK_MOVED);
}

void queue_walk_ask(struct world *world, struct queue_walk *walk, struct moderation_call *call)
{
    if (walk->pages == 0) {
        walk->stream = (uint8_t)world_chance(world, 200);
        walk->begun = world->queue.version;
    }
    walk->asked = world->queue.version;
    walk->limit =
        1 + (uint32_t)world_below(world, world_chance(world, 800) ? SHORT_PAGE : PAGE_MAX);
    call->stream = world->ledgers[walk->stream].name;
    call->id = str_of(walk->cursor.text);
    call->limit = walk->limit;
}

void queue_walk_answered(struct world *world, struct queue_walk *walk,
                         const struct moderation_call *call)
{
    struct page page = {.count = 0};
    world_holds(world, call->result != ERR_DENIED, "P1: a cursor of the queue of %s is none",
                world->ledgers[walk->stream].name.at);
    if (call->result == ERR_NOT_FOUND) {
        queue_walk_end(walk);
    }
    if (call->result != ERR_OK) {
        return; // asked again
    }
    read_page(world, (struct str){.at = (const char *)call->out.bytes, .len = call->out.len},
              &page);
    world_note(world, "a page of the queue of %s: %u of %llu", world->ledgers[walk->stream].name.at,
               page.count, (unsigned long long)page.all);
    check_page(world, walk, &page);
    for (uint32_t i = 0; i < page.count; i++) {
        note_told(world, walk, page.at[i].n);
    }
    walk->pages++;
    if (!page.has_more) {
        check_whole(world, walk);
        queue_walk_end(walk);
        return;
    }
    walk->after_n = page.last;
    (void)snprintf(walk->cursor.text, sizeof(walk->cursor.text), "%.*s", COMMENT_ID_LEN,
                   behind((struct str){.at = (const char *)call->out.bytes, .len = call->out.len},
                          "\"cursor\":\""));
}
