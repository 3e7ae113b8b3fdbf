// SPDX-License-Identifier: Apache-2.0
/* overdue -- calls that are away at the engine, and whose askers are answered in time all the same:
 * when the disk hangs, by this reactor's own clock.
 *
 * A call stays the engine's after that. Who embeds it keeps its memory until it is back, and then
 * only gives that back; so what hangs is bounded by what the engine takes.
 *
 * Owns:     a timer.
 * Used by:  posting.c, streams.c.
 * Thread:   the reactor's.
 * Promise:  `late` runs once, twice the interval after overdue_add(), unless overdue_remove() came
 *           first. It takes two looks: a process that was stopped itself does not take the engine
 *           for silent.
 */
#pragma once

#include "serve/sweep.h"

#include <stdbool.h>
#include <stdint.h>

struct overdue { // zeroed: not yet begun
    struct sweep sweep;
};
/* `interval_ms` is half of what who waits is given; `due` is set here. */
void overdue_init(struct overdue *overdue, const struct sweep_options *options);
bool overdue_has_begun(const struct overdue *overdue);
void overdue_done(struct overdue *overdue); // zeroed is legal

struct overdue_entry {
    struct sweep_entry entry; // in overdue->sweep
    struct overdue *overdue;
    void (*late)(struct overdue_entry *entry);
    bool was_seen; // by the first look
};

void overdue_add(struct overdue *overdue, struct overdue_entry *entry,
                 void (*late)(struct overdue_entry *entry));
void overdue_remove(struct overdue_entry *entry); // also after `late`
