// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_acts.h"

#include <stddef.h>

static void bind_text(sqlite3_stmt *query, int place, struct str text)
{
    (void)sqlite3_bind_text(query, place, text.len == 0 ? "" : text.at, (int)text.len,
                            SQLITE_STATIC);
}

static struct str column_text(sqlite3_stmt *query, int place)
{
    const char *text = (const char *)sqlite3_column_text(query, place);
    return (struct str){.at = text,
                        .len = text == NULL ? 0 : (size_t)sqlite3_column_bytes(query, place)};
}

/* ---- acts ---- */

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
    bind_text(query, 5, act->target);
    bind_text(query, 6, act->value);
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
        .target = column_text(query, 4),
        .value = column_text(query, 5),
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

/* ---- the audit ---- */

enum err store_audit_add(struct store *store, int64_t chain, uint64_t act,
                         const struct store_audit *audit)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_AUDIT_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, chain);
    (void)sqlite3_bind_int64(query, 2, (int64_t)audit->n);
    (void)sqlite3_bind_int64(query, 3, (int64_t)act);
    bind_text(query, 4, audit->entry);
    return store_run(store, query);
}

enum err store_audit_next(struct store *store, sqlite3_stmt *walk, struct store_audit *ret_audit)
{
    TRY(store_step(store, walk));
    *ret_audit = (struct store_audit){.n = (uint64_t)sqlite3_column_int64(walk, 0),
                                      .entry = column_text(walk, 1)};
    return ERR_OK;
}

static enum err audit_by(struct store *store, enum store_query which, int64_t key,
                         struct store_audit *ret_audit)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, key);
    return store_audit_next(store, query, ret_audit);
}

enum err store_audit_newest(struct store *store, int64_t chain, struct store_audit *ret_audit)
{
    return audit_by(store, STORE_AUDIT_NEWEST, chain, ret_audit);
}

enum err store_audit_of(struct store *store, uint64_t act, struct store_audit *ret_audit)
{
    return audit_by(store, STORE_AUDIT_OF_ACT, (int64_t)act, ret_audit);
}

enum err store_audit_after(struct store *store, int64_t chain, uint64_t n, sqlite3_stmt **ret_walk)
{
    sqlite3_stmt *walk = NULL;
    TRY(store_ask(store, STORE_AUDIT_AFTER, &walk));
    (void)sqlite3_bind_int64(walk, 1, chain);
    (void)sqlite3_bind_int64(walk, 2, (int64_t)n);
    *ret_walk = walk;
    return ERR_OK;
}

/* ---- sanctions ---- */

enum err store_sanctions_add(struct store *store, const struct store_sanction *sanction)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_SANCTION_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)sanction->act);
    bind_text(query, 2, sanction->user);
    (void)sqlite3_bind_int64(query, 3, sanction->stream);
    (void)sqlite3_bind_int(query, 4, (int)sanction->what);
    (void)sqlite3_bind_int64(query, 5, sanction->until_ms);
    bind_text(query, 6, sanction->words);
    return store_run(store, query);
}

enum err store_sanctions_delete(struct store *store, uint64_t act)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_SANCTION_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    return store_run(store, query);
}

enum err store_sanctions_all(struct store *store, sqlite3_stmt **ret_walk)
{
    return store_ask(store, STORE_SANCTIONS, ret_walk);
}

enum err store_sanctions_next(struct store *store, sqlite3_stmt *walk,
                              struct store_sanction *ret_sanction)
{
    TRY(store_step(store, walk));
    *ret_sanction = (struct store_sanction){
        .act = (uint64_t)sqlite3_column_int64(walk, 0),
        .user = column_text(walk, 1),
        .stream = sqlite3_column_int64(walk, 2),
        .what = (enum act_do)sqlite3_column_int(walk, 3),
        .until_ms = sqlite3_column_int64(walk, 4),
        .words = column_text(walk, 5),
    };
    return ERR_OK;
}

/* ---- ranks ---- */

enum err store_ranks_set(struct store *store, int64_t stream, struct str user, uint32_t roles)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_RANK_SET, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    bind_text(query, 2, user);
    (void)sqlite3_bind_int64(query, 3, roles);
    return store_run(store, query);
}

enum err store_ranks_get(struct store *store, int64_t stream, struct str user, uint32_t *ret_roles)
{
    sqlite3_stmt *query = NULL;
    uint32_t roles = 0;
    TRY(store_ask(store, STORE_RANK_GET, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    bind_text(query, 2, user);
    for (;;) {
        const enum err err = store_step(store, query);
        if (err == ERR_NOT_FOUND) {
            *ret_roles = roles;
            return ERR_OK;
        }
        TRY(err);
        roles |= (uint32_t)sqlite3_column_int64(query, 0);
    }
}
