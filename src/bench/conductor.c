// SPDX-License-Identifier: Apache-2.0
#include "bench/conductor.h"

#include "base/mem.h"
#include "base/must.h"
#include "bench/bare.h"
#include "bench/crew.h"
#include "bench/logbook.h"
#include "bench/spawn.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    STEP_MS = 5,
    PROGRESS_MS = 500,
    JOIN_MS = 30 * 1000, // and JOIN_MS_EACH for each viewer
    JOIN_MS_EACH = 4,
    CALM_MS = 1500,           // after the joining, before memory is read
    QUIET_MS = 300,           // no delivery for so long: a window is over
    QUIET_MS_MAX = 20 * 1000, // or not
    ROUND_MS_MAX = 60 * 1000, // for answers still missing after the last comment was due
    AWAY_MS = 1000,           // of a storm
    LEAD_US = 50 * 1000,      // crews see a round before it begins
    WARM_UP_COMMENTS = 3,
    ENOUGH_TIMES = 2, // a rate whose windows take so often their time is the last
    PEAK_MS = 100,
    LOOPS_PER_S = 4, // of the bare loop beside acts: each begins when the one before is over
    LINE_BYTES = 3,  // an SSE heartbeat
    PING_BYTES = 2,  // a WebSocket's
};

struct conductor {
    const struct plan *plan; // borrowed
    struct bare *bare;       // borrowed, or NULL
    struct spawn *spawn;     // borrowed, or NULL
    struct report *report;   // borrowed
    struct cue cue;
    struct crew **crews;  // owned; [plan->crews]
    struct truth *truths; // owned; [plan->streams]
    int64_t told_ms;      // of the last progress line
    const char *doing;
    bool has_line; // a progress line stands on the terminal
};

static int64_t now_ms(void)
{
    return clock_mono_ms(sys_clock());
}

/* ---- what the crews say ---- */

static struct crew_state state_of(const struct conductor *conductor)
{
    struct crew_state all = {.rounds = UINT32_MAX};
    for (uint32_t i = 0; i < conductor->plan->crews; i++) {
        const struct crew_state one = crew_state(conductor->crews[i]);
        all.viewers += one.viewers;
        all.present += one.present;
        all.settled += one.settled;
        all.behind += one.behind;
        all.floor_readers += one.floor_readers;
        all.rounds = one.rounds < all.rounds ? one.rounds : all.rounds;
    }
    return all;
}

static uint64_t count_of(const struct conductor *conductor, enum count count)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < conductor->plan->crews; i++) {
        total += score_of(&crew_scene(conductor->crews[i])->score, count);
    }
    return total;
}

static uint64_t faults_of(const struct conductor *conductor)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < conductor->plan->crews; i++) {
        total += score_faults(&crew_scene(conductor->crews[i])->score);
    }
    return total;
}

static void show_progress(struct conductor *conductor)
{
    if (!sys_is_terminal(2) || now_ms() - conductor->told_ms < PROGRESS_MS) {
        return;
    }
    const struct crew_state state = state_of(conductor);
    conductor->told_ms = now_ms();
    conductor->has_line = true;
    fprintf(stderr,
            "\r%-10s %u viewers, %" PRIu64 " answered, %" PRIu64 " delivered, %" PRIu64
            " gaps, %" PRIu64 " violations   ",
            conductor->doing, state.present, count_of(conductor, COUNT_ANSWERED),
            count_of(conductor, COUNT_DELIVERIES), count_of(conductor, COUNT_GAPS),
            faults_of(conductor));
    (void)fflush(stderr);
}

static void step(struct conductor *conductor, const char *doing)
{
    conductor->doing = doing;
    show_progress(conductor);
    sys_sleep_ms(STEP_MS);
}

/* 0: not known. */
static uint64_t cpu_ns_of(int pid)
{
    uint64_t spent_ns = 0;
    return pid == 0 || sys_process_cpu_ns(pid, &spent_ns) != ERR_OK ? 0 : spent_ns;
}

static uint64_t server_anon(const struct conductor *conductor)
{
    uint64_t bytes = 0;
    if (conductor->plan->pid == 0 ||
        sys_process_anon_bytes(conductor->plan->pid, &bytes) != ERR_OK) {
        return 0;
    }
    return bytes;
}

