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

#include "world.h"

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
