// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include "bench/dialect.h"
#include "wire/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const transport_names[TRANSPORTS] = {
    [TRANSPORT_SSE] = "sse", [TRANSPORT_WS] = "ws", [TRANSPORT_POLL] = "poll"};

bool report_is_clean(const struct report *report)
{
    return score_faults(&report->score) == 0;
}

/* ---- medians ---- */

static int by_value(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* The k-th smallest and largest of n hold the median unless fewer than k of n coins fall one way:
 * the largest k for which that is at most 5 % likely. */
static uint32_t interval_rank(uint32_t count)
{
    double term = 1, total = 0;
    uint32_t rank = 0;
    for (uint32_t i = 0; i < count; i++) {
        term /= 2;
    }
    for (uint32_t k = 0; k < count / 2; k++) {
        total += term;
        if (2 * total > 0.05) {
            break;
        }
        rank = k;
        term = term * (count - k) / (k + 1);
    }
    return rank;
}

struct report_median report_median(double *values, uint32_t count)
{
    if (count == 0) {
        return (struct report_median){.median = 0};
    }
    qsort(values, count, sizeof(*values), by_value);
    const uint32_t rank = interval_rank(count);
    return (struct report_median){.median = (values[(count - 1) / 2] + values[count / 2]) / 2,
                                  .low = values[rank],
                                  .high = values[count - 1 - rank]};
}

static double ns_each(const struct report_window *window)
{
    return window->writes == 0 ? 0 : (double)window->cpu_ns / (double)window->writes;
}

struct costs {
    struct report_median floor_ns, server_ns, ratio;
};

static struct costs costs_of(const struct report_step *step)
{
    double floor[REPORT_PAIRS_MAX], server[REPORT_PAIRS_MAX], ratio[REPORT_PAIRS_MAX];
    const uint32_t count = step->window_count;
    for (uint32_t i = 0; i < count; i++) {
        floor[i] = ns_each(&step->floor[i]);
        server[i] = ns_each(&step->server[i]);
        ratio[i] = floor[i] > 0 ? server[i] / floor[i] : 0;
    }
    return (struct costs){.floor_ns = report_median(floor, count),
                          .server_ns = report_median(server, count),
                          .ratio = report_median(ratio, count)};
}

static double memory_of_viewer(const struct report *report, const struct plan *plan)
{
    return plan->viewers == 0
               ? 0
               : ((double)report->anon_after - (double)report->anon_before) / plan->viewers;
}

/* ---- for people ---- */

static void write_delays(struct buf *out, const char *what, const struct latency *latency)
{
    if (latency->total > 0) {
        buf_addf(out, "%-22s p50 %.2f  p95 %.2f  p99 %.2f  max %.2f ms\n", what,
                 latency_quantile_ms(latency, 0.5), latency_quantile_ms(latency, 0.95),
                 latency_quantile_ms(latency, 0.99), (double)latency->max_us / 1000);
    }
}

static void write_costs(struct buf *out, const struct report *report, const struct plan *plan)
{
    const struct costs costs = costs_of(&report->steps[0]);
    if (report->cpu_ns > 0) {
        const uint64_t each = score_of(&report->score, plan->is_idle       ? COUNT_HEARTBEATS
                                                       : plan->viewers > 0 ? COUNT_DELIVERIES
                                                                           : COUNT_ANSWERED);
        buf_addf(out, "%-22s %.2f us a %s\n", "server CPU",
                 each == 0 ? 0 : (double)report->cpu_ns / (double)each / 1000,
                 plan->is_idle       ? "heartbeat"
                 : plan->viewers > 0 ? "delivery"
                                     : "post");
    }
    if (plan->pairs > 0) {
        buf_addf(out, "%-22s F %.2f us a send, server %.2f us each, of %" PRIu64 " bytes\n",
                 "beside the bare loop", costs.floor_ns.median / 1000,
                 costs.server_ns.median / 1000, report->frame_bytes);
        buf_addf(out, "%-22s %.2f F (%.2f .. %.2f, %u pairs)\n", "", costs.ratio.median,
                 costs.ratio.low, costs.ratio.high, report->steps[0].window_count);
    }
    if (plan->is_idle) {
        buf_addf(out, "%-22s %" PRIu64 ", %" PRIu64 " within 100 ms at most\n", "heartbeats",
                 score_of(&report->score, COUNT_HEARTBEATS), report->heartbeats_peak);
    }
    if (report->anon_after > 0 && plan->viewers > 0) {
        buf_addf(out, "%-22s %.0f bytes a viewer\n", "server user memory",
                 memory_of_viewer(report, plan));
    }
}

/* The median of what the server told of each act. */
static double reach_ms(const struct report *report, bool is_p95)
{
    double values[REPORT_ACTS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < report->act_count; i++) {
        const struct deletion_reach *reach = &report->acts[i].reach;
        if (reach->is_known) {
            values[count++] = (double)(is_p95 ? reach->p95_ms : reach->p50_ms);
        }
    }
    return report_median(values, count).median;
}

/* Once over all viewers by the bare loop, ms; 0: not known. */
static double loop_ms(const struct report_step *step)
{
    double values[REPORT_PAIRS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < step->window_count; i++) {
        if (step->floor[i].loop_us > 0) {
            values[count++] = step->floor[i].loop_us / 1000;
        }
    }
    return report_median(values, count).median;
}

static void write_acts(struct buf *out, const struct report *report)
{
    const struct score *score = &report->score;
    if (report->act_count == 0) {
        return;
    }
    buf_addf(out, "%-22s %" PRIu64 " of %u answered, %" PRIu64 " texts read after the answer\n",
             "deletions", score_of(score, COUNT_ACTS), report->act_count,
             score_of(score, COUNT_TEXTS_LATE));
    write_delays(out, "  asked to told", &score->acts_told);
    write_delays(out, "  asked to answered", &score->acts_answered);
    buf_addf(out, "%-22s p50 %.0f  p95 %.0f ms; the bare loop over all %.1f ms\n",
             "  written, it says", reach_ms(report, false), reach_ms(report, true),
             loop_ms(&report->steps[0]));
}

void report_write_text(const struct report *report, const struct plan *plan, struct buf *out)
{
    const struct score *score = &report->score;
    buf_addf(out, "%-22s %u of %u streams, in after %u ms\n", "viewers", plan->viewers,
             plan->streams, report->joined_ms);
    buf_addf(out,
             "%-22s %" PRIu64 " posted, %" PRIu64 " answered (%.0f/s), %" PRIu64
             " refused, %" PRIu64 " retries\n",
             "comments", score_of(score, COUNT_POSTED), score_of(score, COUNT_ANSWERED),
             report->posting_s > 0 ? (double)score_of(score, COUNT_ANSWERED) / report->posting_s
                                   : 0,
             score_of(score, COUNT_POST_REFUSED), score_of(score, COUNT_POST_RETRIES));
    buf_addf(out, "%-22s %" PRIu64 " (%" PRIu64 " again after a return), %" PRIu64 " bytes\n",
             "deliveries", score_of(score, COUNT_DELIVERIES), score_of(score, COUNT_AGAIN),
             score_of(score, COUNT_BYTES));
    buf_addf(out,
             "%-22s %" PRIu64 " returns, %" PRIu64 " cut by the server, %" PRIu64
             " refused, %" PRIu64 " goaways\n",
             "connections", score_of(score, COUNT_RETURNS), score_of(score, COUNT_CUT),
             score_of(score, COUNT_REFUSED), score_of(score, COUNT_GOAWAYS));
    buf_addf(out, "%-22s %" PRIu64 " gaps of %" PRIu64 " events, %" PRIu64 " resyncs\n", "told",
             score_of(score, COUNT_GAPS), score_of(score, COUNT_SPARED),
             score_of(score, COUNT_RESYNCS));
    for (uint32_t i = 0; i < report->storm_count; i++) {
        const uint32_t back = plan->viewers - plan_staying(plan);
        buf_addf(out, "%-22s %u viewers back and caught up in %u ms: %.0f/s", "storm", back,
                 report->storm_ms[i], back * 1e3 / (report->storm_ms[i] + 1));
        if (report->storm_cpu_ns[i] > 0) {
            buf_addf(out, ", %.0f/s of the server's time",
                     back * 1e9 / (double)report->storm_cpu_ns[i]);
        }
        buf_add_byte(out, '\n');
    }
    write_delays(out, "  to who stayed", &score->stayed);
    if (report->upgrade_count > 0) {
        buf_addf(out, "%-22s another process served after %u ms\n", "upgrade", report->upgrade_ms);
    }
    if (score_of(score, COUNT_INFLATED_BYTES) > 0) {
        buf_addf(out, "%-22s %" PRIu64 " bytes that inflated to %" PRIu64 "\n", "compressed",
                 score_of(score, COUNT_INFLATED_BYTES), score_of(score, COUNT_TEXT_BYTES));
    }
    for (uint32_t i = 0; i < report->step_count; i++) {
        char what[32];
        snprintf(what, sizeof(what), "due to visible");
        if (report->step_count > 1) {
            snprintf(what, sizeof(what), "due to visible, %.0f/s", report->steps[i].rate);
        }
        write_delays(out, what, &score->visible[i]);
        write_delays(out, "  of the bare loop", &score->floor[i]);
    }
    write_delays(out, "due to answered", &score->posted);
    write_acts(out, report);
    write_costs(out, report, plan);
    buf_addf(out, "%-22s", "violations");
    for (int fault = 0; fault < FAULTS; fault++) {
        buf_addf(out, " %s %" PRIu64, score_fault_name((enum fault)fault), score->faults[fault]);
    }
    buf_addf(out, "\n%s\n", report_is_clean(report) ? "clean" : "NOT clean");
    for (uint32_t i = 0; i < score->word_count; i++) {
        buf_addf(out, "  %s\n", score->words[i]);
    }
}

/* ---- as JSON ---- */

static void write_number(struct buf *out, const char *name, double value)
{
    json_write_name(out, name);
    buf_addf(out, "%.4f", value);
}

static void write_latency(struct buf *out, const char *name, const struct latency *latency)
{
    json_write_name(out, name);
    buf_add_byte(out, '{');
    json_write_member_u64(out, "count", latency->total);
    write_number(out, "p50_ms", latency_quantile_ms(latency, 0.5));
    write_number(out, "p95_ms", latency_quantile_ms(latency, 0.95));
    write_number(out, "p99_ms", latency_quantile_ms(latency, 0.99));
    write_number(out, "max_ms", (double)latency->max_us / 1000);
    buf_add_byte(out, '}');
}

static void write_median(struct buf *out, const char *name, const struct report_median *median)
{
    json_write_name(out, name);
    buf_add_byte(out, '{');
    write_number(out, "median", median->median);
    write_number(out, "low", median->low);
    write_number(out, "high", median->high);
    buf_add_byte(out, '}');
}

/* What one rate cost, and the windows it is taken from. */
static void write_step(struct buf *out, const struct report_step *step, bool has_floor)
{
    const struct costs costs = costs_of(step);
    write_median(out, "floor_ns", &costs.floor_ns);
    write_median(out, "server_ns", &costs.server_ns);
    write_median(out, "ratio", &costs.ratio);
    json_write_name(out, "pairs");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; has_floor && i < step->window_count; i++) {
        buf_addf(out, "%s[%.1f,%.1f]", i == 0 ? "" : ",", ns_each(&step->floor[i]),
                 ns_each(&step->server[i]));
    }
    buf_add_byte(out, ']');
}

