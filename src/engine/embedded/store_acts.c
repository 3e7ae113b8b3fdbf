// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_acts.h"

#include "base/hash.h"

#include <stddef.h>

uint64_t store_acts_key(uint64_t hash_key, struct str stream, enum act_do what, struct str target)
{
    const uint8_t byte = (uint8_t)what;
    const struct str parts[] = {stream, {.at = (const char *)&byte, .len = 1}, target};
    return hash_parts(hash_key, parts, sizeof(parts) / sizeof(parts[0]));
}

enum err store_acts_add(struct store *store, struct store_act *act)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ACT_ADD, &query));
    if (act->id != 0) {
        (void)sqlite3_bind_int64(query, 1, (int64_t)act->id);
    } else {
        (void)sqlite3_bind_null(query, 1);
    }
    (void)sqlite3_bind_int64(query, 2, act->stream);
    (void)sqlite3_bind_int(query, 3, (int)act->what);
    (void)sqlite3_bind_int64(query, 4, (int64_t)act->key);
    store_bind_text(query, 5, act->target);
    store_bind_text(query, 6, act->value);
    (void)sqlite3_bind_int64(query, 7, act->seconds);
    (void)sqlite3_bind_int64(query, 8, act->at_ms);
    (void)sqlite3_bind_int64(query, 9, act->until_ms);
    (void)sqlite3_bind_int64(query, 10, (int64_t)act->seq);
    (void)sqlite3_bind_int64(query, 11, (int64_t)act->lifted_by);
    TRY(store_run(store, query));
    act->id = (uint64_t)sqlite3_last_insert_rowid(store->db);
    return ERR_OK;
}

static struct store_act act_columns(sqlite3_stmt *query)
{
    return (struct store_act){
        .id = (uint64_t)sqlite3_column_int64(query, 0),
        .stream = sqlite3_column_int64(query, 1),
        .what = (enum act_do)sqlite3_column_int(query, 2),
        .key = (uint64_t)sqlite3_column_int64(query, 3),
        .target = store_column_text(query, 4),
        .value = store_column_text(query, 5),
        .seconds = sqlite3_column_int64(query, 6),
        .at_ms = sqlite3_column_int64(query, 7),
        .until_ms = sqlite3_column_int64(query, 8),
        .seq = (uint64_t)sqlite3_column_int64(query, 9),
        .lifted_by = (uint64_t)sqlite3_column_int64(query, 10),
    };
}

static enum err find_act(struct store *store, enum store_query which, const uint64_t keys[2],
                         struct store_act *ret_act)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)keys[0]);
    if (which != STORE_ACT_GET) {
        (void)sqlite3_bind_int64(query, 2, (int64_t)keys[1]);
    }
    TRY(store_step(store, query));
    *ret_act = act_columns(query);
    return ERR_OK;
}

enum err store_acts_get(struct store *store, uint64_t id, struct store_act *ret_act)
{
    return find_act(store, STORE_ACT_GET, (const uint64_t[]){id, 0}, ret_act);
}

enum err store_acts_in_force(struct store *store, uint64_t key, int64_t wall_ms,
                             struct store_act *ret_act)
{
    return find_act(store, STORE_ACT_IN_FORCE, (const uint64_t[]){key, (uint64_t)wall_ms}, ret_act);
}

enum err store_acts_restored(struct store *store, int64_t stream, uint64_t since, bool *ret_is_any)
{
    enum { LOOKED_AT_MAX = 20000 };
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ACTS_RESTORED, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)since);
    (void)sqlite3_bind_int64(query, 2, stream);
    (void)sqlite3_bind_int64(query, 3, LOOKED_AT_MAX);
    TRY(store_step(store, query));
    *ret_is_any =
        sqlite3_column_int64(query, 0) > 0 || sqlite3_column_int64(query, 1) >= LOOKED_AT_MAX;
    return ERR_OK;
}

enum err store_acts_lifted(struct store *store, uint64_t by, uint64_t after,
                           struct store_act *ret_act)
{
    return find_act(store, STORE_ACTS_LIFTED_BY, (const uint64_t[]){by, after}, ret_act);
}

