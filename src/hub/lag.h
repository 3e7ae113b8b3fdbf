// SPDX-License-Identifier: Apache-2.0
/* lag -- a slow reader in a view of its own (view.h) is forgotten like one that is LIVE, or who is
 * shadowed could tell by what a throttled socket gets.
 *
 *   their twin, LIVE     cursor ──── more than the ring holds ──── head      skip.c: gap, acts
 *   who reads apart      position ── as many bytes of the same ─── newest    here: gap, acts
 *
 * No ring holds what is theirs, so the bytes of what passes are only counted: of what everybody is
 * shown and of what is theirs, in a sparse lane of what that of their author makes of the log; and
 * those that it is told. What lies between waits for it. Where that is more than a ring of the same
 * encoding may hold now, and its socket takes bytes again, it is spared all of it: a page that
 * still waits is given up, and the log is asked for the acts of the hole, then for its numbers,
 * both in their view.
 *
 * It begins where their twin would be LIVE: where it had all there is once, or was LIVE itself and
 * left the ring. Who comes back late is sent all that follows its cursor, as everybody is.
 *
 * An estimate, of a few in a hundred: frames are counted by the size of those it was sent, without
 * signals. What is removed while it waits counts as what it was, until memory holds all that waits:
 * then that is counted anew before it is forgotten. A page with an act, a copy or a notice that was
 * not sent is not given up: the rest of it (PAGE_BYTES) comes before the gap.
 *
 * Used by:  catchup.c, apart.c, sift.c; stream.c, view.c and sparse.c count what passes.
 * Thread:   the hub's reactor.
 * Bound:    two counters a stream, an author and a lane; nothing is kept for who waits.
 */
#pragma once

#include "hub/pursuit.h"

/* The newest frame of its page tells `bytes` behind its head; who is not sent it stands at
 * `before`. */
void lag_told(struct catchup *catchup, uint64_t before, size_t bytes);
/* tell_event(), in order. Should its socket not take it, it may be spared it yet; an act is not,
 * as it counts as told. ERR_NOMEM. */
MUST_USE enum err lag_tell_event(struct catchup *catchup, const struct event *event);

/* It left the ring where so many bytes waited for it. */
void lag_begin(struct catchup *catchup, uint64_t waited);
/* It has all there is. */
void lag_end(struct catchup *catchup);
/* Nothing is known of it: it reads as somebody else now. A hole that it is owed is asked for anew.
 */
void lag_forget(struct catchup *catchup);

/* Of one that is apart, with lag.is_known: it is to be told a gap now. */
bool lag_is_lost(struct catchup *catchup);
/* What was written for it and not sent is given up: its position is where what it was sent ends.
 * False: something of that goes first, and nothing was done. */
bool lag_give_up(struct catchup *catchup);
/* The hole is what follows what it was sent: it owes a gap, and its acts are to be asked for.
 * Nothing is done where its page goes first. */
void lag_begin_hole(struct catchup *catchup);
/* Of a hole of these: catchup->acts is to be read now, as it says; else it is there. */
bool lag_asks_acts(struct catchup *catchup);
