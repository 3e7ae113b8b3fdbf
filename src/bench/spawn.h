// SPDX-License-Identifier: Apache-2.0
/* spawn -- a server of this same binary for one bench: on loopback, in a temporary folder, without
 * limits on who posts how much; gone afterwards, folder and all.
 *
 * Owns:    the child and its folder.
 * Thread:  the main one, before others are made.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "net/address.h"
#include "sys/sys.h"

#include <stdint.h>

enum { SPAWN_SECRET_BYTES = 65, SPAWN_WHY_MAX = 400, SPAWN_READY_MS_MAX = 30 * 1000 };

struct spawn {
    int pid; // 0: none
    struct address address;
    char folder[SYS_SUBJECT_MAX];
    char secret[SPAWN_SECRET_BYTES]; // that its tokens are signed with
};

/* Returns when it listens. `workers` 0: one a core. On failure nothing is left. */
MUST_USE enum err spawn_start(struct spawn *spawn, uint32_t workers, char why[SPAWN_WHY_MAX]);
/* Its exit code; zeroed is legal: 0. */
int spawn_stop(struct spawn *spawn);
