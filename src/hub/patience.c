// SPDX-License-Identifier: Apache-2.0
#include "hub/patience.h"

#include "base/must.h"

void patience_sent(struct patience *patience, int64_t now_ms)
{
    if (patience->away == 0) {
        patience->silent_ms = 0;
        patience->looked_ms = now_ms;
    }
    patience->away++;
}

void patience_back(struct patience *patience)
{
    must(patience->away > 0);
    patience->away--;
    patience->silent_ms = 0;
}

void patience_look(struct patience *patience, int64_t now_ms)
{
    const int64_t since_ms = now_ms - patience->looked_ms;
    if (patience->away > 0 && since_ms > 0) {
        patience->silent_ms += since_ms < PATIENCE_LOOK_MS ? (uint32_t)since_ms : PATIENCE_LOOK_MS;
        patience->looked_ms = now_ms;
    }
}

int64_t patience_next_ms(const struct patience *patience)
{
    return patience->away == 0 ? INT64_MAX : patience->looked_ms + PATIENCE_LOOK_MS;
}

bool patience_is_out(const struct patience *patience, uint32_t silent_ms_max)
{
    return patience->away > 0 && silent_ms_max > 0 && patience->silent_ms >= silent_ms_max;
}
