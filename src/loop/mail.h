// SPDX-License-Identifier: Apache-2.0
/* mail -- a mailbox: the one bridge between threads.
 *
 * Thread:  mail_home()'s send from any thread; everything else by the owner.
 * Promise: letters of one sender arrive in order; the receiver takes the whole box under the lock
 *          (rank MAIL, a leaf), then opens unlocked; a wake-up is written only when the box was
 *          empty, or has what its owner gathers.
 * Bound:   the senders' (each letter is memory its sender already holds); mail_waiting() says how
 *          many lie there.
 */
#pragma once

#include "base/err.h"
#include "base/home.h"
#include "base/list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mail {
    struct home home; // first: the address
    /* -- under MAIL -- */
    pthread_mutex_t lock;
    struct letter *first, **last;
    uint32_t lying;   // in the box
    uint32_t wake_at; // as many wake the owner: 1, or what it gathers
    bool has_urgent;  // among them
    /* -- atomic: relaxed, a gauge -- */
    _Atomic uint32_t waiting;
    /* -- atomic: mail_done() waits for it -- */
    _Atomic uint32_t raising; // senders whose letter lies there, and who still have to wake
    /* -- frozen -- */
    int wake_fd; // eventfd; readable when letters lie there
    bool needs_no_clearing;
    /* -- under MAILBOXES -- */
    struct link link; // in the process's mailboxes
};

MUST_USE enum err mail_init(struct mail *mail);
/* No letters may lie there, and no new sender may come. A letter may have been opened before its
 * sender has woken: that one is waited for. */
void mail_done(struct mail *mail);
struct home *mail_home(struct mail *mail);
/* Its owner is told of each wake-up by sys_poll_add_event(), and saves clearing it each turn. */
void mail_need_no_clearing(struct mail *mail);
/* Opens all that lay there when it was called; returns how many. Clears the wake-up. */
uint32_t mail_open_all(struct mail *mail);
/* Blocks until a letter comes or `wait_ms` (-1: for ever) is over; for threads that are no reactor.
 */
void mail_wait(struct mail *mail, int64_t wait_ms);
/* Blocks until `letters` lie there, one of them is urgent or `wait_ms` is over, and none that comes
 * meanwhile wakes anybody. The owner opens the box next. It may return early. */
void mail_gather(struct mail *mail, uint32_t letters, int64_t wait_ms);
/* Any thread. As home_send(); who gathers does not wait for more. */
void mail_send_urgent(struct mail *mail, struct letter *letter);
uint32_t mail_waiting(const struct mail *mail); // any thread
/* What wakes the mailboxes of this process, `max` at most: a thread with a table of files of its
 * own has to keep them all, for it wakes by number, and none may be made after. Returns how many
 * there are. MAILBOXES is a leaf lock, taken only here and when a mailbox comes or goes. */
uint32_t mail_wake_fds(int *ret_fds, uint32_t max);
