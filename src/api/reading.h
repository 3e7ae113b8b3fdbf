// SPDX-License-Identifier: Apache-2.0
/* reading -- where and how a reader wants to begin: after, tail, lane, session; from a query or a
 * WebSocket message to the hub's struct join. protocol.md section 5.
 */
#pragma once

#include "api/ask.h"
#include "base/err.h"
#include "hub/viewer.h"
#include "wire/json.h"
#include "wire/problem.h"

#include <stdint.h>

enum { READING_TAIL_DEFAULT = 50, READING_TAIL_MAX = 500, SESSION_LEN_MAX = 64 };

/* Who a reader is to presence: the user, else the session, else this one connection. Never 0.
 * reading_from_ask(): of one that is neither, IDENTITY_SOLE. */
struct reading_self {
    const struct claims *claims; // NULL: anonymous
    struct str session;          // empty: none
    uint64_t connection;         // drawn once a connection
};
uint64_t reading_identity(const struct api *api, const struct reading_self *self);
/* Which of its screens this is: who it would be without a name; 0: it does not say. */
uint64_t reading_screen(const struct api *api, const struct reading_self *self);

/* Where a beat of this ask counts: its client's address, hashed; 0: nowhere, since that is trusted.
 * 31 bits, so that every WebSocket can keep it. */
enum { READING_ADDRESS_BITS = 31, READING_ADDRESS_MASK = 0x7fffffff };
uint32_t reading_address(const struct ask *ask);

/* Sets whose view a join is of. `claims` NULL: anonymous. */
void reading_recognize(const struct api *api, const struct claims *claims, struct join *join);

/* Of the ask's stream, from its query and Last-Event-ID. Strings are borrowed from the ask.
 * ERR_PROTO:
 * `*ret_why` (static texts). */
MUST_USE enum err reading_from_ask(struct ask *ask, struct join *ret_join, struct problem *ret_why);
/* The same for a long poll, which comes and goes: without a name it is its connection. */
MUST_USE enum err reading_from_poll(struct ask *ask, struct join *ret_join,
                                    struct problem *ret_why);
/* The same from {"do":"join","stream":...,"after":...,"tail":...,"lane":...}; its stream and
 * presence are the caller's to set. */
MUST_USE enum err reading_from_message(const struct json *message, struct join *ret_join,
                                       struct problem *ret_why);
/* ERR_PROTO: there is no such lane. */
MUST_USE enum err reading_lane(struct str name, enum lane *ret_lane, struct problem *ret_why);
/* The gap of what was asked for and is kept no more: seqs `from` to `to`, without counts. */
void reading_write_expired(struct buf *out, struct str stream, uint64_t from, uint64_t to);
/* Why a join was refused, as every transport says it. */
struct problem reading_refusal(enum viewer_refusal why);
