// SPDX-License-Identifier: Apache-2.0
/* hook_metrics -- how the hook before publishing answered, counted on one reactor.
 *
 * Used by:  hook.c counts, desk.c lists.
 * Thread:   the reactor's.
 */
#pragma once

#include "base/histogram.h"
#include "base/log.h"
#include "base/metric.h"

enum hook_end {
    HOOK_ALLOWED,
    HOOK_HELD,
    HOOK_SHADOWED,
    HOOK_REFUSED,
    HOOK_SLOW,
    HOOK_DOWN,
    HOOK_ENDS
};

struct hook_metrics {
    struct metric ends[HOOK_ENDS];
    struct metric ms;
    struct histogram ms_steps;
    struct log_pace downs;
};

void hook_metrics_list(struct hook_metrics *metrics);
void hook_metrics_unlist(struct hook_metrics *metrics);
