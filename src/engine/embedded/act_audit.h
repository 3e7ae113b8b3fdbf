// SPDX-License-Identifier: Apache-2.0
/* act_audit -- adds entries to the audit chains of the store.
 *
 * Thread:   its connection's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"
#include "hub/port.h"

#include <stdint.h>

struct act_audit {
    int64_t chain;     // a stream's id; 0: acts on all
    struct str stream; // its name
    uint64_t act;
    enum act_do what;
    const struct actor *by;
    struct str target, reason, value;
    int64_t seconds; // -1: none
    uint64_t seq;    // 0: none
};
/* `*ret_n`: the entry's number in its chain. */
MUST_USE enum err act_audit_add(struct store *store, const struct act_audit *audit, int64_t wall_ms,
                                uint64_t *ret_n);
struct str act_audit_kind(enum actor_kind kind); // "user" ...
