// SPDX-License-Identifier: Apache-2.0
#include "hub/ring.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/reach.h"

void ring_init(struct ring *ring, uint64_t bytes_max, struct ring_place place)
{
    must(bytes_max <= UINT32_MAX / 2);
    *ring = (struct ring){.bytes_max = bytes_max, .before = place, .last = place};
}

void ring_done(struct ring *ring)
{
    mem_free(MEM_RING, ring->bytes);
    mem_free(MEM_RING, ring->frames);
    *ring = (struct ring){0};
}

void ring_bound(struct ring *ring, uint64_t bytes_max)
{
    must(bytes_max <= UINT32_MAX / 2);
    ring->bytes_max = bytes_max > ring->cap ? bytes_max : ring->cap;
}

static struct ring_frame *frame_of(const struct ring *ring, uint32_t index)
{
    return &ring->frames[ring->frame_start + index];
}

/* Gives up the first `count` frames. */
static void forget_frames(struct ring *ring, uint32_t count)
{
    if (count == 0) {
        return;
    }
    const uint64_t end = ring_frame_end(ring, count - 1);
    ring->before = frame_of(ring, count - 1)->place;
    ring->start += (uint32_t)(end - ring->tail);
    ring->tail = end;
    ring->frame_start += count;
    ring->frame_count -= count;
    if (ring->frame_count == 0) {
        ring->start = 0;
        ring->frame_start = 0;
    }
}

void ring_rest(struct ring *ring)
{
    reach_if(ring->cap > 0, RING_RESTED);
    forget_frames(ring, ring->frame_count);
    mem_free(MEM_RING, ring->bytes);
    mem_free(MEM_RING, ring->frames);
    ring->bytes = NULL;
    ring->frames = NULL;
    ring->cap = ring->frame_cap = 0;
}

/* Gives up the oldest frames until `bytes` of them are gone, none that ends after `limit`. */
static void forget(struct ring *ring, uint64_t bytes, uint64_t limit)
{
    const uint64_t wanted = ring->tail + bytes;
    uint32_t count = 0;
    while (count < ring->frame_count && ring_frame_end(ring, count) <= limit &&
           (count == 0 || ring_frame_end(ring, count - 1) < wanted)) {
        count++;
    }
    forget_frames(ring, count);
}

static uint64_t used_bytes(const struct ring *ring)
{
    return ring->head - ring->tail;
}

/* What a viewer has still to be sent. */
static uint64_t waited_bytes(const struct ring *ring)
{
    return ring->head - (ring->needed > ring->tail ? ring->needed : ring->tail);
}

/* Into memory of another size, which holds what is used. False: there is none. */
static bool move_bytes(struct ring *ring, uint64_t cap)
{
    uint8_t *bytes = mem_new(MEM_RING, cap);
    if (bytes == NULL) {
        return false;
    }
    if (ring->head > ring->tail) {
        const size_t torn = cap < ring->cap && mutant(SHRINK_TORN);
        memcpy(bytes + torn, ring->bytes + ring->start, used_bytes(ring) - torn);
    }
    mem_free(MEM_RING, ring->bytes);
    ring->bytes = bytes;
    ring->cap = (uint32_t)cap;
    ring->start = 0;
    return true;
}

/* Towards `wanted` bytes by doubling, as far as bound and memory allow. */
static void grow_bytes(struct ring *ring, uint64_t wanted)
{
    uint64_t cap = ring->cap == 0 ? RING_BYTES_MIN : ring->cap;
    while (cap < wanted && cap < ring->bytes_max) {
        cap *= 2;
    }
    cap = cap < ring->bytes_max ? cap : ring->bytes_max;
    if (cap > ring->cap) {
        reach_if(ring->cap > 0, RING_GREW);
        (void)move_bytes(ring, cap); // else the oldest are forgotten instead
    }
}

/* Makes `len` bytes of room behind head. False: the bound or memory forbids it, even when empty. */
static bool make_room(struct ring *ring, uint64_t len)
{
    if (used_bytes(ring) + len > ring->cap) {
        const uint64_t least = len > ring->cap / 4 ? len : ring->cap / 4;
        forget(ring, least, ring->needed);
        if (used_bytes(ring) + least > ring->cap) {
            grow_bytes(ring, used_bytes(ring) + least);
        }
        if (used_bytes(ring) + least > ring->cap) {
            forget(ring, least, ring->head);
            reach_if(ring->needed < ring->tail, RING_FORGOT);
        }
    }
    const uint64_t used = used_bytes(ring);
    if (used + len > ring->cap) {
        return false;
    }
    if (ring->start + used + len > ring->cap) {
        reach_if(used > 0, RING_MOVED);
        if (!mutant(RING_UNMOVED)) {
            memmove(ring->bytes, ring->bytes + ring->start, used);
        }
        ring->start = 0;
    }
    return true;
}

static void shrink_bytes(struct ring *ring, uint64_t most_waited)
{
    uint64_t cap = RING_BYTES_MIN;
    while (cap < 2 * most_waited) {
        cap *= 2;
    }
    if (cap >= ring->cap) {
        return;
    }
    const uint64_t kept = cap / 2;
    if (used_bytes(ring) > kept) {
        forget(ring, used_bytes(ring) - kept, ring->needed);
    }
    reach_if(used_bytes(ring) > 0, RING_SHRUNK);
    (void)move_bytes(ring, cap);
}

