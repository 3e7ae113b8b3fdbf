// SPDX-License-Identifier: Apache-2.0
/* notice_out -- what is said to somebody, and to those who moderate, without standing in the log.
 *
 *      {"type":"held","stream":"demo","id":"01J..","cid":"c1"}      held, approved, rejected
 *      {"type":"warned","stream":"demo","act":"a5","text":"be kind"}
 *      {"type":"unwarned","stream":"demo","act":"a5"}
 *      {"type":"marked","stream":"demo","id":"01J..","seq":12,"marks":["links"]}
 *      {"type":"notice","stream":"demo","n":7,"act":"a81","do":"ban","at":1763700000123,"by":"mo",
 *       "kind":"user","target":"user:u9","reason":"spam"}           each act, to who moderates
 *
 * Used by:  submits.c and the rooms of acts; sent when the transaction is committed. Also
 *           warned_reads.c.
 * Thread:   the ordering thread's.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/act_audit.h"
#include "engine/embedded/outbox.h"

#include <stdint.h>

struct notice_out_comment {
    const char *type; // "held", "approved", "rejected"
    struct str id, cid;
    uint64_t author;      // hash
    enum actor_kind kind; // of who did it
    bool is_for_author_alone;
};
/* To its author and to moderators. ERR_NOMEM. */
MUST_USE enum err notice_out_comment(struct outbox *outbox, struct head *head,
                                     const struct notice_out_comment *comment);
/* To moderators, of a comment that takes its place with marks of rules on it. ERR_NOMEM. */
MUST_USE enum err notice_out_marked(struct outbox *outbox, struct head *head,
                                    const struct event *event, uint32_t marks);
struct notice_out_warning {
    uint64_t user, act;
    struct str words;
};
/* To whom it is given, in that stream; a reference. ERR_NOMEM. Any thread. */
MUST_USE enum err notice_out_warning(struct str stream, const struct notice_out_warning *warning,
                                     struct notice **ret_notice);
/* To whose it was, that it is in force no more; `head` NULL: it was on all streams. ERR_NOMEM. */
MUST_USE enum err notice_out_unwarned(struct outbox *outbox, struct head *head,
                                      const struct notice_out_warning *warning);
/* To who moderates, of what stands in the audit as entry `n`; members as there, and nothing that is
 * null there or long. ERR_NOMEM. */
struct notice_out_act {
    const struct act_audit *audit;
    uint64_t n;
    int64_t at_ms;
    struct str lifts;       // of an undo: JSON of what it lifts; empty: none
    const uint64_t *hidden; // users it is hidden from
    uint32_t hidden_count;
};
MUST_USE enum err notice_out_act(struct outbox *outbox, struct head *head,
                                 const struct notice_out_act *act);
