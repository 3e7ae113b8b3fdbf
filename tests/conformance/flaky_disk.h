// SPDX-License-Identifier: Apache-2.0
/* flaky_disk -- a disk that fails when told to: a VFS of SQLite's between it and the real one.
 *
 * Thread:  any; what is to fail is set by the test.
 */
#pragma once

enum flaky_fault {
    FLAKY_NOTHING,
    FLAKY_FULL,         // writes find no room
    FLAKY_FULL_BUT_FOR, // likewise, while the file of flaky_disk_but_for() is there
    FLAKY_WRITE,        // writes fail
    FLAKY_SYNC,         // what is written is not known to be on the disk
    FLAKY_HANG,         // a sync does not return until something else is told
};

void flaky_disk_install(void); // becomes SQLite's default; once
void flaky_disk_fail(enum flaky_fault fault);
void flaky_disk_but_for(const char *path); // whose room they could have; borrowed
void flaky_disk_wait_for_hang(void);       // until a sync hangs
