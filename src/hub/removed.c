// SPDX-License-Identifier: Apache-2.0
#include "hub/removed.h"

#include "base/mem.h"
#include "base/must.h"

#include <string.h>

enum { CAP_MIN = 16 };

void removed_init(struct removed *removed, uint64_t since)
{
    *removed = (struct removed){.since = since};
}

void removed_done(struct removed *removed)
{
    mem_free(MEM_STREAM, removed->seqs);
    *removed = (struct removed){.since = 0};
}

/* How many are not behind `seq`. */
static uint32_t count_upto(const struct removed *removed, uint64_t seq)
{
    uint32_t low = 0, high = removed->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (removed->seqs[removed->start + middle] > seq) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void removed_forget(struct removed *removed, uint64_t upto)
{
    const uint32_t count = count_upto(removed, upto);
    removed->start += count;
    removed->count -= count;
    removed->since = upto > removed->since ? upto : removed->since;
}

/* For one more at the end. */
static bool make_room(struct removed *removed)
{
    if (removed->start + removed->count < removed->cap) {
        return true;
    }
    if (removed->start > 0 && removed->start >= removed->cap / 4) {
        memmove(removed->seqs, removed->seqs + removed->start,
                removed->count * sizeof(removed->seqs[0]));
        removed->start = 0;
        return true;
    }
    const uint32_t cap = removed->cap == 0 ? CAP_MIN : removed->cap * 2;
    uint64_t *seqs = mem_resize(MEM_STREAM, removed->seqs, cap * sizeof(removed->seqs[0]));
    if (seqs == NULL) {
        return false;
    }
    removed->seqs = seqs;
    removed->cap = cap;
    return true;
}

void removed_note(struct removed *removed, uint64_t seq)
{
    uint32_t at = count_upto(removed, seq);
    if (seq <= removed->since || (at > 0 && removed->seqs[removed->start + at - 1] == seq)) {
        return;
    }
    if (removed->count == REMOVED_PLACES_MAX) {
        const uint64_t oldest = at == 0 ? seq : removed->seqs[removed->start];
        removed_forget(removed, oldest);
        if (at == 0) {
            return;
        }
        at--;
    }
    if (!make_room(removed)) {
        removed_forget(removed, seq);
        return;
    }
    uint64_t *place = removed->seqs + removed->start + at;
    memmove(place + 1, place, (removed->count - at) * sizeof(*place));
    *place = seq;
    removed->count++;
}

void removed_note_tail(struct removed *removed, const struct tail *tail)
{
    for (uint32_t i = 0; i < tail->count; i++) {
        const struct event *event = tail->events[tail->start + i];
        if (event->kind == EVENT_REMOVED) {
            removed_note(removed, event->seq);
        }
    }
}

/* It stands in the tail, which is whole there. */
static const struct event *find(const struct tail *tail, uint64_t seq)
{
    uint32_t count = 0;
    struct event *const *events = tail_after(tail, seq - 1, &count);
    return count > 0 && events[0]->seq == seq ? events[0] : NULL;
}

static void note_named(struct removed *removed, uint64_t seq, const struct tail *tail,
                       const struct tail *shadowed)
{
    if (tail_covers(tail, seq - 1)) {
        const struct event *event = find(tail, seq);
        if (event != NULL && event->kind == EVENT_REMOVED) {
            removed_note(removed, seq);
        }
    } else if (!tail_covers(shadowed, seq - 1)) {
        removed_forget(removed, seq); // it may be one that nobody counts
    } else if (find(shadowed, seq) == NULL) {
        removed_note(removed, seq);
    }
}

void removed_apply(struct removed *removed, const struct removal *removal, const struct tail *tail,
                   const struct tail *shadowed)
{
    for (uint32_t i = 0; removal->of == REMOVAL_SEQS && i < removal->count; i++) {
        if (removal->seqs[i] > removed->since) {
            note_named(removed, removal->seqs[i], tail, shadowed);
        }
    }
    if (removal->of == REMOVAL_SEQS) {
        return;
    }
    if (!tail->is_whole) {
        removed_forget(removed, removal->upto < tail->covers ? removal->upto : tail->covers);
    }
    removed_note_tail(removed, tail);
}

bool removed_count(const struct removed *removed, uint64_t after, uint64_t upto,
                   uint64_t *ret_count)
{
    if (after < removed->since) {
        return false;
    }
    *ret_count = count_upto(removed, upto) - count_upto(removed, after);
    return true;
}

void removed_check(const struct removed *removed)
{
    uint64_t last = removed->since;
    must(removed->count <= REMOVED_PLACES_MAX && removed->start + removed->count <= removed->cap);
    for (uint32_t i = 0; i < removed->count; i++) {
        must(removed->seqs[removed->start + i] > last);
        last = removed->seqs[removed->start + i];
    }
}
