// SPDX-License-Identifier: Apache-2.0
#include "api/hook_metrics.h"

void hook_metrics_list(struct hook_metrics *metrics)
{
    static const char *const labels[HOOK_ENDS] = {
        [HOOK_ALLOWED] = "outcome=\"allow\"",   [HOOK_HELD] = "outcome=\"hold\"",
        [HOOK_SHADOWED] = "outcome=\"shadow\"", [HOOK_REFUSED] = "outcome=\"refuse\"",
        [HOOK_SLOW] = "outcome=\"slow\"",       [HOOK_DOWN] = "outcome=\"down\""};
    for (int i = 0; i < HOOK_ENDS; i++) {
        metrics->ends[i] =
            (struct metric){.name = "roar_hook_before_total",
                            .labels = labels[i],
                            .help = "Comments the hook before publishing was asked about.",
                            .kind = METRIC_COUNTER};
        metric_add(&metrics->ends[i]);
    }
    metrics->ms.name = "roar_hook_before_ms";
    metrics->ms.help = "What the hook before publishing takes to answer, milliseconds.";
    metrics->ms.kind = METRIC_HISTOGRAM;
    metrics->ms.histogram = &metrics->ms_steps;
    metric_add(&metrics->ms);
}

void hook_metrics_unlist(struct hook_metrics *metrics)
{
    for (int i = 0; i < HOOK_ENDS; i++) {
        metric_remove(&metrics->ends[i]);
    }
    metric_remove(&metrics->ms);
}
