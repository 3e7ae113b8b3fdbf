// SPDX-License-Identifier: Apache-2.0
/* handover -- the side of a running server that gives way to the one that follows it: passes its
 * sockets, lends its data folder, and goes, or takes it back (succession.h).
 *
 *              HELLO           READY          saved            lent        SERVING
 *      WAITING ──────▶ OFFERED ──────▶ SAVING ──────▶ LENDING ──────▶ LENT ──────────▶ GIVEN
 *         ▲               │ gone          │ gone: once   │ gone: once   │ gone; killed if it takes
 *         │               │               │ saved        ▼ lent         ▼ longer than within_ms
 *         └───────────────┴───────────────┴───────── TAKING_BACK ◀──────┘
 *
 * Saved is how far acts got.
 *
 * Owns:     data/roar.sock and the connection of one that follows.
 * Used by:  node.c.
 * Thread:   main's reactor.
 * Bound:    one at a time: a second is refused. Who serves no later than within_ms after READY gets
 *           the folder; the rest is killed, so that nobody posts into a hole. Newcomers wait
 *           hold_ms in the kernel's queue, then the old one answers them itself.
 * Promise:  whoever is not of our user gets nothing but a closed connection.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "loop/reactor.h"

#include <stdbool.h>
#include <stdint.h>

struct embedded;
struct hub;
struct handover;

struct handover_options {
    struct reactor *reactor; // outlives it
    const char *folder;      // copied
    struct embedded *engine; // outlives it, as does
    struct hub *hub;         // one of those that meet
    uint32_t within_ms, hold_ms;
    /* A socket to pass: the `number`th. False: there are no more. */
    bool (*listener)(void *user, uint32_t number, int *ret_fd, bool *ret_is_metrics);
    void (*hold)(void *user, bool held); // accept nobody
    void (*given)(void *user);           // the other serves: drain
    void *user;
};

/* Listens. ERR_SYS, ERR_NOMEM. */
MUST_USE enum err handover_open(const struct handover_options *options,
                                struct handover **ret_handover);
/* Not after it was given: takes no one any more, gives up one that was not lent to yet. */
void handover_stop(struct handover *handover);
/* After reactor_run(), before the engine closes: what it was asked is waited for. NULL is legal. */
void handover_free(struct handover *handover);
