// SPDX-License-Identifier: Apache-2.0
#include "bench/crew.h"

#include "base/mem.h"
#include "base/must.h"
#include "bench/moderator.h"
#include "bench/poster.h"
#include "bench/watcher.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { TICK_MS = 10, SETTLE_TICKS = 5 };

struct floor_reader {  // of the bare loop: reads and counts
    struct line line;  // its dial and conn alone are used
    struct crew *crew; // borrowed
    uint64_t got;      // bytes of the present round
    uint32_t round;    // of cue, that they are of
};

struct crew {
    struct scene scene;
    struct reactor *reactor; // owned
    struct turn_hook hook;
    struct sys_thread thread;
    uint32_t number;
    bool is_running;
    struct watcher *watchers;     // owned; [viewers]
    struct poster *posters;       // owned; [poster_count]
    struct floor_reader *readers; // owned; [viewers], or NULL
    uint32_t viewers, poster_count;
    struct link free_posters;
    struct moderator moderator; // the first crew's
    uint32_t joined;            // viewers told to join so far
    uint32_t readers_dialled, readers_in;
    int64_t tick_ms; // of the next
    uint32_t ticks;
    uint32_t storm;    // of cue, that it followed
    uint32_t returned; // viewers told to return so far, of this storm
    uint32_t stalled;  // viewers told to stall so far
    /* -- a round of posts -- */
    uint32_t round;          // of cue
    struct post_round posts; // as the cue had it when the round was begun
    uint64_t next, end;      // numbers within the round; this crew's are next, next + crews, ...
    uint32_t busy;
    /* -- atomic, for the conductor: relaxed but for rounds_done, behind which a round is not read
     * any more -- */
    _Atomic uint32_t settled, floor_in, rounds_done;
};

static struct crew *crew_of_scene(struct scene *scene)
{
    return (struct crew *)(void *)((char *)scene - offsetof(struct crew, scene));
}

/* This crew's part of `total`. */
static uint32_t share(const struct crew *crew, uint32_t total)
{
    const uint32_t crews = crew->scene.plan->crews;
    return total / crews + (crew->number < total % crews ? 1 : 0);
}

/* ---- posting ---- */

static bool is_flat_out(const struct crew *crew)
{
    return crew->posts.rate <= 0;
}

static int64_t due_us(const struct crew *crew, uint64_t nth)
{
    return is_flat_out(crew)
               ? sys_mono_us()
               : crew->posts.from_us + (int64_t)((double)nth * 1e6 / crew->posts.rate);
}

/* Whether the round still has comments that nobody took. */
static bool has_more(const struct crew *crew)
{
    return crew->next < crew->end && (!is_flat_out(crew) || sys_mono_us() < crew->posts.until_us);
}

static void finish_round(struct crew *crew)
{
    if (crew->busy == 0 && !has_more(crew)) {
        atomic_store_explicit(&crew->rounds_done, crew->round, memory_order_release);
    }
}

/* Gives out what is due to those who are free. */
static void post_due(struct crew *crew)
{
    while (has_more(crew) && !list_is_empty(&crew->free_posters)) {
        const int64_t due = due_us(crew, crew->next);
        if (due > sys_mono_us()) {
            return;
        }
        struct poster *poster = list_entry(list_pop(&crew->free_posters), struct poster, link);
        const uint64_t comment = crew->posts.first + crew->next;
        crew->next += crew->scene.plan->crews;
        crew->busy++;
        poster_post(poster, comment, due);
    }
}

static void on_post_settled(struct poster *poster)
{
    struct crew *crew = crew_of_scene(poster->scene);
    crew->busy--;
    list_push(&crew->free_posters, &poster->link);
    finish_round(crew); // the next is given out at the turn's end
}

static void follow_round(struct crew *crew)
{
    const struct cue *cue = crew->scene.cue;
    const uint32_t round = atomic_load_explicit(&cue->post_round, memory_order_acquire);
    if (round != crew->round) {
        crew->round = round;
        crew->posts = cue->posts;
        crew->next = crew->number;
        crew->end = crew->poster_count == 0 ? 0 : crew->posts.count;
    }
    post_due(crew);
    finish_round(crew);
}

/* When the next comment is due, in the loop's time. */
static int64_t post_wish_ms(const struct crew *crew)
{
    if (!has_more(crew) || list_is_empty(&crew->free_posters)) {
        return INT64_MAX;
    }
    return (due_us(crew, crew->next) + 999) / 1000;
}

/* ---- the bare loop's readers ---- */

