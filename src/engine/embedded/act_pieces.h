// SPDX-License-Identifier: Apache-2.0
/* act_pieces -- acts on more than one transaction should hold: posts are decided between their
 * pieces.
 *
 *      act ─▶ batch: judged, recorded, in the audit, its first piece ─▶ a row of `act_places`
 *                                                                          │ piece after piece
 *                 answered behind the barrier ◀── the row is gone ◀────────┘ (each published)
 *
 * Its first transaction decides about an act: may they, is it in force. A purge is in force from
 * then on; comments that an act names are removed, or restored, piece by piece.
 *
 * Owns:     the calls that wait for the end of theirs.
 * Used by:  writer.c.
 * Thread:   the ordering thread's.
 * Bound:    ACT_CASE_PIECE comments or events a piece; several acts take turns. Who waits is an act
 *           that was taken: WRITER_ACTS_MAX bounds who asks.
 * Promise:  an act that was begun is finished, over restarts too, unless it is undone before; who
 *           asked is answered when it is, or told "unknown" when the disk does not take a piece.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/call_queue.h"
#include "engine/embedded/engine_metrics.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/ordering.h"

#include <stdbool.h>
#include <stdint.h>

struct act_pieces {
    struct ordering *ordering; // borrowed
    struct call_queue waiting; // struct act_call, their answers written
    bool may_be_left;          // an act was done since none was left
    uint64_t newest;           // whose piece was done last
    uint32_t changed;          // comments, by that piece
    int64_t next_ms;           // mono; not before
};

struct act_pieces_ways { // where what a piece adds to logs goes, and where it is counted
    struct bus *bus;
    struct log_tail *tail;
    struct metric *pieces;
};

void act_pieces_init(struct act_pieces *pieces, struct ordering *ordering);
void act_pieces_wake(struct act_pieces *pieces); // an act was done
/* Those that a batch did not finish. */
void act_pieces_take(struct act_pieces *pieces, struct call_queue *begun);
bool act_pieces_is_due(const struct act_pieces *pieces, struct moment now);
/* One piece of one act. An error: it failed, who waits was told, and it is tried again later;
 * ordering->store->failure says why. */
MUST_USE enum err act_pieces_step(struct act_pieces *pieces, const struct act_pieces_ways *ways,
                                  struct moment now);
/* Nothing goes on here any more: who waits is told so. */
void act_pieces_give_up(struct act_pieces *pieces);
