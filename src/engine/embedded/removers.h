// SPDX-License-Identifier: Apache-2.0
/* removers -- the acts in force that keep a comment off the screens, one by one.
 *
 * Used by:  act_appeal.c.
 * Thread:   its connection's; inside a transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"

#include <stdint.h>

/* The newest of them below act `below`; 0: there is none. The row is a comment's, its `user`
 * borrowed from elsewhere than the statement that read it. */
MUST_USE enum err removers_newest(struct store *store, const struct store_row *row, uint64_t below,
                                  uint64_t *ret_act);
