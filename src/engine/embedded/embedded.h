// SPDX-License-Identifier: Apache-2.0
/* embedded -- the engine in one process: a SQLite log with group commit on one thread, reader
 * threads, a tail in memory, a bus to the reactors of this process. Behind hub/port.h.
 *
 * Owns:     the data folder (data/lock, data/roar.db), the store thread, the reader threads.
 * Used by:  app/, which joins it to the hubs.
 * Promise:  persist, then publish, then answer. What was answered survives kill -9 and power loss.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/embedded_rules.h"
#include "engine/embedded/lease_call.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

struct embedded;

struct embedded_options {
    struct str data; // the folder; made if it is not there
    const struct clock *clock;
    uint32_t readers;           // threads, >= 1
    uint32_t posts_waiting_max; // 4,096
    uint32_t post_wait_ms_max;  // 500
    uint32_t hold_ms_max;       // a post waits for a process that takes over; 2,000
    uint32_t gather_ms; // posts on a busy disk wait for more (commit_wait.h); 4. 0: none waits
    /* -- 0: what it is in a server -- */
    uint32_t reads_waiting_max;                     // 4,096
    uint64_t tail_bytes_max;                        // of the events kept in memory
    uint64_t mailbox_events_max, mailbox_bytes_max; // unopened at a home, until it is behind
    /* -- -- */
    bool is_stepped;             // no threads: embedded_step_*() do their work; for simulation
    bool has_ballast;            // also where it is stepped
    struct embedded_rules rules; // may change while it runs: embedded_set_rules()
};

/* Why it could not start, for people: what is wrong, where, what to do. */
struct embedded_fault {
    char text[1024];
};

/* Opens (or makes) the folder, recovers, verifies, starts the threads. ERR_EXISTS: another process
 * owns the folder; ERR_PROTO: damaged or of a newer version; ERR_SYS. */
MUST_USE enum err embedded_open(const struct embedded_options *options,
                                struct embedded **ret_engine, struct embedded_fault *fault);
struct port *embedded_port(struct embedded *engine);
void embedded_set_rules(struct embedded *engine, const struct embedded_rules *rules); // any thread
bool embedded_is_well(const struct embedded *engine,
                      const char **ret_reason); // any thread; for /readyz: static text when not
/* Hands the folder to another process, or takes it back: any thread, one call at a time. While it
 * is lent, what memory holds goes on being read; the rest waits, posts for hold_ms_max. */
void embedded_lease(struct embedded *engine, struct lease_call *call);
/* Of an engine that is stepped: half a round of its ordering thread. Milliseconds until the next,
 * unless it is asked for something; 0: at once. */
uint32_t embedded_step_writer(struct embedded *engine);
/* Of notices, that a home which was behind was not sent. */
uint64_t embedded_notices_unsent(const struct embedded *engine);
/* Something is committed and not yet published: the next step does that. */
bool embedded_is_ahead(const struct embedded *engine);
bool embedded_step_reader(struct embedded *engine); // an answer; false: nothing waits
/* Finishes what was handed over, closes the store, gives the folder free. No call may be under way
 * or come after, and no watch may be on. */
void embedded_close(struct embedded *engine);
