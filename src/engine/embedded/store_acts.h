// SPDX-License-Identifier: Apache-2.0
/* store_acts -- the rows of `acts`, `audit`, `sanctions` and `ranks`.
 *
 * Thread:  its connection's; inside a transaction. Text that is read is borrowed until the
 *          statement's next use.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "wire/act.h"

#include <stdint.h>

struct store_act {
    uint64_t id;
    int64_t stream; // 0: all
    enum act_do what;
    uint64_t key;
    struct str target, value;
    int64_t seconds; // -1: none
    int64_t at_ms, until_ms;
    uint64_t seq, lifted_by;
};

/* act->id 0: fills it in. */
MUST_USE enum err store_acts_add(struct store *store, struct store_act *act);
MUST_USE enum err store_acts_get(struct store *store, uint64_t id, struct store_act *ret_act);
/* The newest of this key that was not lifted and has not run out. ERR_NOT_FOUND. */
MUST_USE enum err store_acts_in_force(struct store *store, uint64_t key, int64_t wall_ms,
                                      struct store_act *ret_act);
MUST_USE enum err store_acts_set_seq(struct store *store, uint64_t id, uint64_t seq);
MUST_USE enum err store_acts_lift(struct store *store, uint64_t id, uint64_t by); // by 0: again
/* What `by` lifted, the next above `after`. ERR_NOT_FOUND. */
MUST_USE enum err store_acts_lifted(struct store *store, uint64_t by, uint64_t after,
                                    struct store_act *ret_act);

/* ---- the audit: `chain` is a stream's id, 0: acts on all ---- */
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
MUST_USE enum err store_audit_next(struct store *store, sqlite3_stmt *walk,
                                   struct store_audit *ret_audit);

/* ---- sanctions ---- */
struct store_sanction {
    uint64_t act;
    struct str user;
    int64_t stream; // 0: all
    enum act_do what;
    int64_t until_ms; // unix; 0: for ever
    struct str words; // of a warning
};
MUST_USE enum err store_sanctions_add(struct store *store, const struct store_sanction *sanction);
MUST_USE enum err store_sanctions_delete(struct store *store, uint64_t act);
MUST_USE enum err store_sanctions_all(struct store *store, sqlite3_stmt **ret_walk);
MUST_USE enum err store_sanctions_next(struct store *store, sqlite3_stmt *walk,
                                       struct store_sanction *ret_sanction);

/* ---- who has which roles, as they were last seen ---- */
MUST_USE enum err store_ranks_set(struct store *store, int64_t stream, struct str user,
                                  uint32_t roles);
/* In any stream when `stream` is 0: all of theirs. 0: none are known. */
MUST_USE enum err store_ranks_get(struct store *store, int64_t stream, struct str user,
                                  uint32_t *ret_roles);
