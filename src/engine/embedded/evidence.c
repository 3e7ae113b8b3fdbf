// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/evidence.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/mutant.h"

#include <stddef.h>

enum { ERASED_AT_ONCE = 256 };

uint64_t evidence_sum(const struct evidence_row *row)
{
    const uint64_t numbers[] = {row->n, (uint64_t)row->stream, row->seq, (uint64_t)row->removed_ms};
    const struct str parts[] = {
        {.at = (const char *)numbers, .len = sizeof(numbers)}, row->user, row->body};
    return hash_parts(0, parts, sizeof(parts) / sizeof(parts[0]));
}

static void bind_place(sqlite3_stmt *query, int64_t stream, uint64_t seq)
{
    (void)sqlite3_bind_int64(query, 1, stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
}

enum err evidence_put(struct store *store, const struct evidence_row *row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_EVIDENCE_PUT, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row->n);
    (void)sqlite3_bind_int64(query, 2, row->stream);
    (void)sqlite3_bind_int64(query, 3, (int64_t)row->seq);
    store_bind_text(query, 4, row->user);
    (void)sqlite3_bind_int64(query, 5, row->removed_ms);
    store_bind_text(query, 6, row->body);
    (void)sqlite3_bind_int64(query, 7, (int64_t)evidence_sum(row));
    return store_run(store, query);
}

enum err evidence_find(struct store *store, int64_t stream, uint64_t seq,
                       struct evidence_row *ret_row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_EVIDENCE_GET, &query));
    bind_place(query, stream, seq);
    TRY(store_step(store, query));
    const struct evidence_row row = {
        .n = (uint64_t)sqlite3_column_int64(query, 0),
        .stream = sqlite3_column_int64(query, 1),
        .seq = (uint64_t)sqlite3_column_int64(query, 2),
        .user = store_column_text(query, 3),
        .removed_ms = sqlite3_column_int64(query, 4),
        .body = store_column_text(query, 5),
    };
    if (evidence_sum(&row) != (uint64_t)sqlite3_column_int64(query, 6)) {
        return ERR_GONE;
    }
    *ret_row = row;
    return ERR_OK;
}

struct erased {
    int64_t n, stream;
    uint64_t seq;
};

static enum err find_due(struct store *store, int64_t removed_ms, uint32_t count,
                         struct erased *due, uint32_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    enum err err = ERR_OK;
    uint32_t found = 0;
    TRY(store_ask(store, STORE_EVIDENCE_DUE, &query));
    (void)sqlite3_bind_int64(query, 1, removed_ms);
    (void)sqlite3_bind_int64(query, 2, count);
    while (found < count && (err = store_step(store, query)) == ERR_OK) {
        due[found++] = (struct erased){.n = sqlite3_column_int64(query, 0),
                                       .stream = sqlite3_column_int64(query, 1),
                                       .seq = (uint64_t)sqlite3_column_int64(query, 2)};
    }
    *ret_count = found;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err run_at(struct store *store, enum store_query which, int64_t stream, uint64_t seq)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    bind_place(query, stream, seq);
    return store_run(store, query);
}

/* Who removed it stays known: the comment does not come back. */
static enum err erase(struct store *store, const struct erased *due)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_EVIDENCE_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, due->n);
    return store_run(store, query);
}

enum err evidence_erase(struct store *store, int64_t removed_ms, uint32_t count,
                        uint32_t *ret_count)
{
    struct erased due[ERASED_AT_ONCE];
    uint32_t found = 0;
    must(removed_ms < EVIDENCE_RESTORED);
    TRY(find_due(store, removed_ms, count < ERASED_AT_ONCE ? count : ERASED_AT_ONCE, due, &found));
    for (uint32_t i = 0; i < found; i++) {
        TRY(erase(store, &due[i]));
    }
    *ret_count = found;
    return ERR_OK;
}

enum err evidence_expire(struct store *store, int64_t stream, uint64_t seq)
{
    TRY(run_at(store, STORE_EVIDENCE_EXPIRE, stream, seq));
    TRY(run_at(store, STORE_REMOVALS_EXPIRE, stream, seq));
    TRY(run_at(store, STORE_LIFTED_EXPIRE, stream, seq));
    return run_at(store, STORE_CARRIED_EXPIRE, stream, mutant(CARRIED_DROPPED) ? INT64_MAX : seq);
}

static enum err ask_lifted(struct store *store, enum store_query which,
                           const struct evidence_lifted *lifted, sqlite3_stmt **ret_query)
{
    TRY(store_ask(store, which, ret_query));
    bind_place(*ret_query, lifted->stream, lifted->seq);
    (void)sqlite3_bind_int64(*ret_query, 3, (int64_t)lifted->restore);
    return ERR_OK;
}

enum err evidence_note_lifted(struct store *store, const struct evidence_lifted *lifted,
                              uint64_t act)
{
    sqlite3_stmt *query = NULL;
    TRY(ask_lifted(store, STORE_LIFTED_ADD, lifted, &query));
    (void)sqlite3_bind_int64(query, 4, (int64_t)act);
    return store_run(store, query);
}

enum err evidence_next_lifted(struct store *store, const struct evidence_lifted *lifted,
                              uint64_t after, uint64_t *ret_act)
{
    sqlite3_stmt *query = NULL;
    TRY(ask_lifted(store, STORE_LIFTED_AFTER, lifted, &query));
    (void)sqlite3_bind_int64(query, 4, (int64_t)after);
    TRY(store_step(store, query));
    *ret_act = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

static enum err change_act(struct store *store, enum store_query which, int64_t stream,
                           uint64_t seq, int64_t act)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    bind_place(query, stream, seq);
    (void)sqlite3_bind_int64(query, 3, act);
    return store_run(store, query);
}

enum err evidence_add_act(struct store *store, int64_t stream, uint64_t seq, int64_t act)
{
    TRY(change_act(store, STORE_REMOVAL_ADD, stream, seq, act));
    return sqlite3_changes64(store->db) == 0 ? ERR_EXISTS : ERR_OK;
}

enum err evidence_lift_act(struct store *store, int64_t stream, uint64_t seq, int64_t act)
{
    TRY(change_act(store, STORE_REMOVAL_LIFT, stream, seq, act));
    return sqlite3_changes64(store->db) == 0 ? ERR_NOT_FOUND : ERR_OK;
}

enum err evidence_has_act(struct store *store, int64_t stream, uint64_t seq, int64_t act,
                          bool *ret_has)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_REMOVAL_IS, &query));
    bind_place(query, stream, seq);
    (void)sqlite3_bind_int64(query, 3, act);
    const enum err err = store_step(store, query);
    *ret_has = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err evidence_count_of(struct store *store, uint64_t act, uint64_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_REMOVALS_COUNT, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    TRY(store_step(store, query));
    *ret_count = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

enum err evidence_acts(struct store *store, int64_t stream, uint64_t seq, sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_REMOVALS_OF, ret_walk));
    bind_place(*ret_walk, stream, seq);
    return ERR_OK;
}

enum err evidence_next_act(struct store *store, sqlite3_stmt *walk, int64_t *ret_act)
{
    TRY(store_step(store, walk));
    *ret_act = sqlite3_column_int64(walk, 0);
    return ERR_OK;
}
