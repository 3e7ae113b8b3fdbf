// SPDX-License-Identifier: Apache-2.0
/* early -- acts that would have to wait behind comments are sent ahead of them: a copy at once,
 * marked so, without an id, and the act again at its place (protocol.md section 6).
 *
 *   socket full ──▶ viewer_writable(), early_is_due() ──▶ catchup_part() ──▶ early_tell(): copies,
 *                                                                            then in order
 *
 * Used by:  viewer.c, catchup.c.
 * Thread:   the hub's reactor.
 * Bound:    two bytes a viewer; the acts are stream->acts.
 */
#pragma once

#include "hub/pursuit.h"

/* Who begins where it stands now gets the acts of its backlog in order, while its socket takes
 * it. */
void early_begin(struct catchup *catchup);
/* Of a LIVE viewer whose socket was full: an act waits behind comments, and no copy was sent. */
bool early_is_due(const struct viewer *viewer);
/* Copies of the acts that came since the last time, into its empty page; none where the next thing
 * it is sent is the act itself. ERR_NOMEM. */
MUST_USE enum err early_tell(struct catchup *catchup);
