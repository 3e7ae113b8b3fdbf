// SPDX-License-Identifier: Apache-2.0
/* crowd -- who watches one stream on this reactor, told to the owner of its presence.
 *
 * An identity with three screens here is one attendee with three connections. What the owner was
 * told stands beside what is: the difference is told at the end of the turn, by a letter that comes
 * back. What could not be sent or was not understood differs again, and is told again: memory that
 * fails delays a count, it never bends it. Viewers of IDENTITY_SOLE are a number, not attendees.
 *
 * Owns:     the attendees of each stream of this hub.
 * Used by:  join.c, viewer.c, stream.c.
 * Thread:   the hub's reactor.
 */
#pragma once

#include "hub/heart.h"

/* The stream is open here, and wants to be told how many watch; or wants it no more. */
void crowd_arrive(struct stream *stream);
void crowd_farewell(struct stream *stream);
bool crowd_is_told(const struct stream *stream); // the owner knows that nobody is here

/* The viewer's connection counts from now. identity 0 counts nothing. ERR_NOMEM. */
MUST_USE enum err crowd_enter(struct viewer *viewer, struct str name);
void crowd_leave(struct viewer *viewer); // one that does not count is legal
void crowd_beats(struct viewer *viewer, bool alive);
/* viewer_identify(), of one that is not IDLE. */
void crowd_identify(struct viewer *viewer, uint64_t identity);
/* A long poll: its identity is present for a TTL from now, as one of `address` (hash; 0: of none).
 * Without memory the next one is. */
void crowd_beat_once(struct stream *stream, uint64_t identity, uint64_t address, struct str name);

/* Tells the owners. Returns when it wants to be called again. */
int64_t crowd_turn(struct hub *hub);
