// SPDX-License-Identifier: Apache-2.0
/* sanctions -- who may not post, may not be seen, or is waited for: what acts put on users, in
 * memory.
 *
 * Owns:     a record of each sanction in force, of one stream or of all; the store has the same.
 * Used by:  submits.c judges by it, acts.c changes it.
 * Thread:   the ordering thread's.
 * Bound:    SANCTIONS_MAX when an act begins; a sweep looks at SANCTIONS_SWEPT.
 * Promise:  a timeout runs on the monotonic clock while we run, and on the wall clock over a
 *           restart.
 */
#pragma once

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "engine/embedded/store_sanctions.h"
#include "engine/embedded/warned.h"
#include "wire/act.h"

#include <stdbool.h>
#include <stdint.h>

enum { SANCTIONS_MAX = 1 << 20, SANCTIONS_SWEPT = 256 };

struct sanctions {
    struct map by_user;    // struct standing, by stream and user
    struct link timed;     // struct sanction that run out: the one looked at longest ago first
    uint64_t count;        // of sanctions
    struct warned *warned; // borrowed; who is, for those who ask; NULL: nobody does
};

struct sanctions_now { // of one moment
    int64_t mono_ms, wall_ms;
};

void sanctions_init(struct sanctions *sanctions, uint64_t seed);
void sanctions_done(struct sanctions *sanctions);
/* From now on `warned` knows who is under a warning; it outlives them. ERR_NOMEM. */
MUST_USE enum err sanctions_mirror(struct sanctions *sanctions, struct warned *warned);
/* What the store has takes the place of what is in memory; what both have runs out when it would
 * have, by our clock. ERR_NOMEM; ERR_SYS: memory is as it was. */
MUST_USE enum err sanctions_load(struct sanctions *sanctions, struct store *store,
                                 struct sanctions_now now);

/* In memory and in the store. That there are SANCTIONS_MAX the caller sees to. */
MUST_USE enum err sanctions_add(struct sanctions *sanctions, struct store *store,
                                const struct store_sanction *sanction, struct sanctions_now now);
/* What `act` put on `user`, there and in the store. ERR_NOT_FOUND: nothing that is in force. */
MUST_USE enum err sanctions_lift(struct sanctions *sanctions, struct store *store,
                                 const struct store_sanction *sanction);
/* What is in force on `user` in `stream`, by acts on it and on all: 0, or the newest act; of
 * warnings, which are acknowledged one by one, the oldest. */
struct sanctions_found {
    uint64_t ban, timeout, shadow, hold, warn;
    int64_t timeout_left_ms; // of the longest
};
struct sanctions_found sanctions_find(const struct sanctions *sanctions, int64_t stream,
                                      struct str user, int64_t mono_ms);
/* The newest act of this kind on `user` in exactly this stream (0: all), below `act` where that is
 * not 0; 0: none. */
uint64_t sanctions_newest(const struct sanctions *sanctions, const struct store_sanction *like,
                          int64_t mono_ms);
/* The oldest above `after` of those in force of this kind on `user`, on the stream and on all; 0:
 * none. */
uint64_t sanctions_after(const struct sanctions *sanctions, const struct store_sanction *like,
                         uint64_t after, int64_t mono_ms);
/* Whether `one->act` is in force on its user. */
bool sanctions_holds(const struct sanctions *sanctions, const struct store_sanction *one,
                     int64_t mono_ms);
/* Forgets what has run out, in memory and in the store, of the SANCTIONS_SWEPT that were not looked
 * at for longest. ERR_SYS: a row may stay, and is found when it is loaded again. */
MUST_USE enum err sanctions_sweep(struct sanctions *sanctions, struct store *store,
                                  int64_t mono_ms);
