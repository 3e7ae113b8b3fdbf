// SPDX-License-Identifier: Apache-2.0
/* clock -- time as an argument. Real in sys/, virtual in the simulation.
 *
 * mono_ms only grows and is what time-outs, rates and TTLs use; wall_ms is what people read (unix
 * epoch) and may jump either way.
 */
#pragma once

#include <stdint.h>

struct clock {
    int64_t (*mono_ms)(const struct clock *clock);
    int64_t (*wall_ms)(const struct clock *clock);
};

static inline int64_t clock_mono_ms(const struct clock *clock)
{
    return clock->mono_ms(clock);
}

static inline int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock);
}

/* The moment at or before `now_ms` whose low half is `low`, if it is not 49 days ago: what every
 * connection keeps, it keeps so. */
static inline int64_t clock_before_ms(int64_t now_ms, uint32_t low)
{
    return now_ms - ((uint32_t)now_ms - low);
}
