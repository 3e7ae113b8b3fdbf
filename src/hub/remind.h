// SPDX-License-Identifier: Apache-2.0
/* remind -- who comes back, or says later who they are, is told again which warnings of theirs are
 * still in force.
 *
 *      joins, is recognized, or
 *      a warning of theirs ends  ─▶ hello is out ─▶ may they be warned? ─▶ the engine ─▶ `warned`
 *                                                    │ no: nothing is asked
 *                                                    ▼
 *                                                 goes on
 *
 * Used by:  catchup.c, which asks; join.c and apart.c, which learn who it is; herald.c.
 * Thread:   the hub's reactor.
 * Bound:    WARNINGS_MAX a time. Memory is taken while the engine is asked, and for none who is
 *           warned of nothing.
 * Promise:  who is LIVE has been reminded, or could not be: then a post of theirs is refused, and
 *           says why.
 */
#pragma once

#include "hub/pursuit.h"

struct reminder;

/* It has a user from here on, or another. Long polls are told by who answers them. */
void remind_soon(struct catchup *catchup);
/* There is something to ask the engine for. */
bool remind_is_due(const struct catchup *catchup);
/* Hello was sent. NULL: it is not due, or there is no memory; it goes on. Else remind_ask(). */
MUST_USE struct reminder *remind_begin(struct catchup *catchup);
/* While catchup->asked stays. What it says is in the page when `back` is called; nothing is where
 * its viewer is gone, or somebody else by then. */
void remind_ask(struct reminder *reminder, void (*back)(struct catchup *catchup));
