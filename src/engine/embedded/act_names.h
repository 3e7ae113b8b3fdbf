// SPDX-License-Identifier: Apache-2.0
/* act_names -- the comments that an act's target names, by place or by id.
 *
 *      "seq:4072"  "seq:1,2"      places in the act's stream
 *      "id:01J.."  "ids:01J..,."  what ids name: a comment that waits has no place
 *
 * Owns:     the numbers it read.
 * Used by:  act_look.c, act_removal.c, act_queue.c, act_reject.c, act_appeal.c.
 * Thread:   the ordering thread's; inside a transaction.
 * Bound:    ACT_TARGETS_MAX numbers.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/held.h"
#include "engine/embedded/standing.h"

#include <stdbool.h>
#include <stdint.h>

struct act_names {
    uint64_t *numbers; // owned; [count], ascending: places, or what ids name
    uint32_t count;
    bool are_ids;
    bool has_more; // behind the last
};

/* Those above `after`, `max` at most; none of a target that names no comments. ERR_NOMEM. */
MUST_USE enum err act_names_read(const struct act_case *act, struct str target, uint64_t after,
                                 uint32_t max, struct act_names *ret_names);
void act_names_done(struct act_names *names); // zeroed is legal
/* The next piece of a target, from act->place.at on: moves it, and says in `is_left` whether there
 * is more. */
MUST_USE enum err act_names_take_piece(struct act_case *act, struct str target,
                                       struct act_names *ret_names);

/* What waits and another moderator looks at is not the act's: it leaves the names and the target,
 * before it is recorded. Refused where nothing is left. */
MUST_USE enum err act_names_spare(struct act_case *act, struct act_names *names);

/* How it stands in the act's stream. ERR_NOT_FOUND: there is none, or it is damaged. */
MUST_USE enum err act_names_standing(const struct act_case *act, const struct act_names *names,
                                     uint32_t at, struct standing *ret_standing);
/* Its row of the queue. ERR_NOT_FOUND: the same, or it was never held. */
MUST_USE enum err act_names_held(const struct act_case *act, const struct act_names *names,
                                 uint32_t at, struct held_row *ret_held);
