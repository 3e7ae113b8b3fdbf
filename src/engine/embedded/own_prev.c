// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/own_prev.h"

#include "engine/embedded/store_rows.h"

/* The newest before `seq` that everybody sees, or that is of this user; `*ret_prev` stays where
 * none is found. */
static enum err find(struct store *store, const struct store_range *range, struct str user,
                     uint64_t *ret_prev)
{
    sqlite3_stmt *walk = NULL;
    TRY(store_rows_range(store, range, &walk));
    for (uint32_t i = 0; i < OWN_PREV_ROWS; i++) {
        struct store_row row = {.n = 0};
        const enum err err = store_rows_next(store, walk, &row);
        if (err == ERR_NOT_FOUND || err == ERR_GONE) {
            return ERR_OK;
        }
        TRY(err);
        if ((row.flags & EVENT_FLAG_SHADOW) == 0 || str_eq(row.user, user)) {
            *ret_prev = row.seq;
            return ERR_OK;
        }
    }
    return ERR_OK;
}

enum err own_prev_see(struct store *store, int64_t stream, struct str user, struct event **event)
{
    uint64_t prev = (*event)->prev;
    const struct store_range range = {
        .stream = stream, .upto = (*event)->seq - 1, .kinds = UINT32_MAX, .newest_first = true};
    TRY(find(store, &range, user, &prev));
    if (prev <= (*event)->prev) {
        return ERR_OK;
    }
    struct event *own = event_with_prev(*event, prev);
    if (own == NULL) {
        return ERR_NOMEM;
    }
    event_unref(*event);
    *event = own;
    return ERR_OK;
}
