// SPDX-License-Identifier: Apache-2.0
/* store_dedupe -- which (user, stream, cid) was accepted lately, and as which row.
 *
 * Thread:   the writing connection's; inside a write transaction.
 * Bound:    what was accepted in at most 48 hours of service, and as much again while the oldest
 * third is being emptied.
 * Promise:  an entry is found for at least 24 hours of service. Time of service is what the
 * monotonic clock counted while the store was open, so that neither a wall clock that steps nor a
 * machine that wakes up in the wrong year ends it early; while the store is closed it stands still.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

#define STORE_DEDUPE_KEPT_MS (INT64_C(24) * 60 * 60 * 1000)

struct store_dedupe {
    uint64_t hash_key;
    uint64_t generation; // table generation % 3 takes what comes
    uint64_t since_n[STORE_DEDUPE_TABLES];
    uint64_t generation_ms; // served_ms when it began
    uint64_t served_ms;     // before opened_mono_ms
    int64_t opened_mono_ms;
    int64_t saved_mono_ms; // when served_ms was last written down
};

struct store_dedupe_key {
    struct str stream, user, cid;
};

MUST_USE enum err store_dedupe_open(struct store *store, uint64_t hash_key, int64_t mono_ms,
                                    struct store_dedupe *ret_dedupe);
/* The row that was accepted under this key. ERR_NOT_FOUND: none; ERR_GONE: the row it would be is
 * damaged or lost, `ret_n` names it. */
MUST_USE enum err store_dedupe_find(struct store *store, const struct store_dedupe *dedupe,
                                    const struct store_dedupe_key *key, uint64_t *ret_n);
/* Only after store_dedupe_find() found none. */
MUST_USE enum err store_dedupe_add(struct store *store, const struct store_dedupe *dedupe,
                                   const struct store_dedupe_key *key, uint64_t n);

/* A bounded piece of housekeeping: writes down the time of service, begins a new table when its
 * time has come, empties a bit of the oldest. `next_n` is the row that comes next. Give it a copy
 * of what is in force, and put that in force when the transaction is committed. */
MUST_USE enum err store_dedupe_tidy(struct store *store, struct store_dedupe *dedupe,
                                    uint64_t next_n, int64_t mono_ms);
/* Rows below it are named by no table in force, so that retention may take them. */
uint64_t store_dedupe_oldest_n(const struct store_dedupe *dedupe);
