// SPDX-License-Identifier: Apache-2.0
/* tickets -- a token for one connection: what a browser puts into a URL where it cannot set a
 * header. 128 random bits, good for a while, once.
 *
 * Owns:     a reference on the claims behind each ticket.
 * Used by:  auth.c.
 * Thread:   any; the table is under TICKETS, a leaf lock (a ticket is taken on one reactor and used
 *           on another).
 * Bound:    ticket_limits: so many that are still good, so many of one user and of one address,
 *           whose oldest then goes: so nobody takes everybody's, not even as a new guest each time.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "rules/jwt.h"

#include <stdint.h>

enum { TICKET_LEN = 32 };

struct ticket_limits {
    uint32_t ttl_s;
    uint32_t open, open_user, open_address; // of all; of one user; of one address
};
/* Of a server that was told nothing else: 30 s, 65,536, 64, 4,096. */
extern const struct ticket_limits tickets_limits_usual;

struct tickets;

MUST_USE enum err tickets_new(uint64_t seed, struct tickets **ret_tickets);
void tickets_free(struct tickets *tickets); // NULL is legal

/* `random` is 128 secret bits. The ticket is written with a NUL behind it. ERR_LIMIT: too many are
 * open; ERR_NOMEM. */
struct ticket_grant {
    struct claims *claims; // a reference is taken
    struct str address;    // address_key() of who asks; empty: not counted
    uint8_t random[TICKET_LEN / 2];
    int64_t mono_ms;
    const struct ticket_limits *limits; // that hold now
};
MUST_USE enum err tickets_grant(struct tickets *tickets, const struct ticket_grant *grant,
                                char ret_ticket[TICKET_LEN + 1]);
/* ERR_NOT_FOUND: unknown, used or too old. The reference is the caller's. */
MUST_USE enum err tickets_redeem(struct tickets *tickets, struct str ticket, int64_t mono_ms,
                                 struct claims **ret_claims);
