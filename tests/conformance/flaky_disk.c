// SPDX-License-Identifier: Apache-2.0
#include "flaky_disk.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

/* Files are the real VFS's; only their table of methods is ours, with the real one behind it. The
 * real one has a table for the database and one for files that need no locks, such as the WAL. */
struct table {
    sqlite3_io_methods ours; // first
    const sqlite3_io_methods *real;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *real;
static struct table database, wal;
static _Atomic int fault; // enum flaky_fault
static const char *_Atomic but_for;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_hanging; // under lock

static const sqlite3_io_methods *real_of(const sqlite3_file *file)
{
    return ((const struct table *)(const void *)file->pMethods)->real;
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    const char *takes_room = but_for;
    if (fault == FLAKY_FULL || (fault == FLAKY_FULL_BUT_FOR && access(takes_room, F_OK) == 0)) {
        return SQLITE_FULL;
    }
    return fault == FLAKY_WRITE ? SQLITE_IOERR_WRITE : real_of(file)->xWrite(file, bytes, len, at);
}

static void hang(void)
{
    pthread_mutex_lock(&lock);
    is_hanging = true;
    pthread_cond_broadcast(&changed);
    while (fault == FLAKY_HANG) {
        pthread_cond_wait(&changed, &lock);
    }
    is_hanging = false;
    pthread_mutex_unlock(&lock);
}

static int on_sync(sqlite3_file *file, int flags)
{
    if (fault == FLAKY_HANG) {
        hang();
    }
    return fault == FLAKY_SYNC ? SQLITE_IOERR_FSYNC : real_of(file)->xSync(file, flags);
}

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *ret)
{
    (void)self;
    const int code = real->xOpen(real, name, file, flags, ret);
    struct table *table = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? &database : &wal;
    if (code != SQLITE_OK || (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0) {
        return code;
    }
    if (table->real == NULL) {
        table->ours = *file->pMethods;
        table->ours.xWrite = on_write;
        table->ours.xSync = on_sync;
        table->real = file->pMethods;
    }
    assert_ptr_equal(file->pMethods, table->real);
    file->pMethods = &table->ours;
    return SQLITE_OK;
}

void flaky_disk_install(void)
{
    real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.zName = "flaky";
    vfs.xOpen = on_open;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void flaky_disk_fail(enum flaky_fault what)
{
    pthread_mutex_lock(&lock);
    fault = what;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void flaky_disk_wait_for_hang(void)
{
    pthread_mutex_lock(&lock);
    while (!is_hanging) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

void flaky_disk_but_for(const char *path)
{
    but_for = path;
}
