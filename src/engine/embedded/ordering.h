// SPDX-License-Identifier: Apache-2.0
/* ordering -- the ordering point: what becomes of a submit, decided once for all, in one place.
 *
 *      retry? ─▶ stream there, not ended? ─▶ sanctions ─▶ house rules ─▶ reply_to ─▶ limits
 *                        │                                                          │
 *                        ▼ refused            held: the queue ◀─ row, dedupe entry ◀┘
 *                                             visible, shadowed: seq, at, prev, rank, segment
 *
 * Owns:     heads, budget, the numbers that come next, what a transaction has to tell.
 * Used by:  writer.c, between a begin and a commit of its own; retention.c and reopening likewise;
 *           acts.c and what follows from acts add their events by ordering_add().
 * Thread:   the ordering thread's; plain sequential code.
 * Promise:  ordering_rollback() leaves everything as it was before the batch; a refusal changes
 * nothing.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "engine/embedded/budget.h"
#include "engine/embedded/embedded_rules.h"
#include "engine/embedded/heads.h"
#include "engine/embedded/outbox.h"
#include "engine/embedded/ranks.h"
#include "engine/embedded/rule_tally.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_dedupe.h"
#include "engine/embedded/store_schema.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

struct moment { // of a batch
    int64_t mono_ms, wall_ms;
};

struct ordering {
    struct store *store; // borrowed from its owner, who outlives it
    struct store_identity identity;
    struct store_dedupe dedupe;
    struct heads heads;
    struct budget budget;
    struct embedded_rules rules;
    struct sanctions sanctions;
    struct ranks ranks;
    struct house_rules all_rules; // what is set for all streams
    bool has_all_rules;           // something is
    bool is_acts_stale;           // a batch that held acts failed: read them again
    bool has_texts_due;           // something may wait for ordering_redact()
    uint64_t first_act;           // of the batch under way; 0: it has none
    uint64_t next_n;
    uint64_t next_n_before;   // of the batch
    struct buf body;          // scratch
    struct buf staff;         // of the act under way, for its events: event_write_staff()
    struct rule_tally *tally; // borrowed; NULL: nobody counts
    struct outbox outbox;     // what the transaction under way added to logs
};

/* What became of one question; the answer itself is written when the batch has ended. */
struct verdict {
    enum submit_end end;
    enum refusal refusal;
    uint32_t retry_after_ms;
    struct rate rate;
    uint64_t act;             // what bans, mutes or warns; 0: nothing
    struct event *event;      // a reference, on DONE and DUPLICATE
    enum comment_state state; // of those; SHADOWED too
    struct head *head;        // of DONE: whose log grew
    bool asked_traits;        // as in struct submit
    bool is_known; // DUPLICATE of a row committed before this batch, so true whatever becomes of it
};

MUST_USE enum err ordering_open(struct ordering *ordering, struct store *store,
                                const struct store_identity *identity,
                                const struct embedded_rules *rules, struct moment now);
void ordering_close(struct ordering *ordering);
void ordering_set_rules(struct ordering *ordering, const struct embedded_rules *rules);

/* Inside a write transaction. An error means that the batch cannot go on. */
MUST_USE enum err ordering_judge(struct ordering *ordering, const struct submit *submit,
                                 struct moment now, struct verdict *ret_verdict);
/* PUT and END; fills in the call's answer. */
MUST_USE enum err ordering_change(struct ordering *ordering, struct stream_call *call,
                                  struct moment now);

/* The head of a stream, damage logged. ERR_NOMEM; ERR_GONE: the end of its log is damaged. */
MUST_USE enum err ordering_find(struct ordering *ordering, struct str stream,
                                struct head **ret_head);
/* The store has a row of it from here on. */
MUST_USE enum err ordering_ensure(struct ordering *ordering, struct head *head, int64_t wall_ms);

struct ordering_entry { // what is to be added to a log; its body stands in ordering->body
    struct head *head;
    enum event_kind kind;
    uint8_t flags;  // enum event_flag
    uint16_t marks; // bits of enum house_rule; moderators are told
    struct str user, cid;
    int64_t asked_ms; // as in struct outbox_item
};
/* The event is the outbox's: event_ref() to keep it. */
MUST_USE enum err ordering_add(struct ordering *ordering, const struct ordering_entry *entry,
                               struct moment now, struct event **ret_event);

void ordering_begin(struct ordering *ordering); // a batch
/* Inside its transaction: what memory has of acts is as the store has it. */
MUST_USE enum err ordering_refresh(struct ordering *ordering, struct moment now);
/* Likewise, before the commit: a piece of what is to be overwritten in pins and restores. */
MUST_USE enum err ordering_redact(struct ordering *ordering);
/* Takes them over. */
void ordering_set_all_rules(struct ordering *ordering, const struct house_rules *rules);
void ordering_settle(struct ordering *ordering);
void ordering_rollback(struct ordering *ordering);
/* A comment that was counted will not be: its batch failed. */
void ordering_uncount(struct ordering *ordering, const struct submit *submit, struct moment now);
void ordering_sweep(struct ordering *ordering, struct moment now);
/* The store was opened anew: the numbers that come next are read again. */
MUST_USE enum err ordering_reload(struct ordering *ordering, struct moment now);
/* What a watch is told of a stream beside its log: `settings` and `pins`, references. A transaction
 * of its own. ERR_NOMEM; ERR_SYS. */
MUST_USE enum err ordering_tell(struct ordering *ordering, const struct head *head,
                                struct watch *watch);
