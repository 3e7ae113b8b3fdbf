// SPDX-License-Identifier: Apache-2.0
/* recent -- how many of something in the last ten seconds, by whole seconds.
 *
 * Thread:   its owner's. Zeroed is ready.
 */
#pragma once

#include <stdint.h>

enum { RECENT_SECONDS = 10 };

struct recent {
    uint32_t counts[RECENT_SECONDS]; // of second s at s % RECENT_SECONDS
    int64_t second;                  // the newest one counted in
};

void recent_add(struct recent *recent, int64_t mono_ms, uint64_t more);
double recent_per_second(const struct recent *recent, int64_t mono_ms);
