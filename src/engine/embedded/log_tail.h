// SPDX-License-Identifier: Apache-2.0
/* log_tail -- the newest events of the streams that are awake, in memory, so that joins and small
 * gaps are answered without the store.
 *
 *      log of a stream     ... ground | ........ | floor ######## head
 *                              expired   store      here, without a hole
 *
 * Owns:     one reference on each event it holds.
 * Used by:  writer.c appends, readers.c fills backwards, embedded.c asks.
 * Thread:   any; everything is under TAIL, a leaf lock held for at most READ_LIMIT_MAX references.
 * Bound:    LOG_TAIL_EVENTS_MAX and LOG_TAIL_BYTES_MAX a stream, bytes_max over all: the stream
 * longest unused is forgotten whole.
 * Promise:  holds committed events only, and all of those above its floor; hands out nothing that
 * is shadowed: who has a view of their own asks the store. Nor does it know what was restored.
 */
#pragma once

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/metric.h"
#include "base/str.h"
#include "hub/port.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOG_TAIL_EVENTS_MAX = 1024, LOG_TAIL_BYTES_MAX = 512 << 10 };

struct log_tail {
    /* -- under TAIL -- */
    pthread_mutex_t lock;
    struct map by_name;
    struct link used; // longest unused first
    uint64_t bytes;
    uint64_t redactions; // so many times
    bool is_ahead;       // letters of what was appended last are being sent
    /* -- frozen -- */
    uint64_t bytes_max;
};

void log_tail_init(struct log_tail *tail, uint64_t seed, uint64_t bytes_max);
void log_tail_done(struct log_tail *tail);

/* The stream is awake: from here on what is appended is kept. Known already: nothing. */
struct log_tail_place { // where its log ends
    uint64_t head, public_head, ground;
    bool has_shadows; // somewhere above its ground
};
void log_tail_wake(struct log_tail *tail, struct str stream, const struct log_tail_place *where);
/* A committed event; the next of its stream. `ground` of a stream that is not awake yet. */
void log_tail_append(struct log_tail *tail, struct str stream, struct event *event,
                     uint64_t ground);
/* What was read from the store: `count` events, ascending, without a hole. Those that end just at
 * the floor are kept, unless something was redacted since log_tail_redactions() gave that number,
 * before they were read. */
struct log_tail_find {
    struct event *const *events;
    uint32_t count;
    uint64_t redactions;
};
void log_tail_fill(struct log_tail *tail, struct str stream, const struct log_tail_find *found);
uint64_t log_tail_redactions(struct log_tail *tail);
/* Before the retract itself is appended: what it names is `removed` from here on. `stream` empty:
 * in all. */
struct removal;
void log_tail_redact(struct log_tail *tail, struct str stream, const struct removal *removal);
/* The same by forgetting the stream: where there is much to redact. */
void log_tail_drop(struct log_tail *tail, struct str stream);
/* Retention took everything up to `ground`. */
void log_tail_expire(struct log_tail *tail, struct str stream, uint64_t ground);
void log_tail_forget(struct log_tail *tail); // all streams, whatever is to be redacted in them

/* The ordering thread: from here on, until it is taken back, letters are being sent: answers, and
 * what some homes were told, are ahead of the watches of others. */
void log_tail_set_ahead(struct log_tail *tail, bool is_ahead);
bool log_tail_is_ahead(struct log_tail *tail); // any thread

enum log_tail_answer {
    LOG_TAIL_NONE,  // the store has to be asked
    LOG_TAIL_WHOLE, // answered, but for its epoch; not finished
    LOG_TAIL_AHEAD, // likewise, and to be finished behind what is being published
};
enum log_tail_answer log_tail_read(struct log_tail *tail, struct read *read);
enum log_tail_answer log_tail_count(struct log_tail *tail, struct count_call *count);
/* Events of (after, upto], shadowed or not, when the log is kept from ground + 1 to head. */
uint64_t log_tail_count_of(const struct count_call *count, uint64_t ground, uint64_t head);
