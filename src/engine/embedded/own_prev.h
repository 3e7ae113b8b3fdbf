// SPDX-License-Identifier: Apache-2.0
/* own_prev -- the prev of a comment as its author sees it: in the log it is that of everybody, who
 * lack what else is shadowed of them, now or once, and an answer with it would tell them.
 *
 * Used by:  batch.c, for what is answered.
 * Thread:   the ordering thread's; inside the transaction that took or found the comment.
 * Bound:    OWN_PREV_ROWS rows are looked at; beyond them it is what it was.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

enum { OWN_PREV_ROWS = 1024 };

/* Of an event that has a place, behind which not all see the same: seldom. */
static inline bool own_prev_may_differ(const struct event *event)
{
    return event->prev + 1 < event->seq;
}
/* `*event`, a reference to such a one, is replaced where its author sees another prev. ERR_NOMEM;
 * ERR_SYS. */
MUST_USE enum err own_prev_see(struct store *store, int64_t stream, struct str user,
                               struct event **event);
