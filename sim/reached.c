// SPDX-License-Identifier: Apache-2.0
#include "reached.h"

#include <stdio.h>

uint64_t reach_counts[REACH_COUNT];

static const char *const abouts[REACH_COUNT] = {
#define REACH_ROW(name, about) about,
    REACHES(REACH_ROW)
#undef REACH_ROW
};

/* What checkers let pass though an act says otherwise (deeds_took(), screen_check()): of a thousand
 * that they judge so many at most, or they would judge nothing. */
static const struct {
    enum reach exempt, of;
    uint32_t most;
} exemptions[] = {
    {REACH_TEXT_UNANSWERED, REACH_TEXT_JUDGED, 5},
    {REACH_TEXT_BEHIND, REACH_TEXT_JUDGED, 150},
    {REACH_SCREEN_EXPIRED, REACH_SCREEN_JUDGED, 60},
};

static bool are_few(const uint64_t counts[REACH_COUNT])
{
    bool all = true;
    for (size_t i = 0; i < sizeof(exemptions) / sizeof(exemptions[0]); i++) {
        const uint64_t count = counts[exemptions[i].exempt];
        const uint64_t of = counts[exemptions[i].of];
        const bool is_few = count * 1000 <= of * exemptions[i].most;
        printf("# %12.2f in 1,000 exempt: %s%s\n", of == 0 ? 0 : (double)count * 1000 / (double)of,
               abouts[exemptions[i].exempt], is_few ? "" : ": TOO MANY");
        all = all && is_few;
    }
    return all;
}

bool reached_tell(const uint64_t counts[REACH_COUNT])
{
    bool all = true;
    for (uint32_t i = 0; i < REACH_COUNT; i++) {
        printf("# %12llu times %s%s\n", (unsigned long long)counts[i], abouts[i],
               counts[i] == 0 ? ": NOT reached" : "");
        all = all && counts[i] > 0;
    }
    return are_few(counts) && all;
}
