// SPDX-License-Identifier: Apache-2.0
/* ledger -- the truth of a history: which rows were committed, read from the disk by a connection
 * of its own, and who was told of which. What anybody is told is held against it.
 *
 *   P1  what was answered or shown is there after every crash, the same
 *   P2  what is shown is committed
 *   P3  seq and n grow by the commits; no place is taken twice once it is known
 *   P4  a (user, stream, cid) has one row
 */
#pragma once

#include "engine/embedded/store_rows.h"
#include "world.h"

enum { LEDGER_HASH_KEY = 7 };

void ledger_begin(struct world *world);
void ledger_end(struct world *world);
/* What was committed since it looked last. */
void ledger_look(struct world *world);
void ledger_close(struct world *world); // the node goes down
/* After a start: the log from its first row on. */
void ledger_verify(struct world *world);
void ledger_published(struct world *world); // what is committed may be known from here on
/* NULL: it is not there. */
struct entry *ledger_find(struct ledger *ledger, uint64_t seq);
uint64_t ledger_seq_of(const struct ledger *ledger, uint8_t user, uint16_t cid); // 0: none
/* A sweep was followed: with which retract each comment that it removed is known to be. */
void ledger_note_gone(struct ledger *ledger);
/* The stream of that id in the store; the audit connection is in a transaction. */
struct ledger *ledger_by_id(struct world *world, int64_t id);

/* ---- as somebody sees it: a user, who has their own shadowed comments, or NOBODY_USER ---- */

/* Events with from <= seq <= to of these kinds. */
uint64_t ledger_count(const struct ledger *ledger, uint8_t user, uint64_t from, uint64_t to,
                      uint32_t kinds);
uint64_t ledger_count_carried(const struct ledger *ledger, uint8_t user, enum lane lane,
                              uint64_t from, uint64_t to);
/* Those of from..to that the lane does not carry and that are removed, by events up to `upto`;
 * UINT64_MAX: by whatever was committed. */
struct ledger_spared {
    enum lane lane;
    uint64_t from, to, upto;
};
uint64_t ledger_count_removed(const struct ledger *ledger, uint8_t user,
                              const struct ledger_spared *spared);
uint64_t ledger_prev(const struct ledger *ledger, uint8_t user, uint64_t seq); // 0: none
/* It is shown to them, and behind `prev`: what expired need not be named. */
bool ledger_is_place(const struct ledger *ledger, uint8_t user, uint64_t seq, uint64_t prev);
/* Somebody was shown this event: it is as it was committed, or removed. */
void ledger_saw(struct ledger *ledger, const struct store_row *row);
