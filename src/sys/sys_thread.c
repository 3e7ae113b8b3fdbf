// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include "base/must.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

static void *run_thread(void *user)
{
    struct sys_thread *thread = user;
    (void)pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->user);
    return NULL;
}

enum err sys_thread_start(struct sys_thread *thread, const char *name, void (*run)(void *user),
                          void *user)
{
    thread->run = run;
    thread->user = user;
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    const int failure = pthread_create(&thread->handle, NULL, run_thread, thread);
    if (failure != 0) {
        errno = failure;
        return sys_failed("pthread_create", name);
    }
    return ERR_OK;
}

void sys_thread_join(struct sys_thread *thread)
{
    must(pthread_join(thread->handle, NULL) == 0);
}

/* TSan thinks of files as the process's: where two tables use a number twice it sees a race. */
#ifdef __SANITIZE_THREAD__
enum err sys_thread_own_files(void)
{
    return ERR_OK;
}
#else
enum err sys_thread_own_files(void)
{
    return unshare(CLONE_FILES) == 0 ? ERR_OK : sys_failed("unshare", "files");
}
#endif
