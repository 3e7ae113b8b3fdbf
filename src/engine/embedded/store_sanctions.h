// SPDX-License-Identifier: Apache-2.0
/* store_sanctions -- the rows of `sanctions` and `ranks`.
 *
 * Thread:  its connection's; inside a transaction. Text that is read is borrowed until the
 *          statement's next use.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "wire/act.h"

#include <stdbool.h>
#include <stdint.h>

struct store_sanction {
    uint64_t act;
    struct str user;
    int64_t stream; // 0: all
    enum act_do what;
    int64_t until_ms; // unix; 0: for ever
    struct str words; // of a warning
};
MUST_USE enum err store_sanctions_add(struct store *store, const struct store_sanction *sanction);
MUST_USE enum err store_sanctions_delete(struct store *store, uint64_t act, struct str user);
/* Whether the act is in force on anybody. */
MUST_USE enum err store_sanctions_any(struct store *store, uint64_t act, bool *ret_is_any);
/* Whom `lifter`, an act, lifted another from: so that its undo is of them alone. */
struct store_lifted {
    uint64_t lifter, act;
    struct str user;
};
MUST_USE enum err store_sanctions_note_lifted(struct store *store,
                                              const struct store_lifted *lifted);
/* One of those that `lifter` has. ERR_NOT_FOUND: none is left. */
MUST_USE enum err store_sanctions_next_lifted(struct store *store, uint64_t lifter,
                                              struct store_lifted *ret_lifted);
MUST_USE enum err store_sanctions_forget_lifted(struct store *store,
                                                const struct store_lifted *lifted);
MUST_USE enum err store_sanctions_all(struct store *store, sqlite3_stmt **ret_walk);
/* Those of like->user (empty: everybody's) on like->stream and on all, that last beyond
 * like->until_ms, the newest first. */
MUST_USE enum err store_sanctions_of(struct store *store, const struct store_sanction *like,
                                     sqlite3_stmt **ret_walk);
/* The warnings of like->user there and on all, the oldest first. */
MUST_USE enum err store_sanctions_warnings(struct store *store, const struct store_sanction *like,
                                           sqlite3_stmt **ret_walk);
MUST_USE enum err store_sanctions_next(struct store *store, sqlite3_stmt *walk,
                                       struct store_sanction *ret_sanction);

/* ---- who has which roles, as they were last seen ---- */
MUST_USE enum err store_sanctions_set_roles(struct store *store, int64_t stream, struct str user,
                                            uint32_t roles);
/* Of all streams: what is known of each is older. */
MUST_USE enum err store_sanctions_set_all_roles(struct store *store, struct str user,
                                                uint32_t roles);
/* The newest in the stream, there or in all (0: in all). 0: none are known. */
MUST_USE enum err store_sanctions_roles(struct store *store, int64_t stream, struct str user,
                                        uint32_t *ret_roles);
/* Whatever they are in any stream. */
MUST_USE enum err store_sanctions_any_roles(struct store *store, struct str user,
                                            uint32_t *ret_roles);
