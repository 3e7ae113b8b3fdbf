// SPDX-License-Identifier: Apache-2.0
/* event -- one entry of a stream's log as every thread shares it: counted, immutable, its JSON made
 * once.
 *
 * The JSON of an event on any transport is
 *     {"type":"comment","stream":"demo","seq":4072,"prev":4071,<body>}
 *      '------- event_write(): differs by reader (prev) -----' '- made once at the ordering point
 * What only who moderates is told of an act, `"by":"mo","reason":"spam","act":"a81"`, is kept
 * behind the body and written by nobody who did not ask for it: event_for_staff().
 *
 * `body` is the members behind `prev`, without braces:
 * "id":"01J..","cid":"c-81f","at":1763700000123,"user":{..},"text":"hello"
 *
 * Lifetime: event_new() by the engine gives one reference; frozen from then on; the last
 *           event_unref() frees it, any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum event_kind {
    EVENT_COMMENT = 1, // the numbers are stored: never change one
    EVENT_RETRACT = 2,
    EVENT_RESTORE = 3,
    EVENT_PIN = 4,
    EVENT_UNPIN = 5,
    EVENT_SETTINGS = 6,
    EVENT_STREAM = 7,
    EVENT_REMOVED = 8,
    EVENT_KINDS,
};

enum event_flag {
    EVENT_FLAG_PRIVILEGED = 1 << 0, // its author is a host, moderator, admin: never sampled
    EVENT_FLAG_DIGEST = 1 << 1,     // among the first EVENT_DIGEST_OTHERS unprivileged comments of
                                    // its window of EVENT_DIGEST_MS of `at`; stored
    EVENT_FLAG_DIGEST_PLACE = 7 << 3, // and the how manyth of them, from 0; stored
    EVENT_FLAG_SHADOW = 1 << 2, // its author alone is sent it; in all other views its seq is a
                                // hole, and its rank and segment are of no account; stored
};
enum { EVENT_DIGEST_PLACE_SHIFT = 3 };

/* Where a comment stands, and the steps between: rules/comment_state.h. The numbers are stored. */
enum comment_state {
    COMMENT_VISIBLE = 1,
    COMMENT_HELD = 2,
    COMMENT_DELETED = 3,
    COMMENT_SHADOWED = 4,
};

enum { EVENT_DIGEST_MS = 3000, EVENT_DIGEST_OTHERS = 5 };

struct event {
    _Atomic uint32_t refs;
    uint8_t kind;       // enum event_kind
    uint8_t flags;      // enum event_flag
    uint16_t rank;      // place among the unprivileged comments of its second of `at` that all are
                        // shown, from 0; UINT16_MAX: that or more
    uint64_t seq;       // 1..SEQ_MAX
    uint64_t prev;      // the seq before it in the public view; 0: none
    uint64_t segment;   // number of the segment it belongs to, from 1
    int64_t at_ms;      // unix epoch, never decreasing within the stream
    uint64_t user_hash; // of the author's id; 0 for acts
    int64_t published_mono_ms; // when the engine published it; 0 when read back from the store
    uint32_t body_len;
    uint32_t waited_ms; // from its being handed over to published_mono_ms; 0 when read back
    uint32_t staff_len; // of the members that stand behind the body
    char body[];        // JSON members, see above
};

/* Everything but refs and body is the caller's to set before it shares it. NULL: no memory. */
MUST_USE struct event *event_new(struct str body);
MUST_USE struct event *event_new_with_staff(struct str body, struct str staff);
/* The same event with a reader's own prev. NULL: no memory. */
MUST_USE struct event *event_with_prev(const struct event *event, uint64_t prev);
/* The same place in the log, with another body. NULL: no memory. */
MUST_USE struct event *event_with_body(const struct event *event, struct str body);
/* The same event as who moderates is told it, for event_write(): `by` and `reason` in its body.
 * NULL: no memory. */
MUST_USE struct event *event_for_staff(const struct event *event);
/* What a reader is shown alone takes places, too: so many of theirs, unprivileged and shadowed,
 * stand before a comment in its second and in its window of `at`. */
struct event_own {
    uint32_t in_second, in_window;
};
static inline bool event_is_ranked(const struct event *event)
{
    return (event->kind == EVENT_COMMENT || event->kind == EVENT_REMOVED) &&
           (event->flags & EVENT_FLAG_PRIVILEGED) == 0;
}
/* Of a ranked one, as who has these before it sees it. */
uint16_t event_rank_behind(const struct event *event, struct event_own own);
bool event_digests_behind(const struct event *event, struct event_own own);
/* From now on it is as that reader sees it; nobody else has it yet. */
void event_put_behind(struct event *event, struct event_own own);
struct event *event_ref(struct event *event); // any thread; returns its argument
void event_unref(struct event *event);        // any thread; NULL is legal

const char *event_kind_name(enum event_kind kind); // "comment" ...
/* The whole JSON object. `prev` is the reader's own. */
void event_write(struct buf *out, const struct event *event, struct str stream, uint64_t prev);
/* Of a comment out of its place, in a pin or restore: the same to all readers, or who has a view of
 * their own could tell by it. */
static inline uint64_t event_prev_apart(const struct event *event)
{
    return event->seq - 1;
}
/* The same as a copy ahead of its place: with "early":true. */
void event_write_early(struct buf *out, const struct event *event, struct str stream,
                       uint64_t prev);
/* As event_for_staff() would be written. */
void event_write_for_staff(struct buf *out, const struct event *event, struct str stream);
/* Members for staff: who did it, why (empty: none given), the act's number. */
void event_write_staff(struct buf *out, struct str by, struct str reason, struct str act);
/* The act that it is an event of, by its members for staff; 0: of none. */
uint64_t event_act(const struct event *event);
/* Takes such members out of whatever JSON holds events for staff, white space in their place. */
void event_strip_staff(uint8_t *bytes, size_t len);
