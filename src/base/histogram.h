// SPDX-License-Identifier: Apache-2.0
/* histogram -- how often a value of which size was seen, log-linear: 4 steps an octave, 1..2^40 in
 * whatever unit the owner means.
 *
 * Thread:  one writes (relaxed: counts order nothing), any reads.
 * Bound:   fixed; larger values count in the last step.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_STEPS = 164, HISTOGRAM_STEPS_OCTAVE = 4 };

struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_STEPS];
    _Atomic uint64_t sum;
};

void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_add_many(struct histogram *histogram, uint64_t value, uint64_t times);
/* The largest value of the smallest step that at least `part` (0..1) of the observations do not
 * pass; 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double part);
/* The largest value that counts in `step`. */
uint64_t histogram_step_top(unsigned step);
