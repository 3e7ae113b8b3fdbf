// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include "base/must.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static _Thread_local struct sys_failure last_failure;

void sys_note_failure(const char *call, const char *subject)
{
    last_failure.code = errno;
    last_failure.call = call;
    snprintf(last_failure.subject, sizeof(last_failure.subject), "%s", subject);
}

const struct sys_failure *sys_last_failure(void)
{
    return &last_failure;
}

struct str sys_failure_write(char text[SYS_FAILURE_TEXT_MAX])
{
    char why[96];
    const char *message = strerror_r(last_failure.code, why, sizeof(why));
    snprintf(text, SYS_FAILURE_TEXT_MAX, "%s %s: %s",
             last_failure.call == NULL ? "nothing" : last_failure.call, last_failure.subject,
             message);
    return str_of(text);
}

static int64_t now_ms(clockid_t id)
{
    struct timespec now;
    must(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t mono_ms(const struct clock *clock)
{
    (void)clock;
    return now_ms(CLOCK_MONOTONIC);
}

static int64_t wall_ms(const struct clock *clock)
{
    (void)clock;
    return now_ms(CLOCK_REALTIME);
}

const struct clock *sys_clock(void)
{
    static const struct clock clock = {.mono_ms = mono_ms, .wall_ms = wall_ms};

    return &clock;
}

void sys_random(void *bytes, size_t len)
{
    uint8_t *at = bytes;
    while (len > 0) {
        const ssize_t got = getrandom(at, len, 0);
        must(got > 0 || errno == EINTR);
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
}

uint64_t sys_random_u64(void)
{
    uint64_t value = 0;
    sys_random(&value, sizeof(value));
    return value;
}

uint32_t sys_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1;
    }
    const int count = CPU_COUNT(&set);
    return count > 0 ? (uint32_t)count : 1;
}

/* The first number of a small file of /proc or /sys; `none` when it has none. */
static uint64_t number_in(const char *path, unsigned which, uint64_t none)
{
    struct buf text;
    uint64_t value = none;
    buf_init(&text, MEM_OTHER, 4096);
    if (sys_file_read(path, 4096, &text) == ERR_OK) {
        struct str rest = buf_str(&text);
        struct str word = str_cut(rest, ' ', &rest);
        for (unsigned i = 0; i < which; i++) {
            word = str_cut(rest, ' ', &rest);
        }
        struct str tail;
        (void)str_to_u64(str_cut(word, '\n', &tail), UINT64_MAX, &value);
    }
    buf_done(&text);
    return value;
}

uint64_t sys_memory_total_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    const uint64_t machine =
        pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : UINT64_MAX;
    const uint64_t group = number_in("/sys/fs/cgroup/memory.max", 0, UINT64_MAX);
    return group < machine ? group : machine;
}

uint64_t sys_memory_resident_bytes(void)
{
    const long page_bytes = sysconf(_SC_PAGESIZE);
    return number_in("/proc/self/statm", 1, 0) * (uint64_t)(page_bytes > 0 ? page_bytes : 0);
}

const char *sys_env(const char *name)
{
    return getenv(name);
}

const char *const *sys_env_all(void)
{
    return (const char *const *)environ;
}

uint64_t sys_files_max(void)
{
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    return limit.rlim_cur;
}

uint64_t sys_files_max_raise(void)
{
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); // refused: the soft limit stays, and is told
    }
    return sys_files_max();
}

bool sys_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

int64_t sys_mono_us(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void sys_sleep_ms(uint32_t wait_ms)
{
    (void)poll(NULL, 0, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
}

_Noreturn void sys_exit_now(int code)
{
    _exit(code);
}

void sys_close(int fd)
{
    if (fd != -1) {
        (void)close(fd); // Linux frees the descriptor whatever close() says
    }
}
