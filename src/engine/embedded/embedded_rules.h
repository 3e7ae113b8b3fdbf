// SPDX-License-Identifier: Apache-2.0
/* embedded_rules -- what an operator may change while the embedded engine runs. */
#pragma once

#include "rules/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct embedded_rules {
    struct limit post_user, post_address, post_stream;
    bool streams_explicit;  // streams.create = "explicit"
    int32_t retention_days; // the default; 0: for ever
    int32_t evidence_days;  // the text of what is removed is kept; 0: not even a day
    uint32_t held_max;      // comments that wait in a stream's queue
    uint32_t reach_acts;    // of a stream whose reach is kept, the newest. 0: 64
};
