// SPDX-License-Identifier: Apache-2.0
/* Up to 32 a step each; above, the step is the octave and the five bits behind its first. */
#include "bench/latency.h"

enum { FINE_BITS = 5, FINE = 1 << FINE_BITS };

static uint32_t step_of(uint64_t us)
{
    if (us < FINE) {
        return (uint32_t)us;
    }
    const uint32_t octave = 63U - (uint32_t)__builtin_clzll(us) - FINE_BITS;
    const uint32_t step = (octave << FINE_BITS) + (uint32_t)(us >> octave);
    return step < LATENCY_STEPS ? step : LATENCY_STEPS - 1;
}

/* The largest value of a step. */
static uint64_t top_of(uint32_t step)
{
    if (step < 2 * FINE) {
        return step;
    }
    const uint32_t octave = (step >> FINE_BITS) - 1;
    const uint64_t first = (uint64_t)(step - (octave << FINE_BITS)) << octave;
    return first + (UINT64_C(1) << octave) - 1;
}

void latency_add(struct latency *latency, uint64_t us)
{
    latency->counts[step_of(us)]++;
    latency->total++;
    latency->max_us = us > latency->max_us ? us : latency->max_us;
}

void latency_merge(struct latency *latency, const struct latency *more)
{
    for (uint32_t step = 0; step < LATENCY_STEPS; step++) {
        latency->counts[step] += more->counts[step];
    }
    latency->total += more->total;
    latency->max_us = more->max_us > latency->max_us ? more->max_us : latency->max_us;
}

double latency_quantile_ms(const struct latency *latency, double part)
{
    const double wanted = part * (double)latency->total;
    uint64_t seen = 0;
    for (uint32_t step = 0; step < LATENCY_STEPS; step++) {
        seen += latency->counts[step];
        if (seen > 0 && (double)seen >= wanted) {
            const uint64_t us = top_of(step);
            return (double)(us < latency->max_us ? us : latency->max_us) / 1000;
        }
    }
    return 0;
}
