// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { READ_CHUNK = 16 * 1024 };

/* ENOENT is a word of its own for callers. Reads errno. */
static enum err failed_or_missing(const char *call, const char *path)
{
    const bool is_missing = errno == ENOENT;
    const enum err err = sys_failed(call, path);
    return is_missing ? ERR_NOT_FOUND : err;
}

static enum err make_one(const char *path)
{
    struct stat info;
    if (mkdir(path, 0700) == 0) {
        return ERR_OK;
    }
    if (errno != EEXIST) {
        return sys_failed("mkdir", path);
    }
    if (stat(path, &info) != 0) {
        return sys_failed("stat", path);
    }
    if (!S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        return sys_failed("mkdir", path);
    }
    return ERR_OK;
}

enum err sys_file_make_folder(const char *path)
{
    char part[PATH_MAX];
    const size_t len = strlen(path);
    if (len == 0 || len >= sizeof(part)) {
        errno = len == 0 ? ENOENT : ENAMETOOLONG;
        return sys_failed("mkdir", path);
    }
    memcpy(part, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (part[i] == '/') {
            part[i] = '\0';
            TRY(make_one(part));
            part[i] = '/';
        }
    }
    return make_one(part);
}

enum err sys_file_make_temporary(char path[SYS_SUBJECT_MAX])
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, SYS_SUBJECT_MAX, "%s/roar-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(path) != NULL ? ERR_OK : sys_failed("mkdtemp", path);
}

static int remove_visited(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

enum err sys_file_remove_folder(const char *path)
{
    enum { FOLDERS_OPEN = 16 };
    return nftw(path, remove_visited, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) == 0
               ? ERR_OK
               : sys_failed("remove", path);
}

enum err sys_file_lock(const char *path, int *ret_fd)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd == -1) {
        return sys_failed("open", path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const bool is_held = errno == EWOULDBLOCK;
        const enum err err = sys_failed("flock", path);
        sys_close(fd);
        return is_held ? ERR_EXISTS : err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

enum err sys_file_open_read(const char *path, int *ret_fd)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return failed_or_missing("open", path);
    }
    *ret_fd = fd;
    return ERR_OK;
}

static enum err read_some(int fd, void *bytes, size_t len, size_t *ret_len)
{
    for (;;) {
        const ssize_t got = read(fd, bytes, len);
        if (got >= 0) {
            *ret_len = (size_t)got;
            return ERR_OK;
        }
        if (errno != EINTR) {
            return ERR_SYS; // the caller knows the path
        }
    }
}

static enum err read_to_end(int fd, const char *path, size_t len_max, struct buf *out)
{
    const size_t start = out->len;
    for (;;) {
        size_t got = 0;
        uint8_t *room = buf_room(out, READ_CHUNK);
        if (room == NULL) {
            return buf_err(out);
        }
        if (read_some(fd, room, READ_CHUNK, &got) != ERR_OK) {
            return sys_failed("read", path);
        }
        if (got == 0) {
            return ERR_OK;
        }
        out->len += got;
        if (out->len - start > len_max) {
            return ERR_LIMIT;
        }
    }
}

enum err sys_file_read(const char *path, size_t len_max, struct buf *out)
{
    int fd = -1;
    struct buf whole; // so that `out` is untouched on failure, and may be bounded at len_max
    TRY(sys_file_open_read(path, &fd));
    buf_init(&whole, out->kind, len_max + 2 * (size_t)READ_CHUNK);
    enum err err = read_to_end(fd, path, len_max, &whole);
    sys_close(fd);
    if (err == ERR_OK) {
        buf_add_str(out, buf_str(&whole));
        err = buf_err(out);
    }
    buf_done(&whole);
    return err;
}

enum err sys_file_write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        const ssize_t put = write(fd, bytes.at, bytes.len);
        if (put >= 0) {
            bytes.at += put;
            bytes.len -= (size_t)put;
        } else if (errno == EPIPE) {
            return ERR_CLOSED;
        } else if (errno != EINTR) {
            return sys_failed("write", "output");
        }
    }
    return ERR_OK;
}

static enum err write_new(const char *path, struct str bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd == -1) {
        return sys_failed("open", path);
    }
    enum err err = sys_file_write_all(fd, bytes);
    if (err == ERR_OK && fsync(fd) != 0) {
        err = sys_failed("fsync", path);
    }
    sys_close(fd);
    return err;
}

static enum err sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    snprintf(folder, sizeof(folder), "%.*s", len == 0 ? 1 : (int)len,
             len == 0 && slash == NULL ? "." : path);
    int fd = -1;
    TRY(sys_file_open_read(folder, &fd));
    const enum err err = fsync(fd) == 0 ? ERR_OK : sys_failed("fsync", folder);
    sys_close(fd);
    return err;
}

enum err sys_file_write(const char *path, struct str bytes)
{
    char fresh[PATH_MAX];
    const int len = snprintf(fresh, sizeof(fresh), "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof(fresh)) {
        errno = ENAMETOOLONG;
        return sys_failed("open", path);
    }
    TRY(write_new(fresh, bytes));
    if (rename(fresh, path) != 0) {
        return sys_failed("rename", path);
    }
    return sync_folder_of(path);
}

enum err sys_file_is_exposed(const char *path, bool *ret_is_exposed)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return failed_or_missing("stat", path);
    }
    *ret_is_exposed = S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXO | S_IWGRP)) != 0;
    return ERR_OK;
}

enum err sys_file_size(int fd, uint64_t *ret_bytes)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return sys_failed("fstat", "file");
    }
    *ret_bytes = (uint64_t)info.st_size;
    return ERR_OK;
}

enum err sys_file_read_at(int fd, uint64_t at, void *bytes, size_t len, size_t *ret_len)
{
    uint8_t *to = bytes;
    size_t done = 0;
    while (done < len) {
        const ssize_t got = pread(fd, to + done, len - done, (off_t)(at + done));
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return sys_failed("pread", "file");
        }
        done += got > 0 ? (size_t)got : 0;
    }
    *ret_len = done;
    return ERR_OK;
}

enum err sys_file_remove(const char *path)
{
    if (unlink(path) != 0) {
        return failed_or_missing("unlink", path);
    }
    return ERR_OK;
}

enum err sys_file_disk_free(const char *path, uint64_t *ret_bytes)
{
    struct statvfs info;
    if (statvfs(path, &info) != 0) {
        return sys_failed("statvfs", path);
    }
    *ret_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    return ERR_OK;
}
