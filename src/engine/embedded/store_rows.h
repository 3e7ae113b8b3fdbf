// SPDX-License-Identifier: Apache-2.0
/* store_rows -- the rows of the log: one event each, under a checksum of its own.
 *
 * Thread:   its connection's; inside a transaction.
 * Promise:  a row that does not match its checksum is never handed out: ERR_GONE, and
 * `ret_row->n` names it. (GONE, not PROTO: what it held cannot be had any more.)
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

enum { STORE_ROWS_MARKS_SHIFT = 8, STORE_ROWS_MARKS = 16 };

struct store_row {
    uint64_t n;
    int64_t stream; // id
    uint64_t seq, prev, segment;
    int64_t at_ms;
    uint8_t kind, flags; // enum event_kind, enum event_flag
    uint16_t rank;
    uint16_t marks; // bits of enum house_rule: which marked it; above `flags` in their column
    struct str user, cid, body; // read: borrowed until the statement's next step or the
                                // transaction's end
    struct str staff;           // likewise; as struct event has them behind its body
};

/* Which rows of a stream: seq in (after, upto], of the kinds wanted; of EVENT_COMMENT and
 * EVENT_REMOVED both or neither, since sweeps.h may make one of the other. */
struct store_range {
    int64_t stream;
    uint64_t after, upto;
    uint32_t kinds; // bits as in struct read
    bool newest_first;
};

MUST_USE enum err store_rows_add(struct store *store, const struct store_row *row);
/* ERR_NOT_FOUND; ERR_GONE: damaged. */
MUST_USE enum err store_rows_get(struct store *store, uint64_t n, struct store_row *ret_row);
MUST_USE enum err store_rows_at(struct store *store, int64_t stream, uint64_t seq,
                                struct store_row *ret_row);
/* Where it stands, though it be damaged. ERR_NOT_FOUND. */
MUST_USE enum err store_rows_place(struct store *store, uint64_t n, int64_t *ret_stream,
                                   uint64_t *ret_seq);
/* Another kind and body under the same number, and its sum made anew. */
MUST_USE enum err store_rows_rewrite(struct store *store, const struct store_row *row);

/* Walks: start one, then store_rows_next() until ERR_NOT_FOUND. */
MUST_USE enum err store_rows_range(struct store *store, const struct store_range *range,
                                   sqlite3_stmt **ret_walk);
MUST_USE enum err store_rows_newest(struct store *store, sqlite3_stmt **ret_walk); // by n, down
MUST_USE enum err store_rows_down(struct store *store, uint64_t n,
                                  sqlite3_stmt **ret_walk); // by n, down from it
MUST_USE enum err store_rows_since(struct store *store, uint64_t n,
                                   sqlite3_stmt **ret_walk); // by n, up
MUST_USE enum err store_rows_next(struct store *store, sqlite3_stmt *walk,
                                  struct store_row *ret_row);

MUST_USE enum err store_rows_delete_upto(struct store *store, int64_t stream, uint64_t seq,
                                         uint64_t *ret_count);
/* Whose the comments of a stream (0: of all) above row `n` are, by n: ERR_NOT_FOUND behind the
 * last. A name is good until the next. */
MUST_USE enum err store_rows_authors(struct store *store, int64_t stream, uint64_t n,
                                     sqlite3_stmt **ret_walk);
MUST_USE enum err store_rows_next_author(struct store *store, sqlite3_stmt *walk,
                                         struct str *ret_user);
/* The place of a stream's newest row up to row `n`; 0: there is none. */
MUST_USE enum err store_rows_newest_upto(struct store *store, int64_t stream, uint64_t n,
                                         uint64_t *ret_seq);
/* Whether one of the `rows_max` newest rows below this place is a comment of theirs, removed or
 * not. */
struct store_author {
    int64_t stream;
    uint64_t below; // seq
    struct str user;
};
MUST_USE enum err store_rows_any_by(struct store *store, const struct store_author *author,
                                    uint32_t rows_max, bool *ret_is_any);
/* 0: there is none. */
MUST_USE enum err store_rows_newest_n(struct store *store, uint64_t *ret_n);

/* The event it holds; `hash_key` of user hashes. NULL: no memory. */
struct event *store_rows_event(const struct store_row *row, uint64_t hash_key);
