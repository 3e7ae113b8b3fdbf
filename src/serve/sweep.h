// SPDX-License-Identifier: Apache-2.0
/* sweep -- one timer for any number of things that each wait the same time: since the interval is
 * constant, the order of joining is the order of being due.
 *
 * Owns:     a timer in the reactor's wheel; never the entries.
 * Thread:   its reactor's.
 * Promise:  an entry comes due once, interval_ms after sweep_add(), at most a wheel tick and the
 * loop's lateness later; it may be added again, to any sweep, or freed in `due`.
 */
#pragma once

#include "base/list.h"
#include "loop/wheel.h"

#include <stdint.h>

struct sweep_entry {
    struct link link; // in one sweep's entries
    int64_t due_ms;   // mono
};

struct sweep {
    struct link entries; // soonest first
    struct timer timer;
    struct wheel *wheel; // borrowed; outlives it
    int64_t interval_ms;
    int64_t (*now_ms)(void *user);
    void (*due)(struct sweep_entry *entry, int64_t now_ms);
    void *user;
};

struct sweep_options {
    struct wheel *wheel;
    int64_t interval_ms;
    int64_t (*now_ms)(void *user);
    void (*due)(struct sweep_entry *entry, int64_t now_ms);
    void *user;
};

void sweep_init(struct sweep *sweep, const struct sweep_options *options);
void sweep_done(struct sweep *sweep); // entries are left as they are; zeroed is legal
/* Moves the entry here from whatever sweep it is in. */
void sweep_add(struct sweep *sweep, struct sweep_entry *entry);
/* In no sweep is legal. */
void sweep_remove(struct sweep_entry *entry);
