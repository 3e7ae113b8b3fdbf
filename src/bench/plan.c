// SPDX-License-Identifier: Apache-2.0
#include "bench/plan.h"

const char *const plan_lane_names[PLAN_LANES] = {[PLAN_LANE_FULL] = "full",
                                                 [PLAN_LANE_READABLE] = "readable",
                                                 [PLAN_LANE_DIGEST] = "digest",
                                                 [PLAN_LANE_CONTROL] = "control"};
