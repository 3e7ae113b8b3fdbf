// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include "base/must.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STANDARD_FILES = 3 };

/* TSan thinks of files as the process's: where two tables use a number twice it sees a race. */
#ifdef __SANITIZE_THREAD__
enum { HAS_TABLES = 0 };
#else
enum { HAS_TABLES = 1 };
#endif

/* Closes all but the first three and `kept` (sorted) in a table that is the thread's own from here
 * on. By close_range alone, since what containers allow has no unshare. */
static int leave_table(const struct sys_files *kept)
{
    unsigned from = STANDARD_FILES;
    if (close_range(UINT_MAX, UINT_MAX, CLOSE_RANGE_UNSHARE) != 0) {
        return errno;
    }
    for (uint32_t i = 0; i < kept->count; i++) {
        const unsigned fd = (unsigned)kept->fds[i];
        if (fd > from && close_range(from, fd - 1, 0) != 0) {
            return errno;
        }
        from = fd >= from ? fd + 1 : from;
    }
    return close_range(from, UINT_MAX, 0) == 0 ? 0 : errno;
}

static void *run_thread(void *user)
{
    struct sys_thread *thread = user;
    (void)pthread_setname_np(pthread_self(), thread->name);
    if (thread->kept != NULL) {
        thread->failure = HAS_TABLES ? leave_table(thread->kept) : 0;
        const bool has_failed = thread->failure != 0; // read before who starts us goes on
        must(sem_post(&thread->has_table) == 0);
        if (has_failed) {
            return NULL;
        }
    }
    thread->run(thread->user);
    return NULL;
}

static enum err start(struct sys_thread *thread, const char *name)
{
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    const int failure = pthread_create(&thread->handle, NULL, run_thread, thread);
    if (failure != 0) {
        errno = failure;
        return sys_failed("pthread_create", name);
    }
    return ERR_OK;
}

enum err sys_thread_start(struct sys_thread *thread, const char *name, void (*run)(void *user),
                          void *user)
{
    thread->run = run;
    thread->user = user;
    thread->kept = NULL;
    return start(thread, name);
}

static int by_number(const void *a, const void *b)
{
    const int *const left = a, *const right = b;
    return (*left > *right) - (*left < *right);
}

static void await_table(struct sys_thread *thread)
{
    while (sem_wait(&thread->has_table) != 0) {
        must(errno == EINTR);
    }
}

enum err sys_thread_start_apart(struct sys_thread *thread, const char *name,
                                void (*run)(void *user), void *user, struct sys_files *kept)
{
    thread->run = run;
    thread->user = user;
    thread->kept = kept;
    thread->failure = 0;
    qsort(kept->fds, kept->count, sizeof(kept->fds[0]), by_number);
    must(sem_init(&thread->has_table, 0, 0) == 0);
    enum err err = start(thread, name);
    if (err == ERR_OK) {
        await_table(thread);
        if (thread->failure != 0) {
            sys_thread_join(thread);
            errno = thread->failure;
            err = sys_failed("close_range", "a table of files of a thread's own");
        }
    }
    must(sem_destroy(&thread->has_table) == 0);
    return err;
}

bool sys_thread_can_own_files(void)
{
    return HAS_TABLES != 0;
}

void sys_thread_join(struct sys_thread *thread)
{
    must(pthread_join(thread->handle, NULL) == 0);
}

enum err sys_thread_own_files(void)
{
    if (!HAS_TABLES) {
        return ERR_OK;
    }
    return unshare(CLONE_FILES) == 0 ? ERR_OK : sys_failed("unshare", "files");
}
