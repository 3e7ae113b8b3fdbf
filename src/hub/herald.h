// SPDX-License-Identifier: Apache-2.0
/* herald -- signals for some viewers of a stream: held, approved, rejected to the author and to
 * moderators, a warning to whom it is for and that it is over, each act to moderators.
 *
 *   of what no moderator did (rules, hooks, the system), moderators of a stream are told
 *   options.notices_per_s one by one each second, and behind it how many more there were:
 *
 *      notice held notice held .. {"type":"notice","stream":"demo","many":480}
 *      └────────── a second ──────────┘
 *
 * Used by:  stream.c, hub.c.
 * Thread:   the hub's reactor.
 * Promise:  behind what was begun, before what waits. Who opens only now is told what is theirs
 *           alone behind hello; who has no room for it is not sent it: what it says can be asked
 *           for. Behind the end of a warning those that are left are told again (remind.h).
 */
#pragma once

#include "hub/pursuit.h"

/* Those that came together: viewers are gone through once for all that are for one user each. */
void herald_take(struct stream *stream, struct notice *const *notices, uint32_t count);
/* Its hello was written: what was kept for it follows. */
void herald_tell_kept(struct catchup *catchup);
/* Tells the numbers that are due; returns when it wants to be called again. */
int64_t herald_turn(struct hub *hub);