static enum err set_number(struct store *store, enum store_query which, uint64_t id,
                           uint64_t number)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)id);
    (void)sqlite3_bind_int64(query, 2, (int64_t)number);
    return store_run(store, query);
}

enum err store_acts_set_seq(struct store *store, uint64_t id, uint64_t seq)
{
    return set_number(store, STORE_ACT_SET_SEQ, id, seq);
}

enum err store_acts_lift(struct store *store, uint64_t id, uint64_t by)
{
    return set_number(store, STORE_ACT_LIFT, id, by);
}

enum err store_acts_put_place(struct store *store, const struct store_act_place *place)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_PLACE_PUT, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)place->act);
    (void)sqlite3_bind_int64(query, 2, place->part);
    (void)sqlite3_bind_int64(query, 3, (int64_t)place->at);
    (void)sqlite3_bind_int64(query, 4, (int64_t)place->upto_n);
    store_bind_text(query, 5, place->staff);
    return store_run(store, query);
}

static enum err find_place(struct store *store, enum store_query which, uint64_t act,
                           struct store_act_place *ret_place)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    TRY(store_step(store, query));
    *ret_place = (struct store_act_place){.act = (uint64_t)sqlite3_column_int64(query, 0),
                                          .part = sqlite3_column_int64(query, 1),
                                          .at = (uint64_t)sqlite3_column_int64(query, 2),
                                          .upto_n = (uint64_t)sqlite3_column_int64(query, 3),
                                          .staff = store_column_text(query, 4)};
    return ERR_OK;
}

enum err store_acts_place(struct store *store, uint64_t act, struct store_act_place *ret_place)
{
    return find_place(store, STORE_PLACE_GET, act, ret_place);
}

enum err store_acts_place_after(struct store *store, uint64_t after,
                                struct store_act_place *ret_place)
{
    return find_place(store, STORE_PLACE_AFTER, after, ret_place);
}

enum err store_acts_end_place(struct store *store, uint64_t act)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_PLACE_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    return store_run(store, query);
}

static uint64_t seq_of(struct str target)
{
    static const struct str prefix = STR("seq:");
    uint64_t seq = 0;
    if (str_has_prefix(target, prefix)) {
        (void)str_to_u64((struct str){.at = target.at + prefix.len, .len = target.len - prefix.len},
                         UINT64_MAX, &seq);
    }
    return seq;
}

enum err store_acts_pins(struct store *store, int64_t stream, struct store_pins *ret_pins)
{
    sqlite3_stmt *query = NULL;
    struct store_pins pins = {.count = 0};
    TRY(store_ask(store, STORE_PINS, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    for (;;) {
        const enum err err = store_step(store, query);
        if (err == ERR_NOT_FOUND || (err == ERR_OK && pins.count == STORE_PINS_MAX)) {
            *ret_pins = pins;
            return ERR_OK;
        }
        TRY(err);
        pins.acts[pins.count] = (uint64_t)sqlite3_column_int64(query, 0);
        pins.seqs[pins.count] = (uint64_t)sqlite3_column_int64(query, 1);
        pins.targets[pins.count] = seq_of(store_column_text(query, 2));
        pins.count++;
    }
}

enum err store_acts_appeals(struct store *store, int64_t stream, uint64_t after,
                            sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_APPEALS, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, stream);
    (void)sqlite3_bind_int64(*ret_walk, 2, (int64_t)after);
    return ERR_OK;
}

enum err store_acts_next(struct store *store, sqlite3_stmt *walk, struct store_act *ret_act)
{
    TRY(store_step(store, walk));
    *ret_act = act_columns(walk);
    return ERR_OK;
}

enum err store_acts_decision(struct store *store, int64_t stream, struct str target,
                             struct store_act *ret_act)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_DECISION, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    store_bind_text(query, 2, target);
    TRY(store_step(store, query));
    *ret_act = act_columns(query);
    return ERR_OK;
}
