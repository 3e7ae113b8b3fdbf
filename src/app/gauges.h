// SPDX-License-Identifier: Apache-2.0
/* gauges -- what is measured of the process as a whole, taken once a second: memory by kind, how
 * often there was none, memory resident, time up, and how often the kernel put somebody off who
 * came.
 *
 * Thread: main's.
 */
#pragma once

#include "base/mem.h"
#include "base/metric.h"
#include "loop/reactor.h"

#include <stdint.h>

enum { GAUGES_PERIOD_MS = 1000, GAUGES_LABEL_MAX = 32 };

struct gauges {
    struct timer timer;
    struct reactor *reactor; // borrowed; NULL before gauges_init()
    int64_t started_ms;
    struct metric kinds[MEM_KINDS], refused[MEM_KINDS];
    char labels[MEM_KINDS][GAUGES_LABEL_MAX];
    struct metric resident, up;
    struct metric overflows; // of queues of listening sockets
    uint64_t overflows_before;
};

void gauges_init(struct gauges *gauges, struct reactor *reactor);
void gauges_done(struct gauges *gauges); // zeroed is legal
