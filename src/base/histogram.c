// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

/* A value of octave o (2^o <= value < 2^(o+1)) counts in step 4o + the quarter of the octave it is
 * in. */
static unsigned step_of(uint64_t value)
{
    if (value < 2) {
        return 0;
    }
    const unsigned octave = 63U - (unsigned)__builtin_clzll(value);
    const uint64_t low = UINT64_C(1) << octave;
    const uint64_t quarter = octave < 62 ? (value - low) * 4 >> octave : 3;
    const uint64_t step = octave * HISTOGRAM_STEPS_OCTAVE + quarter;
    return step < HISTOGRAM_STEPS ? (unsigned)step : HISTOGRAM_STEPS - 1;
}

uint64_t histogram_step_top(unsigned step)
{
    const uint64_t edge = (uint64_t)(5 + step % 4) << step / 4;
    return (edge + 3) / 4 - 1;
}

static void raise_by(_Atomic uint64_t *value, uint64_t more)
{
    atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram_add_many(histogram, value, 1);
}

void histogram_add_many(struct histogram *histogram, uint64_t value, uint64_t times)
{
    raise_by(&histogram->counts[step_of(value)], times);
    raise_by(&histogram->sum, value * times);
}

uint64_t histogram_quantile(const struct histogram *histogram, double part)
{
    uint64_t counts[HISTOGRAM_STEPS];
    uint64_t total = 0;
    for (unsigned i = 0; i < HISTOGRAM_STEPS; i++) {
        counts[i] = atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        total += counts[i];
    }
    const double wanted = part * (double)total;
    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_STEPS; i++) {
        seen += counts[i];
        if (seen > 0 && (double)seen >= wanted) {
            return histogram_step_top(i);
        }
    }
    return 0;
}
