// SPDX-License-Identifier: Apache-2.0
/* settings -- how a stream may be posted to, as acts have set it: slow, mode, shield, terms, rules.
 *
 *      in force is the newest act of each that was not undone; undone, the one before it is again
 *
 * What is in force stands as JSON in the stream's row (of all streams: in memory, and in `acts`):
 *      {"slow":10,"modes":["links_off"],"seconds":30,"shield":true,"terms":[..],"rules":{..}}
 *
 * Thread:   its connection's; inside a transaction.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "wire/act.h"

#include <stdint.h>

enum { SETTINGS_BYTES_MAX = ACT_VALUE_BYTES_MAX + (128 << 10) };

struct settings_of {
    struct store *store;
    uint64_t hash_key;
    struct str stream; // its name; empty: all
    int64_t wall_ms;
};
/* What is in force. ERR_LIMIT: it is more than `out` holds. */
MUST_USE enum err settings_write(const struct settings_of *of, struct buf *out);
/* What viewers of a stream are told, `"slow":..,"modes":[..],"shield":..`: the stricter of what is
 * set for it and for all. */
void settings_write_public(struct buf *out, struct str stream_rules, struct str all_rules);
