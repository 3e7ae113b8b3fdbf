// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_sanctions.h"

#include <stddef.h>

enum err store_sanctions_add(struct store *store, const struct store_sanction *sanction)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_SANCTION_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)sanction->act);
    store_bind_text(query, 2, sanction->user);
    (void)sqlite3_bind_int64(query, 3, sanction->stream);
    (void)sqlite3_bind_int(query, 4, (int)sanction->what);
    (void)sqlite3_bind_int64(query, 5, sanction->until_ms);
    store_bind_text(query, 6, sanction->words);
    return store_run(store, query);
}

enum err store_sanctions_delete(struct store *store, uint64_t act, struct str user)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_SANCTION_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    store_bind_text(query, 2, user);
    return store_run(store, query);
}

enum err store_sanctions_any(struct store *store, uint64_t act, bool *ret_is_any)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_SANCTION_ANY, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    TRY(store_step(store, query));
    *ret_is_any = sqlite3_column_int(query, 0) != 0;
    return ERR_OK;
}

static enum err run_on_lifted(struct store *store, enum store_query which,
                              const struct store_lifted *lifted)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)lifted->lifter);
    (void)sqlite3_bind_int64(query, 2, (int64_t)lifted->act);
    store_bind_text(query, 3, lifted->user);
    return store_run(store, query);
}

enum err store_sanctions_note_lifted(struct store *store, const struct store_lifted *lifted)
{
    return run_on_lifted(store, STORE_LIFTED_FROM_ADD, lifted);
}

enum err store_sanctions_forget_lifted(struct store *store, const struct store_lifted *lifted)
{
    return run_on_lifted(store, STORE_LIFTED_FROM_DELETE, lifted);
}

enum err store_sanctions_next_lifted(struct store *store, uint64_t lifter,
                                     struct store_lifted *ret_lifted)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_LIFTED_FROM_NEXT, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)lifter);
    TRY(store_step(store, query));
    *ret_lifted = (struct store_lifted){.lifter = lifter,
                                        .act = (uint64_t)sqlite3_column_int64(query, 0),
                                        .user = store_column_text(query, 1)};
    return ERR_OK;
}

enum err store_sanctions_all(struct store *store, sqlite3_stmt **ret_walk)
{
    return store_ask(store, STORE_SANCTIONS, ret_walk);
}

enum err store_sanctions_of(struct store *store, const struct store_sanction *like,
                            sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_SANCTIONS_OF, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, like->stream);
    store_bind_text(*ret_walk, 2, like->user);
    (void)sqlite3_bind_int64(*ret_walk, 3, like->until_ms);
    return ERR_OK;
}

_Static_assert(ACT_WARN == 13, "STORE_WARNINGS_OF and its index are about warnings");

enum err store_sanctions_warnings(struct store *store, const struct store_sanction *like,
                                  sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_WARNINGS_OF, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, like->stream);
    store_bind_text(*ret_walk, 2, like->user);
    return ERR_OK;
}

enum err store_sanctions_next(struct store *store, sqlite3_stmt *walk,
                              struct store_sanction *ret_sanction)
{
    TRY(store_step(store, walk));
    *ret_sanction = (struct store_sanction){
        .act = (uint64_t)sqlite3_column_int64(walk, 0),
        .user = store_column_text(walk, 1),
        .stream = sqlite3_column_int64(walk, 2),
        .what = (enum act_do)sqlite3_column_int(walk, 3),
        .until_ms = sqlite3_column_int64(walk, 4),
        .words = store_column_text(walk, 5),
    };
    return ERR_OK;
}

/* ---- ranks ---- */

enum err store_sanctions_set_roles(struct store *store, int64_t stream, struct str user,
                                   uint32_t roles)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_RANK_SET, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    store_bind_text(query, 2, user);
    (void)sqlite3_bind_int64(query, 3, roles);
    return store_run(store, query);
}

enum err store_sanctions_set_all_roles(struct store *store, struct str user, uint32_t roles)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_RANKS_DELETE, &query));
    store_bind_text(query, 1, user);
    TRY(store_run(store, query));
    return store_sanctions_set_roles(store, 0, user, roles);
}

static enum err add_roles(struct store *store, sqlite3_stmt *query, uint32_t *ret_roles)
{
    uint32_t roles = 0;
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

enum err store_sanctions_roles(struct store *store, int64_t stream, struct str user,
                               uint32_t *ret_roles)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_RANK_GET, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    store_bind_text(query, 2, user);
    return add_roles(store, query, ret_roles);
}

enum err store_sanctions_any_roles(struct store *store, struct str user, uint32_t *ret_roles)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_RANKS_OF, &query));
    store_bind_text(query, 1, user);
    return add_roles(store, query, ret_roles);
}
