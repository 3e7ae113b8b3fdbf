// SPDX-License-Identifier: Apache-2.0
/* channel -- one stream in one encoding: each event is encoded once, for all its viewers.
 *
 * Owns:     its ring and its dense array of LIVE viewers.
 * Used by:  stream.c (events), presence.c (signals), catchup.c (viewers), flush.c.
 * Thread:   the hub's reactor.
 * Promise:  made by its first viewer and freed after its last; its ring's last place is always the
 *           stream's newest event.
 */
#pragma once

#include "hub/heart.h"

/* The stream's channel of that encoding, made if there is none. NULL: no memory. */
MUST_USE struct channel *channel_of(struct stream *stream, const struct encoding *encoding);
struct channel *channel_find(const struct stream *stream, const struct encoding *encoding);

/* Puts a frame into every channel of the stream. The event is stream->newest by now. */
void channel_put_event(struct stream *stream, const struct event *event);
void channel_put_signal(struct stream *stream, struct str json);
/* The log lost what lies up to `seq`: who has less must not begin in the rings. */
void channel_cut(struct stream *stream, uint64_t seq);

/* The viewer is LIVE from here, its next frame at `cursor`. ERR_NOMEM. */
MUST_USE enum err channel_join(struct channel *channel, struct viewer *viewer, uint64_t cursor,
                               struct ring_place place);
/* No longer LIVE; an empty channel goes with the next flush. */
void channel_leave(struct viewer *viewer);
void channel_free_empty(struct stream *stream);
/* After a round: while the hub's rings are short of memory, one that nobody waits for gives its
 * back. */
void channel_rest(struct channel *channel);
/* Its ring may hold memory: that is looked at in a while (shrink.h). */
void channel_hold_room(struct channel *channel);
/* Its viewers are visited soon, though nothing may be new. */
void channel_mark_due(struct stream *stream);
void channel_check(const struct channel *channel);
