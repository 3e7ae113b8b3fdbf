// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_pieces.h"

#include "engine/embedded/acts.h"
#include "engine/embedded/barrier.h"

#include <stddef.h>

enum { AGAIN_MS = 500 };

void act_pieces_init(struct act_pieces *pieces, struct ordering *ordering)
{
    *pieces = (struct act_pieces){.ordering = ordering, .may_be_left = true};
    call_queue_init(&pieces->waiting);
}

void act_pieces_wake(struct act_pieces *pieces)
{
    pieces->may_be_left = true;
}

void act_pieces_take(struct act_pieces *pieces, struct call_queue *begun)
{
    struct letter *letter = NULL;
    while ((letter = call_queue_pop(begun)) != NULL) {
        call_queue_push(&pieces->waiting, letter);
    }
}

bool act_pieces_is_due(const struct act_pieces *pieces, struct moment now)
{
    return pieces->may_be_left && now.mono_ms >= pieces->next_ms;
}

static struct act_call *act_of(struct letter *letter)
{
    return (struct act_call *)(void *)((char *)letter - offsetof(struct call, letter));
}

/* ---- a piece ---- */

/* They take turns. ERR_NOT_FOUND: none is left. */
static enum err find_next(const struct act_pieces *pieces, struct store_act_place *ret_place)
{
    struct store *store = pieces->ordering->store;
    const enum err err = store_acts_place_after(store, pieces->newest, ret_place);
    return err == ERR_NOT_FOUND ? store_acts_place_after(store, 0, ret_place) : err;
}

static enum err do_piece(void *doer, struct moment now)
{
    struct act_pieces *pieces = doer;
    struct store_act_place place;
    const enum err err = find_next(pieces, &place);
    if (err != ERR_OK) {
        pieces->may_be_left = err != ERR_NOT_FOUND;
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    pieces->newest = place.act;
    pieces->ordering->act_pieces++;
    return acts_go_on(pieces->ordering, &place, now, &pieces->changed);
}

/* ---- who waits ---- */

/* ERR_AGAIN: the act is not done. */
static enum err find_end(const struct act_pieces *pieces, struct act_call *call)
{
    struct store *store = pieces->ordering->store;
    struct store_act_place place;
    struct store_act act;
    const enum err err = store_acts_place(store, call->act_n, &place);
    if (err != ERR_NOT_FOUND) {
        return err == ERR_OK ? ERR_AGAIN : err;
    }
    TRY(store_acts_get(store, call->act_n, &act));
    call->seq = act.seq;
    return ERR_OK;
}

/* Whoever asks for it again changes nothing, and is told of no number. */
static void add_changed(struct act_pieces *pieces)
{
    for (uint32_t left = pieces->waiting.count; left > 0 && pieces->changed > 0; left--) {
        struct letter *letter = call_queue_pop(&pieces->waiting);
        struct act_call *call = act_of(letter);
        call->changed += call->act_n == pieces->newest ? pieces->changed : 0;
        call_queue_push(&pieces->waiting, letter);
    }
}

/* Those whose acts are done. What cannot be read now is asked again. */
static void take_done(struct act_pieces *pieces, struct call_queue *done)
{
    for (uint32_t left = pieces->waiting.count; left > 0; left--) {
        struct letter *letter = call_queue_pop(&pieces->waiting);
        const bool is_done = find_end(pieces, act_of(letter)) == ERR_OK;
        call_queue_push(is_done ? done : &pieces->waiting, letter);
    }
}

/* Behind what was published of their acts; without memory for that, later. */
static void answer(struct act_pieces *pieces, struct bus *bus)
{
    struct store *store = pieces->ordering->store;
    struct letter *letter = NULL;
    struct call_queue done;
    call_queue_init(&done);
    if (pieces->waiting.count > 0 && store_begin_read(store) == ERR_OK) {
        take_done(pieces, &done);
        store_rollback(store);
    }
    struct barrier *barrier = done.count > 0 ? barrier_new(bus, done.count) : NULL;
    while ((letter = call_queue_pop(&done)) != NULL) {
        if (barrier != NULL) {
            barrier_add(barrier, act_of(letter));
        } else {
            call_queue_push(&pieces->waiting, letter);
        }
    }
    if (barrier != NULL) {
        barrier_send(barrier, bus);
    }
    pieces->may_be_left = pieces->may_be_left || pieces->waiting.count > 0;
}

void act_pieces_give_up(struct act_pieces *pieces)
{
    struct letter *letter = NULL;
    while ((letter = call_queue_pop(&pieces->waiting)) != NULL) {
        act_of(letter)->end = ACT_UNKNOWN;
        call_finish(&act_of(letter)->call);
    }
}

enum err act_pieces_step(struct act_pieces *pieces, const struct act_pieces_ways *ways,
                         struct moment now)
{
    struct ordering *ordering = pieces->ordering;
    const struct outlet outlet = {
        .heads = &ordering->heads, .bus = ways->bus, .tail = ways->tail, .mono_ms = now.mono_ms};
    const struct ordering_work work = {.fn = do_piece, .doer = pieces};
    pieces->changed = 0;
    const enum err err = ordering_write(ordering, &work, now);
    if (err != ERR_OK) {
        act_pieces_give_up(pieces);
        pieces->may_be_left = true;
        pieces->next_ms = now.mono_ms + AGAIN_MS;
        return err;
    }
    metric_count(ways->pieces, pieces->may_be_left);
    outbox_publish(&ordering->outbox, &outlet);
    add_changed(pieces);
    answer(pieces, ways->bus);
    return ERR_OK;
}
