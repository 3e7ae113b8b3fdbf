// SPDX-License-Identifier: Apache-2.0
/* settings -- how a stream may be posted to, as acts have set it: slow, mode, shield, terms, rules.
 *
 *      in force is the newest act of each that was not undone; undone, the one before it is again
 *
 * What is in force stands in the stream's row as rules/house_json.h has it; of all streams: in
 * memory, and in `acts`.
 *
 * Thread:   its connection's; inside a transaction.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "rules/house_rules.h"

#include <stdint.h>

struct settings_of {
    struct store *store;
    uint64_t hash_key;
    struct str stream; // its name; empty: all
    int64_t wall_ms;
};
/* What is in force; `*ret_rules` is initialised. ERR_NOMEM; ERR_SYS. */
MUST_USE enum err settings_read(const struct settings_of *of, struct house_rules *ret_rules);
/* What viewers of a stream are told, `"slow":..,"modes":[..],"shield":..`: the stricter of what is
 * set for it and for all. */
void settings_write_public(struct buf *out, const struct house_rules *stream,
                           const struct house_rules *all);