static uint64_t writes_of(const struct report_window *windows, uint32_t count)
{
    uint64_t writes = 0;
    for (uint32_t i = 0; i < count; i++) {
        writes += windows[i].writes;
    }
    return writes;
}

static uint64_t cpu_of(const struct report_window *windows, uint32_t count)
{
    uint64_t cpu_ns = 0;
    for (uint32_t i = 0; i < count; i++) {
        cpu_ns += windows[i].cpu_ns;
    }
    return cpu_ns;
}

static void write_steps(struct buf *out, const struct report *report, bool has_floor)
{
    json_write_name(out, "steps");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < report->step_count; i++) {
        const struct report_step *step = &report->steps[i];
        buf_addf(out, "%s{", i == 0 ? "" : ",");
        write_number(out, "rate", step->rate);
        json_write_member_u64(out, "viewers", step->viewers);
        json_write_member_u64(out, "anon", step->anon);
        json_write_member_u64(out, "cpu_ns", cpu_of(step->server, step->window_count));
        json_write_member_u64(out, "floor_cpu_ns", cpu_of(step->floor, step->window_count));
        json_write_member_u64(out, "deliveries", writes_of(step->server, step->window_count));
        json_write_member_u64(out, "floor_writes", writes_of(step->floor, step->window_count));
        write_latency(out, "visible", &report->score.visible[i]);
        write_latency(out, "floor_visible", &report->score.floor[i]);
        write_step(out, step, has_floor);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}