/* The n-th frame of a round is whole: it was due n steps behind the first. */
static void take_floor_time(struct scene *scene, uint64_t nth)
{
    const struct bare_round *round = &scene->cue->floor_plan;
    const int64_t due_us = round->from_us + (int64_t)nth * round->each_us;
    const int64_t late_us = sys_mono_us() - due_us;
    latency_add(&scene->score.floor[scene_step(scene)], late_us > 0 ? (uint64_t)late_us : 0);
}

static void on_floor_received(struct conn *conn, struct str bytes)
{
    struct floor_reader *reader =
        (struct floor_reader *)(void *)((char *)conn - offsetof(struct floor_reader, line.conn));
    struct scene *scene = &reader->crew->scene;
    const uint32_t round = atomic_load_explicit(&scene->cue->floor_round, memory_order_acquire);
    const uint32_t frame = scene->cue->floor_plan.bytes;
    score_count(&scene->score, COUNT_FLOOR_BYTES, bytes.len);
    if (round != reader->round) {
        reader->round = round;
        reader->got = 0;
    }
    for (uint64_t nth = reader->got / frame; nth < (reader->got + bytes.len) / frame; nth++) {
        take_floor_time(scene, nth);
    }
    reader->got += bytes.len;
}

static void on_floor_quiet(struct conn *conn)
{
    (void)conn;
}

static void on_floor_over(struct conn *conn)
{
    conn_done(conn);
}

static void on_floor_dialed(struct dial *dial, int fd)
{
    static const struct conn_ops ops = {.received = on_floor_received,
                                        .writable = on_floor_quiet,
                                        .half_closed = on_floor_over,
                                        .ended = on_floor_over};

    struct floor_reader *reader =
        (struct floor_reader *)(void *)((char *)dial - offsetof(struct floor_reader, line.dial));
    struct crew *crew = reader->crew;
    if (fd != -1 && conn_init(&reader->line.conn, crew->reactor, &ops, fd) == ERR_OK) {
        reader->line.state = LINE_OPEN;
        crew->readers_in++;
    } else {
        score_fault(&crew->scene.score, FAULT_REFUSED, 1, "a reader of the bare loop got no line");
    }
    atomic_store_explicit(&crew->floor_in, crew->readers_in, memory_order_relaxed);
}

static void dial_floor(struct crew *crew)
{
    const struct cue *cue = crew->scene.cue;
    if (crew->readers == NULL || !atomic_load_explicit(&cue->floor_is_open, memory_order_acquire)) {
        return;
    }
    while (crew->readers_dialled < crew->viewers &&
           crew->readers_dialled - crew->readers_in < CREW_JOINING_MAX) {
        struct floor_reader *reader = &crew->readers[crew->readers_dialled++];
        struct address from;
        const uint32_t number =
            crew->number + (uint32_t)(reader - crew->readers) * crew->scene.plan->crews;
        const bool has_from = scene_source(&crew->scene, number, &from);
        reader->crew = crew;
        reader->line.dial.dialed = on_floor_dialed;
        if (dial_start(&reader->line.dial, crew->reactor, &cue->floor, has_from ? &from : NULL) !=
            ERR_OK) {
            score_fault(&crew->scene.score, FAULT_REFUSED, 1, "no socket for the bare loop");
            crew->readers_in++;
        }
    }
}

static void close_floor(struct crew *crew)
{
    for (uint32_t i = 0; crew->readers != NULL && i < crew->readers_dialled; i++) {
        dial_cancel(&crew->readers[i].line.dial);
        if (crew->readers[i].line.state == LINE_OPEN) {
            conn_done(&crew->readers[i].line.conn);
        }
    }
}

/* ---- viewers ---- */

static void bring_in(struct crew *crew)
{
    const uint32_t wanted =
        share(crew, atomic_load_explicit(&crew->scene.cue->wanted, memory_order_relaxed));
    while (crew->joined < wanted && crew->scene.joining < CREW_JOINING_MAX) {
        watcher_join(&crew->watchers[crew->joined++]);
    }
}

static void follow_storm(struct crew *crew)
{
    const uint32_t storm = atomic_load_explicit(&crew->scene.cue->storm, memory_order_relaxed);
    if (storm != crew->storm && storm % 2 == 1) {
        crew->storm = storm;
        crew->returned = 0;
        for (uint32_t i = 0; i < crew->viewers; i++) {
            if (!plan_stays(crew->scene.plan, crew->watchers[i].witness.number)) {
                watcher_leave(&crew->watchers[i]);
            }
        }
    }
    while (storm % 2 == 0 && crew->storm != storm && crew->returned < crew->viewers &&
           crew->scene.joining < CREW_JOINING_MAX) {
        struct watcher *watcher = &crew->watchers[crew->returned++];
        if (!plan_stays(crew->scene.plan, watcher->witness.number)) {
            watcher_return(watcher);
        }
        crew->storm = crew->returned == crew->viewers ? storm : crew->storm;
    }
}

