// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/windows.h"

#include "base/mem.h"
#include "base/mutant.h"
#include "engine/embedded/store_rows.h"

#include <stddef.h>

/* limits_take() wants times that do not fall, and the log is walked from its newest row down: so
 * the first walk finds where the window begins and the second goes up from there. */
enum { ROWS_MAX = 200000 };

/* The first row inside the window; 0: none is. Damaged rows are passed over: they may be told
 * when they are asked for. */
static enum err find_first(struct store *store, int64_t since_ms, uint64_t *ret_n)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    TRY(store_rows_newest(store, &walk));
    uint64_t first = 0;
    enum err err = ERR_OK;
    for (uint32_t seen = 0; seen < ROWS_MAX && err != ERR_NOT_FOUND; seen++) {
        err = store_rows_next(store, walk, &row);
        if (err == ERR_OK && row.at_ms <= since_ms) {
            break;
        }
        if (err == ERR_PROTO) {
            break; // behind a damaged page nothing can be counted
        }
        if (err != ERR_OK && err != ERR_NOT_FOUND && err != ERR_GONE) {
            return err;
        }
        first = err == ERR_NOT_FOUND ? first : row.n;
    }
    *ret_n = first;
    return ERR_OK;
}

static enum err take_since(struct store *store, struct limits *users, uint64_t first,
                           struct windows_moment now)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    int64_t last_ms = INT64_MIN;
    TRY(store_rows_since(store, first, &walk));
    for (;;) {
        const enum err err = store_rows_next(store, walk, &row);
        if (err == ERR_NOT_FOUND || err == ERR_PROTO) {
            return ERR_OK;
        }
        if (err != ERR_OK && err != ERR_GONE) {
            return err;
        }
        const bool is_comment = row.kind == EVENT_COMMENT || row.kind == EVENT_REMOVED;
        if (err == ERR_GONE || !is_comment) {
            continue;
        }
        const int64_t age_ms = now.wall_ms > row.at_ms ? now.wall_ms - row.at_ms : 0;
        const int64_t at_ms = now.mono_ms - age_ms;
        last_ms = at_ms > last_ms ? at_ms : last_ms;    // streams' clocks may differ by a step
        TRY(limits_take(users, row.user, last_ms + 1)); // as budget.c counts
    }
}

enum err windows_restore(struct store *store, struct limits *users, uint32_t window_ms,
                         struct windows_moment now)
{
    uint64_t first = 0;
    TRY(store_begin_read(store));
    enum err err = find_first(store, now.wall_ms - (int64_t)window_ms, &first);
    if (err == ERR_OK && first > 0 && !mutant(WINDOWS_FORGOTTEN)) {
        err = take_since(store, users, first, now);
    }
    store_rollback(store);
    return err;
}
