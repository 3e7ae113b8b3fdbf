// SPDX-License-Identifier: Apache-2.0
/* sse_in -- a stream of Server-Sent Events cut into its events, without a copy where one came
 * whole.
 *
 * Owns:    the part of an event that has not ended.
 * Thread:  its owner's.
 * Bound:   SSE_IN_BYTES_MAX of one event.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stddef.h>

enum { SSE_IN_BYTES_MAX = 1024 * 1024 };

struct sse_in {
    struct buf rest;
};

void sse_in_init(struct sse_in *in);
void sse_in_done(struct sse_in *in);
void sse_in_restart(struct sse_in *in); // a new connection: what had not ended never will

struct sse_in_ops {
    /* At an event's first byte: how many bytes of whole events its owner took by itself; 0: none.
     * NULL: it never does. */
    size_t (*skip)(void *user, struct str bytes);
    /* All borrowed for the call; `id` is empty when the event has none, `whole` is all its bytes.
     */
    void (*event)(void *user, struct str id, struct str data, struct str whole);
};
/* ERR_LIMIT, ERR_NOMEM: an event too long. */
MUST_USE enum err sse_in_feed(struct sse_in *in, struct str bytes, const struct sse_in_ops *ops,
                              void *user);
