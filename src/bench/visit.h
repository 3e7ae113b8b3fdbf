// SPDX-License-Identifier: Apache-2.0
/* visit -- what a viewer of the bench asks Roar for: a stream in a lane, by a transport, from where
 * it stands.
 *
 * Used by:  watcher.c; what other servers are asked is in dialect.c.
 * Thread:   any; no state.
 */
#pragma once

#include "base/buf.h"
#include "bench/plan.h"

#include <stdbool.h>
#include <stdint.h>

enum { VISIT_POLL_WAIT_S = 25 };

struct visit {
    const struct plan *plan;
    const char *epoch; // of the cursor; "": it has none
    uint64_t seq;      // of the cursor
    uint32_t stream;
    enum transport transport;
    enum plan_lane lane;
    bool inflates; // it asks for what is compressed; never by poll
    bool waits;    // a poll: for something newer
};

void visit_write(const struct visit *visit, struct buf *out);
