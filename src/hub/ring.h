// SPDX-License-Identifier: Apache-2.0
/* ring -- the encoded bytes that the viewers of one channel have still to be sent.
 *
 *   offsets   0 ...... tail                      head ──▶ grow for ever
 *             forgotten │ frame │ frame │ ... │ frame │
 *                       ▲       ▲ a viewer's cursor is a frame's start
 *   bytes     [ .. gone │ used .................. │ room ]   moved down when the end is reached
 *             0         start                           cap
 *
 * A frame is one event or one signal as one SSE block or one WebSocket message. Events are counted
 * by ordinals, which have no holes, so that what a slow viewer was spared is a subtraction.
 *
 * Owns:     its bytes and its frame index.
 * Used by:  channel.c, flush.c, catchup.c.
 * Thread:   the owning reactor; nothing here is atomic.
 * Bound:    bytes_max, which may be changed down to RING_BYTES_KEPT (room for the largest frame, so
 *           that want of memory alone never makes a reader slow). A full ring makes a quarter of
 *           itself free: it gives up first what no viewer needs (`needed`), then doubles, then
 *           forgets its oldest; it never grows past the bound. So a byte is moved three times at
 *           most for each that is appended, whatever readers do. ring_shrink() goes the other way.
 * Promise:  [cursor, head) is contiguous in memory for any cursor >= tail. Appending never fails:
 *           what memory or bound cannot hold is forgotten at once, and its viewers are told.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { RING_BYTES_MIN = 512, RING_FRAMES_MIN = 4, RING_BYTES_KEPT = 16 * 1024 };

/* A place in the stream's count of events. */
struct ring_place {
    uint64_t seq;     // of the last event up to here
    uint64_t ordinal; // how many events up to here
};

struct ring_frame {
    uint64_t offset;         // of its first byte
    struct ring_place place; // after it; a signal repeats the place before it, but one that tells
                             // of what retention took: its seq is behind that
    int64_t submitted_ms;    // mono; 0: a signal, or read back from the store
    uint32_t events;         // it carries: 1, of a digest any number, of a signal none
    uint32_t act;            // stream->act_count of the act that it is; 0: none
};

struct ring {
    uint8_t *bytes;            // owned; [cap]; NULL while cap is 0
    struct ring_frame *frames; // owned; [frame_cap], used [frame_start, frame_start + frame_count)
    uint64_t tail, head;       // absolute offsets
    uint64_t needed;           // what lies below, no viewer waits for; set by flush.c and channel.c
    uint64_t most_waited;      // bytes from `needed` to head at most, since the last ring_shrink()
    uint64_t bytes_max;
    uint64_t reaches; // a seq: who has less must not begin here, as the log has lost what follows
    uint32_t cap, start;
    uint32_t frame_cap, frame_start, frame_count;
    struct ring_place before; // at tail: the last event forgotten, or the ring's beginning
    struct ring_place last;   // at head
};

/* An empty ring whose next event is the one after `place`. */
void ring_init(struct ring *ring, uint64_t bytes_max, struct ring_place place);
void ring_done(struct ring *ring); // zeroed is legal

/* The bound from now on; memory it holds already stays. */
void ring_bound(struct ring *ring, uint64_t bytes_max);
/* Gives all memory back, of a ring that no viewer waits for. */
void ring_rest(struct ring *ring);
/* As small as twice what was waited for at any time since the last call; nothing, when nothing was.
 * What a viewer needs stays. */
void ring_shrink(struct ring *ring);

/* One frame more, as `frame` says; its offset is set here. */
void ring_append(struct ring *ring, struct str bytes, const struct ring_frame *frame);
/* An event that could not be encoded: all that is there is forgotten, with it. */
void ring_lose(struct ring *ring, struct ring_place place);

/* The bytes from `offset` (tail..head) on, head - offset of them. Borrowed until the next append.
 */
const uint8_t *ring_at(const struct ring *ring, uint64_t offset);
/* A frame's own bytes, to be changed where they stand. */
uint8_t *ring_frame_bytes(struct ring *ring, uint32_t index);
/* Index of the frame that holds the byte at `offset` (tail <= offset < head). */
uint32_t ring_frame_at(const struct ring *ring, uint64_t offset);
const struct ring_frame *ring_frame(const struct ring *ring, uint32_t index);
uint64_t ring_frame_end(const struct ring *ring, uint32_t index);
/* Where a reader stands that has all before frame `index` (frame_count: all). */
struct ring_place ring_place_before(const struct ring *ring, uint32_t index);
/* Where a reader of all up to `seq` goes on: `*ret_index` is the first frame with an event after
 * it, frame_count when there is none. False: the ring does not reach back that far. */
bool ring_find(const struct ring *ring, uint64_t seq, uint32_t *ret_index);
uint64_t ring_held_bytes(const struct ring *ring); // memory it holds
void ring_check(const struct ring *ring);          // all invariants
