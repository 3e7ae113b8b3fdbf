// SPDX-License-Identifier: Apache-2.0
/* spawn -- a server of this same binary for one bench: on loopback, in a temporary folder, without
 * limits on who posts how much; gone afterwards, folder and all. On the way another process of it
 * may take over.
 *
 * Owns:    the child and its folder.
 * Thread:  the main one; the first is started before others are made.
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
    uint32_t workers;                // its reactors; 0: one a core
    uint32_t starts;                 // processes started so far: each has a log of its own
};

/* Returns when it listens. `workers` 0: one a core. On failure nothing is left. */
MUST_USE enum err spawn_start(struct spawn *spawn, uint32_t workers, char why[SPAWN_WHY_MAX]);
/* A process started with --upgrade takes over, and the one before has ended well: then `pid` is the
 * new one's, and `*ret_ms` how long that took until it served. ERR_PROTO: one of both did not do as
 * it should, `why` says which; whoever has the folder serves. Else ERR_SYS. */
MUST_USE enum err spawn_upgrade(struct spawn *spawn, uint32_t *ret_ms, char why[SPAWN_WHY_MAX]);
/* Its exit code; zeroed is legal: 0. */
int spawn_stop(struct spawn *spawn);
