// SPDX-License-Identifier: Apache-2.0
/* rota -- when each of any number of things is looked at next: a calendar of slots under one timer.
 *
 *      slots   │ .. │ at │    │    │ .. │      ROTA_SLOT_MS each; rota_plan() puts an entry into
 *                     ▲ due now               the slot of its time
 *
 * What is due at one time, since all joined or were written to at once, is spread: `due_max` a
 * slot, and the others a slot later, in their order. So a crowd comes due in a wave that holds up
 * nobody, and next time it is apart.
 *
 * Owns:     a timer in the reactor's wheel; never the entries.
 * Thread:   its reactor's.
 * Bound:    `due_max` a slot [ROTA_DUE_MAX: 20,480 a second]. What is planned beyond ROTA_MS comes
 *           at its end. However long the loop slept, what it missed comes due once.
 * Promise:  an entry comes due once for each rota_plan(), not before its time; a slot and the
 * loop's lateness after it, unless more than `due_max` are due. It may be planned again, or
 * freed, in `due`.
 */
#pragma once

#include "base/metric.h"
#include "loop/wheel.h"
#include "serve/sweep.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ROTA_SLOT_MS = 50,
    ROTA_SLOTS = 512,
    ROTA_MS = ROTA_SLOT_MS * (ROTA_SLOTS - 1),
    ROTA_DUE_MAX = 1024,
};

struct rota {
    struct link slots[ROTA_SLOTS]; // of struct sweep_entry
    int64_t at;                    // number of the slot that is due next; all before it are empty
    struct link overdue;           // what was due before `at`, in its order
    bool is_firing;
    uint32_t due_max;
    struct timer timer;  // armed while anything may be planned
    struct wheel *wheel; // borrowed; outlives it
    struct metric *seen; // as in rota_options
    int64_t (*now_ms)(void *user);
    void (*due)(struct sweep_entry *entry, int64_t now_ms);
    void *user;
};

struct rota_options {
    struct wheel *wheel;
    uint32_t due_max;    // 0: ROTA_DUE_MAX
    struct metric *seen; // histogram of how many came due at a time; outlives it, NULL is legal
    int64_t (*now_ms)(void *user);
    void (*due)(struct sweep_entry *entry, int64_t now_ms);
    void *user;
};

void rota_init(struct rota *rota, const struct rota_options *options);
void rota_done(struct rota *rota); // entries are left as they are; zeroed is legal
/* Moves the entry here from whatever sweep or slot it is in; sweep_remove() takes it out. */
void rota_plan(struct rota *rota, struct sweep_entry *entry, int64_t at_ms);
