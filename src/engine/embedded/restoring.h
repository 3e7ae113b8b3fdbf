// SPDX-License-Identifier: Apache-2.0
/* restoring -- gathers what is visible again into the bodies of `restore` events.
 *
 * Owns:     what it gathered for the event under way.
 * Used by:  removals.c.
 * Thread:   the writing connection's; inside a write transaction.
 * Bound:    RESTORING_BYTES_MAX and RESTORING_COMMENTS_MAX an event.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "engine/embedded/carried.h"
#include "engine/embedded/store.h"
#include "wire/act.h"
#include "wire/stream_name.h"

#include <stdint.h>

enum { RESTORING_BYTES_MAX = 60 << 10, RESTORING_COMMENTS_MAX = CARRIED_SEQS_MAX };

struct restoring_event {
    int64_t stream;
    struct str author;   // who alone is told, of what is shadowed; '': everybody is
    struct str comments; // `[{..},{..}]`, whole comment objects as sent; RESTORING_BYTES_MAX
};

/* What follows from rewriting, for the logs of streams. */
struct restoring_out {
    /* Once for each event: adds a `restore` event, says as which row. */
    enum err (*restore)(struct restoring_out *out, const struct restoring_event *event,
                        uint64_t *ret_row_n);
    /* A sweep of all streams has reached these, ascending: adds a `retract` event. Not of streams
     * that removals_told() named. */
    enum err (*retract)(struct restoring_out *out, int64_t stream, const uint64_t *seqs,
                        uint32_t count);
};

struct restoring {
    struct store *store; // borrowed, as is the next
    struct restoring_out *out;
    int64_t stream; // of those gathered
    size_t name_len, author_len;
    uint32_t count;
    struct buf comments;
    uint64_t seqs[RESTORING_COMMENTS_MAX];
    char name[STREAM_NAME_LEN_MAX];
    char author[ACT_USER_BYTES_MAX]; // struct restoring_event
};

void restoring_init(struct restoring *restoring, struct store *store, struct restoring_out *out);
void restoring_done(struct restoring *restoring);
struct restoring_comment {
    int64_t stream;
    uint64_t seq;
    struct str author; // as in struct restoring_event
    struct str body;
};
MUST_USE enum err restoring_add(struct restoring *restoring,
                                const struct restoring_comment *comment);
/* What is gathered becomes an event. */
MUST_USE enum err restoring_flush(struct restoring *restoring);