/* ---- coming in ---- */

/* Until as many are in as there should be, and the server is calm. */
static void join(struct conductor *conductor, uint32_t wanted)
{
    const int64_t start_ms = now_ms();
    const int64_t end_ms = start_ms + JOIN_MS + (int64_t)wanted * JOIN_MS_EACH;
    if (state_of(conductor).present >= wanted) {
        return;
    }
    atomic_store_explicit(&conductor->cue.wanted, wanted, memory_order_relaxed);
    while (state_of(conductor).present < wanted && now_ms() < end_ms) {
        step(conductor, "joining");
    }
    conductor->report->joined_ms += (uint32_t)(now_ms() - start_ms);
    const int64_t calm_ms = now_ms() + (conductor->plan->pid != 0 ? CALM_MS : 0);
    while (now_ms() < calm_ms) {
        step(conductor, "calming");
    }
}

static void join_floor(struct conductor *conductor)
{
    const int64_t end_ms = now_ms() + JOIN_MS + (int64_t)conductor->plan->viewers * JOIN_MS_EACH;
    conductor->cue.floor = conductor->bare->address;
    atomic_store_explicit(&conductor->cue.floor_is_open, true, memory_order_release);
    while (state_of(conductor).floor_readers < conductor->plan->viewers && now_ms() < end_ms) {
        step(conductor, "bare loop");
    }
}

/* ---- windows ---- */

/* Until nothing is delivered any more. */
static void wait_quiet(struct conductor *conductor, enum count count)
{
    const int64_t end_ms = now_ms() + QUIET_MS_MAX;
    uint64_t seen = count_of(conductor, count);
    int64_t since_ms = now_ms();
    while (now_ms() - since_ms < QUIET_MS && now_ms() < end_ms) {
        step(conductor, "arriving");
        const uint64_t more = count_of(conductor, count);
        since_ms = more == seen ? since_ms : now_ms();
        seen = more;
    }
}

/* All but those who stay leave, and after a while return; told is how long until all had caught
 * up. */
static void storm(struct conductor *conductor, uint32_t *ret_ms, uint64_t *ret_cpu_ns)
{
    const int64_t back_ms = now_ms() + AWAY_MS;
    const uint32_t leaving = conductor->plan->viewers - plan_staying(conductor->plan);
    atomic_store_explicit(&conductor->cue.is_storming, true, memory_order_relaxed);
    atomic_fetch_add_explicit(&conductor->cue.storm, 1, memory_order_relaxed);
    while (now_ms() < back_ms || state_of(conductor).present > conductor->plan->viewers - leaving) {
        step(conductor, "away");
    }
    const int64_t start_ms = now_ms();
    const int64_t end_ms = start_ms + JOIN_MS + (int64_t)conductor->plan->viewers * JOIN_MS_EACH;
    const uint64_t returns = count_of(conductor, COUNT_RETURNS);
    const uint64_t cpu_ns = cpu_ns_of(conductor->plan->pid);
    atomic_fetch_add_explicit(&conductor->cue.storm, 1, memory_order_relaxed);
    while ((count_of(conductor, COUNT_RETURNS) - returns < leaving ||
            state_of(conductor).behind > 0) &&
           now_ms() < end_ms) {
        step(conductor, "returning");
    }
    *ret_ms = (uint32_t)(now_ms() - start_ms);
    *ret_cpu_ns = cpu_ns_of(conductor->plan->pid) - cpu_ns;
    atomic_store_explicit(&conductor->cue.is_storming, false, memory_order_relaxed);
}

static void begin_round(struct conductor *conductor, double rate, uint64_t comments, uint32_t ms)
{
    struct cue *cue = &conductor->cue;
    struct post_round *posts = &cue->posts;
    posts->first += posts->count == UINT64_MAX ? 1U << 30 : posts->count;
    posts->count = comments;
    posts->rate = rate;
    posts->from_us = sys_mono_us() + LEAD_US;
    posts->until_us = posts->from_us + (int64_t)ms * 1000;
    atomic_fetch_add_explicit(&cue->post_round, 1, memory_order_release);
}

