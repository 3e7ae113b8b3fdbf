// SPDX-License-Identifier: Apache-2.0
/* twins_test -- for tests of P8 in the hub: two worlds to which the same happens, in one of which
 * the reader's comments are shadowed. */
#pragma once

#include "hub/world_test.h"

enum { TWINS_AUTHOR = 1 };

struct twins {
    struct world *of[2]; // the author's comments are shadowed in the first
    struct rand rand;
};

/* For cmocka set-ups; `*state` is the twins. */
int twins_begin(void **state, struct hub_options options, uint64_t seed);
int twins_end(void **state); // a tear-down

/* The i-th reader of each was told the same. */
void twins_assert_same(const struct twins *twins, int i);
