// SPDX-License-Identifier: Apache-2.0
/* limit -- how many in how long, as a setting says it. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { LIMIT_COUNT_MAX = 1000000, LIMIT_WINDOW_MS_MAX = 24 * 60 * 60 * 1000 };

struct limit {
    uint32_t count;     // accepted at most; 0: no limit
    uint32_t window_ms; // in any window of
};

/* "5/10s", "100/1m", "10000/1h", "3/500ms", "0" (no limit). ERR_PROTO. */
MUST_USE enum err limit_parse(struct str text, struct limit *ret_limit);