static void write_plan(struct buf *out, const struct plan *plan)
{
    json_write_name(out, "plan");
    buf_add_byte(out, '{');
    json_write_member_u64(out, "viewers", plan->viewers);
    json_write_member_u64(out, "streams", plan->streams);
    json_write_member_u64(out, "posters", plan->posters);
    json_write_member_u64(out, "crews", plan->crews);
    write_number(out, "rate", plan->rates[0]);
    json_write_name(out, "peer");
    json_write_str(out, str_of(plan->peer == NULL ? "" : plan->peer->name));
    json_write_member_bool(out, "idle", plan->is_idle);
    json_write_member_u64(out, "bytes", plan->bytes);
    json_write_member_u64(out, "seconds", plan->seconds);
    json_write_member_u64(out, "stalled_percent", plan->stalled_percent);
    json_write_member_u64(out, "reconnect_s", plan->reconnect_s);
    json_write_member_u64(out, "compress_percent", plan->compress_percent);
    json_write_member_u64(out, "upgrade_s", plan->upgrade_s);
    json_write_member_u64(out, "acts", plan->acts);
    json_write_name(out, "transports");
    buf_add_byte(out, '[');
    for (int transport = 0; transport < TRANSPORTS; transport++) {
        if (plan->transports >> transport & 1U) {
            buf_addf(out, "%s\"%s\"", out->bytes[out->len - 1] == '[' ? "" : ",",
                     transport_names[transport]);
        }
    }
    buf_add_str(out, STR("]}"));
}

