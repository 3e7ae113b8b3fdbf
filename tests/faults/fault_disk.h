// SPDX-License-Identifier: Apache-2.0
/* fault_disk -- a disk under SQLite that fails at the n-th call, tears writes and loses its power:
 * a VFS before the machine's own.
 *
 *      writes ─▶ the real file (what the process reads back)
 *            └─▶ pending ──xSync──▶ durable image      power back: durable, and of what was pending
 *                                                      nothing, all, or a seeded part by sectors
 *
 * A failed sync forgets what was pending, and the real file shows it as if nothing were.
 * Nothing is synced for real, so a thousand lives take seconds.
 *
 * Thread:  any; faults are set by the test.
 */
#pragma once

#include "base/rand.h"

#include <stdbool.h>
#include <stdint.h>

enum fault_call {
    FAULT_WRITE,
    FAULT_SYNC,
    FAULT_READ,
    FAULT_OPEN,
    FAULT_TRUNCATE,
    FAULT_SHM,
    FAULT_SIZE,
    FAULT_DELETE,
    FAULT_CALLS,
};

/* What becomes of bytes that were written and not synced when the power goes. */
enum fault_loss {
    FAULT_LOSE_ALL,
    FAULT_KEEP_ALL,
    FAULT_KEEP_PREFIX,
    FAULT_KEEP_SECTORS,
    FAULT_LOSSES
};

struct fault {
    enum fault_call call;
    uint64_t at;    // the first that fails, from 1
    uint64_t count; // so many in a row
    int code;       // SQLite's
    bool is_torn;   // a failing write writes half of its sectors
};

void fault_disk_install(void);                   // SQLite's default from here on; once
void fault_disk_begin(void);                     // an empty disk, no faults, counts at 0
void fault_disk_arm(const struct fault *fault);  // counts from 0 again; NULL: none fails
uint64_t fault_disk_count(enum fault_call call); // since it was armed
bool fault_disk_has_fired(void);
/* The power goes with the n-th write, sync, truncation or deletion from now. */
void fault_disk_cut_at(uint64_t n);
bool fault_disk_is_off(void);
uint64_t fault_disk_changes(void); // of those that were made since fault_disk_begin()
/* With no file open: what is on the disk becomes what the files hold. */
void fault_disk_power_back(enum fault_loss loss, struct rand *rand);
const char *fault_disk_call_name(enum fault_call call);
