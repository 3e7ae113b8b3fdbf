// SPDX-License-Identifier: Apache-2.0
#include "disk.h"

#include "base/must.h"

#include <stdlib.h>
#include <string.h>

struct disk disk;

static void bytes_resize(struct disk_bytes *bytes, size_t len)
{
    if (len > bytes->cap) {
        bytes->cap = len * 2;
        bytes->at = realloc(bytes->at, bytes->cap);
        must(bytes->at != NULL);
    }
    if (len > bytes->len) {
        memset(bytes->at + bytes->len, 0, len - bytes->len);
    }
    bytes->len = len;
}

static void bytes_copy(struct disk_bytes *to, const struct disk_bytes *from)
{
    bytes_resize(to, from->len);
    if (from->len > 0) {
        memcpy(to->at, from->at, from->len);
    }
}

/* Empty, and with the memory it had in the last world: its pages need not be found again. */
static struct disk_file emptied(const struct disk_file *file)
{
    struct disk_file empty = {
        .now = file->now, .durable = file->durable, .dirty = file->dirty, .after = file->after};
    empty.now.len = empty.durable.len = empty.dirty.len = empty.after.len = 0;
    return empty;
}

void disk_init(uint64_t seed)
{
    struct disk wiped = {.ops = 0};
    for (int i = 0; i < DISK_FILES_MAX; i++) {
        wiped.files[i] = emptied(&disk.files[i]);
    }
    disk = wiped;
    rand_init(&disk.rand, seed);
}

/* ---- crashes ---- */

/* A sector is the old one or the new one; a write of several is torn between any of them. */
static void keep_sector(struct disk_file *file, size_t sector)
{
    const size_t from = sector * DISK_SECTOR;
    size_t to = from + DISK_SECTOR < file->after.len ? from + DISK_SECTOR : file->after.len;
    to = to < file->now.len ? to : file->now.len;
    if (to > from) {
        memcpy(file->after.at + from, file->now.at + from, to - from);
    }
}

static void lose_power(struct disk_file *file)
{
    const size_t len =
        rand_below(&disk.rand, 2) == 0 ? file->now.len : file->durable.len; // either may be left
    bytes_copy(&file->after, &file->durable);
    bytes_resize(&file->after, len);
    for (size_t i = 0; i < file->dirty.len && i * DISK_SECTOR < len; i++) {
        if (file->dirty.at[i] != 0 && rand_below(&disk.rand, 2) == 0) {
            keep_sector(file, i);
        }
    }
}

static void crash(void)
{
    disk.crashed = true;
    disk.crash_at = 0;
    for (int i = 0; i < DISK_FILES_MAX; i++) {
        struct disk_file *file = &disk.files[i];
        file->is_left = file->is_there && (disk.crash == DISK_KILL || file->is_durable);
        if (file->is_left && disk.crash == DISK_KILL) {
            bytes_copy(&file->after, &file->now);
        } else if (file->is_left) {
            lose_power(file);
        }
    }
}

static void count_op(void)
{
    disk.ops++;
    if (disk.crash_at != 0 && disk.ops >= disk.crash_at && !disk.waits_for_sync) {
        crash();
    }
    if (disk.fails_after > 0 && --disk.fails_after == 0) {
        disk.fails = true;
    }
}

void disk_arm(enum disk_crash how, uint64_t ops)
{
    disk.crash = how;
    disk.crash_at = disk.ops + ops;
    disk.waits_for_sync = false;
    if (ops == 0) {
        crash();
    }
}

void disk_arm_at_sync(enum disk_crash how, uint64_t ops)
{
    disk.crash = how;
    disk.crash_at = disk.ops + ops + 1;
    disk.waits_for_sync = true;
}

void disk_restart(void)
{
    for (int i = 0; disk.crashed && i < DISK_FILES_MAX; i++) {
        struct disk_file *file = &disk.files[i];
        if (!file->is_left) {
            file->after.len = 0;
        }
        file->is_there = file->is_left;
        bytes_copy(&file->now, &file->after);
        bytes_copy(&file->durable, &file->after);
        file->dirty.len = 0;
        bytes_resize(&file->dirty, (file->now.len + DISK_SECTOR - 1) / DISK_SECTOR);
        file->is_durable = file->is_left;
        file->is_left = false;
    }
    disk.crashed = false;
    disk.crash_at = 0;
    disk_heal();
}

