// SPDX-License-Identifier: Apache-2.0
#include "reached.h"

#include <stdio.h>

uint64_t reach_counts[REACH_COUNT];

static const char *const abouts[REACH_COUNT] = {
#define REACH_ROW(name, about) about,
    REACHES(REACH_ROW)
#undef REACH_ROW
};

bool reached_tell(const uint64_t counts[REACH_COUNT])
{
    bool all = true;
    for (uint32_t i = 0; i < REACH_COUNT; i++) {
        printf("# %12llu times %s%s\n", (unsigned long long)counts[i], abouts[i],
               counts[i] == 0 ? ": NOT reached" : "");
        all = all && counts[i] > 0;
    }
    return all;
}
