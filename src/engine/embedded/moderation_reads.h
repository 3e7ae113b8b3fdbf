// SPDX-License-Identifier: Apache-2.0
/* moderation_reads -- what moderators look up, read from the store and written as JSON.
 *
 * Used by:  readers.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "hub/port.h"

#include <stdint.h>

struct rule_tally;
struct moderation_at {
    int64_t wall_ms;
    uint64_t hash_key; // the store's, as is the next
    uint64_t id_key;
    struct rule_tally *tally; // borrowed
};
/* ERR_NOT_FOUND: there is no such stream or act. What is in call->out then is to be thrown away. */
MUST_USE enum err moderation_reads_answer(struct store *store, struct moderation_call *call,
                                          const struct moderation_at *at);
