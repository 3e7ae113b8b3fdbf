// SPDX-License-Identifier: Apache-2.0
/* newcomers -- how many new guests an address may have: a name of one's own costs nothing, so the
 * address is what a limit can hold on to.
 *
 * Owns:     the times of the guests made within the window.
 * Used by:  guests.c.
 * Thread:   any; the table is under NEWCOMERS, a leaf lock (an address comes by any reactor).
 * Bound:    NEWCOMERS_ADDRESSES_MAX addresses inside their window, each with as many times as the
 *           limit counts.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "rules/limit.h"

#include <stdint.h>

enum { NEWCOMERS_ADDRESSES_MAX = 262144 };

struct newcomers;

MUST_USE enum err newcomers_new(uint64_t seed, struct newcomers **ret_newcomers);
void newcomers_free(struct newcomers *newcomers); // NULL is legal
/* One more from `address` (address_key()), by the limit that holds now; count 0: none does.
 * ERR_LIMIT: not before *ret_retry_ms; ERR_NOMEM: no memory, or too many addresses are new. */
MUST_USE enum err newcomers_take(struct newcomers *newcomers, struct limit limit,
                                 struct str address, int64_t mono_ms, uint32_t *ret_retry_ms);
