// SPDX-License-Identifier: Apache-2.0
/* outbox -- what a transaction has to tell once it is committed: events in the order in which they
 * were added to their logs, and notices among them.
 *
 * Owns:     a reference on each event and notice.
 * Used by:  ordering.c fills it; batch.c and housekeeping.c have it published.
 * Thread:   the ordering thread's.
 * Bound:    what one transaction adds to logs.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/heads.h"
#include "engine/embedded/log_tail.h"
#include "wire/event.h"

#include <stdint.h>

struct outbox_item {
    struct head *head;   // NULL: of all streams
    struct event *event; // a reference; NULL: a notice, or where nothing is sent
    struct notice *notice;
    int64_t asked_ms; // mono; 0: nobody waited for it
};

struct outbox {
    struct outbox_item *items; // owned; [cap]
    uint32_t count, cap;
    uint32_t events; // of them
};

struct outlet { // where committed events go
    struct heads *heads;
    struct bus *bus;
    struct log_tail *tail;
    int64_t mono_ms;
};

void outbox_init(struct outbox *outbox);
void outbox_done(struct outbox *outbox);
/* Takes a reference of its own. ERR_NOMEM. */
MUST_USE enum err outbox_add(struct outbox *outbox, struct head *head, struct event *event,
                             int64_t asked_ms);
/* Takes the reference over, also on failure. NULL is no memory. `head` NULL: it is of all. */
MUST_USE enum err outbox_notify(struct outbox *outbox, struct head *head, struct notice *notice);
/* An act removes something of all streams: what the tail holds of any was before it, and who reads
 * next reads the store. ERR_NOMEM. */
MUST_USE enum err outbox_forget(struct outbox *outbox);
void outbox_clear(struct outbox *outbox); // it was not committed
/* To the tail and to every watch; the letters are sent. */
void outbox_publish(struct outbox *outbox, const struct outlet *outlet);
