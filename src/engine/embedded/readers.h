// SPDX-License-Identifier: Apache-2.0
/* readers -- threads that read back what is no longer in memory: one read-only connection each,
 * one short transaction a question.
 *
 * Owns:     its threads, their connections, the questions that wait.
 * Used by:  embedded.c; recovery.c closes the connections.
 * Thread:   any, unless said otherwise.
 * Bound:    `waiting_max` questions wait; one more is refused (ERR_NOMEM), to be asked again. Those
 *           who ask the same of the log share one read.
 * Promise:  every question is finished, late or refused, also when the store fails. A row that is
 * damaged is named in the log and the question it belongs to refused.
 *
 * Locks: QUEUE (the questions) and GATE (held for reading while a question is answered, for writing
 * while connections are closed); neither is taken under the other.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "engine/embedded/engine_metrics.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/publication.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/warned.h"
#include "hub/port.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct readers;

struct readers_options {
    const char *path; // all borrowed until readers_free()
    const struct clock *clock;
    struct log_tail *tail;
    struct engine_metrics *metrics;
    const struct store_identity *identity;
    const struct publication *publication;
    const _Atomic bool *streams_explicit;
    struct warned *warned;
    uint32_t count; // of threads
    uint32_t waiting_max;
    bool is_stepped; // none: readers_step() does their work, on one connection
};

MUST_USE enum err readers_new(const struct readers_options *options, struct readers **ret_readers);
/* Answers what waits, then ends the threads and closes their connections; the ordering thread may
 * still pause and resume what is there no more. Twice is legal. */
void readers_stop(struct readers *readers);
void readers_free(struct readers *readers); // stops them, if need be

void readers_read(struct readers *readers, struct read *read);
void readers_count(struct readers *readers, struct count_call *count);
void readers_get(struct readers *readers, struct stream_call *call); // STREAM_DO_GET
void readers_moderation(struct readers *readers, struct moderation_call *call);
void readers_warnings(struct readers *readers, struct warnings *call);

/* Answers one question, on the caller's thread. False: none waits. */
bool readers_step(struct readers *readers);

/* The ordering thread: closes all connections and keeps them closed until readers_resume(). */
void readers_pause(struct readers *readers);
void readers_resume(struct readers *readers);
void readers_refuse(struct readers *readers); // while paused: for good, every question
