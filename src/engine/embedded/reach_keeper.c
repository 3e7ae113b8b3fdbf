// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/reach_keeper.h"

#include "engine/embedded/store_acts.h"
#include "engine/embedded/store_reach.h"

#include <stddef.h>

enum { REACH_ACTS = 64 };

static struct reach_keep *keep_of(struct letter *letter)
{
    return (struct reach_keep *)(void *)((char *)letter - offsetof(struct reach_keep, call.letter));
}

void reach_keeper_init(struct reach_keeper *keeper)
{
    call_queue_init(&keeper->waiting);
}

static void open_keep(struct letter *letter)
{
    struct reach_keeper *keeper = keep_of(letter)->call.holder;
    call_queue_push(&keeper->waiting, letter);
}

void reach_keeper_hand_over(struct reach_keeper *keeper, struct home *home, struct reach_keep *keep)
{
    keep->call.holder = keeper;
    keep->call.letter.open = open_keep;
    home_send(home, &keep->call.letter);
}

/* Whose acts are there, before anything is written: a damaged page ends the transaction that comes
 * upon it. */
static enum err find_all(struct reach_keeper *keeper, struct store *store)
{
    for (struct letter *letter = keeper->waiting.first; letter != NULL; letter = letter->next) {
        struct reach_keep *keep = keep_of(letter);
        struct store_act act;
        const enum err err = store_acts_get(store, keep->act, &act);
        if (err != ERR_OK && err != ERR_NOT_FOUND && err != ERR_PROTO) {
            return err;
        }
        keep->result = err == ERR_PROTO ? ERR_GONE : err;
    }
    return ERR_OK;
}

static enum err put_all(struct reach_keeper *keeper, struct store *store, uint32_t acts_max)
{
    for (struct letter *letter = keeper->waiting.first; letter != NULL; letter = letter->next) {
        const struct reach_keep *keep = keep_of(letter);
        if (keep->result == ERR_OK) {
            TRY(store_reach_put(store, keep->act, &keep->figures, acts_max));
        }
    }
    return ERR_OK;
}

static enum err write_all(struct reach_keeper *keeper, struct store *store, uint32_t acts_max)
{
    TRY(store_begin_write(store));
    const enum err err = put_all(keeper, store, acts_max);
    if (err != ERR_OK) {
        store_rollback(store);
        return err;
    }
    return store_commit(store);
}

/* A page of what is kept is damaged: those that come upon it are alone with it. */
static enum err write_each(struct reach_keeper *keeper, struct store *store, uint32_t acts_max)
{
    for (struct letter *letter = keeper->waiting.first; letter != NULL; letter = letter->next) {
        struct reach_keep *keep = keep_of(letter);
        if (keep->result != ERR_OK) {
            continue;
        }
        TRY(store_begin_write(store));
        enum err err = store_reach_put(store, keep->act, &keep->figures, acts_max);
        if (err == ERR_OK) {
            err = store_commit(store);
        } else {
            store_rollback(store);
        }
        TRY(err == ERR_PROTO ? ERR_OK : err);
        keep->result = err == ERR_PROTO ? ERR_GONE : ERR_OK;
    }
    return ERR_OK;
}

static enum err keep_all(struct reach_keeper *keeper, struct store *store, uint32_t acts_max)
{
    TRY(store_begin_read(store));
    enum err err = find_all(keeper, store);
    store_rollback(store);
    if (err != ERR_OK) {
        return err;
    }
    err = write_all(keeper, store, acts_max);
    return err == ERR_PROTO ? write_each(keeper, store, acts_max) : err;
}

static void answer(struct reach_keeper *keeper, enum err err)
{
    struct letter *letter = NULL;
    while ((letter = call_queue_pop(&keeper->waiting)) != NULL) {
        struct reach_keep *keep = keep_of(letter);
        keep->result = err == ERR_OK ? keep->result : ERR_SYS;
        call_finish(&keep->call);
    }
}

enum err reach_keeper_step(struct reach_keeper *keeper, struct store *store, uint32_t acts_max)
{
    if (keeper->waiting.count == 0) {
        return ERR_OK;
    }
    const enum err err = keep_all(keeper, store, acts_max == 0 ? REACH_ACTS : acts_max);
    answer(keeper, err);
    return err;
}

void reach_keeper_refuse(struct reach_keeper *keeper)
{
    answer(keeper, ERR_SYS);
}