static void shrink_frames(struct ring *ring)
{
    uint32_t cap = RING_FRAMES_MIN;
    while (cap < 2 * ring->frame_count) {
        cap *= 2;
    }
    if (cap >= ring->frame_cap) {
        return;
    }
    reach(FRAMES_SHRUNK);
    memmove(ring->frames, ring->frames + ring->frame_start,
            ring->frame_count * sizeof(struct ring_frame));
    ring->frame_start = 0;
    struct ring_frame *frames = mem_resize(MEM_RING, ring->frames, cap * sizeof(struct ring_frame));
    if (frames != NULL) {
        ring->frames = frames;
        ring->frame_cap = cap;
    }
}

void ring_shrink(struct ring *ring)
{
    const uint64_t now_waited = waited_bytes(ring);
    const uint64_t most = ring->most_waited > now_waited ? ring->most_waited : now_waited;
    ring->most_waited = now_waited;
    if (most == 0) {
        ring_rest(ring);
        return;
    }
    shrink_bytes(ring, most);
    shrink_frames(ring);
}

static bool make_frame_room(struct ring *ring)
{
    if (ring->frame_start + ring->frame_count < ring->frame_cap) {
        return true;
    }
    if (ring->frame_start >= ring->frame_cap / 4 && ring->frame_start > 0) {
        reach(FRAMES_MOVED);
        if (!mutant(FRAMES_UNMOVED)) {
            memmove(ring->frames, ring->frames + ring->frame_start,
                    ring->frame_count * sizeof(struct ring_frame));
        }
        ring->frame_start = 0;
        return true;
    }
    const uint32_t cap = ring->frame_cap == 0 ? RING_FRAMES_MIN : ring->frame_cap * 2;
    struct ring_frame *frames = mem_resize(MEM_RING, ring->frames, cap * sizeof(struct ring_frame));
    if (frames == NULL) {
        return false;
    }
    ring->frames = frames;
    ring->frame_cap = cap;
    return true;
}

void ring_append(struct ring *ring, struct str bytes, const struct ring_frame *frame)
{
    const struct ring_place place = frame->place;
    must(bytes.len > 0);
    dcheck(place.seq >= ring->last.seq && place.ordinal >= ring->last.ordinal);
    if (!make_room(ring, bytes.len) || !make_frame_room(ring)) {
        ring_lose(ring, place);
        return;
    }
    memcpy(ring->bytes + ring->start + (ring->head - ring->tail), bytes.at, bytes.len);
    struct ring_frame *last = &ring->frames[ring->frame_start + ring->frame_count];
    *last = *frame;
    last->offset = ring->head;
    ring->frame_count++;
    ring->head += bytes.len;
    ring->last = place;
    if (waited_bytes(ring) > ring->most_waited) {
        ring->most_waited = waited_bytes(ring);
    }
}

void ring_lose(struct ring *ring, struct ring_place place)
{
    forget_frames(ring, ring->frame_count);
    /* One offset that no reader ever holds: who stood at head now stands below tail. A signal is
     * no loss. */
    if (place.ordinal > ring->last.ordinal || place.seq > ring->last.seq) {
        ring->head++;
        ring->tail = ring->head;
    }
    ring->before = place;
    ring->last = place;
}

const uint8_t *ring_at(const struct ring *ring, uint64_t offset)
{
    must(offset >= ring->tail && offset <= ring->head);
    return ring->bytes + ring->start + (offset - ring->tail);
}

uint8_t *ring_frame_bytes(struct ring *ring, uint32_t index)
{
    return ring->bytes + ring->start + (ring_frame(ring, index)->offset - ring->tail);
}

uint32_t ring_frame_at(const struct ring *ring, uint64_t offset)
{
    must(offset >= ring->tail && offset < ring->head);
    uint32_t low = 0, high = ring->frame_count; // the last frame with frame.offset <= offset
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (frame_of(ring, middle)->offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct ring_frame *ring_frame(const struct ring *ring, uint32_t index)
{
    must(index < ring->frame_count);
    return frame_of(ring, index);
}

uint64_t ring_frame_end(const struct ring *ring, uint32_t index)
{
    must(index < ring->frame_count);
    return index + 1 < ring->frame_count ? frame_of(ring, index + 1)->offset : ring->head;
}

struct ring_place ring_place_before(const struct ring *ring, uint32_t index)
{
    must(index <= ring->frame_count);
    return index == 0 ? ring->before : frame_of(ring, index - 1)->place;
}

bool ring_find(const struct ring *ring, uint64_t seq, uint32_t *ret_index)
{
    if (seq < ring->before.seq || seq > ring->last.seq || seq < ring->reaches) {
        return false;
    }
    uint32_t low = 0, high = ring->frame_count; // the first frame with place.seq > seq
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (frame_of(ring, middle)->place.seq > seq) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *ret_index = low;
    return true;
}

uint64_t ring_held_bytes(const struct ring *ring)
{
    return ring->cap + ring->frame_cap * sizeof(struct ring_frame);
}

void ring_check(const struct ring *ring)
{
    const uint64_t used = used_bytes(ring);
    must(ring->tail <= ring->head);
    must(ring->cap <= ring->bytes_max);
    must(ring->start + used <= ring->cap);
    must(ring->frame_start + ring->frame_count <= ring->frame_cap);
    must((ring->frame_count == 0) == (used == 0));
    struct ring_place place = ring->before;
    uint64_t offset = ring->tail;
    for (uint32_t i = 0; i < ring->frame_count; i++) {
        const struct ring_frame *frame = frame_of(ring, i);
        must(frame->offset == offset);
        must(ring_frame_end(ring, i) > offset);
        must(frame->place.seq >= place.seq);
        must(frame->place.ordinal >= place.ordinal);
        must(frame->place.seq > place.seq || frame->place.ordinal == place.ordinal);
        offset = ring_frame_end(ring, i);
        place = frame->place;
    }
    must(offset == ring->head);
    must(place.seq == ring->last.seq && place.ordinal == ring->last.ordinal);
}
