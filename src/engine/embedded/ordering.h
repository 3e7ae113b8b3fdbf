// SPDX-License-Identifier: Apache-2.0
/* ordering -- the ordering point: what is added to logs, decided once for all, in one place, and
 * the transactions it is added in.
 *
 *      submits.c: a comment ─┐                          seq, at, prev, rank, segment
 *      acts.c: an act ───────┼─▶ ordering_add() ─▶ row ─▶ head ─▶ outbox ──commit──▶ published
 *      PUT, END of a stream ─┘
 *
 * Owns:     heads, budget, the numbers that come next, what a transaction has to tell.
 * Used by:  writer.c by batch.c, between a begin and a commit of its own; retention.c and reopening
 *           likewise; act_pieces.c and upkeep.c by ordering_write(); who decides, to add events.
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
    uint64_t act_pieces;          // were done, since start
    uint64_t first_act;           // of the batch under way; 0: it has none
    uint64_t next_n;
    uint64_t next_n_before;   // of the batch
    struct buf body;          // scratch
    struct buf staff;         // of the act under way, for its events: event_write_staff()
    struct rule_tally *tally; // borrowed; NULL: nobody counts
    struct outbox outbox;     // what the transaction under way added to logs
};

MUST_USE enum err ordering_open(struct ordering *ordering, struct store *store,
                                const struct store_identity *identity,
                                const struct embedded_rules *rules, struct moment now);
void ordering_close(struct ordering *ordering);
void ordering_set_rules(struct ordering *ordering, const struct embedded_rules *rules);

/* Inside a write transaction. An error means that the batch cannot go on. */
/* PUT and END; fills in the call's answer. */
MUST_USE enum err ordering_change(struct ordering *ordering, struct stream_call *call,
                                  struct moment now);

/* A row that is served to nobody. */
void ordering_log_damage(struct str stream, uint64_t n);
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

struct ordering_work { // what is done in a transaction beside batches
    enum err (*fn)(void *doer, struct moment now);
    void *doer;
};
/* All of one, from ordering_begin() to ordering_settle(); what it added waits in the outbox. An
 * error: it failed, and everything is as it was before, but for what `doer` has. */
MUST_USE enum err ordering_write(struct ordering *ordering, const struct ordering_work *work,
                                 struct moment now);
void ordering_sweep(struct ordering *ordering, struct moment now);
/* The store was opened anew: the numbers that come next are read again. */
MUST_USE enum err ordering_reload(struct ordering *ordering, struct moment now);