static bool is_posting(const struct conductor *conductor, int64_t end_ms)
{
    const uint32_t round = atomic_load_explicit(&conductor->cue.post_round, memory_order_relaxed);
    return state_of(conductor).rounds < round && now_ms() < end_ms;
}

static bool is_to_upgrade(const struct conductor *conductor, double posting_s)
{
    const uint32_t upgrade_s = conductor->plan->upgrade_s;
    return upgrade_s > 0 && conductor->report->upgrade_count == 0 && posting_s >= upgrade_s;
}

/* Another process takes over, while the crews go on. */
static void upgrade(struct conductor *conductor)
{
    char why[SPAWN_WHY_MAX] = "";
    struct report *report = conductor->report;
    report->upgrade_count++;
    conductor->doing = "upgrading";
    show_progress(conductor);
    if (spawn_upgrade(conductor->spawn, &report->upgrade_ms, why) != ERR_OK) {
        score_fault(&report->score, FAULT_REFUSED, 1, "%s", why);
    }
}

/* One round of posts with its storms, spread over it. */
static void post_round(struct conductor *conductor, double rate, uint64_t comments, uint32_t ms,
                       uint32_t storms)
{
    struct report *report = conductor->report;
    const int64_t start_ms = now_ms();
    uint32_t done = 0;
    begin_round(conductor, rate, comments, ms);
    while (is_posting(conductor, start_ms + ms + ROUND_MS_MAX)) {
        step(conductor, "posting");
        if (done < storms && report->storm_count < REPORT_STORMS_MAX &&
            now_ms() - start_ms >= (int64_t)ms * (done + 1) / (storms + 1)) {
            storm(conductor, &report->storm_ms[report->storm_count],
                  &report->storm_cpu_ns[report->storm_count]);
            report->storm_count++;
            done++;
        }
        if (is_to_upgrade(conductor, report->posting_s + (double)(now_ms() - start_ms) / 1000)) {
            upgrade(conductor);
        }
    }
    report->posting_s += (double)(now_ms() - start_ms) / 1000;
}

static void server_window(struct conductor *conductor, double rate, uint32_t ms, uint32_t storms,
                          struct report_window *window)
{
    const struct plan *plan = conductor->plan;
    const uint64_t deliveries = count_of(conductor, COUNT_DELIVERIES);
    const uint64_t cpu_ns = cpu_ns_of(plan->pid);
    const uint64_t comments = rate > 0 ? (uint64_t)(rate * ms / 1000 + 0.5) : UINT64_MAX;
    post_round(conductor, rate, comments, ms, storms);
    wait_quiet(conductor, COUNT_DELIVERIES);
    window->cpu_ns = cpu_ns_of(plan->pid) - cpu_ns;
    window->writes = count_of(conductor, COUNT_DELIVERIES) - deliveries;
    conductor->report->cpu_ns += window->cpu_ns;
}

/* The bare loop by the same clock, as many bytes as the server's frame has. */
static void floor_window(struct conductor *conductor, const struct report_step *told, uint32_t ms,
                         struct report_window *window)
{
    struct cue *cue = &conductor->cue;
    const double rate = conductor->plan->acts > 0 ? LOOPS_PER_S : told->rate;
    const double each_us = 1e6 * conductor->plan->streams / rate;
    struct bare_told took = {.loops = 0};
    const uint64_t before = count_of(conductor, COUNT_FLOOR_BYTES);
    const uint64_t spent_ns = cpu_ns_of(conductor->bare->pid);
    cue->floor_plan = (struct bare_round){.from_us = sys_mono_us() + LEAD_US,
                                          .each_us = (int64_t)each_us,
                                          .count = (uint32_t)(ms * 1000.0 / each_us + 0.5),
                                          .bytes = (uint32_t)conductor->report->frame_bytes,
                                          .readers = told->viewers};
    atomic_fetch_add_explicit(&cue->floor_round, 1, memory_order_release);
    bare_send(conductor->bare, &cue->floor_plan);
    for (const int64_t end_ms = now_ms() + ms; now_ms() < end_ms;) {
        step(conductor, "bare loop");
    }
    wait_quiet(conductor, COUNT_FLOOR_BYTES);
    window->cpu_ns = cpu_ns_of(conductor->bare->pid) - spent_ns;
    if (bare_told(conductor->bare, &took) && took.loops > 0) {
        window->loop_us = (double)took.spent_us / took.loops;
    }
    window->writes = (count_of(conductor, COUNT_FLOOR_BYTES) - before) / cue->floor_plan.bytes;
}

