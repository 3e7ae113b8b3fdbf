// SPDX-License-Identifier: Apache-2.0
#include "disk_vfs.h"

#include "base/must.h"
#include "disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* One database, so one table of locks: of the file (SQLite's five levels) and of the shared memory
 * (eight slots). A process that is gone has closed its connections, so nothing is left over. */
enum { SHM_REGIONS_MAX = 16, SHM_SLOTS = 8 };

struct handle {
    sqlite3_file base; // first
    struct disk_file *file;
    int level;                 // SQLITE_LOCK_...
    uint8_t shared, exclusive; // slots of the shared memory it holds
    bool has_shm;
};

static struct {
    uint32_t shared, reserved, exclusive;
    uint8_t *regions[SHM_REGIONS_MAX];
    int region_bytes;
    uint32_t slot_shared[SHM_SLOTS], slot_exclusive[SHM_SLOTS], users;
} locks;

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

/* ---- bytes ---- */

static int on_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    const size_t got = disk_read(handle_of(file)->file, (uint64_t)at, bytes, (size_t)len);
    memset((char *)bytes + got, 0, (size_t)len - got);
    return got < (size_t)len ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    const bool is_written = disk_write(handle_of(file)->file, (uint64_t)at, bytes, (size_t)len);
    return is_written ? SQLITE_OK : disk.is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    disk_truncate(handle_of(file)->file, (uint64_t)len);
    return SQLITE_OK;
}

static int on_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    return disk_sync(handle_of(file)->file) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)handle_of(file)->file->now.len;
    return SQLITE_OK;
}

/* ---- locks ---- */

static void give_back(struct handle *handle, int level)
{
    locks.exclusive -= handle->level == SQLITE_LOCK_EXCLUSIVE && level < SQLITE_LOCK_EXCLUSIVE;
    locks.reserved -= handle->level >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED;
    locks.shared -= handle->level >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED;
}

static int on_lock(sqlite3_file *file, int level)
{
    struct handle *handle = handle_of(file);
    if (level <= handle->level) {
        return SQLITE_OK;
    }
    const uint32_t own = handle->level >= SQLITE_LOCK_SHARED;
    const uint32_t own_reserved = handle->level >= SQLITE_LOCK_RESERVED;
    if (locks.exclusive > 0 || (level >= SQLITE_LOCK_RESERVED && locks.reserved > own_reserved) ||
        (level == SQLITE_LOCK_EXCLUSIVE && locks.shared > own)) {
        return SQLITE_BUSY;
    }
    locks.shared += !own;
    locks.reserved += level >= SQLITE_LOCK_RESERVED && !own_reserved;
    locks.exclusive += level == SQLITE_LOCK_EXCLUSIVE;
    handle->level = level;
    return SQLITE_OK;
}

static int on_unlock(sqlite3_file *file, int level)
{
    struct handle *handle = handle_of(file);
    if (level < handle->level) {
        give_back(handle, level);
        handle->level = level;
    }
    return SQLITE_OK;
}

static int on_check_reserved(sqlite3_file *file, int *ret)
{
    (void)file;
    *ret = locks.reserved > 0;
    return SQLITE_OK;
}

/* ---- shared memory ---- */

static int on_shm_map(sqlite3_file *file, int region, int bytes, int extend, void volatile **ret)
{
    struct handle *handle = handle_of(file);
    must(region < SHM_REGIONS_MAX);
    if (!handle->has_shm) {
        handle->has_shm = true;
        locks.users++;
    }
    if (locks.regions[region] == NULL && extend != 0) {
        locks.regions[region] = calloc(1, (size_t)bytes);
        must(locks.regions[region] != NULL);
    }
    *ret = locks.regions[region];
    return SQLITE_OK;
}

static void shm_unlock(struct handle *handle, int slot)
{
    const uint8_t bit = (uint8_t)(1U << slot);
    locks.slot_shared[slot] -= (handle->shared & bit) != 0;
    locks.slot_exclusive[slot] -= (handle->exclusive & bit) != 0;
    handle->shared &= (uint8_t)~bit;
    handle->exclusive &= (uint8_t)~bit;
}

static bool shm_is_free(const struct handle *handle, int slot, bool exclusive)
{
    const uint8_t bit = (uint8_t)(1U << slot);
    const uint32_t own = (handle->shared & bit) != 0;
    const uint32_t own_exclusive = (handle->exclusive & bit) != 0;
    return locks.slot_exclusive[slot] == own_exclusive &&
           (!exclusive || locks.slot_shared[slot] == own);
}

