// SPDX-License-Identifier: Apache-2.0
/* metric -- counters, gauges and histograms that one thread writes and any thread reads.
 *
 * Owns:     nothing: a metric lives in the struct it measures; metric_add() lists it,
 *           metric_remove() unlists it.
 * Thread:   a value is written by its one owner (relaxed: values order nothing); the list is under
 *           METRIC, a leaf lock taken only to list, unlist and scrape.
 * Promise:  metrics of the same name and labels are summed, so every reactor brings its own.
 */
#pragma once

#include "base/buf.h"
#include "base/histogram.h"
#include "base/list.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdint.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric {
    struct link link;   // in the registry
    const char *name;   // roar_..., static
    const char *labels; // `kind="sse"` or NULL; static or outlives the metric
    const char *help;   // static
    enum metric_kind kind;
    _Atomic int64_t value;       // counter, gauge; of a histogram: how many were observed
    struct histogram *histogram; // owned by the owner of the metric; NULL unless METRIC_HISTOGRAM
};

void metric_add(struct metric *metric);    // any thread
void metric_remove(struct metric *metric); // any thread; unlisted is legal

static inline void metric_count(struct metric *metric, int64_t more) // the owner's thread
{
    atomic_store_explicit(&metric->value,
                          atomic_load_explicit(&metric->value, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

static inline void metric_set(struct metric *metric, int64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

static inline int64_t metric_value(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

void metric_observe(struct metric *metric, uint64_t value); // histogram; the owner's thread
/* All metrics as Prometheus text 0.0.4, sorted by name, summed by labels. Any thread. */
void metric_write(struct buf *out);