/* Some comments, to see how large a frame is; not measured. */
static void warm_up(struct conductor *conductor)
{
    const uint64_t deliveries = count_of(conductor, COUNT_DELIVERIES);
    const uint64_t bytes = count_of(conductor, COUNT_BYTES);
    atomic_store_explicit(&conductor->cue.step, PLAN_STEPS_MAX, memory_order_relaxed);
    post_round(conductor, conductor->plan->rates[0],
               WARM_UP_COMMENTS * (uint64_t)conductor->plan->streams, 0, 0);
    wait_quiet(conductor, COUNT_DELIVERIES);
    const uint64_t got = count_of(conductor, COUNT_DELIVERIES) - deliveries;
    conductor->report->posting_s = 0;
    conductor->report->frame_bytes =
        got == 0 ? conductor->plan->bytes : (count_of(conductor, COUNT_BYTES) - bytes) / got;
}

/* A window of `ms` that took so long is more than can be had. */
static bool is_too_much(int64_t took_ms, uint32_t ms)
{
    return took_ms > (int64_t)ms * ENOUGH_TIMES + QUIET_MS;
}

/* All windows of one rate. False: it was too much for the server. What is too much for the bare
 * loop is not tried with it again. */
static bool run_step(struct conductor *conductor, struct report_step *told, bool *has_floor)
{
    const struct plan *plan = conductor->plan;
    const uint32_t windows = plan->pairs == 0 ? 1 : plan->pairs;
    const uint32_t ms = plan->seconds * 1000 / windows;
    const bool is_last = told == &conductor->report->steps[plan->step_count - 1];
    bool goes_on = true;
    for (uint32_t i = 0; i < windows; i++) {
        int64_t start_ms = now_ms();
        if (*has_floor) {
            floor_window(conductor, told, ms, &told->floor[i]);
            *has_floor = plan->step_count == 1 || !is_too_much(now_ms() - start_ms, ms);
        }
        start_ms = now_ms();
        server_window(conductor, told->rate, ms, is_last && i == 0 ? plan->storms : 0,
                      &told->server[i]);
        goes_on = goes_on && !is_too_much(now_ms() - start_ms, ms);
        told->window_count++;
    }
    return goes_on;
}

/* ---- nobody says anything ---- */

static void note_peak(struct conductor *conductor, uint64_t *seen, int64_t *since_ms)
{
    if (now_ms() - *since_ms >= PEAK_MS) {
        const uint64_t more = count_of(conductor, COUNT_HEARTBEATS);
        uint64_t *peak = &conductor->report->heartbeats_peak;
        *peak = more - *seen > *peak ? more - *seen : *peak;
        *seen = more;
        *since_ms = now_ms();
    }
}

static void idle_window(struct conductor *conductor, uint32_t ms, struct report_window *window)
{
    const uint64_t before = count_of(conductor, COUNT_HEARTBEATS);
    const uint64_t cpu_ns = cpu_ns_of(conductor->plan->pid);
    const int64_t end_ms = now_ms() + ms;
    uint64_t seen = before;
    int64_t since_ms = now_ms();
    while (now_ms() < end_ms) {
        step(conductor, "idle");
        note_peak(conductor, &seen, &since_ms);
    }
    window->cpu_ns = cpu_ns_of(conductor->plan->pid) - cpu_ns;
    window->writes = count_of(conductor, COUNT_HEARTBEATS) - before;
    conductor->report->cpu_ns += window->cpu_ns;
}

/* As many sends of the same bytes by the bare loop, all viewers twice a second. */
static void idle_floor(struct conductor *conductor, uint64_t writes, struct report_window *window)
{
    const struct plan *plan = conductor->plan;
    const uint64_t rounds = 1 + writes / (plan->viewers + UINT64_C(1));
    struct report_step *told = &conductor->report->steps[0];
    told->rate = 2.0 * plan->streams;
    floor_window(conductor, told, (uint32_t)rounds * 500, window);
}

