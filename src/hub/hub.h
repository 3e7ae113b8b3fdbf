// SPDX-License-Identifier: Apache-2.0
/* hub -- the heart of one reactor: its streams, their rings and viewers.
 *
 * Owns:     streams, channels, rings, tails and presence of this reactor.
 * Used by:  serve/ (viewers), api/ (presence, counts), app/ (makes one per reactor).
 * Thread:   its reactor's. Hubs of other reactors are reached by letters only.
 * Promise:  no socket, no clock, no protocol: time comes with hub_turn(), bytes leave by
 *           viewer_ops.write().
 */
#pragma once

#include "base/err.h"
#include "hub/extent.h"
#include "hub/figures.h"
#include "hub/hub_options.h"
#include "hub/presence.h"
#include "hub/viewer.h"

#include <stdint.h>

struct hub;

MUST_USE enum err hub_new(const struct hub_options *options, struct hub **ret_hub);
/* Nothing gathers in a merge window from now on, and what does leaves in this turn: its viewers are
 * about to be sent away. */
void hub_hurry(struct hub *hub);
/* All viewers have left; later joins are refused. `closed` runs in a turn, when nothing of this hub
 * is under way any more, and how far acts got is kept; turns go on until every hub has said so,
 * since they answer each other's letters. */
void hub_close(struct hub *hub, void (*closed)(void *user), void *user);
void hub_free(struct hub *hub); // after the `closed` of all hubs

/* The other reactors' hubs, this one included, in the same order everywhere; once, before any
 * viewer. Borrowed. A hub that met nobody is alone. */
void hub_meet(struct hub *hub, struct hub *const *hubs, size_t count);

/* The end of a loop turn: all that happened since the last one is worked off: streams, flushes,
 * joins, catch-ups, presence. Returns the mono_ms at which it wants to be called again at the
 * latest (`mono_ms`: at once); INT64_MAX: only when something happens. It must be called after each
 * batch of letters and sockets, since none of these does anything by itself. */
int64_t hub_turn(struct hub *hub, int64_t mono_ms);

/* Answered by `call.done`, never from inside. */
void hub_presence(struct hub *hub, struct presence_call *call);
void hub_figures(struct hub *hub, struct figures_call *call);
void hub_busiest(struct hub *hub, struct busiest_call *call);
void hub_reach(struct hub *hub, struct reach_call *call);
void hub_save_reach(struct hub *hub, struct reach_saving *saving); // of all hubs

void hub_check(const struct hub *hub); // all invariants; for tests
