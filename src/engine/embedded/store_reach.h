// SPDX-License-Identifier: Apache-2.0
/* store_reach -- the rows of `reach`: what was measured of acts (hub/extent.h).
 *
 * Thread:  its connection's; inside a transaction.
 * Bound:   as many of a stream, and of those on all, as whoever puts one says: the newest.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "hub/port.h"

#include <stdint.h>

/* In the place of what was there. ERR_NOT_FOUND: there is no such act. */
MUST_USE enum err store_reach_put(struct store *store, uint64_t act,
                                  const struct reach_figures *figures, uint32_t acts_max);
MUST_USE enum err store_reach_get(struct store *store, uint64_t act,
                                  struct reach_figures *ret_figures); // ERR_NOT_FOUND