static void run_idle(struct conductor *conductor)
{
    const struct plan *plan = conductor->plan;
    struct report *report = conductor->report;
    struct report_step *told = &report->steps[0];
    const uint32_t windows = plan->pairs == 0 ? 1 : plan->pairs;
    report->frame_bytes = plan->transports == 1U << TRANSPORT_WS ? PING_BYTES : LINE_BYTES;
    report->step_count = 1;
    join(conductor, plan->viewers);
    report->anon_after = server_anon(conductor);
    told->viewers = plan->viewers;
    told->anon = report->anon_after;
    if (plan->pairs > 0) {
        join_floor(conductor);
    }
    for (uint32_t i = 0; i < windows; i++) {
        idle_window(conductor, plan->seconds * 1000 / windows, &told->server[i]);
        if (plan->pairs > 0) {
            idle_floor(conductor, told->server[i].writes, &told->floor[i]);
        }
        told->window_count++;
    }
}

/* More and more viewers, then rate after rate, until one is too much. */
static void run_windows(struct conductor *conductor)
{
    const struct plan *plan = conductor->plan;
    struct report *report = conductor->report;
    bool has_floor = plan->pairs > 0, goes_on = true;
    atomic_store_explicit(&conductor->cue.phase, PHASE_RUN, memory_order_relaxed);
    if (plan->is_idle) {
        run_idle(conductor);
        return;
    }
    if (has_floor) {
        join_floor(conductor);
    }
    if (has_floor || plan->step_count > 1) {
        warm_up(conductor);
    }
    for (uint32_t i = 0; i < plan->step_count && goes_on; i++) {
        struct report_step *told = &report->steps[i];
        atomic_store_explicit(&conductor->cue.step, i, memory_order_relaxed);
        if (i == 0 || plan->crowds[i] > plan->crowds[i - 1]) {
            join(conductor, plan->crowds[i]);
            report->anon_after = server_anon(conductor);
        }
        told->rate = plan->rates[i];
        told->viewers = plan->crowds[i];
        told->anon = server_anon(conductor);
        report->step_count++;
        goes_on = run_step(conductor, told, &has_floor) || plan->crowds[i] < plan->viewers;
    }
}

/* ---- the end ---- */

static void settle(struct conductor *conductor)
{
    const int64_t start_ms = now_ms();
    const int64_t end_ms = start_ms + (int64_t)conductor->plan->settle_s * 1000;
    atomic_store_explicit(&conductor->cue.phase, PHASE_SETTLE, memory_order_relaxed);
    while (state_of(conductor).settled < conductor->plan->viewers && now_ms() < end_ms) {
        step(conductor, "settling");
    }
    conductor->report->settled_ms = (uint32_t)(now_ms() - start_ms);
    conductor->report->has_settled = state_of(conductor).settled == conductor->plan->viewers;
    wait_quiet(conductor, COUNT_DELIVERIES);
}

static enum err read_logs(struct conductor *conductor, char why[CONDUCTOR_WHY_MAX])
{
    struct report *report = conductor->report;
    for (uint32_t i = 0; i < conductor->plan->streams; i++) {
        struct truth *truth = &conductor->truths[i];
        char text[LOGBOOK_WHY_MAX] = "";
        const enum err err = logbook_read(conductor->plan, i, truth, text);
        if (err == ERR_PROTO) {
            score_fault(&report->score, FAULT_ORDER, 1, "%s", text);
        } else if (err != ERR_OK) {
            snprintf(why, CONDUCTOR_WHY_MAX, "%s", text);
            return err;
        }
        report->events += truth->count;
    }
    return ERR_OK;
}

/* The crews are stopped. */
static void tell_acts(struct conductor *conductor)
{
    struct report *report = conductor->report;
    const uint32_t count = deletions_count(conductor->cue.deletions);
    for (uint32_t i = 0; i < count && i < REPORT_ACTS_MAX; i++) {
        const struct deletion_made *made = deletions_at(conductor->cue.deletions, i + 1);
        const int64_t answered_us = made->answered_us;
        report->acts[i] = (struct report_act){
            .answered_ms = answered_us > 0 ? (double)(answered_us - made->asked_us) / 1000 : 0,
            .reach = made->reach};
        report->act_count = i + 1;
    }
}

