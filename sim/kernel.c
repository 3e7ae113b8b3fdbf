// SPDX-License-Identifier: Apache-2.0
/* What sys/ asks of the kernel, answered by the simulation: files lie on the simulated disk, chance
 * comes from its seed, threads there are none. Linked instead of src/sys, of which nothing else is
 * used by the floors that are simulated. */
#include "base/must.h"
#include "disk.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

enum { NO_FD = 1000, BALLAST_FD = 1001 };

uint64_t sys_random_u64(void)
{
    return rand_next(&disk.rand);
}

struct str sys_failure_write(char text[SYS_FAILURE_TEXT_MAX])
{
    (void)snprintf(text, SYS_FAILURE_TEXT_MAX, "the simulated disk failed");
    return str_of(text);
}

void sys_close(int fd)
{
    (void)fd;
}

/* ---- files: a descriptor is a place in the disk's table ---- */

enum err sys_file_make_folder(const char *path)
{
    (void)path;
    return ERR_OK;
}

enum err sys_file_lock(const char *path, int *ret_fd)
{
    (void)path;
    *ret_fd = NO_FD;
    return ERR_OK;
}

static bool is_ballast(const char *path)
{
    return strcmp(path, "data/ballast") == 0;
}

enum err sys_file_open_read(const char *path, int *ret_fd)
{
    if (is_ballast(path)) {
        *ret_fd = BALLAST_FD;
        return disk.ballast > 0 ? ERR_OK : ERR_NOT_FOUND;
    }
    const struct disk_file *file = disk_find(path);
    if (file == NULL) {
        return ERR_NOT_FOUND;
    }
    *ret_fd = (int)(file - disk.files);
    return ERR_OK;
}

enum err sys_file_read_at(int fd, uint64_t at, void *bytes, size_t len, size_t *ret_len)
{
    *ret_len = disk_read(&disk.files[fd], at, bytes, len);
    return ERR_OK;
}

enum err sys_file_size(int fd, uint64_t *ret_bytes)
{
    *ret_bytes = fd == BALLAST_FD ? disk.ballast : disk.files[fd].now.len;
    return ERR_OK;
}

enum err sys_file_read(const char *path, size_t len_max, struct buf *out)
{
    const struct disk_file *file = disk_find(path);
    if (file == NULL) {
        return ERR_NOT_FOUND;
    }
    must(file->now.len <= len_max);
    buf_add(out, (const char *)file->now.at, file->now.len);
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

enum err sys_file_write(const char *path, struct str bytes)
{
    if (is_ballast(path)) {
        return disk_take_ballast(bytes.len) ? ERR_OK : ERR_SYS;
    }
    struct disk_file *file = disk_make(path);
    disk_truncate(file, 0);
    if ((bytes.len > 0 && !disk_write(file, 0, bytes.at, bytes.len)) || !disk_sync(file)) {
        return ERR_SYS;
    }
    return ERR_OK;
}

enum err sys_file_remove(const char *path)
{
    if (is_ballast(path)) {
        disk_give_ballast();
        return ERR_OK;
    }
    struct disk_file *file = disk_find(path);
    if (file == NULL) {
        return ERR_NOT_FOUND;
    }
    disk_truncate(file, 0);
    return ERR_OK;
}

/* ---- mailboxes: whoever owns one looks into it when its turn comes ---- */

enum err sys_event_open(int *ret_fd)
{
    *ret_fd = NO_FD;
    return ERR_OK;
}

void sys_event_raise(int fd)
{
    (void)fd;
}

void sys_event_clear(int fd)
{
    (void)fd;
}

bool sys_event_wait(int fd, int64_t wait_ms)
{
    (void)fd;
    (void)wait_ms;
    return true;
}

/* ---- threads: what asks for one is stepped instead ---- */

enum err sys_thread_start(struct sys_thread *thread, const char *name, void (*run)(void *user),
                          void *user)
{
    (void)thread;
    (void)name;
    (void)run;
    (void)user;
    must(false);
    return ERR_SYS;
}

void sys_thread_join(struct sys_thread *thread)
{
    (void)thread;
    must(false);
}
