// SPDX-License-Identifier: Apache-2.0
/* scenario -- which kinds of things happen in a history, and how often. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct scenario {
    const char *name;
    const char *about;
    uint32_t seconds; // how long people are at it
    /* of a thousand acts of chance, how many are */
    uint32_t kills, power_cuts, restarts, clock_steps, sleeps, slow_disks, slow_reactors, bad_disks;
    uint32_t polls; // of a thousand joins
    bool has_small_mailbox, has_small_rings, has_limits, has_retention, has_small_queue;
};

extern const struct scenario scenarios[];
extern const uint32_t scenario_count;
