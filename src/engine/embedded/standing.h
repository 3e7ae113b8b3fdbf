// SPDX-License-Identifier: Apache-2.0
/* standing -- where a comment stands, found by what its id names or by its place in a log; sees
 * through sweeps, holds and restores.
 *
 * Used by:  submits.c (retries, replies), acts.
 * Thread:   its connection's; inside a transaction.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_schema.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

struct standing {
    enum comment_state state;
    uint64_t n;     // what its id names
    uint64_t log_n; // its row of the log; 0: it has none
    int64_t stream;
    uint64_t seq; // 0: it has no place
    int64_t at_ms;
    uint8_t flags;
    struct str user, cid; // borrowed until the transaction's end
};
/* By all, or its author alone. */
static inline bool standing_is_seen(const struct standing *standing)
{
    return standing->state == COMMENT_VISIBLE || standing->state == COMMENT_SHADOWED;
}

/* By what comment_id_parse() gives. ERR_NOT_FOUND: no comment, or it expired; ERR_GONE: damaged. */
MUST_USE enum err standing_of(struct store *store, uint64_t n, struct standing *ret_standing);
MUST_USE enum err standing_at(struct store *store, int64_t stream, uint64_t seq,
                              struct standing *ret_standing);
/* What the id of the comment in this row of the log names, and its time there; `*ret_at_ms` stays
 * where it is the row's own. */
MUST_USE enum err standing_name(struct store *store, uint64_t log_n, uint64_t *ret_n,
                                int64_t *ret_at_ms);
/* A `removed` event whose body is the id, in a row's place. NULL: no memory. */
struct store_row;
struct event *standing_tombstone(const struct store_identity *identity, const struct store_row *row,
                                 uint64_t n, int64_t at_ms);
/* As its author is told of it: whole where it is visible, held or shadowed (a held one with seq 0),
 * else a `removed` event whose body is its id alone. A reference. */
MUST_USE enum err standing_event(struct store *store, const struct store_identity *identity,
                                 const struct standing *standing, struct event **ret_event);
