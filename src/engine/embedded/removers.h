// SPDX-License-Identifier: Apache-2.0
/* removers -- the acts in force that keep a comment off the screens.
 *
 * Owns:     what it found.
 * Used by:  act_appeal.c, rejections.c.
 * Thread:   its connection's; inside a transaction.
 * Bound:    one number an act that removes the comment.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"

#include <stdint.h>

struct removers {
    uint64_t *acts; // owned; [count], the newest first
    uint32_t count;
};

/* The row is a comment's, its `user` borrowed from elsewhere than the statement that read it. */
MUST_USE enum err removers_find(struct store *store, const struct store_row *row,
                                struct removers *ret_removers);
void removers_done(struct removers *removers); // zeroed is legal
