// SPDX-License-Identifier: Apache-2.0
/* faults -- a disk and a clock that misbehave, preloaded under the server by tests/e2e/disk.py.
 *
 * Each is on while a file of its name is in $ROAR_FAULTS:
 *     stall  fsync and fdatasync wait; a file named hangs tells that one does
 *     eio    they fail with EIO
 *     full   writes at an offset fail with ENOSPC
 *     blind  reads at an offset fail with EIO
 *     clock  the wall clock is off by the seconds written in the file
 *     later  that many seconds have passed, by every clock */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *path_of(const char *name, char path[PATH_MAX])
{
    const char *folder = getenv("ROAR_FAULTS");
    (void)snprintf(path, PATH_MAX, "%s/%s", folder == NULL ? "/nowhere" : folder, name);
    return path;
}

static int is_on(const char *name)
{
    char path[PATH_MAX];
    const int saved = errno;
    const int is_there = access(path_of(name, path), F_OK) == 0;
    errno = saved;
    return is_there;
}

static int fail(int code)
{
    errno = code;
    return -1;
}

/* ---- the disk ---- */

static int sync_with_faults(const char *name, int fd)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    char hangs[PATH_MAX];
    if (is_on("stall")) {
        (void)close(open(path_of("hangs", hangs), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    while (is_on("stall")) {
        (void)nanosleep(&pause, NULL);
    }
    if (is_on("eio")) {
        return fail(EIO);
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

typedef ssize_t (*write_at)(int, const void *, size_t, off_t);
typedef ssize_t (*read_at)(int, void *, size_t, off_t);

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return is_on("full") ? fail(ENOSPC)
                         : ((write_at)dlsym(RTLD_NEXT, "pwrite"))(fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return is_on("full") ? fail(ENOSPC)
                         : ((write_at)dlsym(RTLD_NEXT, "pwrite64"))(fd, bytes, len, at);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
    return is_on("blind") ? fail(EIO) : ((read_at)dlsym(RTLD_NEXT, "pread"))(fd, bytes, len, at);
}

ssize_t pread64(int fd, void *bytes, size_t len, off_t at)
{
    return is_on("blind") ? fail(EIO) : ((read_at)dlsym(RTLD_NEXT, "pread64"))(fd, bytes, len, at);
}

/* ---- the clock ---- */

/* The number in the file; 0 without one. */
static long seconds_of(const char *name)
{
    char path[PATH_MAX], text[32];
    const int saved = errno;
    long seconds = 0;
    const int fd = open(path_of(name, path), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        const ssize_t len = read(fd, text, sizeof(text) - 1);
        text[len > 0 ? len : 0] = '\0';
        seconds = strtol(text, NULL, 10);
        (void)close(fd);
    }
    errno = saved;
    return seconds;
}

int clock_gettime(clockid_t id, struct timespec *ret_time)
{
    int (*real)(clockid_t, struct timespec *) =
        (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const int result = real(id, ret_time);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        ret_time->tv_sec += seconds_of("clock") + seconds_of("later");
    } else if (result == 0 &&
               (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME)) {
        ret_time->tv_sec += seconds_of("later");
    }
    return result;
}
