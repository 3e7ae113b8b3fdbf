// SPDX-License-Identifier: Apache-2.0
/* under -- the truth of sanctions: who is under a ban, a timeout, a shadow, a hold or a warning, person
 * by person, as transactions come to them.
 *
 *      ban u1 u2 u3 u4 ──first step──▶ u1 u2 u3 ──next──▶ u4: answered, and in force on each (P8, P9)
 *      unban u2: of it on u2 alone, and its undo puts that back; the undo of the ban: on nobody
 *
 * Who is named and has not had a turn is as before: by an act on the same people under the one that
 * it replaces.
 *
 * Used by:  deed.c, deeds.c follow acts by it; ledger.c, poster.c, queue.c and screen.c judge.
 */
#pragma once

#include "world.h"

/* An act that is done, or undone, person by person. */
bool under_goes_by_turns(const struct deed *deed);
bool under_is_sanction(const struct deed *deed);
/* A transaction of a sanction, or of what lifts one; of others nothing. */
void under_follow(struct world *world, struct deed *deed, const struct deed_step *step);
/* A transaction of the undo of one of these. */
void under_undo(struct world *world, const struct deed *undo, struct deed *before,
                const struct deed_step *step);
/* They have read that warning. */
void under_acknowledge(const struct deed *deed, struct deed *warning);
void under_answered(struct deed *deed, const struct deed *by); // that was what lifted it from some
/* After a crash: those answers that are known of what is there again. */
void under_keep_answers(struct deed *deed, const struct deed *was);

/* In the order of their turns the user's is among those from `from` on and below `to`. */
bool under_has_turn(const struct deed *deed, uint8_t user, uint32_t from, uint32_t to);
/* As transactions have it: it is on them. */
bool under_is_on(const struct deed *deed, uint8_t user);
uint8_t under_first(const struct deed *deed); // on whom it is; NOBODY_USER: nobody

/* ---- what holds ---- */
/* Such an act on the user was answered up to `fence`, and nothing has lifted it, nor was it about to
 * run out. */
bool under_surely(const struct ledger *ledger, enum act_do what, uint8_t user, uint64_t fence);
/* Such an act was ever on them, and the answer to what lifted it, if any, came after `fence`. */
bool under_maybe(const struct ledger *ledger, enum act_do what, uint8_t user, uint64_t fence);
/* That is a warning on the user, and the answer to what ended it, if any, came after `fence`. */
bool under_warning(const struct ledger *ledger, uint64_t act, uint8_t user, uint64_t fence);
