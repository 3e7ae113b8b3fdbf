// SPDX-License-Identifier: Apache-2.0
/* store_streams -- the rows of `streams`, and where a stream's log ends.
 *
 * Thread:  its connection's; inside a transaction.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

struct store_stream {
    int64_t id; // 0: the store has no row of it
    enum stream_state state;
    int32_t retention_days; // -1: the server's default
    int64_t created_ms;
    uint64_t ground_seq; // the newest expired event; 0: none did
    int64_t ground_at_ms;
    uint64_t ground_segment;
    struct str rules; // JSON, empty: none were set; borrowed until the statement's next use when
                      // it was read
};

/* Where the log of a stream ends, from which the ordering point goes on. */
struct store_end {
    uint64_t seq;        // 0: nothing yet
    uint64_t public_seq; // the last that is not shadowed
    bool has_shadows;    // somewhere in the log
    int64_t at_ms;
    uint64_t second;       // of `at`, in which
    uint32_t rank_count;   // so many unprivileged comments stand
    uint64_t window;       // of EVENT_DIGEST_MS of `at`, in which
    uint32_t window_count; // so many comments have EVENT_FLAG_DIGEST
    uint64_t segment;      // 0: none yet
    int64_t segment_at_ms;
    uint32_t segment_comments, segment_bytes;
};

struct store_streams_hole {
    int64_t stream;
    uint64_t after, upto;
    uint64_t view;     // user hash; 0: nobody's
    uint64_t hash_key; // of user hashes
};

/* ERR_NOT_FOUND. */
MUST_USE enum err store_streams_find(struct store *store, struct str name,
                                     struct store_stream *ret_stream);
/* As above, and its name, borrowed until the transaction's end. */
MUST_USE enum err store_streams_by_id(struct store *store, int64_t id,
                                      struct store_stream *ret_stream, struct str *ret_name);
/* The one with the next higher id. ERR_NOT_FOUND: that was the last. */
MUST_USE enum err store_streams_after(struct store *store, int64_t id,
                                      struct store_stream *ret_stream, struct str *ret_name);
/* Fills in stream->id. */
MUST_USE enum err store_streams_add(struct store *store, struct str name,
                                    struct store_stream *stream);
MUST_USE enum err store_streams_set(struct store *store, const struct store_stream *stream);
MUST_USE enum err store_streams_set_ground(struct store *store, const struct store_stream *stream);

struct store_head {
    uint64_t seq;        // 0: nothing yet
    uint64_t public_seq; // the last that is not shadowed
};
/* No more than that. ERR_GONE: that row is damaged, `ret_row_n` names it. */
MUST_USE enum err store_streams_head(struct store *store, const struct store_stream *stream,
                                     struct store_head *ret_head, uint64_t *ret_row_n);
/* All of it: walks the newest segment and second. ERR_GONE likewise, of the newest row only. */
MUST_USE enum err store_streams_end(struct store *store, const struct store_stream *stream,
                                    size_t name_len, struct store_end *ret_end,
                                    uint64_t *ret_row_n);

/* `oldest` as port.h says it. */
uint64_t store_streams_oldest(uint64_t ground_seq, uint64_t head);
/* How many events of (after, upto] are shadowed, but those of the user of this hash. */
MUST_USE enum err store_streams_shadows(struct store *store, const struct store_streams_hole *hole,
                                        uint64_t *ret_count);
/* The newest event of that user's in the hole that is shadowed; 0: there is none. */
MUST_USE enum err store_streams_own_shadow(struct store *store,
                                           const struct store_streams_hole *hole,
                                           uint64_t *ret_seq);
/* What an event of this body adds to its segment, at most. */
uint32_t store_streams_segment_bytes(size_t name_len, size_t body_len);
