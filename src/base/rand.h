// SPDX-License-Identifier: Apache-2.0
/* rand -- randomness as an argument: a seeded generator (xoshiro256**, Blackman and Vigna 2018)
 * for jitter and sampling. Not for secrets: those come from sys_random(). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rand {
    uint64_t state[4]; // never all zero
};

void rand_init(struct rand *rand, uint64_t seed);
uint64_t rand_next(struct rand *rand);
/* Uniform in 0..below-1; below > 0. */
uint64_t rand_below(struct rand *rand, uint64_t below);
