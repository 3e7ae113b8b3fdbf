// SPDX-License-Identifier: Apache-2.0
/* heard -- which texts a stream has heard of late, found in its log and its queue: for rule
 * `unique`, where memory does not know.
 *
 * Used by:  house.c.
 * Thread:   the ordering thread's; inside a transaction.
 * Bound:    the ECHOES_MAX newest comments of the log, and as many that wait, are looked at.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "rules/echoes.h"

#include <stdbool.h>
#include <stdint.h>

enum { HEARD_MAX = 2 * ECHOES_MAX };

struct heard {
    uint64_t likeness; // of text_traits.h, not 0
    uint64_t user;     // hash
    int64_t at_ms;     // unix
    bool is_hidden;    // from all but its author: shadowed, or it waits
};

struct heard_question {
    struct store *store;
    int64_t stream; // id
    uint64_t hash_key;
    int64_t since_ms; // unix
};

/* The oldest first, at most HEARD_MAX. A text that was removed was heard; one that was erased, or
 * is damaged, is not known. */
MUST_USE enum err heard_find(const struct heard_question *question, struct heard *ret_heard,
                             uint32_t *ret_count);
