// SPDX-License-Identifier: Apache-2.0
/* channel -- one stream in one encoding and lane: each event is encoded once, for all its viewers.
 *
 * Owns:     its ring and its dense array of LIVE viewers.
 * Used by:  stream.c (events), presence.c (signals), catchup.c (viewers), flush.c.
 * Thread:   the hub's reactor.
 * Promise:  made by its first viewer and freed after its last; its ring's last place is always the
 *           stream's newest event, of a sparse lane stream_place().
 */
#pragma once

#include "hub/heart.h"
#include "wire/removal.h"

/* The stream's channel of that encoding and lane, made if there is none. NULL: no memory. */
MUST_USE struct channel *channel_of(struct stream *stream, const struct encoding *encoding,
                                    enum lane lane);
struct channel *channel_find(const struct stream *stream, const struct encoding *encoding,
                             enum lane lane);
uint64_t channel_viewers(const struct stream *stream, enum lane lane);

/* Puts a frame into every channel of that lane; `place` is behind it. */
void channel_put_event(struct stream *stream, enum lane lane, const struct event *event,
                       struct ring_place place);
struct channel_told {
    struct str json;
    const struct ring_place *place; // NULL: it moves nobody
    uint64_t moves_to;              // the cursor; 0: not
    uint32_t events;                // it holds
    uint32_t act;                   // stream->act_count of the act that it is a copy of; 0: none
};
void channel_put_told(struct stream *stream, enum lane lane, const struct channel_told *told);
/* What leads to `place` could not be encoded: who reads there is told like a slow reader. */
void channel_lose(struct stream *stream, enum lane lane, struct ring_place place);
/* Into every channel of the stream. */
void channel_put_signal(struct stream *stream, struct str json);
/* There is something for those who read apart. */
void channel_note_view(struct stream *stream);
/* The log lost what lies up to `seq`: who has less must not begin in the rings. */
void channel_cut(struct stream *stream, uint64_t seq);

/* What it removes is in its ring no more, and in no compressed bytes that anybody may be sent.
 * ERR_NOMEM: not all of it; once more is legal. */
MUST_USE enum err channel_redact(struct channel *channel, const struct removal *removal);

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
