// SPDX-License-Identifier: Apache-2.0
/* tell -- frames of a viewer's own page, and what is counted of them.
 *
 * Used by:  catchup.c, join.c, skip.c, sift.c.
 * Thread:   the hub's reactor.
 * Promise:  what fails leaves the page as it was: ERR_NOMEM.
 */
#pragma once

#include "hub/pursuit.h"
#include "hub/signals.h"

MUST_USE enum err tell_signal(struct catchup *catchup, const struct buf *json);
MUST_USE enum err tell_gap(struct catchup *catchup, const struct signals_gap *gap);
/* The presence it missed while it caught up. */
MUST_USE enum err tell_news(struct catchup *catchup);
/* It has members that this reader is told, and others are not: event_for_staff(). */
bool tell_is_for_staff(const struct catchup *catchup, const struct event *event);
/* It stands there after. */
MUST_USE enum err tell_event(struct catchup *catchup, const struct event *event);
/* The log has no more what follows its position, up to `to`; it stands there after. */
MUST_USE enum err tell_expired(struct catchup *catchup, uint64_t to);

/* The gap that a slow reader is owed, with what is removed by now; it stands behind the hole after,
 * or before its acts. ERR_AGAIN: catchup_count_hole(). */
MUST_USE enum err tell_hole(struct catchup *catchup);

/* Why: an enum gap_why; the text stands in the gap. */
const char *tell_why(enum gap_why why);
void tell_count_gap(struct stream *stream, enum gap_why why, uint64_t shed);
void tell_count_deliveries(struct stream *stream, uint32_t count);
