// SPDX-License-Identifier: Apache-2.0
/* held -- the queue of comments that wait for a moderator.
 *
 *      posted and held: no row in the log          visible and held: its row is REMOVED
 *               │                                            │
 *               ▼                                            ▼
 *             HELD ──approve──▶ a new row of the log       HELD ──approve──▶ restored, in its place
 *               └────reject───▶ DELETED                      └────reject───▶ DELETED
 *
 * The comment's id names its row here for good, so that retries, replies and acts by id find where
 * it stands: standing.h.
 *
 * Used by:  acts, submits.c, housekeeping.c: inside a write transaction; readers.c.
 * Thread:   its connection's.
 * Bound:    HELD_MAX in a stream's queue unless the caller says otherwise: ERR_LIMIT.
 * Promise:  a row that does not match its checksum is not handed out: ERR_GONE.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "rules/comment_state.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

enum { HELD_MAX = 10000 };

struct held_row {
    uint64_t n; // what its id names
    int64_t stream;
    enum comment_state state; // HELD; VISIBLE: approved; DELETED: rejected
    uint64_t seq;             // where it stood when it was held after being visible; 0: nowhere
    uint64_t log_n;           // its row of the log; 0: it has none
    uint64_t act;             // what held it
    int64_t at_ms;            // when it was posted
    int64_t due_ms;           // when it approves itself, unix; 0: never
    uint8_t flags;            // EVENT_FLAG_PRIVILEGED
    uint16_t marks;           // as in struct store_row, and kept so
    struct str user, cid;     // read: borrowed until the transaction's end
    struct str rule;          // by which; empty: a moderator
    struct str body;          // as comment_body_write() made it; empty: it stands in `log`
                              // or `evidence`, or is erased
};

static inline uint64_t held_bound(uint64_t held_max)
{
    return held_max == 0 ? HELD_MAX : held_max;
}
/* Into the queue. ERR_LIMIT: `held_max` (0: HELD_MAX) wait there already. */
MUST_USE enum err held_add(struct store *store, const struct held_row *row, uint64_t held_max);
/* ERR_NOT_FOUND; ERR_GONE: damaged. */
MUST_USE enum err held_find(struct store *store, uint64_t n, struct held_row *ret_row);
/* Whose stream's it is, damaged or not. ERR_NOT_FOUND. */
MUST_USE enum err held_stream_of(struct store *store, uint64_t n, int64_t *ret_stream);
/* The one whose row of the log this is. */
MUST_USE enum err held_find_placed(struct store *store, uint64_t log_n, struct held_row *ret_row);

/* Steps of rules/comment_state.h; rejections.h takes those of rejections. ERR_EXISTS: it was taken
 * before; ERR_DENIED: there is none from where it stands; ERR_NOT_FOUND. `*ret_row` as it is
 * afterwards.
 * Approved: with row.seq, lift what its act removed (removals_lift()); without, add its body to the
 * log, under the time it takes its place at (comment_body_set_at()), then held_place(). */
MUST_USE enum err held_step(struct store *store, uint64_t n, enum comment_step step,
                            struct held_row *ret_row);
MUST_USE enum err held_place(struct store *store, uint64_t n, uint64_t log_n);

/* Those that approve themselves by now, at most `count`, the longest due first. */
MUST_USE enum err held_due(struct store *store, int64_t wall_ms, uint64_t *ret_ns, uint32_t count,
                           uint32_t *ret_count);
/* It waits for somebody, and does not approve itself; damaged or not. */
MUST_USE enum err held_forget_due(struct store *store, uint64_t n);
/* The same of all of `stream` (0: of every one) that these users posted. */
struct held_of {
    int64_t stream;
    const struct str *users; // [count], by held_user_order()
    uint32_t count;          // 0: whoever did
};
MUST_USE enum err held_stop_clocks(struct store *store, const struct held_of *of);
int held_user_order(const void *a, const void *b);          // of two struct str, for qsort()
bool held_is_of(const struct held_of *of, struct str user); // whatever the stream
/* Whether one of them waits whose number is above that. */
MUST_USE enum err held_waits(struct store *store, const struct held_of *of, uint64_t after_n,
                             bool *ret_waits);
/* What waits and what is rejected, by stream and number: held_off_next() until ERR_NOT_FOUND. */
struct held_off_place {
    int64_t stream;
    uint64_t n;
    struct str user; // read: borrowed until the next
};
MUST_USE enum err held_off(struct store *store, const struct held_off_place *after,
                           sqlite3_stmt **ret_walk);
MUST_USE enum err held_off_next(struct store *store, sqlite3_stmt *walk,
                                struct held_off_place *ret_place);
/* The newest number of one that is or was held; 0: none. */
MUST_USE enum err held_newest_n(struct store *store, uint64_t *ret_n);
/* How many wait, in `stream`; 0: in all. */
MUST_USE enum err held_count(struct store *store, int64_t stream, uint64_t *ret_count);

/* The queue of a stream, oldest first: held_next() until ERR_NOT_FOUND. */
MUST_USE enum err held_queue(struct store *store, int64_t stream, uint64_t after_n,
                             sqlite3_stmt **ret_walk);
/* Of it those that were posted after `at_ms`. */
MUST_USE enum err held_since(struct store *store, int64_t stream, int64_t at_ms,
                             sqlite3_stmt **ret_walk);
/* What waits or was rejected of `user` and never had a place, newest first, `count` at most: of the
 * stream's newest HELD_LOOKS_MAX that wait or were rejected. */
enum { HELD_LOOKS_MAX = 20000 };
struct held_by {
    int64_t stream;
    struct str user;
};
MUST_USE enum err held_by_user(struct store *store, const struct held_by *by, uint64_t *ret_ns,
                               uint32_t count, uint32_t *ret_count);
/* The queue, newest first. */
MUST_USE enum err held_newest(struct store *store, int64_t stream, sqlite3_stmt **ret_walk);
MUST_USE enum err held_next(struct store *store, sqlite3_stmt *walk, struct held_row *ret_row);

/* What was rejected, by when it was posted and its number: above `from` and up to `upto`. Most of
 * what was rejected long ago is as it shall be, so it is gone through HELD_STRETCH at a time. */
enum { HELD_STRETCH = 1024, HELD_AT_ONCE = 256 };
struct held_stretch {
    int64_t from_ms, upto_ms;
    uint64_t from_n, upto_n;
    bool is_last; // nothing that was posted by then is behind it
};
struct held_stretch held_stretch_until(int64_t at_ms); // all of it
/* The one behind `stretch`, of what was posted up to `at_ms`; the first behind {0} and the last. */
MUST_USE enum err held_stretch_next(struct store *store, int64_t at_ms,
                                    struct held_stretch *stretch);
/* Erases the texts there, HELD_AT_ONCE at most; it does not come back to the queue. What it was is
 * known on, for retries. */
MUST_USE enum err held_erase(struct store *store, const struct held_stretch *stretch,
                             uint32_t *ret_count);
/* Forgets it, too, HELD_AT_ONCE at most; not from `oldest_n` on, which retries may name. */
MUST_USE enum err held_forget(struct store *store, const struct held_stretch *stretch,
                              uint64_t oldest_n, uint32_t *ret_count);
/* Rejected before it had a place, and its text is erased. */
bool held_is_erased(const struct held_row *row);
/* The log of a stream is about to be taken out up to `seq`. */
MUST_USE enum err held_expire(struct store *store, int64_t stream, uint64_t seq);
/* The sum of a row, over all of it: store_check.c asks. */
uint64_t held_sum(const struct held_row *row);
