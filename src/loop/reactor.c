// SPDX-License-Identifier: Apache-2.0
#include "loop/reactor.h"

#include "base/mem.h"
#include "base/must.h"
#include "loop/mail.h"
#include "sys/sys.h"

#include <stdatomic.h>

_Static_assert(READY_IN == (int)SYS_READY_IN && READY_OUT == (int)SYS_READY_OUT &&
                   READY_HANGUP == (int)SYS_READY_HANGUP && READY_FIN == (int)SYS_READY_FIN,
               "what the kernel says goes to sources as it is");

enum { BATCH = 256 };

struct reactor {
    struct mail mail;
    struct wheel wheel;
    struct link hooks; // struct turn_hook
    int poll_fd;
    int64_t now_ms;
    int64_t wish_ms; // the earliest the hooks asked for
    /* -- the turn's ready ones; reactor_unwatch() crosses out what is still to come -- */
    struct sys_ready batch[BATCH];
    uint32_t batch_at, batch_count;
    /* -- atomic: relaxed, the wake-up that follows it orders -- */
    _Atomic bool stopping;
};

enum err reactor_new(struct reactor **ret_reactor)
{
    struct reactor *reactor = mem_new(MEM_OTHER, sizeof(*reactor));
    if (reactor == NULL) {
        return ERR_NOMEM;
    }
    enum err err = mail_init(&reactor->mail);
    if (err != ERR_OK) {
        mem_free(MEM_OTHER, reactor);
        return err;
    }
    reactor->poll_fd = -1;
    err = sys_poll_open(&reactor->poll_fd);
    if (err == ERR_OK) {
        err = sys_poll_add_event(reactor->poll_fd, reactor->mail.wake_fd, NULL);
        mail_need_no_clearing(&reactor->mail);
    }
    if (err != ERR_OK) {
        sys_close(reactor->poll_fd);
        mail_done(&reactor->mail);
        mem_free(MEM_OTHER, reactor);
        return err;
    }
    list_init(&reactor->hooks);
    reactor->now_ms = clock_mono_ms(sys_clock());
    reactor->wish_ms = reactor->now_ms;
    wheel_init(&reactor->wheel, reactor->now_ms);
    *ret_reactor = reactor;
    return ERR_OK;
}

void reactor_free(struct reactor *reactor)
{
    if (reactor != NULL) {
        mail_done(&reactor->mail);
        sys_close(reactor->poll_fd);
        mem_free(MEM_OTHER, reactor);
    }
}

static int64_t wait_ms(const struct reactor *reactor)
{
    const int64_t timer_ms = wheel_next_ms(&reactor->wheel);
    const int64_t until_ms = timer_ms < reactor->wish_ms ? timer_ms : reactor->wish_ms;
    if (until_ms == INT64_MAX) {
        return -1;
    }
    const int64_t now_ms = clock_mono_ms(sys_clock());
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

static void tell_sources(struct reactor *reactor)
{
    for (reactor->batch_at = 0; reactor->batch_at < reactor->batch_count; reactor->batch_at++) {
        const struct sys_ready *ready = &reactor->batch[reactor->batch_at];
        struct source *source = ready->tag;
        if (source != NULL) { // NULL: the mailbox's wake-up, or crossed out
            source->ready(source, ready->events);
        }
    }
    reactor->batch_count = 0;
}

static void run_hooks(struct reactor *reactor)
{
    reactor->wish_ms = INT64_MAX;
    struct link *link = reactor->hooks.next;
    while (link != &reactor->hooks) {
        struct turn_hook *hook = list_entry(link, struct turn_hook, link);
        link = link->next;
        const int64_t wish_ms = hook->turn(hook, reactor->now_ms);
        reactor->wish_ms = wish_ms < reactor->wish_ms ? wish_ms : reactor->wish_ms;
    }
}

void reactor_run(struct reactor *reactor)
{
    while (!atomic_load_explicit(&reactor->stopping, memory_order_relaxed)) {
        reactor->batch_count =
            sys_poll_wait(reactor->poll_fd, reactor->batch, BATCH, wait_ms(reactor));
        reactor->now_ms = clock_mono_ms(sys_clock());
        tell_sources(reactor);
        mail_open_all(&reactor->mail);
        wheel_turn(&reactor->wheel, reactor->now_ms);
        run_hooks(reactor);
    }
    mail_open_all(&reactor->mail);
    atomic_store_explicit(&reactor->stopping, false, memory_order_relaxed); // it may run again
}

void reactor_stop(struct reactor *reactor)
{
    atomic_store_explicit(&reactor->stopping, true, memory_order_relaxed);
    sys_event_raise(reactor->mail.wake_fd);
}

struct home *reactor_home(struct reactor *reactor)
{
    return mail_home(&reactor->mail);
}

int64_t reactor_now_ms(const struct reactor *reactor)
{
    return reactor->now_ms;
}

struct wheel *reactor_wheel(struct reactor *reactor)
{
    return &reactor->wheel;
}

int reactor_poll_fd(const struct reactor *reactor)
{
    return reactor->poll_fd;
}

uint32_t reactor_letters(const struct reactor *reactor)
{
    return mail_waiting(&reactor->mail);
}

enum err reactor_watch(struct reactor *reactor, struct source *source)
{
    return sys_poll_add(reactor->poll_fd, source->fd, source);
}

void reactor_rewatch(struct reactor *reactor, struct source *source)
{
    sys_poll_again(reactor->poll_fd, source->fd, source);
}

void reactor_unwatch(struct reactor *reactor, struct source *source)
{
    sys_poll_remove(reactor->poll_fd, source->fd);
    for (uint32_t i = reactor->batch_at; i < reactor->batch_count; i++) {
        if (reactor->batch[i].tag == source) {
            reactor->batch[i].tag = NULL;
        }
    }
}

void reactor_hook(struct reactor *reactor, struct turn_hook *hook)
{
    list_push(&reactor->hooks, &hook->link);
    reactor->wish_ms = reactor->now_ms;
}

void reactor_unhook(struct reactor *reactor, struct turn_hook *hook)
{
    (void)reactor;
    list_remove(&hook->link);
}
