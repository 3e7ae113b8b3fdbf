// SPDX-License-Identifier: Apache-2.0
#include "base/metric.h"

#include "base/mem.h"
#include "base/must.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // METRIC, a leaf
static struct link registry = {.next = &registry, .prev = &registry};
static size_t listed_count;

void metric_add(struct metric *metric)
{
    must(pthread_mutex_lock(&lock) == 0);
    list_push(&registry, &metric->link);
    listed_count++;
    must(pthread_mutex_unlock(&lock) == 0);
}

void metric_remove(struct metric *metric)
{
    must(pthread_mutex_lock(&lock) == 0);
    if (list_holds(&metric->link)) {
        list_remove(&metric->link);
        listed_count--;
    }
    must(pthread_mutex_unlock(&lock) == 0);
}

void metric_observe(struct metric *metric, uint64_t value)
{
    metric_count(metric, 1);
    histogram_add(metric->histogram, value);
}

/* ---- Prometheus text 0.0.4 ---- */

static const char *labels_of(const struct metric *metric)
{
    return metric->labels == NULL ? "" : metric->labels;
}

static int compare(const void *a, const void *b)
{
    const struct metric *const *left = a;
    const struct metric *const *right = b;
    const int by_name = strcmp((*left)->name, (*right)->name);
    return by_name != 0 ? by_name : strcmp(labels_of(*left), labels_of(*right));
}

static void write_head(struct buf *out, const struct metric *metric)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};

    buf_add_str(out, STR("# HELP "));
    buf_add_str(out, str_of(metric->name));
    buf_add_byte(out, ' ');
    buf_add_str(out, str_of(metric->help));
    buf_add_str(out, STR("\n# TYPE "));
    buf_add_str(out, str_of(metric->name));
    buf_add_byte(out, ' ');
    buf_add_str(out, str_of(kinds[metric->kind]));
    buf_add_byte(out, '\n');
}

static void write_labels(struct buf *out, const char *labels)
{
    if (labels[0] != '\0') {
        buf_addf(out, "{%s}", labels);
    }
}

static void write_bucket(struct buf *out, const struct metric *metric, const char *le,
                         uint64_t count)
{
    const char *labels = labels_of(metric);
    buf_addf(out, "%s_bucket{%s%sle=\"%s\"} ", metric->name, labels, labels[0] == '\0' ? "" : ",",
             le);
    buf_add_u64(out, count);
    buf_add_byte(out, '\n');
}

static void write_total(struct buf *out, const struct metric *metric, const char *what,
                        uint64_t value)
{
    buf_addf(out, "%s_%s", metric->name, what);
    write_labels(out, labels_of(metric));
    buf_add_byte(out, ' ');
    buf_add_u64(out, value);
    buf_add_byte(out, '\n');
}

/* One bucket an octave: quarters are for our own quantiles. */
static void write_histogram(struct buf *out, struct metric *const *same, size_t count)
{
    uint64_t steps[HISTOGRAM_STEPS] = {0};
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        for (unsigned j = 0; j < HISTOGRAM_STEPS; j++) {
            steps[j] += atomic_load_explicit(&same[i]->histogram->counts[j], memory_order_relaxed);
        }
        sum += atomic_load_explicit(&same[i]->histogram->sum, memory_order_relaxed);
    }
    uint64_t seen = 0;
    for (unsigned j = 0; j < HISTOGRAM_STEPS; j++) {
        seen += steps[j];
        if (j % HISTOGRAM_STEPS_OCTAVE == 3 && j < HISTOGRAM_STEPS - HISTOGRAM_STEPS_OCTAVE) {
            char le[24];
            struct buf number;
            buf_init(&number, MEM_OTHER, sizeof(le) - 1);
            buf_add_u64(&number, histogram_step_top(j));
            memcpy(le, number.bytes, number.len);
            le[number.len] = '\0';
            buf_done(&number);
            write_bucket(out, same[0], le, seen);
        }
    }
    write_bucket(out, same[0], "+Inf", seen);
    write_total(out, same[0], "sum", sum);
    write_total(out, same[0], "count", seen);
}

static void write_value(struct buf *out, struct metric *const *same, size_t count)
{
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value += metric_value(same[i]);
    }
    buf_add_str(out, str_of(same[0]->name));
    write_labels(out, labels_of(same[0]));
    buf_add_byte(out, ' ');
    buf_add_i64(out, value);
    buf_add_byte(out, '\n');
}

static void write_sorted(struct buf *out, struct metric *const *metrics, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t same = 1;
        while (i + same < count && compare(&metrics[i], &metrics[i + same]) == 0) {
            same++;
        }
        if (i == 0 || strcmp(metrics[i]->name, metrics[i - 1]->name) != 0) {
            write_head(out, metrics[i]);
        }
        if (metrics[i]->kind == METRIC_HISTOGRAM) {
            write_histogram(out, &metrics[i], same);
        } else {
            write_value(out, &metrics[i], same);
        }
        i += same;
    }
}

void metric_write(struct buf *out)
{
    must(pthread_mutex_lock(&lock) == 0);
    struct metric **metrics =
        listed_count == 0 ? NULL : mem_new(MEM_OTHER, listed_count * sizeof(struct metric *));
    if (metrics != NULL) {
        size_t count = 0;
        for (struct link *link = registry.next; link != &registry; link = link->next) {
            metrics[count++] = list_entry(link, struct metric, link);
        }
        qsort(metrics, count, sizeof(struct metric *), compare);
        write_sorted(out, metrics, count);
        mem_free(MEM_OTHER, metrics);
    } else if (listed_count > 0) {
        out->failed = true;
    }
    must(pthread_mutex_unlock(&lock) == 0);
}
