// SPDX-License-Identifier: Apache-2.0
/* disk -- a disk that forgets: files in memory, of which a power cut leaves what was synced, and of
 * the rest any sectors.
 *
 *      write ─▶ now ──sync──▶ durable
 *                │               │
 *      kill:  now as it is    power cut: durable, and each dirty sector old or new
 *
 * A crash is armed to come at the n-th operation from now, so that it falls amid a commit. The
 * world as it is then is put aside; whoever runs on works on a disk that no longer counts, until
 * disk_restart() puts that world in force.
 *
 * Used by:  disk_vfs.c (SQLite), kernel.c (the rest of the server).
 * Bound:    DISK_FILES_MAX files.
 */
#pragma once

#include "base/rand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_FILES_MAX = 8, DISK_NAME_MAX = 64, DISK_SECTOR = 512 };

struct disk_bytes {
    uint8_t *at; // owned
    size_t len, cap;
};

struct disk_file {
    char name[DISK_NAME_MAX];
    bool is_there;
    struct disk_bytes now, durable;
    struct disk_bytes dirty; // a byte a sector of `now`: written since the last sync
    struct disk_bytes after; // what the crash left
    bool is_durable;         // its name is
    bool is_left;            // by the crash
};

enum disk_crash { DISK_KILL, DISK_POWER_CUT };

struct disk {
    struct disk_file files[DISK_FILES_MAX];
    struct rand rand;
    uint64_t ops, syncs;
    uint64_t crash_at;   // of ops; 0: none is armed
    bool waits_for_sync; // the armed crash: it falls when a commit is all written, and not yet safe
    enum disk_crash crash;
    bool crashed;
    /* -- faults while it runs -- */
    bool is_full;
    bool is_used_up;      // what room the ballast made on the full disk
    uint64_t ballast;     // bytes of that file, which holds nothing; 0: it is not there
    uint64_t room;        // that giving it up made on the full disk
    uint32_t fails_after; // operations until writes and syncs fail; 0: they do not
    bool fails;
};

extern struct disk disk; // of the world that runs

/* Empty; what memory it holds it keeps for the next world. */
void disk_init(uint64_t seed);
void disk_arm(enum disk_crash how, uint64_t ops); // ops 0: now
/* At the first sync after so many. */
void disk_arm_at_sync(enum disk_crash how, uint64_t ops);
void disk_restart(void); // after a crash, or nothing

struct disk_file *disk_find(const char *name);
struct disk_file *disk_make(const char *name);
void disk_remove(struct disk_file *file);
size_t disk_read(const struct disk_file *file, uint64_t at, void *bytes, size_t len);
bool disk_write(struct disk_file *file, uint64_t at, const void *bytes, size_t len); // false: fault
void disk_truncate(struct disk_file *file, uint64_t len);
bool disk_sync(struct disk_file *file); // false: it failed
bool disk_take_ballast(uint64_t bytes); // false: there is no room for it
void disk_give_ballast(void);
void disk_heal(void); // no fault goes on
