// SPDX-License-Identifier: Apache-2.0
#include "pager.h"

#include "base/hash.h"
#include "base/reach.h"
#include "deeds.h"
#include "ledger.h"
#include "node.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t acts = ~(UINT32_C(1) << EVENT_COMMENT | UINT32_C(1) << EVENT_REMOVED);

/* How many events the log holds in the direction asked, as far as everybody may know. */
static uint64_t count_known(const struct pager *pager, uint64_t head)
{
    const struct ledger *ledger = &pager->world->ledgers[pager->stream];
    const struct read *read = &pager->read;
    const uint64_t from = read->from == READ_AFTER ? read->bound + 1 : 1;
    const uint64_t upto = read->from == READ_AFTER ? read->upto : read->bound - 1;
    const uint64_t first = from > ledger->ground ? from : ledger->ground + 1;
    const uint64_t last = upto < head ? upto : head;
    return last >= first ? ledger_count(ledger, pager->user, first, last, read->kinds) : 0;
}

/* It is shown to who asks, with what stands before it there, and without what was removed. */
static void check_event(struct pager *pager, const struct event *event)
{
    static const struct str comment = STR("{\"type\":\"comment\"");
    struct world *world = pager->world;
    struct ledger *ledger = &world->ledgers[pager->stream];
    const struct store_row row = {.seq = event->seq,
                                  .prev = event->prev,
                                  .kind = event->kind,
                                  .body = {.at = event->body, .len = event->body_len}};
    ledger_saw(ledger, &row);
    const struct entry *entry = ledger_find(ledger, event->seq);
    world_holds(world, ledger_is_place(ledger, pager->user, event->seq, event->prev),
                "P8: a page of %s shows %llu", ledger->name.at, (unsigned long long)event->seq);
    world_holds(
        world,
        event->kind != EVENT_COMMENT || !deeds_took(ledger, event->seq, entry->n, pager->fence),
        "P6: a page of %s has the text of %llu", ledger->name.at, (unsigned long long)event->seq);
    const char *at = event->body, *const end = event->body + event->body_len;
    while ((at = memmem(at, (size_t)(end - at), comment.at, comment.len)) != NULL) {
        const uint64_t seq = strtoull(strstr(at, "\"seq\":") + 6, NULL, 10);
        world_holds(world, !deeds_took(ledger, seq, entry->n, pager->fence),
                    "P6: a page of %s has the text of %llu in %llu", ledger->name.at,
                    (unsigned long long)seq, (unsigned long long)event->seq);
        at += comment.len;
    }
}

static void check_events(struct pager *pager)
{
    struct world *world = pager->world;
    struct ledger *ledger = &world->ledgers[pager->stream];
    const struct read *read = &pager->read;
    for (uint32_t i = 0; i < read->count; i++) {
        const struct event *event = read->events[i];
        const struct event *before = i == 0 ? NULL : read->events[i - 1];
        check_event(pager, event);
        world_holds(world, (read->kinds >> event->kind & 1U) != 0, "P5: a page has other kinds");
        world_holds(world,
                    before == NULL || ledger_count(ledger, pager->user, before->seq + 1, event->seq,
                                                   read->kinds) == 1,
                    "P5: a page of %s leaves something out before %llu", ledger->name.at,
                    (unsigned long long)event->seq);
    }
}

/* ---- as it is shown ---- */

/* What history has in the place of `seq`: a comment, EVENT_REMOVED, or (0) nothing. */
static uint8_t shown_at(const struct pager *pager, uint64_t seq)
{
    const struct ledger *ledger = &pager->world->ledgers[pager->stream];
    const struct entry *entry = &ledger->entries[seq - 1];
    const bool is_theirs =
        !entry->is_shadowed || entry->user == pager->user || pager->user == EVERY_USER;
    if (entry->kind != EVENT_COMMENT || !(is_theirs || entry->is_unshadowed)) {
        return 0;
    }
    const uint8_t kind = deeds_hide(ledger, seq) ? EVENT_REMOVED : EVENT_COMMENT;
    const bool is_seen = kind == EVENT_COMMENT || is_theirs;
    return is_seen && (pager->read.kinds >> kind & 1U) != 0 ? kind : 0;
}

