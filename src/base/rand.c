// SPDX-License-Identifier: Apache-2.0
#include "base/rand.h"

#include "base/must.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void rand_init(struct rand *rand, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        rand->state[i] = splitmix(&seed);
    }
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t rand_next(struct rand *rand)
{
    uint64_t *s = rand->state;
    const uint64_t result = rotl(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rand_below(struct rand *rand, uint64_t below)
{
    must(below > 0);
    const uint64_t limit = UINT64_MAX - UINT64_MAX % below;
    uint64_t value = rand_next(rand);
    while (value >= limit) {
        value = rand_next(rand);
    }
    return value % below;
}
