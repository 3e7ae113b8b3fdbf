// SPDX-License-Identifier: Apache-2.0
/* latency -- how often which delay was seen: 32 steps an octave, so that what is told is within
 * 3 %.
 *
 * Thread:  its owner's; others read when the owner is done.
 */
#pragma once

#include <stdint.h>

enum { LATENCY_STEPS = 1184 }; // up to 2^40 us

struct latency {
    uint64_t counts[LATENCY_STEPS];
    uint64_t total;
    uint64_t max_us;
};

void latency_add(struct latency *latency, uint64_t us);
void latency_merge(struct latency *latency, const struct latency *more);
/* What `part` (0..1) of them do not pass, in ms; 0 when there are none. */
double latency_quantile_ms(const struct latency *latency, double part);