/* Of all rates together. */
static void write_visible(struct buf *out, const struct score *score)
{
    static struct latency all;
    all = score->visible[0];
    for (int step = 1; step < PLAN_STEPS_MAX; step++) {
        latency_merge(&all, &score->visible[step]);
    }
    write_latency(out, "visible", &all);
}

static void write_act_list(struct buf *out, const struct report *report)
{
    write_latency(out, "acts_told", &report->score.acts_told);
    write_latency(out, "acts_answered", &report->score.acts_answered);
    write_number(out, "loop_ms", loop_ms(&report->steps[0]));
    json_write_name(out, "acts");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < report->act_count; i++) {
        const struct deletion_reach *reach = &report->acts[i].reach;
        buf_addf(out, "%s{", i == 0 ? "" : ",");
        write_number(out, "answered_ms", report->acts[i].answered_ms);
        if (reach->is_known) {
            json_write_member_u64(out, "viewers", reach->viewers);
            json_write_member_u64(out, "applied", reach->applied);
            json_write_member_u64(out, "cut", reach->cut);
            json_write_member_u64(out, "p50_ms", reach->p50_ms);
            json_write_member_u64(out, "p95_ms", reach->p95_ms);
        }
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}

void report_write_json(const struct report *report, const struct plan *plan, struct buf *out)
{
    const struct score *score = &report->score;
    buf_add_byte(out, '{');
    json_write_member_bool(out, "clean", report_is_clean(report));
    write_plan(out, plan);
    json_write_name(out, "counts");
    buf_add_byte(out, '{');
    for (int count = 0; count < COUNTS; count++) {
        json_write_member_u64(out, score_count_name((enum count)count),
                              score_of(score, (enum count)count));
    }
    buf_add_str(out, STR("},\"violations\":{"));
    for (int fault = 0; fault < FAULTS; fault++) {
        json_write_member_u64(out, score_fault_name((enum fault)fault), score->faults[fault]);
    }
    buf_add_str(out, STR("},\"words\":["));
    for (uint32_t i = 0; i < score->word_count; i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        json_write_str(out, str_of(score->words[i]));
    }
    buf_add_byte(out, ']');
    json_write_member_u64(out, "events", report->events);
    write_number(out, "posting_s", report->posting_s);
    json_write_member_u64(out, "joined_ms", report->joined_ms);
    json_write_member_u64(out, "settled_ms", report->settled_ms);
    json_write_member_bool(out, "has_settled", report->has_settled);
    write_visible(out, score);
    write_latency(out, "posted", &score->posted);
    json_write_member_u64(out, "server_cpu_ns", report->cpu_ns);
    json_write_member_u64(out, "anon_before", report->anon_before);
    json_write_member_u64(out, "anon_after", report->anon_after);
    write_number(out, "viewer_bytes", memory_of_viewer(report, plan));
    json_write_member_u64(out, "anon_loaded", report->anon_loaded);
    json_write_member_u64(out, "frame_bytes", report->frame_bytes);
    write_step(out, &report->steps[0], plan->pairs > 0);
    write_steps(out, report, plan->pairs > 0);
    json_write_member_u64(out, "heartbeats_peak", report->heartbeats_peak);
    json_write_name(out, "storms_ms");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < report->storm_count; i++) {
        buf_addf(out, "%s%u", i == 0 ? "" : ",", report->storm_ms[i]);
    }
    buf_add_str(out, STR("],\"storms_cpu_ns\":["));
    for (uint32_t i = 0; i < report->storm_count; i++) {
        buf_addf(out, "%s%" PRIu64, i == 0 ? "" : ",", report->storm_cpu_ns[i]);
    }
    buf_add_byte(out, ']');
    write_latency(out, "stayed", &report->score.stayed);
    write_act_list(out, report);
    json_write_member_u64(out, "upgrades", report->upgrade_count);
    json_write_member_u64(out, "upgrade_ms", report->upgrade_ms);
    buf_add_str(out, STR("}\n"));
}