static void stop_crews(struct conductor *conductor)
{
    atomic_store_explicit(&conductor->cue.phase, PHASE_OVER, memory_order_relaxed);
    for (uint32_t i = 0; conductor->crews != NULL && i < conductor->plan->crews; i++) {
        if (conductor->crews[i] != NULL) {
            crew_stop(conductor->crews[i]);
        }
    }
}

/* Somebody must be there before a thousand ask. */
static enum err find_server(const struct conductor *conductor, char why[CONDUCTOR_WHY_MAX])
{
    struct truth truth = {.count = 0};
    char text[LOGBOOK_WHY_MAX] = "";
    const enum err err = logbook_read(conductor->plan, 0, &truth, text);
    snprintf(why, CONDUCTOR_WHY_MAX, "%s", text);
    truth_done(&truth);
    return err;
}

static enum err perform(struct conductor *conductor, char why[CONDUCTOR_WHY_MAX])
{
    const bool is_peer = conductor->plan->peer != NULL;
    if (!is_peer) {
        TRY(find_server(conductor, why));
    }
    conductor->report->anon_before = server_anon(conductor);
    join(conductor, conductor->plan->crowds[0]);
    if (is_peer && state_of(conductor).present == 0) {
        snprintf(why, CONDUCTOR_WHY_MAX, "no viewer got in");
        return ERR_CLOSED;
    }
    run_windows(conductor);
    conductor->report->anon_loaded = server_anon(conductor);
    settle(conductor);
    if (!is_peer) {
        TRY(read_logs(conductor, why));
    }
    stop_crews(conductor);
    tell_acts(conductor);
    for (uint32_t i = 0; i < conductor->plan->crews; i++) {
        crew_judge(conductor->crews[i], conductor->truths);
        score_merge(&conductor->report->score, &crew_scene(conductor->crews[i])->score);
    }
    return ERR_OK;
}

static enum err start_crews(struct conductor *conductor)
{
    const struct plan *plan = conductor->plan;
    conductor->crews = mem_new(MEM_OTHER, plan->crews * sizeof(struct crew *));
    conductor->truths = mem_new(MEM_OTHER, plan->streams * sizeof(*conductor->truths));
    conductor->cue.heads = mem_new(MEM_OTHER, plan->streams * sizeof(*conductor->cue.heads));
    if (plan->acts > 0) {
        conductor->cue.deletions = mem_new(MEM_OTHER, sizeof(*conductor->cue.deletions));
    }
    if (conductor->crews == NULL || conductor->truths == NULL || conductor->cue.heads == NULL ||
        (plan->acts > 0 && conductor->cue.deletions == NULL)) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < plan->crews; i++) {
        TRY(crew_new(plan, &conductor->cue, i, &conductor->crews[i]));
    }
    for (uint32_t i = 0; i < plan->crews; i++) {
        TRY(crew_start(conductor->crews[i]));
    }
    return ERR_OK;
}

static void clean_up(struct conductor *conductor)
{
    for (uint32_t i = 0; conductor->crews != NULL && i < conductor->plan->crews; i++) {
        crew_free(conductor->crews[i]);
    }
    for (uint32_t i = 0; conductor->truths != NULL && i < conductor->plan->streams; i++) {
        truth_done(&conductor->truths[i]);
    }
    mem_free(MEM_OTHER, conductor->crews);
    mem_free(MEM_OTHER, conductor->truths);
    mem_free(MEM_OTHER, conductor->cue.heads);
    mem_free(MEM_OTHER, conductor->cue.deletions);
    if (conductor->has_line) {
        fprintf(stderr, "\n");
    }
}

enum err conductor_run(const struct plan *plan, struct bare *bare, struct spawn *spawn,
                       struct report *ret_report, char why[CONDUCTOR_WHY_MAX])
{
    struct conductor conductor = {
        .plan = plan, .bare = bare, .spawn = spawn, .report = ret_report, .doing = ""};
    must(plan->upgrade_s == 0 || (spawn != NULL && plan->pid == 0));
    snprintf(why, CONDUCTOR_WHY_MAX, "the crews do not start");
    enum err err = start_crews(&conductor);
    if (err == ERR_OK) {
        err = perform(&conductor, why);
    }
    stop_crews(&conductor);
    clean_up(&conductor);
    return err;
}
