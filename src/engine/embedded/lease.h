// SPDX-License-Identifier: Apache-2.0
/* lease -- whose the data folder is while another process takes over.
 *
 *            lend: what was handed over         the other
 *            is committed and answered          owns it
 *      OURS ─────────▶ ASKED ─────────▶ LENT ─────────────▶ GIVEN
 *        ▲                               │ give                store closed: all refused
 *        └────────── take back ──────────┘
 *            what the other wrote is published, what waited is gone on with
 *
 * From ASKED on, posts and stream calls are held, from LENT on watches too; reads are answered from
 * memory, or wait at the readers' gate. A post is held for `hold_ms_max` at most.
 *
 * Owns:     the lock's descriptor; the letters it holds.
 * Used by:  writer.c, whose thread it is on; embedded.c makes it.
 * Thread:   the ordering thread's, but for lease_state().
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/call_queue.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum lease_state { LEASE_OURS, LEASE_ASKED, LEASE_LENT, LEASE_GIVEN };

struct lease {
    const char *lock_path; // frozen; borrowed
    int lock_fd;           // -1: not ours
    struct call_queue held;
    _Atomic int state; // enum lease_state; relaxed: a gauge to other threads
};

void lease_init(struct lease *lease, const char *lock_path);
/* ERR_EXISTS: another process owns the folder. */
MUST_USE enum err lease_lock(struct lease *lease);
void lease_unlock(struct lease *lease); // not locked is legal

enum lease_state lease_state(const struct lease *lease); // any thread
void lease_become(struct lease *lease, enum lease_state state);

/* Opens every letter it holds again, those that are held anew by that at the end. */
void lease_release(struct lease *lease);
