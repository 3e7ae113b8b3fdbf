// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_audit.h"

#include <stddef.h>

enum err store_audit_add(struct store *store, int64_t chain, uint64_t act,
                         const struct store_audit *audit)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_AUDIT_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, chain);
    (void)sqlite3_bind_int64(query, 2, (int64_t)audit->n);
    (void)sqlite3_bind_int64(query, 3, (int64_t)act);
    store_bind_text(query, 4, audit->entry);
    return store_run(store, query);
}

enum err store_audit_next(struct store *store, sqlite3_stmt *walk, struct store_audit *ret_audit)
{
    TRY(store_step(store, walk));
    *ret_audit = (struct store_audit){.n = (uint64_t)sqlite3_column_int64(walk, 0),
                                      .entry = store_column_text(walk, 1)};
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

enum err store_audit_before(struct store *store, int64_t chain, uint64_t n, uint32_t limit,
                            sqlite3_stmt **ret_walk)
{
    sqlite3_stmt *walk = NULL;
    TRY(store_ask(store, STORE_AUDIT_BEFORE, &walk));
    (void)sqlite3_bind_int64(walk, 1, chain);
    (void)sqlite3_bind_int64(walk, 2, (int64_t)n);
    (void)sqlite3_bind_int64(walk, 3, limit);
    *ret_walk = walk;
    return ERR_OK;
}
