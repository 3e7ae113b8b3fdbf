// SPDX-License-Identifier: Apache-2.0
/* lane -- what a reader asked to be sent of a stream: all of it, or less, and told the rest.
 *
 *              carried, each at once                          told by
 *   full       everything                                     -
 *   readable   acts, hosts and moderators, the first          `gap` before the next that is
 *              readable_per_s others of each second of `at`   carried; at a window's end `mark`
 *   control    acts                                           likewise
 *   digest     -                                              one `digest` a window, with acts,
 *                                                             hosts, moderators and <= 5 others
 *
 * The last three are sparse. What one of them makes of a log is a function of the log alone: of
 * each event's kind, flags, rank and `at`, one after the other from a place where nothing waits. So
 * live viewers, catch-up and long poll get the same from the same place, on every reactor:
 *
 *   log        1   2   3   4   5   6 │ 7   8          a window of `at` ends behind 6
 *   carried    x   x           x     │ x              (readable)
 *   sent       1   2  gap 3..4 5  gap 6..6, mark 6  7  ...
 *                              ▲ nothing waits: a place
 *
 * Used by:  sparse.c (live), sift.c (catch-up), api/ (long poll).
 * Thread:   any; pure.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/event.h"

#include <stdbool.h>
#include <stdint.h>

enum lane { LANE_FULL, LANE_READABLE, LANE_DIGEST, LANE_CONTROL, LANES };

enum {
    LANE_MARK_MS = 15 * 1000,           // a window of `at` of readable and control
    LANE_DIGEST_BYTES = 64 * 1024,      // a digest that has as many ends before its window does
    LANE_DIGEST_BYTES_MAX = 192 * 1024, // with its last event
};

struct lane_rule {
    uint8_t lane; // enum lane
    uint16_t readable_per_s;
    struct event_own own; // before the event, of who reads, if it is as everybody sees it
};

const char *lane_name(enum lane lane);
MUST_USE enum err lane_of_name(struct str name, enum lane *ret_lane); // ERR_NOT_FOUND
/* Of an event that is not an act. */
bool lane_is_act(const struct event *event);
/* Sent to the readers of the lane, be it in a digest. */
bool lane_carries(struct lane_rule rule, const struct event *event);
/* How long a window of `at` is, and which one this is. */
int64_t lane_window_ms(enum lane lane);
int64_t lane_window_of(enum lane lane, int64_t at_ms);

/* What waits to be told: the events in (after, to]. */
struct lane_span {
    uint64_t after, to;
    int64_t window; // of the last
    uint32_t carried, shed, removed;
    struct buf events; // digest: JSON of those carried, with commas between; owned
};
static inline uint32_t lane_span_count(const struct lane_span *span)
{
    return span->carried + span->shed + span->removed;
}

struct lane_scribe;

/* Where it goes. Each fails without a trace; what was written before stays written. */
struct lane_scribe_ops {
    enum err (*event)(struct lane_scribe *scribe, const struct event *event);
    enum err (*gap)(struct lane_scribe *scribe, const struct lane_span *span);
    enum err (*digest)(struct lane_scribe *scribe, const struct lane_span *span);
    enum err (*mark)(struct lane_scribe *scribe, uint64_t seq);
};

/* Takes a log's events one by one and writes what a reader of a sparse lane is sent of them. */
struct lane_scribe {
    const struct lane_scribe_ops *ops; // static
    struct lane_rule rule;
    struct str stream;     // borrowed: its name
    struct lane_span span; // empty: nothing waits
};

void lane_scribe_init(struct lane_scribe *scribe, const struct lane_scribe_ops *ops,
                      struct lane_rule rule, struct str stream);
void lane_scribe_done(struct lane_scribe *scribe);        // zeroed is legal
bool lane_scribe_waits(const struct lane_scribe *scribe); // events were taken that are not told
/* The event follows what was taken before it. An error: it was not taken. */
MUST_USE enum err lane_scribe_take(struct lane_scribe *scribe, const struct event *event);
/* Nothing more comes of the window: what waits is told. */
MUST_USE enum err lane_scribe_settle(struct lane_scribe *scribe);
void lane_scribe_forget(struct lane_scribe *scribe); // what waits
/* Some of what waits may be removed since it was taken. `events`: all of the log behind span.after,
 * as they are now. */
void lane_scribe_recount(struct lane_scribe *scribe, struct event *const *events, uint32_t count);
