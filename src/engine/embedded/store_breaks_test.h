// SPDX-License-Identifier: Apache-2.0
/* store_breaks_test -- a store whose n-th thing fails, once: a question SQLite asks before it makes
 * a statement, or a step of one that runs. A sweep over n breaks off at every place there is.
 *
 * Thread:  the connection's.
 */
#pragma once

#include "engine/embedded/store.h"

#include <stdbool.h>
#include <stdint.h>

enum store_breaks_what { STORE_BREAKS_ASKING, STORE_BREAKS_STEPPING, STORE_BREAKS };

struct store_breaks {
    uint64_t left; // until it breaks; 0: it has
};

/* `breaks` stays until it is disarmed; n from 1. */
void store_breaks_arm(struct store_breaks *breaks, struct store *store, enum store_breaks_what what,
                      uint64_t n);
/* No transaction is open afterwards. True: it broke. */
bool store_breaks_disarm(struct store_breaks *breaks, struct store *store);
/* The n after this one: each of the first, then fewer. */
uint64_t store_breaks_next(uint64_t n);
