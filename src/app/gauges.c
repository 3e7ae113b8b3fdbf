// SPDX-License-Identifier: Apache-2.0
#include "app/gauges.h"

#include "sys/sys.h"

#include <stdio.h>

static void take(struct timer *timer)
{
    struct gauges *gauges = (struct gauges *)(void *)timer; // its first member
    const int64_t now_ms = reactor_now_ms(gauges->reactor);
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        metric_set(&gauges->kinds[kind], (int64_t)mem_held_bytes((enum mem_kind)kind));
        metric_set(&gauges->refused[kind], (int64_t)mem_refused((enum mem_kind)kind));
    }
    metric_set(&gauges->resident, (int64_t)sys_memory_resident_bytes());
    metric_set(&gauges->up, (now_ms - gauges->started_ms) / 1000);
    metric_set(&gauges->overflows, (int64_t)(sys_socket_overflows() - gauges->overflows_before));
    wheel_arm(reactor_wheel(gauges->reactor), timer, now_ms + GAUGES_PERIOD_MS);
}

void gauges_init(struct gauges *gauges, struct reactor *reactor)
{
    *gauges = (struct gauges){
        .timer = {.fire = take}, .reactor = reactor, .started_ms = reactor_now_ms(reactor)};
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        snprintf(gauges->labels[kind], GAUGES_LABEL_MAX, "kind=\"%s\"",
                 mem_kind_name((enum mem_kind)kind));
        gauges->kinds[kind] = (struct metric){.name = "roar_memory_bytes",
                                              .labels = gauges->labels[kind],
                                              .help = "Heap by what it is for.",
                                              .kind = METRIC_GAUGE};
        gauges->refused[kind] = (struct metric){.name = "roar_memory_refused_total",
                                                .labels = gauges->labels[kind],
                                                .help = "Allocations that failed, by what they "
                                                        "were for.",
                                                .kind = METRIC_COUNTER};
        metric_add(&gauges->kinds[kind]);
        metric_add(&gauges->refused[kind]);
    }
    gauges->resident = (struct metric){.name = "roar_memory_resident_bytes",
                                       .help = "Memory of the process that is in RAM.",
                                       .kind = METRIC_GAUGE};
    gauges->up = (struct metric){
        .name = "roar_up_seconds", .help = "Since the start.", .kind = METRIC_GAUGE};
    metric_add(&gauges->resident);
    metric_add(&gauges->up);
    gauges->overflows_before = sys_socket_overflows();
    gauges->overflows = (struct metric){
        .name = "roar_listen_overflows_total",
        .help = "Connections put off because a listening socket's queue was full, of any process "
                "of this network, since our start.",
        .kind = METRIC_COUNTER};
    metric_add(&gauges->overflows);
    take(&gauges->timer);
}

void gauges_done(struct gauges *gauges)
{
    if (gauges->reactor == NULL) {
        return;
    }
    wheel_cancel(reactor_wheel(gauges->reactor), &gauges->timer);
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        metric_remove(&gauges->kinds[kind]);
        metric_remove(&gauges->refused[kind]);
    }
    metric_remove(&gauges->resident);
    metric_remove(&gauges->up);
    metric_remove(&gauges->overflows);
}