static void check_folded_event(struct pager *pager, const struct event *event)
{
    struct world *world = pager->world;
    struct ledger *ledger = &world->ledgers[pager->stream];
    struct entry *entry = ledger_find(ledger, event->seq);
    const struct str body = {.at = event->body, .len = event->body_len};
    world_holds(world, entry != NULL && entry->kind == EVENT_COMMENT,
                "P2: history of %s has %llu, which is no comment", ledger->name.at,
                (unsigned long long)event->seq);
    if (event->kind == EVENT_REMOVED) {
        world_holds(world, memmem(body.at, body.len, "\"text\"", 6) == NULL,
                    "P6: history of %s has the text of %llu in its place", ledger->name.at,
                    (unsigned long long)event->seq);
        reach(FOLDED_REMOVED);
        return;
    }
    world_holds(world, hash_str(LEDGER_HASH_KEY, body) == entry->body_hash,
                "P3: history of %s has another text at %llu", ledger->name.at,
                (unsigned long long)event->seq);
    world_holds(
        world,
        !deeds_remove(ledger, event->seq, pager->fence) || pager->steps != world->deeds.step_count,
        "P6: history of %s has the text of %llu", ledger->name.at, (unsigned long long)event->seq);
    world_holds(world,
                !entry->is_shadowed || entry->is_unshadowed || entry->user == pager->user ||
                    pager->user == EVERY_USER,
                "P8: history of %s shows %llu", ledger->name.at, (unsigned long long)event->seq);
    reach_if(entry->was_removed, FOLDED_RESTORED);
    world->shown += !entry->is_shown;
    entry->is_shown = true;
}

/* Where no act came between, nor retention, each place holds what it should. */
static void check_folded(struct pager *pager)
{
    struct world *world = pager->world;
    const struct ledger *ledger = &world->ledgers[pager->stream];
    const struct read *read = &pager->read;
    world_note(world, "history of %s: %u comments, head %llu", ledger->name.at, read->count,
               (unsigned long long)read->head);
    reach(FOLDED);
    for (uint32_t i = 0; i < read->count; i++) {
        check_folded_event(pager, read->events[i]);
    }
    if (pager->steps != world->deeds.step_count || pager->ground != ledger->ground ||
        deeds_are_unshadowing(ledger)) {
        return;
    }
    const bool is_after = read->from == READ_AFTER;
    const uint64_t head = pager->user == EVERY_USER ? read->heard : read->head;
    uint64_t first = is_after ? read->bound + 1 : 1;
    uint64_t last = is_after || read->bound > head ? head : read->bound - 1;
    first = first > ledger->ground ? first : ledger->ground + 1;
    if (read->reached != 0) { // it stopped there
        first = is_after ? first : read->reached;
        last = is_after ? read->reached : last;
    }
    uint32_t count = 0;
    for (uint64_t i = 0; last >= first && i <= last - first && count < read->limit; i++) {
        const uint64_t seq = is_after ? first + i : last - i;
        const uint8_t kind = shown_at(pager, seq);
        if (kind == 0) {
            continue;
        }
        const uint32_t at = is_after ? count : read->count - 1 - count;
        world_holds(world,
                    count < read->count && read->events[at]->seq == seq &&
                        read->events[at]->kind == kind,
                    "P5: history of %s lacks %llu", ledger->name.at, (unsigned long long)seq);
        count++;
    }
    world_holds(world, count == read->count, "P5: history of %s has %u of %u", ledger->name.at,
                read->count, count);
}

/* ---- */

