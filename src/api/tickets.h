// SPDX-License-Identifier: Apache-2.0
/* tickets -- a token for one connection: what a browser puts into a URL where it cannot set a
 * header. 128 random bits, good for TICKET_TTL_MS, once.
 *
 * Owns:     a reference on the claims behind each ticket.
 * Used by:  auth.c.
 * Thread:   any; the table is under TICKETS, a leaf lock (a ticket is taken on one reactor and used
 *           on another).
 * Bound:    TICKETS_MAX that are still good, TICKETS_USER_MAX of one user, whose oldest then
 *           goes: so nobody takes everybody's.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "rules/jwt.h"

#include <stdint.h>

enum { TICKETS_MAX = 65536, TICKETS_USER_MAX = 64 };
enum { TICKET_TTL_MS = 30 * 1000, TICKET_LEN = 32 };

struct tickets;

MUST_USE enum err tickets_new(uint64_t seed, struct tickets **ret_tickets);
void tickets_free(struct tickets *tickets); // NULL is legal

/* `random` is 128 secret bits. The ticket is written with a NUL behind it. ERR_LIMIT: too many are
 * open; ERR_NOMEM. */
struct ticket_grant {
    struct claims *claims; // a reference is taken
    uint8_t random[TICKET_LEN / 2];
    int64_t mono_ms;
};
MUST_USE enum err tickets_grant(struct tickets *tickets, const struct ticket_grant *grant,
                                char ret_ticket[TICKET_LEN + 1]);
/* ERR_NOT_FOUND: unknown, used or too old. The reference is the caller's. */
MUST_USE enum err tickets_redeem(struct tickets *tickets, struct str ticket, int64_t mono_ms,
                                 struct claims **ret_claims);
