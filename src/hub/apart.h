// SPDX-License-Identifier: Apache-2.0
/* apart -- viewers who leave what everybody is sent, for a view of their own (view.h): LIVE no
 * more, they go on where they stand, and nothing they are sent says so.
 *
 * Used by:  stream.c (events), viewer.c (who is authenticated as somebody else).
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"

/* A shadowed comment: its author's viewers are apart from here on. ERR_NOMEM: not all of them; the
 * event was not taken, and once more is legal. */
MUST_USE enum err apart_take(struct stream *stream, struct event *event);
/* Its connection is authenticated as somebody else, or in another role. ERR_NOMEM. */
MUST_USE enum err apart_recognize(struct viewer *viewer, uint64_t user, bool moderates);
