// SPDX-License-Identifier: Apache-2.0
/* children -- runs histories in processes of their own, since a broken promise ends one; so many at
 * once as there are cores for.
 */
#pragma once

#include "histories.h"

#include <stdio.h>
#include <sys/types.h>

struct child {
    uint64_t from, to, step; // seeds
    const char *mutant;      // NULL: none
    uint32_t wait_s;         // longer, and it hangs
    /* -- what became of it -- */
    bool has_ended, is_broken;
    char why[512];              // the line that says so
    struct histories histories; // of those that are well: the next one broke
    /* -- while it runs -- */
    pid_t pid;
    FILE *words;
    struct histories *shared; // mapped by both
};

/* Runs `jobs` of them at a time, in their order; on_end is told of each in this order, too. */
void children_run(struct child *children, uint32_t count, uint32_t jobs,
                  void (*on_end)(const struct child *child, void *user), void *user);
