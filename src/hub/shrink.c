// SPDX-License-Identifier: Apache-2.0
#include "hub/shrink.h"

#include "hub/channel.h"
#include "hub/train.h"

static void look(struct channel *channel)
{
    struct tally *tally = &channel->stream->hub->tally;
    struct ring *ring = &channel->ring;
    const uint64_t before = ring_held_bytes(ring);
    ring_shrink(ring);
    train_shrink(channel);
    const uint64_t after = ring_held_bytes(ring);
    if (after < before) {
        metric_count(&tally->ring_bytes, (int64_t)after - (int64_t)before);
        metric_count(&tally->rings_shrunk, 1);
    }
    if (ring->needed < ring->head) { // a round finds out whether that is so still
        channel_mark_due(channel->stream);
    }
    channel_hold_room(channel);
}

int64_t shrink_turn(struct hub *hub)
{
    for (uint32_t looks = 0; !list_is_empty(&hub->roomy); looks++) {
        struct channel *channel = list_entry(hub->roomy.next, struct channel, roomy_link);
        if (channel->look_ms > hub->now_ms) {
            return channel->look_ms;
        }
        if (looks == RING_LOOKS_MAX) {
            return hub->now_ms;
        }
        list_remove(&channel->roomy_link);
        look(channel);
    }
    return INT64_MAX;
}
