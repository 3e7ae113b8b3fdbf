// SPDX-License-Identifier: Apache-2.0
#include "hub/exposure.h"

#include "base/mem.h"

#include <stddef.h>

enum { MARK_MS = 1000, MARKS_MIN = 8 };

static uint64_t area(const struct exposure *exposure, struct exposure_now now)
{
    const int64_t passed_ms = now.now_ms - exposure->since_ms;
    return exposure->viewer_ms + (passed_ms > 0 ? now.viewers * (uint64_t)passed_ms : 0);
}

void exposure_count(struct exposure *exposure, struct exposure_now now)
{
    exposure->viewer_ms = area(exposure, now);
    exposure->since_ms = now.now_ms;
}

/* ---- marks ---- */

/* The first stays: what came before it was never seen here. */
static void thin_out(struct exposure *exposure)
{
    const uint32_t older = exposure->count / 2;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < exposure->count; i++) {
        if (i >= older || i % 2 == 0) {
            exposure->marks[kept++] = exposure->marks[i];
        }
    }
    exposure->count = kept;
}

static bool has_room(struct exposure *exposure)
{
    if (exposure->count < exposure->cap) {
        return true;
    }
    if (exposure->cap == EXPOSURE_MARKS_MAX) {
        thin_out(exposure);
        return true;
    }
    const uint32_t cap = exposure->cap == 0 ? MARKS_MIN : exposure->cap * 2;
    struct exposure_mark *marks = mem_resize(MEM_STREAM, exposure->marks, cap * sizeof(*marks));
    if (marks == NULL) {
        return false;
    }
    exposure->marks = marks;
    exposure->cap = cap;
    return true;
}

static void put(struct exposure *exposure, struct exposure_mark mark)
{
    const bool is_there =
        exposure->count > 0 && exposure->marks[exposure->count - 1].seq >= mark.seq;
    if (!is_there && has_room(exposure)) {
        exposure->marks[exposure->count++] = mark;
    }
}

void exposure_take(struct exposure *exposure, struct exposure_now now, const struct event *event)
{
    const struct exposure_mark mark = {.seq = event->seq, .viewer_ms = area(exposure, now)};
    if (exposure->count == 0 || now.now_ms - exposure->marked_ms >= MARK_MS) {
        if (exposure->last.seq != 0) { // where a pause began
            put(exposure, exposure->last);
        }
        put(exposure, mark);
        exposure->marked_ms = now.now_ms;
    }
    if (event->prev != exposure->last.seq) { // the first, or some came in between
        exposure->before = event->prev;
    }
    exposure->last = mark;
    if (event->kind == EVENT_COMMENT) {
        exposure->shown.comments++;
        exposure->shown.viewer_ms += mark.viewer_ms;
    }
}

static uint64_t between(struct exposure_mark a, struct exposure_mark b, uint64_t seq)
{
    const double part = (double)(seq - a.seq) / (double)(b.seq - a.seq);
    return a.viewer_ms + (uint64_t)((double)(b.viewer_ms - a.viewer_ms) * part);
}

/* A when that event came; 0: before anybody watched here. */
static uint64_t area_at(const struct exposure *exposure, uint64_t seq)
{
    uint32_t low = 0, high = exposure->count; // the first mark behind it
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (exposure->marks[middle].seq > seq) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == 0) {
        return 0;
    }
    const struct exposure_mark before = exposure->marks[low - 1];
    const struct exposure_mark after =
        low < exposure->count ? exposure->marks[low] : exposure->last;
    return after.seq <= before.seq || seq >= after.seq ? after.viewer_ms
                                                       : between(before, after, seq);
}

/* ---- what is lost ---- */

struct loss {
    const struct exposure *exposure;
    uint64_t now; // A, as the removal takes effect
    struct exposure_lost lost;
};

/* It came before the stream was followed here. */
static bool is_before(const struct exposure *exposure, uint64_t seq)
{
    return exposure->last.seq == 0 || seq <= exposure->before;
}

static void add(struct loss *loss, uint64_t seq)
{
    const uint64_t then = area_at(loss->exposure, seq);
    loss->lost.is_part = loss->lost.is_part || is_before(loss->exposure, seq);
    loss->lost.comments++;
    loss->lost.viewer_ms += loss->now > then ? loss->now - then : 0;
}

static void add_held(struct loss *loss, const struct tail *tail, const struct removal *removal)
{
    for (uint32_t i = 0; i < tail->count; i++) {
        const struct event *event = tail->events[tail->start + i];
        if (event->kind == EVENT_COMMENT && removal_covers_comment(removal, event)) {
            add(loss, event->seq);
        }
    }
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

struct exposure_lost exposure_of(const struct exposure *exposure, struct exposure_now now,
                                 const struct removal *removal, const struct tail *tail)
{
    const struct exposure_lost *shown = &exposure->shown;
    struct loss loss = {.exposure = exposure, .now = area(exposure, now)};
    switch (removal->of) {
    case REMOVAL_SEQS:
        for (uint32_t i = 0; i < removal->count; i++) {
            add(&loss, removal->seqs[i]);
        }
        break;
    case REMOVAL_USER:
    case REMOVAL_USERS:
        add_held(&loss, tail, removal);
        loss.lost.is_part = loss.lost.is_part || !tail->is_whole;
        break;
    case REMOVAL_ALL:
        loss.lost.comments = shown->comments;
        loss.lost.viewer_ms = less(shown->comments * loss.now, shown->viewer_ms);
        loss.lost.is_part = exposure->last.seq == 0 || exposure->before > 0;
        break;
    }
    return loss.lost;
}

void exposure_lose(struct exposure *exposure, struct exposure_now now,
                   const struct exposure_lost *lost)
{
    const uint64_t all = lost->comments * area(exposure, now);
    exposure->lost.comments += lost->comments;
    exposure->lost.viewer_ms += lost->viewer_ms;
    exposure->lost.is_part = exposure->lost.is_part || lost->is_part;
    exposure->shown.comments = less(exposure->shown.comments, lost->comments);
    exposure->shown.viewer_ms = less(exposure->shown.viewer_ms, less(all, lost->viewer_ms));
}

struct exposure_lost exposure_claim(struct exposure *exposure)
{
    const struct exposure_lost lost = exposure->lost;
    exposure->lost = (struct exposure_lost){.comments = 0};
    return lost;
}

void exposure_done(struct exposure *exposure)
{
    mem_free(MEM_STREAM, exposure->marks);
    *exposure = (struct exposure){.count = 0};
}
