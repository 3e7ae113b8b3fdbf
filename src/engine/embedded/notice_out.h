// SPDX-License-Identifier: Apache-2.0
/* notice_out -- what is said to somebody, and to those who moderate, without standing in the log.
 *
 *      {"type":"held","stream":"demo","id":"01J..","cid":"c1"}      held, approved, rejected
 *      {"type":"warned","stream":"demo","act":"a5","text":"be kind"}
 *
 * Used by:  ordering.c and the rooms of acts; sent when the transaction is committed.
 * Thread:   the ordering thread's.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/outbox.h"

#include <stdint.h>

struct notice_out_comment {
    const char *type; // "held", "approved", "rejected"
    struct str id, cid;
    uint64_t author; // hash
};
/* To its author and to moderators. ERR_NOMEM. */
MUST_USE enum err notice_out_comment(struct outbox *outbox, struct head *head,
                                     const struct notice_out_comment *comment);
/* To whom it is given. ERR_NOMEM. */
MUST_USE enum err notice_out_warned(struct outbox *outbox, struct head *head, uint64_t user,
                                    uint64_t act, struct str words);
