// SPDX-License-Identifier: Apache-2.0
/* act_case -- one act while it is judged: what all that decide about it share.
 *
 * Used by:  acts.c, which opens and closes the case; those that know one kind of act.
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/store_acts.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

struct act_verdict {
    enum act_end end;
    enum act_refusal refusal;
    uint64_t act_n, seq;
    uint64_t against;     // of an appeal
    uint32_t changed;     // comments, in this transaction: struct act_call
    uint32_t claim;       // that was passed over, in call->claimed
    bool is_unfinished;   // act_pieces.h answers it
    struct act_look look; // its count above 0: nothing is decided, and it is to be asked again
    bool is_known; // DUPLICATE of what was committed before, so true whatever becomes of the batch
    char detail[160];
};

struct act_case {
    struct ordering *ordering;
    const struct act_call *call;
    struct moment now;
    struct head *head;        // NULL: on all streams
    struct buf target, value; // as they are stored: owned
    uint64_t key;             // of the stream, what is done and the target
    int64_t until_ms;         // wall; 0: for ever
    uint64_t id;              // of the act, once it is recorded; 0: it is not
    struct buf lifts;         // owned; act_told.c: of an undo
    struct str undoes;        // borrowed; of an undo, what that is aimed at
    uint64_t *hidden;         // owned; [hidden_count] users who are not told of it
    uint32_t hidden_count;
    struct store_act_place place; // how far it has come; part -1: it, or what
                                  // comes behind ACT_PART_USERS, begins
    bool is_left;                 // there is more to do, from `place` on, in another transaction
    struct act_verdict verdict;
};

/* place.part while its users are gone through: `at` of them were; or the queue: up to number `at`,
 * by streams. */
enum { ACT_PART_USERS = -2, ACT_PART_QUEUE = -3 };

/* What one transaction does of an act: so many of its comments, its users, or its events. */
#ifdef ROAR_MUTANTS // histories are short, and are to find acts that are not done
enum { ACT_CASE_PIECE = 2 };
#else
enum { ACT_CASE_PIECE = 512 };
#endif

static inline bool act_case_is_open(const struct act_case *act)
{
    return act->verdict.end == ACT_DONE;
}
void act_case_refuse(struct act_case *act, enum act_refusal refusal);
/* ACT_REFUSAL_BAD_VALUE, and why. */
void act_case_refuse_value(struct act_case *act, const char *why);
/* It is in force: the answer is that act. */
void act_case_repeat(struct act_case *act, const struct store_act *before);
int64_t act_case_stream(const struct act_case *act); // 0: all, or one that the store has not yet
struct str act_case_stream_name(const struct act_case *act); // empty: all

/* ---- targets: those of act_names.h, "user:u9", "users:[..]", "act:a80", "" ---- */
MUST_USE enum err act_case_write_target(struct act_case *act);
int act_case_number_order(const void *a, const void *b); // of uint64_t, ascending: qsort, bsearch
uint64_t act_case_key(const struct act_case *act, enum act_do what, struct str target);
/* This one's: a warning is another in other words, and an acknowledgement by somebody else. */
uint64_t act_case_own_key(const struct act_case *act);
/* The comment of this id in the act's stream. ERR_NOT_FOUND; ERR_GONE. */
struct standing;
MUST_USE enum err act_case_standing(const struct act_case *act, struct str id,
                                    struct standing *ret_standing);
void act_case_name_seq(struct act_case *act, uint64_t seq);             // the target is this place
void act_case_name_id(struct act_case *act, uint64_t n, int64_t at_ms); // what this id names
/* The users that such a target names; freed by act_case_users_done(). */
struct act_users {
    struct str *names; // owned; [count]
    uint32_t count;
    struct json *json; // owned, what they stand in; NULL: in the target
};
MUST_USE enum err act_case_users(struct str target, struct act_users *ret_users);
void act_case_users_done(struct act_users *users);

/* ---- what is in force ---- */
/* The newest act of this kind on this target. ERR_NOT_FOUND. */
MUST_USE enum err act_case_in_force(const struct act_case *act, enum act_do what,
                                    struct store_act *ret_act);
/* From here on there is an act: the stream has a row, and so has the act. */
MUST_USE enum err act_case_record(struct act_case *act);
/* There is no role above theirs. */
bool act_case_may_all(const struct act_case *act);
bool act_case_is_privileged(const struct act_case *act); // by a moderator, host or admin
/* Nobody acts on a higher role: refuses. */
MUST_USE enum err act_case_check_role(struct act_case *act, struct str user);
/* Nobody lifts a sanction from themselves: refuses. */
void act_case_check_own(struct act_case *act, struct str user);

/* ---- telling: the act's own stream, or all that somebody follows (bus.h) ---- */
struct act_telling {
    enum err (*tell)(struct act_case *act, struct act_telling *telling, struct head *head,
                     struct str user);
    const struct str *users; // once for each
    uint32_t count;
    bool is_logged; // as an event: a stream that has no row yet gets one, unless made explicitly
};
/* A piece of it, from act->place on: `part` is a stream, done when `at` is 0, else so many of the
 * users were told in it. Who begins to watch later is told by the answer to its watch. */
MUST_USE enum err act_case_tell(struct act_case *act, struct act_telling *telling);

/* ---- the act's event: its body stands in ordering->body ---- */
MUST_USE enum err act_case_add_event(struct act_case *act, struct head *head, enum event_kind kind);
