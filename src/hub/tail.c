// SPDX-License-Identifier: Apache-2.0
#include "hub/tail.h"

#include "base/mem.h"
#include "base/must.h"

enum { TAIL_CAP_MIN = 16 };

void tail_init(struct tail *tail, uint32_t count_max, uint64_t bytes_max, uint64_t covers)
{
    *tail = (struct tail){
        .count_max = count_max, .bytes_max = bytes_max, .covers = covers, .covers_ms = INT64_MAX};
}

static uint64_t weight(const struct event *event)
{
    return sizeof(struct event) + event->body_len;
}

/* Gives up the first `count`. */
static void forget(struct tail *tail, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct event *event = tail->events[tail->start];
        tail->covers = event->seq;
        tail->covers_ms = event->at_ms;
        tail->is_whole = false;
        tail->bytes -= weight(event);
        tail->start++;
        tail->count--;
        event_unref(event);
    }
}

void tail_done(struct tail *tail)
{
    forget(tail, tail->count);
    mem_free(MEM_EVENT, tail->events);
    *tail = (struct tail){0};
}

/* Room for one more at the end, or for `front` more before the first. */
static bool make_room(struct tail *tail, uint32_t front)
{
    if (front == 0 && tail->start + tail->count < tail->cap) {
        return true;
    }
    if (front == 0 && tail->start > 0 && tail->start >= tail->cap / 4) {
        memmove(tail->events, tail->events + tail->start, tail->count * sizeof(struct event *));
        tail->start = 0;
        return true;
    }
    const uint32_t least = tail->count + (front == 0 ? 1 : front);
    uint32_t cap = TAIL_CAP_MIN;
    while (cap < least) {
        cap *= 2;
    }
    struct event **events = mem_new(MEM_EVENT, cap * sizeof(struct event *));
    if (events == NULL) {
        return false;
    }
    if (tail->count > 0) {
        memcpy(events + front, tail->events + tail->start, tail->count * sizeof(struct event *));
    }
    mem_free(MEM_EVENT, tail->events);
    tail->events = events;
    tail->cap = cap;
    tail->start = front;
    return true;
}

void tail_push(struct tail *tail, struct event *event)
{
    dcheck(tail->count == 0 || event->seq > tail->events[tail->start + tail->count - 1]->seq);
    if (!make_room(tail, 0)) {
        forget(tail, tail->count);
        tail->covers = event->seq;
        tail->covers_ms = event->at_ms;
        tail->is_whole = false;
        return;
    }
    tail->events[tail->start + tail->count] = event_ref(event);
    tail->count++;
    tail->bytes += weight(event);
    while (tail->count > tail->count_max || (tail->bytes > tail->bytes_max && tail->count > 0)) {
        forget(tail, 1);
    }
}

void tail_extend(struct tail *tail, struct event *const *events, uint32_t count, bool is_whole)
{
    uint32_t taken = 0;
    uint64_t bytes = tail->bytes;
    while (taken < count && tail->count + taken < tail->count_max &&
           bytes + weight(events[count - 1 - taken]) <= tail->bytes_max) {
        bytes += weight(events[count - 1 - taken]);
        taken++;
    }
    if (taken > 0 && !make_room(tail, taken)) {
        return;
    }
    for (uint32_t i = 0; i < taken; i++) {
        tail->start--;
        tail->events[tail->start] = event_ref(events[count - 1 - i]);
        tail->count++;
    }
    tail->bytes = bytes;
    tail->is_whole = is_whole && taken == count;
    if (taken > 0) {
        tail->covers = tail->events[tail->start]->prev;
        tail->covers_ms = tail->events[tail->start]->at_ms;
    }
}

enum err tail_redact(struct tail *tail, const struct removal *removal)
{
    const enum err err = tail->count == 0
                             ? ERR_OK
                             : removal_events(removal, tail->events + tail->start, tail->count);
    tail->bytes = 0;
    for (uint32_t i = 0; i < tail->count; i++) {
        tail->bytes += weight(tail->events[tail->start + i]);
    }
    return err;
}

bool tail_has_room(const struct tail *tail)
{
    return !tail->is_whole && tail->count < tail->count_max && tail->bytes < tail->bytes_max / 2;
}

bool tail_covers(const struct tail *tail, uint64_t seq)
{
    return tail->is_whole || seq >= tail->covers;
}

struct event *const *tail_after(const struct tail *tail, uint64_t seq, uint32_t *ret_count)
{
    uint32_t low = 0, high = tail->count; // the first with event.seq > seq
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (tail->events[tail->start + middle]->seq > seq) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *ret_count = tail->count - low;
    return tail->count == 0 ? NULL : tail->events + tail->start + low;
}

/* The first held of the digest's window that `at` is in. */
static uint32_t window_start(const struct tail *tail, uint32_t at)
{
    struct event *const *events = tail->events + tail->start;
    const int64_t window = lane_window_of(LANE_DIGEST, events[at]->at_ms);
    while (at > 0 && lane_window_of(LANE_DIGEST, events[at - 1]->at_ms) == window) {
        at--;
    }
    return at;
}

bool tail_find_start(const struct tail *tail, uint32_t comments, struct lane_rule rule,
                     uint64_t *ret_seq)
{
    uint32_t found = 0, first = 0;
    for (uint32_t i = tail->count; i > 0 && found < comments; i--) {
        const struct event *event = tail->events[tail->start + i - 1];
        if ((TAIL_COUNTED_KINDS >> event->kind & 1U) != 0 && lane_carries(rule, event)) {
            first = i - 1;
            found++;
        }
    }
    if ((found < comments && !tail->is_whole) || found == 0) {
        return false;
    }
    first = rule.lane == LANE_DIGEST ? window_start(tail, first) : first;
    *ret_seq = tail->events[tail->start + first]->prev;
    return true;
}

void tail_check(const struct tail *tail)
{
    uint64_t bytes = 0, seq = tail->is_whole ? 0 : tail->covers;
    must(tail->start + tail->count <= tail->cap);
    must(tail->count <= tail->count_max);
    for (uint32_t i = 0; i < tail->count; i++) {
        const struct event *event = tail->events[tail->start + i];
        must(event->seq > seq);
        seq = event->seq;
        bytes += weight(event);
    }
    must(bytes == tail->bytes);
}
