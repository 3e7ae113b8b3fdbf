// SPDX-License-Identifier: Apache-2.0
/* writer -- the ordering thread: takes all that waits, decides it in one transaction, publishes,
 * answers.
 *
 *      mailbox ─▶ submits, acts, calls wait ─▶ begin, judge each, commit ─▶ tail, bus ─▶ answers
 *                 watches are put on at once         (batch)
 *                                                      │ failed
 *                                                      ▼
 *                 WELL ──disk full──▶ FULL ──a commit──▶ WELL      nothing was written;
 *                  ▲  │                                  │         acts have a ballast
 *                  │  └──I/O error──▶ BROKEN ──recovery──┤         unknown
 *                  └─────────────────────────────────────┘   └──▶ LOST: for good
 *
 * Owns:     the thread, its mailbox, the writing connection, the ordering point, the bus.
 * Used by:  embedded.c.
 * Thread:   as each function says.
 * Bound:    posts_waiting_max posts wait; one that waited longer than post_wait_ms_max is refused.
 * WRITER_ACTS_MAX acts wait. A batch has BATCH_POSTS_MAX posts, BATCH_ACTS_MAX acts and
 * BATCH_CALLS_MAX stream calls.
 * Promise:  persist, then publish, then answer. While posts keep coming they meet in a commit
 * (commit_wait.h). Between batches, and only there, checkpoints,
 * retention and sweeping take their small pieces.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/embedded_rules.h"
#include "engine/embedded/engine_metrics.h"
#include "engine/embedded/lease.h"
#include "engine/embedded/lease_call.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/publication.h"
#include "engine/embedded/reach_keeper.h"
#include "engine/embedded/readers.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_schema.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

enum { WRITER_ACTS_MAX = 1024 };

struct writer;

struct writer_options {
    const char *path;    // all borrowed until writer_free()
    const char *ballast; // NULL: there is none
    const struct clock *clock;
    struct log_tail *tail;
    struct readers *readers;
    struct engine_metrics *metrics;
    struct publication *publication; // gets the thread's home
    struct warned *warned;
    struct reach_keeper *reach;
    struct lease *lease; // locked
    const struct store_identity *identity;
    bool is_verified; // the store; otherwise it is recovered before a post is taken
    struct embedded_rules rules;
    uint32_t posts_waiting_max, post_wait_ms_max, hold_ms_max;
    uint32_t gather_ms;        // see commit_wait.h; not where it is stepped
    struct bus_bounds mailbox; // of each home
    bool is_stepped;           // no thread: writer_step() does its work
};

/* Takes `store` over, open and prepared; on failure it stays the caller's. */
MUST_USE enum err writer_new(const struct writer_options *options, struct store *store,
                             struct writer **ret_writer);
/* Finishes what was handed over; the store is left with an empty WAL and closed. */
void writer_free(struct writer *writer);

/* One half of the thread's round, on the caller's thread: takes what came and decides it; then
 * publishes, answers and keeps house. Milliseconds until the next, unless somebody hands it
 * something; 0: at once. */
uint32_t writer_step(struct writer *writer);
bool writer_is_ahead(const struct writer *writer); // a batch is committed and not published

/* Any thread: */
void writer_submit(struct writer *writer, struct submit *submit);
void writer_watch(struct writer *writer, struct watch *watch);
void writer_unwatch(struct writer *writer, struct watch *watch);
void writer_stream(struct writer *writer, struct stream_call *call); // PUT and END
void writer_act(struct writer *writer, struct act_call *call);
void writer_set_rules(struct writer *writer, const struct embedded_rules *rules);
void writer_lease(struct writer *writer, struct lease_call *call);
/* What is lent is given for good: nothing is held any more, so that readers_stop() may follow. */
void writer_end_lease(struct writer *writer);
bool writer_is_well(const struct writer *writer, const char **ret_reason);
