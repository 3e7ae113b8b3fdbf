// SPDX-License-Identifier: Apache-2.0
/* facts -- what hello says of a stream beyond its log: slow mode, modes, pins.
 *
 * Owns:     references on the newest `settings` event and the `pin` events in force.
 * Used by:  stream.c (what it follows), redact.c, join.c (hello).
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"
#include "hub/signals.h"
#include "wire/removal.h"

/* As the watch that was answered says; its references are taken over. */
void facts_take_watch(struct stream *stream);
void facts_take(struct stream *stream, struct event *event); // of any kind
void facts_done(struct stream *stream);
/* A pinned comment that it removes is held no more. ERR_NOMEM: not all of it. */
MUST_USE enum err facts_redact(struct stream *stream, const struct removal *removal);
/* Borrowed until the next change. */
void facts_tell(const struct stream *stream, struct signals_hello *hello);
