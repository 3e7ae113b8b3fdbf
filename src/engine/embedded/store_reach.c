// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_reach.h"

#include "engine/embedded/store_acts.h"

#include <stddef.h>

enum { BITS_SETTLED = 1, BITS_PARTLY_EXPOSED = 2 };

static enum err put(struct store *store, const struct store_act *act,
                    const struct reach_figures *figures)
{
    const uint64_t numbers[] = {figures->viewers,    figures->applied, figures->cut,
                                figures->p50_ms,     figures->p95_ms,  figures->comments,
                                figures->exposure_ms};
    const int bits = (figures->is_settled ? BITS_SETTLED : 0) |
                     (figures->is_partly_exposed ? BITS_PARTLY_EXPOSED : 0);
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_REACH_PUT, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act->id);
    (void)sqlite3_bind_int64(query, 2, act->stream);
    (void)sqlite3_bind_int(query, 3, bits);
    for (int i = 0; i < (int)(sizeof(numbers) / sizeof(numbers[0])); i++) {
        (void)sqlite3_bind_int64(query, 4 + i, (int64_t)numbers[i]);
    }
    return store_run(store, query);
}

enum err store_reach_put(struct store *store, uint64_t act, const struct reach_figures *figures,
                         uint32_t acts_max)
{
    struct store_act row;
    sqlite3_stmt *query = NULL;
    TRY(store_acts_get(store, act, &row));
    TRY(put(store, &row, figures));
    TRY(store_ask(store, STORE_REACH_TRIM, &query));
    (void)sqlite3_bind_int64(query, 1, row.stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)acts_max - 1);
    return store_run(store, query);
}

enum err store_reach_get(struct store *store, uint64_t act, struct reach_figures *ret_figures)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_REACH_GET, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    TRY(store_step(store, query));
    const int bits = sqlite3_column_int(query, 0);
    *ret_figures = (struct reach_figures){
        .is_settled = (bits & BITS_SETTLED) != 0,
        .is_partly_exposed = (bits & BITS_PARTLY_EXPOSED) != 0,
        .viewers = (uint64_t)sqlite3_column_int64(query, 1),
        .applied = (uint64_t)sqlite3_column_int64(query, 2),
        .cut = (uint64_t)sqlite3_column_int64(query, 3),
        .p50_ms = (uint64_t)sqlite3_column_int64(query, 4),
        .p95_ms = (uint64_t)sqlite3_column_int64(query, 5),
        .comments = (uint64_t)sqlite3_column_int64(query, 6),
        .exposure_ms = (uint64_t)sqlite3_column_int64(query, 7),
    };
    return ERR_OK;
}
