// SPDX-License-Identifier: Apache-2.0
/* reach_keeper -- what hubs measured of acts, on its way into the store: all that waits in one
 * transaction, between batches.
 *
 * Owns:     nothing: the calls are the askers'.
 * Used by:  embedded.c hands over; writer.c, housekeeping.c.
 * Thread:   the ordering thread's, but for reach_keeper_hand_over().
 * Bound:    the askers': a hub has EXTENT_KEEPS_MAX under way.
 * Promise:  each call is answered within a turn of housekeeping, whatever the disk does.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/call_queue.h"
#include "engine/embedded/store.h"
#include "hub/port.h"

struct reach_keeper {
    struct call_queue waiting;
};

void reach_keeper_init(struct reach_keeper *keeper);
/* Any thread: `home` is the ordering thread's. */
void reach_keeper_hand_over(struct reach_keeper *keeper, struct home *home,
                            struct reach_keep *keep);
/* Keeps them; those of acts that are not there, or damaged, or on damaged pages of what is kept,
 * are answered so. On failure all are told that they may not be. */
MUST_USE enum err reach_keeper_step(struct reach_keeper *keeper, struct store *store,
                                    uint32_t acts_max);
void reach_keeper_refuse(struct reach_keeper *keeper); // the store is not there to be written to