static void check_page(struct pager *pager)
{
    struct world *world = pager->world;
    struct ledger *ledger = &world->ledgers[pager->stream];
    const struct read *read = &pager->read;
    world_note(world, "a page of %s: %u events, head %llu", ledger->name.at, read->count,
               (unsigned long long)read->head);
    world_holds(world, read->head >= pager->head && read->head <= ledger->published,
                "P2: a page of %s knows of %llu, and %llu to %llu is known", ledger->name.at,
                (unsigned long long)read->head, (unsigned long long)pager->head,
                (unsigned long long)ledger->published);
    check_events(pager);
    if (pager->ground != ledger->ground) {
        return; // retention was at it meanwhile
    }
    const uint64_t all = count_known(pager, pager->user == EVERY_USER ? read->heard : read->head);
    world_holds(world, read->count == (all < read->limit ? all : read->limit),
                "P5: a page of %s has %u of %llu", ledger->name.at, read->count,
                (unsigned long long)all);
    world_holds(world, read->more == (all > read->count), "P5: `more` of a page of %s is wrong",
                ledger->name.at);
}

static void on_page(struct call *call)
{
    struct pager *pager = (struct pager *)(void *)call;
    struct world *world = pager->world;
    pager->is_away = false;
    if (!world->is_dead && pager->read.result == ERR_OK) {
        (pager->read.folded ? check_folded : check_page)(pager);
    } else if (!world->is_dead) {
        world_holds(world, world->scenario->bad_disks > 0 || world->is_closing,
                    "P15: a page was refused for no reason");
    }
    read_done(&pager->read);
}

void pager_begin(struct world *world)
{
    world->pager.world = world;
    world->pager.due_ms = 2000;
}

static uint8_t choose_view(struct world *world)
{
    if (world_chance(world, 150)) {
        reach(READ_ALL);
        return EVERY_USER;
    }
    return world_chance(world, 300) ? (uint8_t)world_below(world, USERS) : NOBODY_USER;
}

static uint64_t view_of(const struct world *world, uint8_t user)
{
    if (user == EVERY_USER || user == NOBODY_USER) {
        return user == EVERY_USER ? READ_VIEW_ALL : 0;
    }
    return port_user_hash(world->port, str_of(world->posters[user].name));
}

static uint32_t choose_kinds(struct world *world, bool is_folded)
{
    static const uint32_t comments = 1U << EVENT_COMMENT, places = 1U << EVENT_REMOVED;
    if (is_folded) {
        return comments | (world_chance(world, 300) ? places : 0);
    }
    return world_chance(world, 200) ? acts : UINT32_MAX;
}

void pager_step(struct world *world)
{
    struct pager *pager = &world->pager;
    pager->due_ms = world->now_ms + world_while(world, 2 * world->pace_ms);
    if (world->port == NULL || pager->is_away) {
        return;
    }
    struct reactor *reactor = &world->reactors[world_below(world, world->hubs)];
    pager->stream = world_chance(world, pager->looks_round ? 700 : 250);
    pager->looks_round = false;
    const struct ledger *ledger = &world->ledgers[pager->stream];
    const bool newest = world_chance(world, 500);
    pager->head = ledger_prev(ledger, NOBODY_USER, ledger->published + 1);
    pager->fence = world->deeds.fence;
    pager->steps = world->deeds.published;
    pager->user = choose_view(world);
    const bool is_folded = world->is_moderated && world_chance(world, 400);
    pager->ground = ledger->ground;
    pager->is_away = true;
    pager->read = (struct read){
        .call = {.home = &reactor->home, .done = on_page},
        .stream = ledger->name,
        .from = world_chance(world, 600) ? READ_BEFORE : READ_AFTER,
        .upto = SEQ_MAX,
        .limit = 1 + (uint32_t)world_below(world, 60),
        .kinds = choose_kinds(world, is_folded),
        .folded = is_folded,
        .view = view_of(world, pager->user),
    };
    pager->read.bound = pager->read.from == READ_BEFORE && newest
                            ? SEQ_MAX + 1
                            : 1 + world_below(world, ledger->head + 3);
    port_read(world->port, &pager->read);
    node_poke(world);
}
