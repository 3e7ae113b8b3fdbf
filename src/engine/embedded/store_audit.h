// SPDX-License-Identifier: Apache-2.0
/* store_audit -- the rows of `audit`; a chain is a stream's id, 0: acts on all.
 *
 * Thread:  its connection's; inside a transaction. Text that is read is borrowed until the
 *          statement's next use.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

struct store_audit {
    uint64_t n;
    struct str entry;
};
MUST_USE enum err store_audit_add(struct store *store, int64_t chain, uint64_t act,
                                  const struct store_audit *audit);
/* ERR_NOT_FOUND: it has none yet. */
MUST_USE enum err store_audit_newest(struct store *store, int64_t chain,
                                     struct store_audit *ret_audit);
MUST_USE enum err store_audit_of(struct store *store, uint64_t act, struct store_audit *ret_audit);
/* A walk upwards: store_audit_next() until ERR_NOT_FOUND. */
MUST_USE enum err store_audit_after(struct store *store, int64_t chain, uint64_t n,
                                    sqlite3_stmt **ret_walk);
/* The same walk over the newest `limit` before n. */
MUST_USE enum err store_audit_before(struct store *store, int64_t chain, uint64_t n, uint32_t limit,
                                     sqlite3_stmt **ret_walk);
MUST_USE enum err store_audit_next(struct store *store, sqlite3_stmt *walk,
                                   struct store_audit *ret_audit);