/* ---- files ---- */

struct disk_file *disk_find(const char *name)
{
    for (int i = 0; i < DISK_FILES_MAX; i++) {
        if (disk.files[i].is_there && strcmp(disk.files[i].name, name) == 0) {
            return &disk.files[i];
        }
    }
    return NULL;
}

struct disk_file *disk_make(const char *name)
{
    struct disk_file *file = disk_find(name);
    for (int i = 0; file == NULL && i < DISK_FILES_MAX; i++) {
        if (!disk.files[i].is_there && !disk.files[i].is_left) {
            file = &disk.files[i];
            must(strlen(name) < DISK_NAME_MAX);
            strcpy(file->name, name);
            file->is_there = true;
            file->now.len = file->durable.len = file->dirty.len = file->after.len = 0;
            file->is_durable = false;
        }
    }
    must(file != NULL);
    return file;
}

void disk_remove(struct disk_file *file)
{
    count_op();
    file->is_there = false;
    file->is_durable = false;
}

size_t disk_read(const struct disk_file *file, uint64_t at, void *bytes, size_t len)
{
    if (at >= file->now.len) {
        return 0;
    }
    const size_t left = file->now.len - at;
    const size_t taken = len < left ? len : left;
    memcpy(bytes, file->now.at + at, taken);
    return taken;
}

void disk_heal(void)
{
    disk.is_full = disk.is_used_up = disk.fails = false;
    disk.fails_after = 0;
    disk.room = 0;
}

/* ---- the ballast: so much of the disk, and nothing in it ---- */

bool disk_take_ballast(uint64_t bytes)
{
    count_op();
    if (!disk.is_full && !disk.fails) {
        disk.ballast = bytes;
    }
    return disk.ballast == bytes;
}

void disk_give_ballast(void)
{
    count_op();
    disk.room = disk.is_full ? disk.ballast : 0;
    disk.ballast = 0;
}

static bool has_room(size_t len)
{
    if (disk.is_full && disk.room < len) {
        disk.is_used_up = disk.ballast == 0;
        return false;
    }
    disk.room -= disk.is_full ? len : 0;
    return true;
}

bool disk_write(struct disk_file *file, uint64_t at, const void *bytes, size_t len)
{
    if (disk.fails || !has_room(len)) {
        return false;
    }
    if (at + len > file->now.len) {
        bytes_resize(&file->now, at + len);
        bytes_resize(&file->dirty, (at + len + DISK_SECTOR - 1) / DISK_SECTOR);
    }
    memcpy(file->now.at + at, bytes, len);
    memset(file->dirty.at + at / DISK_SECTOR, 1,
           (at + len - 1) / DISK_SECTOR - at / DISK_SECTOR + 1);
    count_op();
    return true;
}

void disk_truncate(struct disk_file *file, uint64_t len)
{
    bytes_resize(&file->now, len);
    bytes_resize(&file->dirty, (len + DISK_SECTOR - 1) / DISK_SECTOR);
    count_op();
}

/* The first sector from `from` on that was written since the last sync; dirty.len: none. */
static size_t next_dirty(const struct disk_file *file, size_t from)
{
    const uint8_t *at =
        file->dirty.len > from ? memchr(file->dirty.at + from, 1, file->dirty.len - from) : NULL;
    return at == NULL ? file->dirty.len : (size_t)(at - file->dirty.at);
}

bool disk_sync(struct disk_file *file)
{
    const bool is_awaited = disk.crash_at != 0 && disk.waits_for_sync && disk.ops >= disk.crash_at;
    if (is_awaited && next_dirty(file, 0) < file->dirty.len) {
        crash();
    }
    count_op();
    if (disk.fails) {
        return false;
    }
    bytes_resize(&file->durable, file->now.len);
    for (size_t i = next_dirty(file, 0); i < file->dirty.len; i = next_dirty(file, i + 1)) {
        const size_t from = i * DISK_SECTOR;
        const size_t left = file->now.len - from;
        memcpy(file->durable.at + from, file->now.at + from,
               left < DISK_SECTOR ? left : DISK_SECTOR);
        file->dirty.at[i] = 0;
    }
    file->is_durable = true;
    disk.syncs++;
    count_op(); // a crash just after it
    return true;
}
