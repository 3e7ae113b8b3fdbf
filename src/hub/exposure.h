// SPDX-License-Identifier: Apache-2.0
/* exposure -- how much of what is removed was seen: viewers times the time it was visible, summed
 * over the comments of an act.
 *
 *   viewers     2          3       1
 *            ───┴──────────┴───────┴────────▶ time     A(t): the area below, kept as one number
 *               │     seq 7│            ▲ retract of 7     that grows when the count changes
 *               mark       mark         A(now) - A(7): the viewer-milliseconds 7 was on screens
 *
 * A comment's A is found by its seq between two marks, put at most one a second, each where an
 * event came. When they are as many as may be, every second one of the older half goes: the error
 * is a second times the viewers at first, and later a small part of the time it was visible.
 *
 * Owns:     the marks, in struct stream.
 * Used by:  stream.c, redact.c (events), join.c, door.c (viewers), spread.c (what an act lost).
 * Thread:   the owning reactor; each knows its own viewers, extent_ask() adds them up.
 * Bound:    EXPOSURE_MARKS_MAX marks a stream; nothing a comment or a viewer.
 */
#pragma once

#include "hub/tail.h"
#include "wire/event.h"
#include "wire/removal.h"

#include <stdbool.h>
#include <stdint.h>

enum { EXPOSURE_MARKS_MAX = 64 };

struct exposure_now {
    uint64_t viewers; // that watch
    int64_t now_ms;   // mono
};

struct exposure_mark {
    uint64_t seq, viewer_ms;
};

struct exposure_lost { // of what an act removes
    uint64_t comments, viewer_ms;
    bool is_part; // there may be more: comments of before this stream was followed here, or that
                  // the tail does not hold any more
};

struct exposure {       // zeroed: nobody watched yet
    uint64_t viewer_ms; // A(since_ms)
    int64_t since_ms;
    uint64_t before;             // comments up to here came before it was followed; 0: none did
    struct exposure_mark *marks; // owned; by seq
    uint32_t count, cap;
    int64_t marked_ms;          // when the newest mark was put
    struct exposure_mark last;  // of the newest event
    struct exposure_lost shown; // comments that came here and stand still, and the sum of their A
    struct exposure_lost lost;  // by the retract that is being taken
};

/* Before the number of those who watch changes. */
void exposure_count(struct exposure *exposure, struct exposure_now now);
/* An event that everybody is shown. */
void exposure_take(struct exposure *exposure, struct exposure_now now, const struct event *event);
/* What the removal would take off screens now: of seqs all, however old; of what somebody
 * wrote, those that the tail holds; of everything, what came since the stream is followed here.
 * Before the tail is redacted. */
struct exposure_lost exposure_of(const struct exposure *exposure, struct exposure_now now,
                                 const struct removal *removal, const struct tail *tail);
void exposure_lose(struct exposure *exposure, struct exposure_now now,
                   const struct exposure_lost *lost); // it did
/* What was lost since the last time this was asked. */
struct exposure_lost exposure_claim(struct exposure *exposure);
void exposure_done(struct exposure *exposure);
