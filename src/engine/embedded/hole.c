// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/hole.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/sweeps.h"

#include <stddef.h>

static enum err ask(struct store *store, enum store_query what,
                    const struct store_streams_hole *hole, sqlite3_stmt **ret_query)
{
    TRY(store_ask(store, what, ret_query));
    (void)sqlite3_bind_int64(*ret_query, 1, hole->stream);
    (void)sqlite3_bind_int64(*ret_query, 2, (int64_t)hole->after);
    (void)sqlite3_bind_int64(*ret_query, 3, (int64_t)hole->upto);
    return ERR_OK;
}

static bool is_own(const struct store_streams_hole *hole, struct str user)
{
    return hole->view != 0 && hash_str(hole->hash_key, user) == hole->view;
}

static enum err count_rewritten(struct store *store, const struct store_streams_hole *hole,
                                uint64_t *count)
{
    sqlite3_stmt *query = NULL;
    TRY(ask(store, STORE_HOLE_REMOVED, hole, &query));
    TRY(store_step(store, query));
    *count += (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

static enum err count_own(struct store *store, const struct store_streams_hole *hole,
                          uint64_t *count)
{
    sqlite3_stmt *walk = NULL;
    enum err err = ERR_OK;
    TRY(ask(store, STORE_SHADOWS, hole, &walk));
    while ((err = store_step(store, walk)) == ERR_OK) {
        *count += is_own(hole, store_column_text(walk, 1)) &&
                  sqlite3_column_int(walk, 2) == EVENT_REMOVED;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static bool is_swept(const struct store_streams_hole *hole, const struct sweeps *sweeps,
                     const struct store_row *row)
{
    const bool is_seen = (row->flags & EVENT_FLAG_SHADOW) == 0 || is_own(hole, row->user);
    return row->kind == EVENT_COMMENT && is_seen && sweeps_judge(sweeps, row, 0) != SWEEPS_NOTHING;
}

static enum err count_unreached(struct store *store, const struct store_streams_hole *hole,
                                const struct sweeps *sweeps, uint64_t *count)
{
    const struct store_range range = {
        .stream = hole->stream, .after = hole->after, .upto = hole->upto, .kinds = UINT32_MAX};
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    enum err err = ERR_OK;
    TRY(store_rows_range(store, &range, &walk));
    while ((err = store_rows_next(store, walk, &row)) == ERR_OK || err == ERR_GONE) {
        *count += err == ERR_OK && is_swept(hole, sweeps, &row); // a damaged one nobody is sent
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static bool is_any_here(const struct sweeps *sweeps, int64_t stream)
{
    for (uint32_t i = 0; i < sweeps->count; i++) {
        if (sweeps->items[i].stream == 0 || sweeps->items[i].stream == stream) {
            return !mutant(SWEEPS_UNSEEN);
        }
    }
    return false;
}

enum err hole_removed(struct store *store, const struct store_streams_hole *hole,
                      uint64_t *ret_count)
{
    struct sweeps sweeps;
    uint64_t count = 0;
    TRY(count_rewritten(store, hole, &count));
    if (hole->view != 0) {
        TRY(count_own(store, hole, &count));
    }
    TRY(sweeps_load(store, &sweeps));
    enum err err = ERR_OK;
    if (is_any_here(&sweeps, hole->stream)) {
        err = count_unreached(store, hole, &sweeps, &count);
    }
    sweeps_done(&sweeps);
    if (err == ERR_OK) {
        *ret_count = count;
    }
    return err;
}
