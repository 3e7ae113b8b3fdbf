// SPDX-License-Identifier: Apache-2.0
/* train -- what a channel sends, compressed once for all who ride: one DEFLATE stream that nobody
 * reads from its beginning.
 *
 *   ring   ... │frame│frame│  frame  │frame│frame│frame│        offsets of the plain ring
 *   train           │ segment │ segment│    segment    │        compressed, each ends at a byte
 *                   ▲                  ▲
 *                   a stop: the segment behind it refers to nothing before it
 *
 * A viewer's cursor is an offset of the plain ring, whatever it is sent. One that is new, or
 * skipped, or got bytes of its own, is sent frames as they are until its cursor is at a stop; there
 * it boards, and gets the same bytes as everyone. Nothing is kept of it but `rides`. So a train may
 * be given up at any time: its riders are sent frames as they are, and know no difference.
 *
 * Riders pay for a stop with the window. It is made when as many wait as ride, else after
 * TRAIN_FLUSHES_MAX flushes or TRAIN_STOP_MS; none while nobody waits.
 *
 * A train's ring is a ring whose places are: `seq`, the plain offset up to which a segment goes;
 * `ordinal`, how many segments.
 *
 * Owns:     a compressor, about 86 KiB, and its ring.
 * Used by:  channel.c, flush.c, viewer.c.
 * Thread:   the hub's reactor.
 * Bound:    hub_options.ring_bytes_max as any ring; what all trains hold counts against
 *           rings_bytes_max, and none is made while less than half of that is left. There is one
 *           from hub_options.compress_viewers viewers on, none below half as many, nor after
 *           TRAIN_IDLE_MS without a frame.
 * Promise:  a failure (memory, zlib) ends the train, and nothing else.
 */
#pragma once

#include "hub/heart.h"

enum {
    TRAIN_FLUSHES_MAX = 16,
    TRAIN_STOP_MS = 2000,
    TRAIN_IDLE_MS = 30 * 1000,
    TRAIN_STATE_BYTES = 88 * 1024, // of a compressor, as it is counted
};

struct deflater;

struct ride {
    const uint8_t *bytes; // borrowed until the next train_load()
    size_t len;
    uint64_t to; // plain offset
};

struct train {
    struct channel *channel; // it owns this
    struct link link;        // in hub->trains, by used_ms
    struct deflater *deflater;
    struct ring ring;
    uint64_t stop; // plain offset of the last one
    uint32_t riders;
    uint32_t flushes;  // since the stop
    int64_t stop_ms;   // mono: when it was made
    int64_t used_ms;   // mono: when anything was loaded
    bool has_no_stop;  // the next segment has to begin with one
    uint64_t found_at; // whose ride `found` is; UINT64_MAX: none
    struct ride found;
};

/* Compresses what the channel's ring has more than its train, if it has one. */
void train_load(struct channel *channel);
/* After a round: makes a train where the crowd is large enough, ends it where it is not, forgets
 * what no viewer waits for. */
void train_tend(struct channel *channel);
void train_shrink(struct channel *channel); // as ring_shrink()
void train_end(struct channel *channel);    // none is legal
/* The plain bytes [from, to) changed: a train that holds them as they were, for anybody who may yet
 * be sent them, ends. */
void train_redacted(struct channel *channel, uint64_t from, uint64_t to);
/* Ends those that stand still; returns when it wants to be called again. */
int64_t train_turn(struct hub *hub);

/* What a LIVE viewer of a channel with a train is sent from it; it boards if it is at a stop.
 * False: it is sent the frames up to train_limit(). */
bool train_find(struct viewer *viewer, struct ride *ret_ride);
uint64_t train_limit(const struct viewer *viewer);
/* Takes down how far a short write of a ride went: the rest of a begun segment is with the
 * connection. Returns the plain offset where the viewer stands. */
uint64_t train_stop_at(struct viewer *viewer, const struct ride *ride, size_t taken);
/* The viewer was, or will be, sent what the others are not. Not riding is legal. */
void train_alight(struct viewer *viewer);

uint64_t train_held_bytes(const struct channel *channel);
void train_check(const struct channel *channel);
