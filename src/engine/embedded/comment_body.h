// SPDX-License-Identifier: Apache-2.0
/* comment_body -- the JSON members of an event that the ordering point makes, once.
 *
 *      "id":"01J..","cid":"c-81f","at":1763700000123,"user":{"id":"u7","name":"Ann"},"text":"hello"
 *
 * Thread:  any; pure.
 * Promise: `"id"` stands first, so that an event's id is read from its body by place:
 * comment_body_id().
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "engine/embedded/comment_id.h"
#include "hub/port.h"

#include <stdint.h>

/* What the author gave is valid already; `out` is emptied first. A buffer without memory
 * says so: buf_ok(). */
void comment_body_write(struct buf *out, const struct submit *submit, const struct comment_id *id,
                        int64_t at_ms);
/* The same comment under another time. ERR_PROTO: it is no comment's body. */
MUST_USE enum err comment_body_set_at(struct buf *out, struct str body, int64_t at_ms);
/* Of a `stream` event. */
void comment_body_write_state(struct buf *out, enum stream_state state, int64_t at_ms);
/* The id in a comment's body; empty when it has none. */
struct str comment_body_id(struct str body);
