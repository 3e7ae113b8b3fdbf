// SPDX-License-Identifier: Apache-2.0
#include "hub/allot.h"

static uint64_t left(const struct hub *hub)
{
    const uint64_t held =
        (uint64_t)(metric_value(&hub->tally.ring_bytes) + metric_value(&hub->tally.train_bytes));
    return hub->options.rings_bytes_max > held ? hub->options.rings_bytes_max - held : 0;
}

uint64_t allot_ring_bytes(const struct hub *hub, const struct ring *ring)
{
    const uint64_t own = hub->options.ring_bytes_max;
    const uint64_t shared = left(hub) < own ? ring->cap + left(hub) : own;
    const uint64_t kept = shared > RING_BYTES_KEPT ? shared : RING_BYTES_KEPT;
    return kept < own ? kept : own;
}

bool allot_is_plenty(const struct hub *hub)
{
    return left(hub) >= hub->options.rings_bytes_max / 2;
}
