// SPDX-License-Identifier: Apache-2.0
#include "bench/plan.h"

const char *const plan_lane_names[PLAN_LANES] = {[PLAN_LANE_FULL] = "full",
                                                 [PLAN_LANE_READABLE] = "readable",
                                                 [PLAN_LANE_DIGEST] = "digest",
                                                 [PLAN_LANE_CONTROL] = "control"};

/* Which of the bits that are set has its turn; the first one, 0, when none is. */
static uint8_t bit_in_turn(unsigned bits, uint32_t turn)
{
    if (bits == 0) {
        return 0;
    }
    for (turn %= (uint32_t)__builtin_popcount(bits); turn > 0; turn--) {
        bits &= bits - 1; // the lowest goes
    }
    return (uint8_t)__builtin_ctz(bits);
}

enum transport plan_transport(const struct plan *plan, uint32_t place)
{
    return (enum transport)bit_in_turn(plan->transports, place);
}

enum plan_lane plan_lane(const struct plan *plan, uint32_t place)
{
    return (enum plan_lane)bit_in_turn(plan->lanes, place / TRANSPORTS);
}
