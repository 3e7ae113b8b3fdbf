// SPDX-License-Identifier: Apache-2.0
/* hub_options -- what a hub is given at its making: its port, its home, its bounds. */
#pragma once

#include "base/home.h"
#include "hub/port.h"

#include <stdint.h>

struct hub_options {
    struct port *port; // outlives the hub
    struct home *home; // this reactor's
    uint64_t seed;
    uint32_t resume_max; // events behind that are still sent inline
    uint32_t merge_ms, merge_max_ms;
    uint16_t readable_per_s; // of lane `readable`
    uint32_t presence_ttl_ms, presence_beat_ms;
    uint64_t ring_bytes_max;     // of one channel
    uint64_t rings_bytes_max;    // of all; beyond it none grows above RING_BYTES_KEPT. 0: any
    uint32_t compress_viewers;   // of one channel, from which on it is compressed for all. 0: never
    uint32_t people_max;         // whom it counts as present; a beat of one more is refused. 0: any
    uint32_t people_address_max; // of them by beats alone from one address; beyond it one more is
                                 // refused. 0: any
    uint32_t joins_turn;         // admissions and pages of catch-up a turn; the rest waits. 0: 128
    uint32_t reach_cut_ms;  // a viewer that was sent no part of an act by then is cut. 0: none is
    uint32_t reach_acts;    // of a stream whose reach is followed, the newest. 0: 64
    uint32_t notices_per_s; // of what no moderator did, in one stream; beyond, their number. 0: all
    uint32_t silent_ms_max; // an engine that answers none of its calls for so long is down: who
                            // would wait for it is refused. 0: never
    uint32_t streams_idle_max; // kept though nobody reads them; the oldest goes. 0: any
};
