// SPDX-License-Identifier: Apache-2.0
/* store_acts -- the rows of `acts`.
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

/* By which an act is found again; `stream` empty: all. */
uint64_t store_acts_key(uint64_t hash_key, struct str stream, enum act_do what, struct str target);
/* act->id 0: fills it in. */
MUST_USE enum err store_acts_add(struct store *store, struct store_act *act);
MUST_USE enum err store_acts_get(struct store *store, uint64_t id, struct store_act *ret_act);
/* The newest of this key that was not lifted and has not run out. ERR_NOT_FOUND. */
MUST_USE enum err store_acts_in_force(struct store *store, uint64_t key, int64_t wall_ms,
                                      struct store_act *ret_act);
MUST_USE enum err store_acts_set_seq(struct store *store, uint64_t id, uint64_t seq);
MUST_USE enum err store_acts_lift(struct store *store, uint64_t id, uint64_t by); // by 0: again
/* Whether something in the stream (0: all) may have been restored since that act. */
MUST_USE enum err store_acts_restored(struct store *store, int64_t stream, uint64_t since,
                                      bool *ret_is_any);
/* What `by` lifted, the next above `after`. ERR_NOT_FOUND. */
MUST_USE enum err store_acts_lifted(struct store *store, uint64_t by, uint64_t after,
                                    struct store_act *ret_act);

/* How far an act has come that one transaction does not hold: act_pieces.h. What `part` and `at`
 * are is the act's own affair. */
struct store_act_place {
    uint64_t act;
    int64_t part;
    uint64_t at;
    uint64_t upto_n;  // the newest row when it began
    struct str staff; // of its events: event_write_staff()
};
MUST_USE enum err store_acts_put_place(struct store *store, const struct store_act_place *place);
/* ERR_NOT_FOUND: it is done, or was never begun. */
MUST_USE enum err store_acts_place(struct store *store, uint64_t act,
                                   struct store_act_place *ret_place);
/* Of the next act above `after`. ERR_NOT_FOUND. */
MUST_USE enum err store_acts_place_after(struct store *store, uint64_t after,
                                         struct store_act_place *ret_place);
MUST_USE enum err store_acts_end_place(struct store *store, uint64_t act); // it is done

/* What is pinned in a stream, oldest first. */
enum { STORE_PINS_MAX = 8 };
struct store_pins {
    uint64_t acts[STORE_PINS_MAX];
    uint64_t seqs[STORE_PINS_MAX];    // of their events
    uint64_t targets[STORE_PINS_MAX]; // of what is pinned
    uint32_t count;
};
MUST_USE enum err store_acts_pins(struct store *store, int64_t stream, struct store_pins *ret_pins);

/* Appeals of a stream with a greater id than `after`, upwards: store_acts_next() until
 * ERR_NOT_FOUND. */
MUST_USE enum err store_acts_appeals(struct store *store, int64_t stream, uint64_t after,
                                     sqlite3_stmt **ret_walk);
MUST_USE enum err store_acts_next(struct store *store, sqlite3_stmt *walk,
                                  struct store_act *ret_act);
/* What was decided of the appeal that `target` names. ERR_NOT_FOUND: nothing yet. */
MUST_USE enum err store_acts_decision(struct store *store, int64_t stream, struct str target,
                                      struct store_act *ret_act);
