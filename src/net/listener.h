// SPDX-License-Identifier: Apache-2.0
/* listener -- a listening socket of one reactor. All reactors share the port by SO_REUSEPORT; a
 * plain bind first proves that no other process has it. Or the very socket of a process that gives
 * way: one that is closed resets who is queued on it, so it goes from hand to hand.
 *
 * Thread:   its reactor's; listener_refused() any.
 * Bound:    accepts_per_turn connections accepted a loop turn, so that a storm of joins never holds
 *           up the viewers.
 * Promise:  want of files neither spins nor stops it: some are kept free for the engine, a newcomer
 *           beyond is told so and closed at once, roar_accepts_refused_total counts.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "loop/reactor.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct listener;

/* Takes the port for the process. `*ret_fd` stays open (not listening) until all listeners are
 * made; `address->port` 0 becomes the port taken. ERR_EXISTS: in use. ERR_SYS. */
MUST_USE enum err listener_reserve(struct address *address, int *ret_fd);

struct listener_options {
    struct address address;
    int inherited_fd;          // listens at `address` already, is taken over; -1: none
    uint32_t accepts_per_turn; // >= 1
    uint32_t queue;            // who may wait to be accepted
    /* Said to who is closed for want of files, asked anew for each: memory may be wanting as well.
     * NULL, or what it gives is empty: a reset. */
    struct str (*full)(void *user);
    void (*accepted)(void *user, int fd, const struct address *peer); // takes over fd
    void *user;
};
MUST_USE enum err listener_new(struct reactor *reactor, const struct listener_options *options,
                               struct listener **ret_listener);
/* While held it accepts nobody: who comes waits in the kernel's queue. */
void listener_hold(struct listener *listener, bool held);
int listener_fd(const struct listener *listener); // any thread
enum { LISTENER_FILES = 2 };
/* What it holds open as long as nobody was accepted, the listening socket among them. */
void listener_files(const struct listener *listener, int ret_fds[LISTENER_FILES]);
void listener_free(struct listener *listener);              // closes: NULL is legal
uint64_t listener_refused(const struct listener *listener); // for want of files; any thread
