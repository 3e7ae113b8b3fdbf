// SPDX-License-Identifier: Apache-2.0
/* publication -- how far the log has been published, so that no answer runs ahead of the watches.
 *
 * Promise: whoever knows of an event by its answer, a read or a count can rely on its letter lying
 * in the mailbox of every home that watches; who knows of it by a watch, once the letters under way
 * are sent. So port_sync() needs no more than a letter to the asker's own home, which lies behind
 * that one, or, while the tail is ahead, one that the ordering thread sends behind them. And
 * neither a join nor a read waits for a slow disk.
 *
 *      COMMIT ── visible to readers ──▶ letters sent ──▶ next_n raised ──▶ answers
 *                        └── whose answer may know of row n >= next_n (readers.c), or is given
 *                            while the tail is ahead (log_tail.h), leaves it to the ordering
 *                            thread, which opens letters only between batches: after these
 *
 * Thread:  next_n by the ordering thread; asked from any.
 */
#pragma once

#include "base/call.h"
#include "base/home.h"

#include <stdatomic.h>
#include <stdint.h>

struct publication {
    /* -- frozen before the first call -- */
    struct home *ordering; // the ordering thread's; borrowed
    /* -- atomic: release and acquire, so that who reads it finds the letters sent -- */
    _Atomic uint64_t next_n; // every row below has been published
};

void publication_raise(struct publication *publication, uint64_t next_n);
/* Sends a finished call home, at once or behind what is being published; `newest_n` is the newest
 * row that its answer may know of. */
void publication_finish(const struct publication *publication, struct call *call,
                        uint64_t newest_n);
