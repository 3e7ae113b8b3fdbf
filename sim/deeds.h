// SPDX-License-Identifier: Apache-2.0
/* deeds -- the truth of acts: which were committed, which comments each took off the screens and
 * which it keeps off, who is under what; by our own words, from nothing but the rows of `acts` in
 * their order. An act holds from its answer on; one that was never answered, because the node died,
 * from the next start on, where it is done: what was begun is finished then, and holds from an
 * answer to who asks again, or from the start after that.
 *
 *   P6   deeds_took(): the text may not stand there any more
 *   P8   deeds_shadow()
 *   P9   under.h
 *   P16  each has its entry in the audit, and the chains hold, after every start
 */
#pragma once

#include "world.h"

void deeds_begin(struct world *world);
void deeds_end(struct world *world);
/* What was committed since it looked last, when row `before_n` was the newest of the log; the
 * world's audit connection is in a transaction. */
void deeds_look(struct world *world, uint64_t before_n);
/* After a start: all that was answered is there. */
void deeds_verify(struct world *world, uint64_t before_n);
/* At rest: what was begun is done. */
void deeds_check_rest(struct world *world);
/* It was answered: it is in force. */
void deeds_answered(struct world *world, uint64_t id);
/* NULL: there is none. */
struct deed *deeds_find(const struct world *world, uint64_t id);
/* Some act in force removes the comment; only those count that were answered up to `fence`. */
bool deeds_remove(const struct ledger *ledger, uint64_t seq, uint64_t fence);
/* The text of a comment may not stand in the row `n`, by acts answered up to `fence`. */
bool deeds_took(const struct ledger *ledger, uint64_t seq, uint64_t n, uint64_t fence);
/* It is on the screen of who reads as `user`, when all has come to rest. */
bool deeds_are_showing(const struct ledger *ledger, uint64_t seq, uint8_t user);
/* What the house rules in force when this was posted say of who shouts: ALLOW where they were not
 * answered yet, or changed since. */
enum outcome deeds_caps(const struct ledger *ledger, const struct poster *poster);
/* Some act removes the comment, whether it was answered or not. */
bool deeds_hide(const struct ledger *ledger, uint64_t seq);
/* A shadow is being undone: of what it hid some may be shown, some not yet. */
bool deeds_are_unshadowing(const struct ledger *ledger);
/* One that holds does, and none of another kind. */
bool deeds_hold_alone(const struct ledger *ledger, uint64_t seq);
/* Some act shadows the comment, or may shadow its author, by what was answered up to `fence`. */
bool deeds_shadow(const struct ledger *ledger, const struct entry *entry, uint64_t fence);
/* Something that somebody set or did to others is to be lifted before all is well: 0: nothing. */
uint64_t deeds_in_the_way(const struct world *world, uint8_t *ret_stream);
