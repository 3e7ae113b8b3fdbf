// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/own_rank.h"

#include "base/hash.h"
#include "base/mutant.h"

enum { MS_A_SECOND = 1000 };
enum { COLUMN_USER = 1, COLUMN_KIND = 2, COLUMN_AT = 3, COLUMN_FLAGS = 4 };

static enum err look_for_shadows(struct own_rank *rank, int64_t stream)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(rank->store, STORE_SHADOWS_ANY, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    const enum err err = store_step(rank->store, query);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    rank->is_asked = true;
    rank->has_shadows = err == ERR_OK;
    return ERR_OK;
}

static bool takes_place(const struct own_rank *rank, sqlite3_stmt *walk)
{
    const int kind = sqlite3_column_int(walk, COLUMN_KIND);
    return (kind == EVENT_COMMENT || kind == EVENT_REMOVED) &&
           (sqlite3_column_int(walk, COLUMN_FLAGS) & EVENT_FLAG_PRIVILEGED) == 0 &&
           hash_str(rank->hash_key, store_column_text(walk, COLUMN_USER)) == rank->view;
}

struct span { // of seqs; in the window of `at_ms`
    int64_t stream, at_ms;
    uint64_t after, upto;
};

static enum err count(const struct own_rank *rank, const struct span *span,
                      struct event_own *ret_own)
{
    struct event_own own = {.in_second = 0};
    sqlite3_stmt *walk = NULL;
    enum err err = ERR_OK;
    TRY(store_ask(rank->store, STORE_SHADOWS, &walk));
    (void)sqlite3_bind_int64(walk, 1, span->stream);
    (void)sqlite3_bind_int64(walk, 2, (int64_t)span->after);
    (void)sqlite3_bind_int64(walk, 3, (int64_t)span->upto);
    while ((err = store_step(rank->store, walk)) == ERR_OK) {
        const int64_t at_ms = sqlite3_column_int64(walk, COLUMN_AT);
        if (at_ms / EVENT_DIGEST_MS != span->at_ms / EVENT_DIGEST_MS) {
            break;
        }
        const bool is_own = takes_place(rank, walk);
        own.in_window += is_own;
        own.in_second += is_own && at_ms / MS_A_SECOND == span->at_ms / MS_A_SECOND;
    }
    *ret_own = own;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* From the one before, of the same second. */
static enum err step(struct own_rank *rank, const struct store_row *row)
{
    const bool is_up = row->seq > rank->seq;
    struct event_own own = {.in_second = 0};
    struct span span = {.stream = row->stream,
                        .at_ms = row->at_ms,
                        .after = (is_up ? rank->seq : row->seq) - 1,
                        .upto = (is_up ? row->seq : rank->seq) - 1};
    TRY(count(rank, &span, &own));
    if (is_up) {
        rank->own.in_second += own.in_second;
        rank->own.in_window += own.in_window;
    } else {
        rank->own.in_second -= own.in_second;
        rank->own.in_window -= own.in_window;
    }
    return ERR_OK;
}

enum err own_rank_before(struct own_rank *rank, const struct store_row *row,
                         struct event_own *ret_own)
{
    const int64_t second = row->at_ms / MS_A_SECOND;
    const struct span all = {.stream = row->stream, .at_ms = row->at_ms, .upto = row->seq - 1};
    TRY(rank->is_asked ? ERR_OK : look_for_shadows(rank, row->stream));
    if (!rank->has_shadows || mutant(RANKS_PUBLIC)) {
        *ret_own = (struct event_own){.in_second = 0};
        return ERR_OK;
    }
    TRY(rank->seq != 0 && rank->second == second ? step(rank, row) : count(rank, &all, &rank->own));
    rank->second = second;
    rank->seq = row->seq;
    *ret_own = rank->own;
    return ERR_OK;
}
