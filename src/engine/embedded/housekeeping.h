// SPDX-License-Identifier: Apache-2.0
/* housekeeping -- what the ordering thread does for the store between batches, a small piece each
 * time: checkpoints, retention, what acts left to be done, forgetting old retries and windows.
 *
 * Used by:  writer.c.
 * Thread:   the ordering thread's.
 * Bound:    a turn does one checkpoint, one piece of upkeep and one of retention at most.
 * Promise:  the WAL is copied into the file every CHECKPOINT_PAGES and emptied when nobody posts,
 * and once something was erased.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/engine_metrics.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/reach_keeper.h"
#include "engine/embedded/retention.h"
#include "engine/embedded/upkeep.h"

#include <stdbool.h>
#include <stdint.h>

struct housekeeping {
    struct ordering *ordering; // borrowed, as are the next two
    struct log_tail *tail;
    struct engine_metrics *metrics;
    struct bus *bus;            // borrowed
    struct reach_keeper *reach; // borrowed; set by the writer
    struct retention retention;
    struct upkeep upkeep;
    uint32_t wal_pages_done; // of the WAL at the last checkpoint
    uint32_t wal_pages_seen; // at the last tick: the same again means that nobody writes
    int64_t next_tick_ms, next_tidy_ms, next_expiry_ms, next_recovery_ms; // mono
    uint64_t pieces_seen; // of acts, when it last kept up
    bool was_spared;      // for an act's, the last time
    /* -- told by the writer before each turn -- */
    bool has_work; // posts wait
    bool is_full;  // the disk was, when last written to
    /* -- told to the writer after it -- */
    bool is_busy; // there is more to do soon
    bool wrote;   // something was committed
};

void housekeeping_init(struct housekeeping *keeping, struct ordering *ordering,
                       struct log_tail *tail, struct bus *bus, struct engine_metrics *metrics);
void housekeeping_wake(struct housekeeping *keeping);      // rules changed
void housekeeping_wake_acts(struct housekeeping *keeping); // an act was done
MUST_USE enum err housekeeping_turn(struct housekeeping *keeping, struct moment now);
/* Paces the attempts to open a broken store anew. */
bool housekeeping_is_time_to_recover(struct housekeeping *keeping, struct moment now);
/* The last turn, before the store is closed: a failure is logged. */
void housekeeping_end(struct housekeeping *keeping, struct moment now);
