// SPDX-License-Identifier: Apache-2.0
/* takeover -- the side of a start that follows a running server: asks it for its sockets, and then
 * for its data folder (succession.h).
 *
 * Owns:     its end of data/roar.sock; the sockets it was given until takeover_adopted().
 * Used by:  node.c, before it serves; blocking.
 * Thread:   main's.
 * Bound:    TAKEOVER_SOCKETS_MAX; each answer within the time given to takeover_begin().
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

enum { TAKEOVER_SOCKETS_MAX = 1024, TAKEOVER_FAULT_MAX = 400, TAKEOVER_PATIENCE_MS = 5000 };

struct takeover_sockets {
    int fds[TAKEOVER_SOCKETS_MAX];
    uint32_t count;
};

struct takeover {
    int fd;       // -1: there was nobody to take over from, or it is over
    bool is_gone; // it died meanwhile: what it had comes free in a moment, TAKEOVER_PATIENCE_MS
    struct takeover_sockets main, metrics;
    char fault[TAKEOVER_FAULT_MAX]; // why it failed, for people
};

/* ERR_NOT_FOUND: nobody serves this folder; ERR_OK also if who did is gone, with what it gave until
 * then; ERR_DENIED, ERR_SYS: `fault` says why. */
MUST_USE enum err takeover_begin(struct takeover *takeover, const char *folder, struct str version,
                                 uint32_t wait_ms);
/* Everything but the store is ready: returns when the folder is ours, or its owner gone (then the
 * lock decides). ERR_DENIED, ERR_SYS: `fault`. */
MUST_USE enum err takeover_await(struct takeover *takeover);
/* We serve: the other goes. */
void takeover_end(struct takeover *takeover);
/* Where these sockets listen; all at one place. ERR_NOT_FOUND: there are none. */
MUST_USE enum err takeover_address(const struct takeover_sockets *sockets,
                                   struct address *ret_address);
void takeover_adopted(struct takeover_sockets *sockets); // they are somebody's now
void takeover_done(struct takeover *takeover);           // begun or zeroed; closes what was not
