// SPDX-License-Identifier: Apache-2.0
/* reactor -- one thread's event loop: sockets, letters, timers, in that order each turn.
 *
 *      epoll_wait ──▶ ready sources ──▶ mail ──▶ timers ──▶ turn hooks (the hub flushes) ──┐
 *          ▲──────────────────────────────────────────────────────────────────────────────┘
 *
 * Owns:    its epoll set, wheel, mailbox.
 * Thread:  reactor_run()'s; reactor_stop() and reactor_home() from any.
 */
#pragma once

#include "base/err.h"
#include "base/home.h"
#include "base/list.h"
#include "loop/wheel.h"

#include <stdbool.h>
#include <stdint.h>

struct reactor;

enum {
    READY_IN = 1,
    READY_OUT = 2,
    READY_HANGUP = 4, // error or both sides closed; always told
    READY_FIN = 8,    // the peer says no more behind what can be read
};

/* A file descriptor the loop watches; embedded in its owner. Edge-triggered: read and write until
 * EAGAIN. */
struct source {
    int fd;
    void (*ready)(struct source *source, uint32_t events); // may unwatch and free itself
};

struct turn_hook {
    struct link link; // in reactor->hooks
    /* The end of a turn; returns the mono_ms it wants the next turn at the latest, INT64_MAX: no
     * wish. */
    int64_t (*turn)(struct turn_hook *hook, int64_t mono_ms);
};

MUST_USE enum err reactor_new(struct reactor **ret_reactor);
void reactor_free(struct reactor *reactor);
void reactor_run(struct reactor *reactor);  // until reactor_stop()
void reactor_stop(struct reactor *reactor); // any thread; what lies in the mailbox is opened first

struct home *reactor_home(struct reactor *reactor);    // any thread
int64_t reactor_now_ms(const struct reactor *reactor); // mono, taken once a turn
struct wheel *reactor_wheel(struct reactor *reactor);
MUST_USE enum err reactor_watch(struct reactor *reactor,
                                struct source *source); // in and out, edge-triggered
/* Tells it again, in a later turn, what is still true of it: for an owner that stopped before
 * EAGAIN.
 */
void reactor_rewatch(struct reactor *reactor, struct source *source);
void reactor_unwatch(struct reactor *reactor,
                     struct source *source); // before its fd is closed; no later `ready` for it
void reactor_hook(struct reactor *reactor, struct turn_hook *hook);
void reactor_unhook(struct reactor *reactor, struct turn_hook *hook); // not from within a hook
/* Its epoll set, which a thread with a table of files of its own has to keep. */
int reactor_poll_fd(const struct reactor *reactor);
uint32_t reactor_letters(const struct reactor *reactor); // waiting in its mailbox; any thread
