// SPDX-License-Identifier: Apache-2.0
#include "hub/recent.h"

#include <string.h>

void recent_add(struct recent *recent, int64_t mono_ms, uint64_t more)
{
    const int64_t second = mono_ms / 1000;
    if (second - recent->second >= RECENT_SECONDS) {
        memset(recent->counts, 0, sizeof(recent->counts));
        recent->second = second;
    }
    while (recent->second < second) {
        recent->second++;
        recent->counts[recent->second % RECENT_SECONDS] = 0;
    }
    uint32_t *count = &recent->counts[recent->second % RECENT_SECONDS];
    *count = more > UINT32_MAX - *count ? UINT32_MAX : *count + (uint32_t)more;
}

double recent_per_second(const struct recent *recent, int64_t mono_ms)
{
    const int64_t oldest = mono_ms / 1000 - RECENT_SECONDS + 1;
    uint64_t sum = 0;
    for (int64_t s = recent->second - RECENT_SECONDS + 1; s <= recent->second; s++) {
        if (s >= oldest && s >= 0) {
            sum += recent->counts[s % RECENT_SECONDS];
        }
    }
    return (double)sum / RECENT_SECONDS;
}
