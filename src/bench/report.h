// SPDX-License-Identifier: Apache-2.0
/* report -- what a bench found, for people and as JSON.
 *
 * Thread:  its owner's.
 */
#pragma once

#include "base/buf.h"
#include "bench/deletions.h"
#include "bench/plan.h"
#include "bench/score.h"

#include <stdbool.h>
#include <stdint.h>

enum { REPORT_PAIRS_MAX = 99, REPORT_STORMS_MAX = 99, REPORT_ACTS_MAX = 999 };

struct report_window {
    uint64_t writes, cpu_ns;
    double loop_us; // of the bare loop: once over all, by the clock; 0: not known
};

struct report_step { // all windows of one rate
    double rate;
    uint32_t viewers;
    uint64_t anon; // of the server, before it
    uint32_t window_count;
    struct report_window floor[REPORT_PAIRS_MAX], server[REPORT_PAIRS_MAX];
};

struct report_act {
    double answered_ms; // 0: it was not
    struct deletion_reach reach;
};

struct report {
    struct score score; // of all crews
    uint64_t events;    // in the logs
    double posting_s;   // while comments were posted
    uint32_t joined_ms, settled_ms;
    bool has_settled; // all viewers had all before the time was over
    uint64_t frame_bytes;
    uint64_t anon_before, anon_after; // of the server, around the joining; 0: not known
    uint64_t anon_loaded; // of it, behind the last window: with what it holds for the slow
    uint64_t cpu_ns;      // of the server, while comments were posted and delivered
    uint32_t step_count, storm_count, upgrade_count;
    uint32_t upgrade_ms; // from when another process was started until it served
    struct report_step steps[PLAN_STEPS_MAX];
    uint32_t act_count;
    struct report_act acts[REPORT_ACTS_MAX];
    uint64_t heartbeats_peak;                 // of an idle run: the most that came within 100 ms
    uint32_t storm_ms[REPORT_STORMS_MAX];     // from the first return to the last caught up
    uint64_t storm_cpu_ns[REPORT_STORMS_MAX]; // the server's meanwhile; 0: not known
};

bool report_is_clean(const struct report *report);
void report_write_text(const struct report *report, const struct plan *plan, struct buf *out);
void report_write_json(const struct report *report, const struct plan *plan, struct buf *out);

struct report_median {
    double median, low, high; // the interval holds the true median with >= 95 %, from 6 on
};
struct report_median report_median(double *values, uint32_t count); // sorts them
