// SPDX-License-Identifier: Apache-2.0
/* faults -- a disk that misbehaves, preloaded under the server by tests/e2e/disk.py.
 *
 * While the file $ROAR_FAULTS/stall exists, fsync and fdatasync wait. While $ROAR_FAULTS/eio exists
 * they fail with EIO, while $ROAR_FAULTS/full exists writes at an offset fail with ENOSPC. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int is_on(const char *name)
{
    char path[PATH_MAX];
    const char *folder = getenv("ROAR_FAULTS");
    if (folder == NULL) {
        return 0;
    }
    const int saved = errno;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    const int is_there = access(path, F_OK) == 0;
    errno = saved;
    return is_there;
}

static int sync_with_faults(const char *name, int fd)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    while (is_on("stall")) {
        (void)nanosleep(&pause, NULL);
    }
    if (is_on("eio")) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}

int fsync(int fd)
{
    return sync_with_faults("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_with_faults("fdatasync", fd);
}

static ssize_t write_with_faults(const char *name, int fd, const void *bytes, size_t len, off_t at)
{
    if (is_on("full")) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, name);
    return real(fd, bytes, len, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return write_with_faults("pwrite", fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return write_with_faults("pwrite64", fd, bytes, len, at);
}
