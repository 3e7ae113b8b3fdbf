// SPDX-License-Identifier: Apache-2.0
/* posters -- who has posted in a stream, and when last: for slow mode and first comments.
 *
 * Owns:     its entries.
 * Thread:   its owner's; pure.
 * Bound:    POSTERS_MAX entries of 16 bytes, grown to as they come; a full one forgets those that
 *           were silent longest, half of them.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { POSTERS_MAX = 1 << 16 };

struct poster {
    uint64_t user;   // hash; 0: the slot is free
    int64_t last_ms; // mono; INT64_MIN: not that is remembered
    bool is_placed;  // something of theirs has, or had, a place in the log
};

struct posters {
    struct poster *slots; // owned; [cap], open addressing
    uint32_t cap;         // a power of two, or 0
    uint32_t count;
};

void posters_init(struct posters *posters);
void posters_done(struct posters *posters); // zeroed is legal
/* INT64_MIN: not that is remembered. */
int64_t posters_last(const struct posters *posters, uint64_t user);
/* ERR_NOMEM: it is not remembered. An older time than is known changes nothing. */
MUST_USE enum err posters_note(struct posters *posters, uint64_t user, int64_t mono_ms);
/* Something of theirs is in the log. ERR_NOMEM as before. */
MUST_USE enum err posters_place(struct posters *posters, uint64_t user);
bool posters_is_placed(const struct posters *posters, uint64_t user);