static void follow_stalls(struct crew *crew)
{
    const bool is_late = crew->scene.plan->step_count == 1 || scene_step(&crew->scene) > 0;
    const bool are_to_stall = scene_is(&crew->scene, PHASE_RUN) && is_late;
    const bool are_to_wake = scene_is(&crew->scene, PHASE_SETTLE);
    for (uint32_t i = 0; i < crew->viewers && (are_to_stall || are_to_wake); i++) {
        if (are_to_wake) {
            watcher_wake(&crew->watchers[i]);
        } else if (crew->watchers[i].stalls) {
            watcher_stall(&crew->watchers[i]);
        }
    }
}

static void count_settled(struct crew *crew)
{
    uint32_t settled = 0;
    for (uint32_t i = 0; i < crew->viewers; i++) {
        settled += watcher_is_settled(&crew->watchers[i]) ? 1 : 0;
    }
    atomic_store_explicit(&crew->settled, settled, memory_order_relaxed);
}

/* ---- acts ---- */

/* While what is posted is measured. */
static int64_t moderate(struct crew *crew)
{
    return crew->moderator.scene == NULL
               ? INT64_MAX
               : moderator_turn(&crew->moderator,
                                has_more(crew) && scene_step(&crew->scene) < PLAN_STEPS_MAX);
}

/* ---- the thread ---- */

static int64_t on_turn(struct turn_hook *hook, int64_t mono_ms)
{
    struct crew *crew = (struct crew *)(void *)((char *)hook - offsetof(struct crew, hook));
    follow_round(crew);
    bring_in(crew);
    follow_storm(crew);
    dial_floor(crew);
    if (mono_ms >= crew->tick_ms) {
        crew->tick_ms = mono_ms + TICK_MS;
        if (crew->scene.plan->stalled_percent > 0) {
            follow_stalls(crew);
        }
        if (crew->ticks++ % SETTLE_TICKS == 0) {
            count_settled(crew);
        }
    }
    const int64_t wish_ms = post_wish_ms(crew), acts_ms = moderate(crew);
    const int64_t next_ms = wish_ms < crew->tick_ms ? wish_ms : crew->tick_ms;
    return next_ms < acts_ms ? next_ms : acts_ms;
}

static void run(void *user)
{
    struct crew *crew = user;
    if (sys_thread_own_files() != ERR_OK) {
        score_fault(&crew->scene.score, FAULT_REFUSED, 1, "no table of files of its own");
    }
    reactor_run(crew->reactor);
    for (uint32_t i = 0; i < crew->viewers; i++) {
        watcher_done(&crew->watchers[i]);
    }
    for (uint32_t i = 0; i < crew->poster_count; i++) {
        poster_done(&crew->posters[i]);
    }
    moderator_done(&crew->moderator);
    close_floor(crew);
}

/* ---- what the conductor says ---- */

static enum err fill(struct crew *crew)
{
    const struct plan *plan = crew->scene.plan;
    TRY(reactor_new(&crew->reactor));
    crew->scene.reactor = crew->reactor;
    crew->viewers = share(crew, plan->viewers);
    crew->poster_count = share(crew, plan->posters);
    crew->watchers = mem_new(MEM_OTHER, (crew->viewers + 1) * sizeof(*crew->watchers));
    crew->posters = mem_new(MEM_OTHER, (crew->poster_count + 1) * sizeof(*crew->posters));
    if (plan->pairs > 0) {
        crew->readers = mem_new(MEM_OTHER, (crew->viewers + 1) * sizeof(*crew->readers));
    }
    if (crew->watchers == NULL || crew->posters == NULL ||
        (plan->pairs > 0 && crew->readers == NULL)) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < crew->viewers; i++) {
        watcher_init(&crew->watchers[i], &crew->scene, crew->number + i * plan->crews);
    }
    for (uint32_t i = 0; i < crew->poster_count; i++) {
        poster_init(&crew->posters[i], &crew->scene, crew->number + i * plan->crews);
        crew->posters[i].done = on_post_settled;
        list_push(&crew->free_posters, &crew->posters[i].link);
    }
    if (crew->number == 0 && plan->acts > 0) {
        moderator_init(&crew->moderator, &crew->scene);
    }
    reactor_hook(crew->reactor, &crew->hook);
    return ERR_OK;
}

