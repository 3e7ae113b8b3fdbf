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
/* What is told from the newest on that everybody is shown is told apart to who stands behind that,
 * at what is hidden from them: they are LIVE no more. ERR_NOMEM: not all of them. */
MUST_USE enum err apart_take_beyond(struct stream *stream);
/* Its connection is authenticated as somebody else, or in another role. ERR_NOMEM. */
MUST_USE enum err apart_recognize(struct viewer *viewer, uint64_t user, bool moderates);
