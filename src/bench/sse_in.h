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

enum { SSE_IN_BYTES_MAX = 1024 * 1024 };

struct sse_in {
    struct buf rest;
};

void sse_in_init(struct sse_in *in);
void sse_in_done(struct sse_in *in);
void sse_in_restart(struct sse_in *in); // a new connection: what had not ended never will

/* Both borrowed for the call; `id` is empty when the event has none. */
typedef void sse_in_event(void *user, struct str id, struct str data);
/* ERR_LIMIT, ERR_NOMEM: an event too long. */
MUST_USE enum err sse_in_feed(struct sse_in *in, struct str bytes, sse_in_event *event, void *user);
