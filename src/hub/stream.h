// SPDX-License-Identifier: Apache-2.0
/* stream -- follows one stream's log on one reactor: opened by its first viewer, closed when idle.
 *
 *      watch ──▶ read the newest few ──▶ read up to what is known ──▶ OPEN: events come by letter
 *        ▲                                        ▲                        │ on_behind
 *        └────────────────────────────────────────┴────── watch again ◀────┘
 *      idle long enough ──▶ unwatch ──▶ freed, or opened again when somebody came
 *
 * While it is not OPEN, an event that comes only raises `target`: the log is read up to it, so
 * there is neither gap nor double, and nothing to be queued.
 *
 * Owns:     its watch, its reads, its tail.
 * Used by:  join.c, viewer.c, hub.c.
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"

/* The stream of that name, opened if it is not. NULL: no memory. */
MUST_USE struct stream *stream_open(struct hub *hub, struct str name);
struct stream *stream_find(const struct hub *hub, struct str name); // NULL: not open
/* The engine's ordering point answers nothing: no stream can be opened now. */
bool stream_order_is_silent(const struct hub *hub);
/* All that is due; returns when it wants to be called again. */
int64_t stream_turn(struct hub *hub);
void stream_check(const struct stream *stream);
