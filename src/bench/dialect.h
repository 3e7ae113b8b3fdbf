// SPDX-License-Identifier: Apache-2.0
/* dialect -- how to read and write another server, so that `roar bench` measures it by the same
 * threads and the same clock as Roar. A server is a row of data in dialect.c.
 *
 *      message:  {"type":"comment","cid":"bRUN-DUE_US-NUMBER","seq":NUMBER+1,"text":"..."}
 *
 * Whatever a server wraps around a message, the mark in its cid is found again: RUN names the
 * bench, DUE_US is when it was due, NUMBER counts from 0.
 *
 * Used by:  watcher.c, poster.c.
 * Thread:   any; it is constant.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "bench/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct dialect { // "$" in a text stands for the stream's name
    const char *name;
    /* -- reading; NULL: it does not speak that transport -- */
    const char *sse_path, *ws_path;
    bool resumes;            // SSE takes up at Last-Event-ID
    const char *greeting;    // what a client says first on a WebSocket, <= 125 bytes; NULL: nothing
    const char *ready;       // is in the text after which a viewer is in; NULL: the answer's head
    const char *ping, *pong; // as texts of its own; NULL: RFC 6455's alone
    /* -- posting by HTTP: head lines, and what stands around a message -- */
    const char *post_path, *post_head, *before, *behind;
    bool is_form; // the message is percent-encoded
};

const struct dialect *dialect_find(const char *name); // NULL: none
/* The names there are, for people. */
void dialect_names(struct buf *out);
bool dialect_speaks(const struct dialect *dialect, enum transport transport);

/* The request of a reader of plan->peer; `last_id`: where it takes up, empty: nowhere. */
void dialect_write_read(const struct plan *plan, enum transport transport, struct str last_id,
                        struct buf *out);
/* What a reader says first on a WebSocket, as text. */
void dialect_write_greeting(const struct plan *plan, struct buf *out);
/* The request that posts message `number`. */
void dialect_write_post(const struct plan *plan, uint64_t number, int64_t due_us, struct buf *out);

/* The next message's mark; `*text` moves behind it. False: none is left. */
bool dialect_next(const struct plan *plan, struct str *text, uint64_t *ret_due_us,
                  uint64_t *ret_number);
