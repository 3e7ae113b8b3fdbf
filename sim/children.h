// SPDX-License-Identifier: Apache-2.0
/* children -- runs histories in a process of their own, since a broken promise ends it. */
#pragma once

#include "histories.h"

struct child {
    uint64_t from, to, step; // seeds
    const char *mutant;      // NULL: none
    uint32_t wait_s;         // longer, and it hangs
    /* -- what became of it -- */
    bool is_broken;
    char why[512]; // the line that says so
    struct histories histories;
};

void children_run(struct child *child);