enum err crew_new(const struct plan *plan, struct cue *cue, uint32_t number, struct crew **ret_crew)
{
    struct crew *crew = mem_new(MEM_OTHER, sizeof(*crew));
    if (crew == NULL) {
        return ERR_NOMEM;
    }
    crew->number = number;
    crew->scene.plan = plan;
    crew->scene.cue = cue;
    crew->hook.turn = on_turn;
    list_init(&crew->free_posters);
    rand_init(&crew->scene.rand, sys_random_u64());
    const enum err err = fill(crew);
    if (err != ERR_OK) {
        crew_free(crew);
        return err;
    }
    *ret_crew = crew;
    return ERR_OK;
}

void crew_free(struct crew *crew)
{
    if (crew == NULL) {
        return;
    }
    must(!crew->is_running);
    if (crew->reactor != NULL) {
        reactor_unhook(crew->reactor, &crew->hook);
        reactor_free(crew->reactor);
    }
    scene_done(&crew->scene);
    mem_free(MEM_OTHER, crew->watchers);
    mem_free(MEM_OTHER, crew->posters);
    mem_free(MEM_OTHER, crew->readers);
    mem_free(MEM_OTHER, crew);
}

enum err crew_start(struct crew *crew)
{
    char name[16];
    snprintf(name, sizeof(name), "bench-%u", crew->number % 1000);
    TRY(sys_thread_start(&crew->thread, name, run, crew));
    crew->is_running = true;
    return ERR_OK;
}

void crew_stop(struct crew *crew)
{
    if (crew->is_running) {
        reactor_stop(crew->reactor);
        sys_thread_join(&crew->thread);
        crew->is_running = false;
    }
}

struct crew_state crew_state(const struct crew *crew)
{
    return (struct crew_state){
        .viewers = crew->viewers,
        .present = atomic_load_explicit(&crew->scene.present, memory_order_relaxed),
        .settled = atomic_load_explicit(&crew->settled, memory_order_relaxed),
        .behind = atomic_load_explicit(&crew->scene.behind, memory_order_relaxed),
        .floor_readers = atomic_load_explicit(&crew->floor_in, memory_order_relaxed),
        .rounds = atomic_load_explicit(&crew->rounds_done, memory_order_acquire),
    };
}

const struct scene *crew_scene(const struct crew *crew)
{
    return &crew->scene;
}

static void judge_gaps(struct crew *crew, const struct truth *truths)
{
    for (uint32_t i = 0; i < crew->scene.gap_count; i++) {
        const struct gap_told *told = &crew->scene.gaps[i];
        const struct witness_gap *gap = &told->gap;
        if (!witness_gap_adds_up(gap, &truths[told->stream])) {
            score_fault(&crew->scene.score, FAULT_GAP, 1,
                        "a gap of stream %u from %" PRIu64 " to %" PRIu64 ": carried %" PRIu64
                        ", shed %" PRIu64 ", removed %" PRIu64 ", and the log has another number",
                        told->stream, gap->from, gap->to, gap->carried, gap->shed, gap->removed);
        }
    }
}

static void judge_answers(struct crew *crew, const struct truth *truths)
{
    for (uint32_t i = 0; i < crew->scene.answer_count; i++) {
        const struct answer *answer = &crew->scene.answers[i];
        if (!truth_holds(&truths[answer->stream], answer->seq)) {
            score_fault(&crew->scene.score, FAULT_LOST, 1,
                        "stream %u: seq %" PRIu64 " was answered and is not in the log",
                        answer->stream, answer->seq);
        }
    }
}

void crew_judge(struct crew *crew, const struct truth *truths)
{
    must(!crew->is_running);
    struct score *score = &crew->scene.score;
    const bool is_peer = crew->scene.plan->peer != NULL;
    const uint64_t answered = is_peer ? scene_head(&crew->scene, 0) : 0;
    if (!is_peer) {
        judge_answers(crew, truths);
        judge_gaps(crew, truths);
    }
    for (uint32_t i = 0; i < crew->viewers; i++) {
        const struct watcher *watcher = &crew->watchers[i];
        const struct witness *witness = &watcher->witness;
        if (!watcher->was_in) {
            score_fault(score, FAULT_REFUSED, 1, "viewer %u never got in", witness->number);
        }
        if (!is_peer) {
            witness_judge(witness, &truths[witness->stream], score);
        } else if (answered > witness->start + witness->seen) {
            score_count(score, COUNT_MISSING, answered - witness->start - witness->seen);
        }
    }
}