static int on_shm_lock(sqlite3_file *file, int from, int count, int flags)
{
    struct handle *handle = handle_of(file);
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int slot = from; slot < from + count; slot++) {
        if ((flags & SQLITE_SHM_LOCK) != 0 && !shm_is_free(handle, slot, exclusive)) {
            return SQLITE_BUSY;
        }
    }
    for (int slot = from; slot < from + count; slot++) {
        shm_unlock(handle, slot);
        if ((flags & SQLITE_SHM_LOCK) != 0) {
            const uint8_t bit = (uint8_t)(1U << slot);
            locks.slot_shared[slot] += !exclusive;
            locks.slot_exclusive[slot] += exclusive;
            handle->shared |= exclusive ? 0 : bit;
            handle->exclusive |= exclusive ? bit : 0;
        }
    }
    return SQLITE_OK;
}

static void on_shm_barrier(sqlite3_file *file)
{
    (void)file;
}

static void forget_shm(void)
{
    for (int i = 0; i < SHM_REGIONS_MAX; i++) {
        free(locks.regions[i]);
        locks.regions[i] = NULL;
    }
}

/* Whoever comes first after nobody had it finds it empty, as under Linux. */
static int on_shm_unmap(sqlite3_file *file, int remove)
{
    struct handle *handle = handle_of(file);
    for (int slot = 0; slot < SHM_SLOTS; slot++) {
        shm_unlock(handle, slot);
    }
    locks.users -= handle->has_shm;
    handle->has_shm = false;
    if (remove != 0 || locks.users == 0) {
        forget_shm();
    }
    return SQLITE_OK;
}

/* ---- files ---- */

static int on_close(sqlite3_file *file)
{
    (void)on_unlock(file, SQLITE_LOCK_NONE);
    return on_shm_unmap(file, 0);
}

static int on_control(sqlite3_file *file, int op, void *value)
{
    (void)file;
    (void)op;
    (void)value;
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *file)
{
    (void)file;
    return DISK_SECTOR;
}

static int on_character(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; // as SQLite takes of any disk under Linux
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_character,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret)
{
    struct handle *handle = handle_of(file);
    (void)vfs;
    memset(handle, 0, sizeof(*handle));
    struct disk_file *found = name == NULL ? NULL : disk_find(name);
    if (name == NULL || (found == NULL && (flags & SQLITE_OPEN_CREATE) == 0)) {
        return SQLITE_CANTOPEN;
    }
    handle->file = found != NULL ? found : disk_make(name);
    handle->base.pMethods = &methods;
    if (ret != NULL) {
        *ret = flags;
    }
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)sync;
    struct disk_file *file = disk_find(name);
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    disk_remove(file);
    return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    (void)vfs;
    (void)flags;
    *ret = disk_find(name) != NULL;
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *name, int len, char *ret)
{
    (void)vfs;
    sqlite3_snprintf(len, ret, "%s", name);
    return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *vfs, int len, char *ret)
{
    (void)vfs;
    for (int i = 0; i < len; i++) {
        ret[i] = (char)rand_below(&disk.rand, 256);
    }
    return len;
}

static int on_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int on_time(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    (void)vfs;
    *ret = 212000000000000;
    return SQLITE_OK;
}

static int on_last_error(sqlite3_vfs *vfs, int len, char *ret)
{
    (void)vfs;
    (void)len;
    (void)ret;
    return 0;
}

static sqlite3_vfs vfs = {
    .iVersion = 2,
    .szOsFile = sizeof(struct handle),
    .mxPathname = DISK_NAME_MAX,
    .zName = "disk",
    .xOpen = on_open,
    .xDelete = on_delete,
    .xAccess = on_access,
    .xFullPathname = on_full_path,
    .xRandomness = on_randomness,
    .xSleep = on_sleep,
    .xGetLastError = on_last_error,
    .xCurrentTimeInt64 = on_time,
};

void disk_vfs_install(void)
{
    /* All of a world runs in one thread, and how much SQLite holds nobody asks. */
    must(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK);
    must(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    must(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

void disk_vfs_begin(void)
{
    forget_shm();
    memset(&locks, 0, sizeof(locks));
    sqlite3_randomness(0, NULL);
}
