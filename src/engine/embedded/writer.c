// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/writer.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "engine/embedded/act_pieces.h"
#include "engine/embedded/ballast.h"
#include "engine/embedded/batch.h"
#include "engine/embedded/commit_wait.h"
#include "engine/embedded/housekeeping.h"
#include "engine/embedded/ordering.h"
#include "engine/embedded/recovery.h"
#include "engine/embedded/welcome.h"
#include "loop/mail.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

enum { TICK_MS = 500, BUSY_TICK_MS = 5, BALLAST_TICK_MS = 10 * 1000 };

enum health { HEALTH_WELL, HEALTH_FULL, HEALTH_BROKEN, HEALTH_LOST };

struct writer {
    /* -- frozen -- */
    struct writer_options options;
    struct sys_thread thread;
    /* -- the ordering thread only -- */
    struct store store;
    struct ordering ordering;
    struct bus bus;
    struct housekeeping keeping;
    struct ballast ballast;
    int64_t next_ballast_ms;
    struct call_queue posts, acts, calls;
    struct lease_call *lending; // asked, and not answered yet; NULL: none
    struct batch batch;
    struct act_pieces pieces;
    struct commit_wait commit_wait;
    bool is_ending;
    bool is_decided; // a batch is: it has to be published and answered
    bool has_posted; // since it last waited for mail
    bool may_publish;
    uint64_t rules_seen;
    /* -- under MAIL -- */
    struct mail mail;
    /* -- under RULES, a leaf -- */
    pthread_mutex_t rules_lock;
    struct embedded_rules rules;
    uint64_t rules_version;
    /* -- atomic: relaxed; gauges that order nothing -- */
    _Atomic int64_t busy_since_ms; // mono; 0: no batch is under way
    _Atomic int health;            // enum health
    struct letter ending, giving;
};

static struct moment now_of(const struct writer *writer)
{
    return (struct moment){.mono_ms = clock_mono_ms(writer->options.clock),
                           .wall_ms = clock_wall_ms(writer->options.clock)};
}

static struct call *call_of(struct letter *letter)
{
    return (struct call *)(void *)((char *)letter - offsetof(struct call, letter));
}

static enum health health_of(const struct writer *writer)
{
    return (enum health)atomic_load_explicit(&writer->health, memory_order_relaxed);
}

static void become(struct writer *writer, enum health health)
{
    static const char *const names[] = {"well", "full", "broken", "lost"};
    const enum health before = health_of(writer);
    if (health == before || before == HEALTH_LOST) {
        return;
    }
    atomic_store_explicit(&writer->health, (int)health, memory_order_relaxed);
    log_line(
        health == HEALTH_WELL ? LOG_INFO : LOG_ERROR, "the store's health changed",
        LOG_STR("from", str_of(names[before])), LOG_STR("to", str_of(names[health])),
        LOG_STR("why", str_of(health == HEALTH_WELL ? "" : store_failure_text(&writer->store))));
}

bool writer_is_well(const struct writer *writer, const char **ret_reason)
{
    static const char *const reasons[] = {
        [HEALTH_WELL] = NULL,
        [HEALTH_FULL] = "the disk is full: posts are refused until there is room",
        [HEALTH_BROKEN] = "the disk failed: posts are refused until the log is verified",
        [HEALTH_LOST] = "the log is damaged and lost what was answered: start again (a new epoch) "
                        "or restore a backup",
    };
    const enum health health = health_of(writer);
    if (health != HEALTH_WELL) {
        *ret_reason = reasons[health];
        return false;
    }
    if (lease_state(writer->options.lease) != LEASE_OURS) {
        *ret_reason = "a new process takes over the data folder";
        return false;
    }
    return true;
}

/* ---- letters ---- */

static bool is_ours(const struct writer *writer)
{
    return lease_state(writer->options.lease) == LEASE_OURS;
}

static bool is_given(const struct writer *writer)
{
    return lease_state(writer->options.lease) == LEASE_GIVEN;
}

/* One that was counted as waiting and never came to a batch. */
static void refuse_post(struct writer *writer, struct submit *submit, enum refusal refusal)
{
    (void)engine_metrics_move(&writer->options.metrics->waiting, -1);
    batch_refuse(submit, refusal, &writer->options.identity->epoch);
    engine_metrics_post(writer->options.metrics, SUBMIT_REFUSED, refusal);
    call_finish(&submit->call);
}

static void open_submit(struct letter *letter)
{
    struct writer *writer = call_of(letter)->holder;
    struct submit *submit = (struct submit *)(void *)call_of(letter);
    if (is_given(writer)) {
        refuse_post(writer, submit, REFUSAL_DRAINING);
    } else if (is_ours(writer)) {
        call_queue_push(&writer->posts, letter);
    } else {
        call_queue_push(&writer->options.lease->held, letter);
    }
}

static void open_stream(struct letter *letter)
{
    struct writer *writer = call_of(letter)->holder;
    struct stream_call *call = (struct stream_call *)(void *)call_of(letter);
    if (is_given(writer)) {
        call->result = ERR_SYS;
        call_finish(&call->call);
    } else if (is_ours(writer)) {
        call_queue_push(&writer->calls, letter);
    } else {
        call_queue_push(&writer->options.lease->held, letter);
    }
}

static void refuse_act(struct writer *writer, struct act_call *call, enum act_refusal refusal)
{
    batch_refuse_act(call, refusal, &writer->options.identity->epoch);
    call_finish(&call->call);
}

static void open_act(struct letter *letter)
{
    struct writer *writer = call_of(letter)->holder;
    struct act_call *call = (struct act_call *)(void *)call_of(letter);
    if (is_given(writer)) {
        refuse_act(writer, call, ACT_REFUSAL_DRAINING);
    } else if (!is_ours(writer)) {
        call_queue_push(&writer->options.lease->held, letter);
    } else if (writer->acts.count >= WRITER_ACTS_MAX) {
        refuse_act(writer, call, ACT_REFUSAL_OVERLOADED);
    } else {
        call_queue_push(&writer->acts, letter);
    }
}

static enum err put_on(struct writer *writer, struct watch *watch)
{
    const struct welcome welcome = {.ordering = &writer->ordering,
                                    .bus = &writer->bus,
                                    .tail = writer->options.tail,
                                    .damaged = &writer->options.metrics->damaged,
                                    .is_blind = health_of(writer) >= HEALTH_BROKEN};
    return welcome_put_on(&welcome, watch, now_of(writer).wall_ms);
}

static void open_watch(struct letter *letter)
{
    struct watch *watch = (struct watch *)(void *)call_of(letter);
    struct writer *writer = watch->call.holder;
    if (lease_state(writer->options.lease) == LEASE_LENT) {
        call_queue_push(&writer->options.lease->held, letter);
        return;
    }
    watch->epoch = writer->options.identity->epoch;
    watch->result = is_given(writer) ? ERR_SYS : put_on(writer, watch);
    call_finish(&watch->call);
}

static void open_unwatch(struct letter *letter)
{
    struct watch *watch = (struct watch *)(void *)call_of(letter);
    struct writer *writer = watch->call.holder;
    struct head *head = heads_peek(&writer->ordering.heads, watch->stream);
    if (head != NULL) {
        bus_remove(&writer->bus, &head->subs, watch);
        if (!bus_is_watched(&head->subs)) {
            heads_idle(&writer->ordering.heads, head);
        }
    }
    call_finish(&watch->call);
}

static void open_ending(struct letter *letter)
{
    struct writer *writer = list_entry(letter, struct writer, ending);
    writer->is_ending = true;
}

/* Posts wait for each other, nothing else does. */
static void hand_over(struct writer *writer, struct call *call, void (*open)(struct letter *letter))
{
    call->holder = writer;
    call->letter.open = open;
    if (open == open_submit) {
        home_send(mail_home(&writer->mail), &call->letter);
    } else {
        mail_send_urgent(&writer->mail, &call->letter);
    }
}

/* ---- any thread ---- */

/* True: it waits for the disk and is counted. */
static bool may_wait(struct writer *writer, int64_t mono_ms)
{
    const int64_t since_ms = atomic_load_explicit(&writer->busy_since_ms, memory_order_relaxed);
    if (since_ms != 0 && mono_ms - since_ms > writer->options.post_wait_ms_max) {
        return false;
    }
    struct metric *waiting = &writer->options.metrics->waiting;
    if (engine_metrics_move(waiting, 1) >= writer->options.posts_waiting_max &&
        !mutant(QUEUE_UNBOUND)) {
        (void)engine_metrics_move(waiting, -1);
        return false;
    }
    return true;
}

void writer_submit(struct writer *writer, struct submit *submit)
{
    submit->asked_mono_ms = clock_mono_ms(writer->options.clock);
    if (!may_wait(writer, submit->asked_mono_ms)) {
        batch_refuse(submit, REFUSAL_OVERLOADED, &writer->options.identity->epoch);
        engine_metrics_post(writer->options.metrics, SUBMIT_REFUSED, REFUSAL_OVERLOADED);
        call_finish(&submit->call);
        return;
    }
    hand_over(writer, &submit->call, open_submit);
}

void writer_watch(struct writer *writer, struct watch *watch)
{
    hand_over(writer, &watch->call, open_watch);
}

void writer_unwatch(struct writer *writer, struct watch *watch)
{
    hand_over(writer, &watch->call, open_unwatch);
}

void writer_stream(struct writer *writer, struct stream_call *call)
{
    hand_over(writer, &call->call, open_stream);
}

void writer_act(struct writer *writer, struct act_call *call)
{
    call->asked_mono_ms = clock_mono_ms(writer->options.clock);
    hand_over(writer, &call->call, open_act);
}

void writer_set_rules(struct writer *writer, const struct embedded_rules *rules)
{
    must(pthread_mutex_lock(&writer->rules_lock) == 0);
    writer->rules = *rules;
    writer->rules_version++;
    must(pthread_mutex_unlock(&writer->rules_lock) == 0);
}

/* ---- batches ---- */

static void take_rules(struct writer *writer)
{
    must(pthread_mutex_lock(&writer->rules_lock) == 0);
    const struct embedded_rules rules = writer->rules;
    const uint64_t version = writer->rules_version;
    must(pthread_mutex_unlock(&writer->rules_lock) == 0);
    if (version != writer->rules_seen) {
        writer->rules_seen = version;
        ordering_set_rules(&writer->ordering, &rules);
        housekeeping_wake(&writer->keeping);
    }
}

static void recover(struct writer *writer, struct moment now)
{
    const struct recovery recovery = {.path = writer->options.path,
                                      .ordering = &writer->ordering,
                                      .bus = &writer->bus,
                                      .tail = writer->options.tail,
                                      .readers = writer->options.readers};
    const enum err err = recovery_run(&recovery, now);
    publication_raise(writer->options.publication, writer->ordering.next_n);
    if (err == ERR_OK) {
        become(writer, HEALTH_WELL);
    } else {
        become(writer, err == ERR_GONE ? HEALTH_LOST : HEALTH_BROKEN);
    }
}

/* What the failure of a write tells of the disk. Damage (ERR_PROTO) concerns who asked for it. */
static void note_failure(struct writer *writer, enum err err)
{
    const int code = writer->store.failure & 0xff;
    if (err == ERR_PROTO) {
        engine_metrics_count(&writer->options.metrics->damaged);
    } else if (code == SQLITE_FULL) {
        become(writer, HEALTH_FULL);
    } else if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_CONSTRAINT ||
               writer->batch.may_be_written) {
        become(writer, HEALTH_BROKEN);
    }
}

static void fill_batch(struct writer *writer, struct moment now)
{
    struct letter *letter = NULL;
    batch_begin(&writer->batch, now);
    while (writer->batch.call_count < BATCH_CALLS_MAX &&
           (letter = call_queue_pop(&writer->calls)) != NULL) {
        batch_add_call(&writer->batch, (struct stream_call *)(void *)call_of(letter));
    }
    while (batch_takes_acts(&writer->batch) && (letter = call_queue_pop(&writer->acts)) != NULL) {
        batch_add_act(&writer->batch, (struct act_call *)(void *)call_of(letter), &writer->bus);
    }
    while (writer->batch.post_count < BATCH_POSTS_MAX &&
           (letter = call_queue_pop(&writer->posts)) != NULL) {
        batch_add_post(&writer->batch, (struct submit *)(void *)call_of(letter));
    }
}

/* A stream that now keeps less has something due. */
static void wake_retention(struct writer *writer)
{
    for (uint32_t i = 0; i < writer->batch.call_count; i++) {
        const struct stream_call *call = writer->batch.calls[i];
        if (call->what == STREAM_DO_PUT && call->result == ERR_OK && call->retention_days >= 0) {
            housekeeping_wake(&writer->keeping);
        }
    }
}

static bool is_full(const struct writer *writer)
{
    return (writer->store.failure & 0xff) == SQLITE_FULL;
}

/* A commit went well. While the ballast is given up, posts wait until it is had again. */
static void heal(struct writer *writer)
{
    if (health_of(writer) != HEALTH_FULL || ballast_take(&writer->ballast)) {
        become(writer, HEALTH_WELL);
    }
}

static void decide_batch(struct writer *writer)
{
    const struct moment now = now_of(writer);
    atomic_store_explicit(&writer->busy_since_ms, now.mono_ms, memory_order_relaxed);
    fill_batch(writer, now);
    if (health_of(writer) == HEALTH_BROKEN) {
        recover(writer, now);
    }
    const bool may_write = health_of(writer) < HEALTH_BROKEN;
    if (health_of(writer) == HEALTH_FULL && !writer->ballast.is_had) {
        batch_refuse_posts(&writer->batch); // what room there is, is for acts
    }
    enum err err = batch_decide(&writer->batch, &writer->ordering, may_write);
    if (err != ERR_OK && is_full(writer) && writer->batch.act_count > 0 &&
        ballast_give(&writer->ballast)) {
        note_failure(writer, err);
        batch_refuse_posts(&writer->batch);
        err = batch_decide(&writer->batch, &writer->ordering, may_write);
    }
    writer->is_decided = true;
    writer->may_publish = err == ERR_OK && may_write;
    if (err != ERR_OK) {
        note_failure(writer, err);
    }
}

static void finish_batch(struct writer *writer)
{
    writer->is_decided = false;
    writer->has_posted = writer->batch.post_count > 0;
    if (writer->may_publish) {
        if (writer->batch.rows > 0 && writer->batch.post_count > 0) {
            heal(writer);
        }
        batch_publish(&writer->batch, &writer->ordering, &writer->bus, writer->options.tail);
        publication_raise(writer->options.publication, writer->ordering.next_n);
        wake_retention(writer);
        if (writer->batch.act_count > 0) {
            housekeeping_wake_acts(&writer->keeping);
            act_pieces_wake(&writer->pieces);
        }
    }
    (void)engine_metrics_move(&writer->options.metrics->waiting,
                              -(int64_t)writer->batch.post_count);
    atomic_store_explicit(&writer->busy_since_ms, 0, memory_order_relaxed);
    batch_answer(&writer->batch, &writer->bus);
    act_pieces_take(&writer->pieces, &writer->batch.begun);
    call_queue_put_back(&writer->batch.looking, &writer->acts);
}

/* ---- the folder lent to another process ---- */

static void answer_lending(struct writer *writer, enum err result)
{
    struct lease_call *call = writer->lending;
    writer->lending = NULL;
    call->result = result;
    call_finish(&call->call);
}

/* Nothing that came before waits any more. The readers stay at their gate until it is back. */
static void lend(struct writer *writer)
{
    readers_pause(writer->options.readers);
    if (health_of(writer) < HEALTH_BROKEN) {
        housekeeping_end(&writer->keeping, now_of(writer));
    }
    act_pieces_give_up(&writer->pieces);
    store_close(&writer->store);
    lease_unlock(writer->options.lease);
    lease_become(writer->options.lease, LEASE_LENT);
    answer_lending(writer, ERR_OK);
}

static struct submit *submit_of(struct letter *letter)
{
    return (struct submit *)(void *)call_of(letter);
}

/* The other may have written: it is opened as after a failure, and what is new is published. */
static void take_back(struct writer *writer)
{
    struct lease *lease = writer->options.lease;
    const struct moment now = now_of(writer);
    const enum err err = lease_lock(lease);
    if (err != ERR_OK) {
        answer_lending(writer, err);
        return;
    }
    lease_become(lease, LEASE_OURS);
    readers_resume(writer->options.readers);
    recover(writer, now);
    act_pieces_wake(&writer->pieces);
    for (struct letter *letter = lease->held.first; letter != NULL; letter = letter->next) {
        if (letter->open == open_submit) {
            submit_of(letter)->asked_mono_ms = now.mono_ms; // the disk did not keep it waiting
        }
    }
    lease_release(lease);
    answer_lending(writer, ERR_OK);
}

static void give(struct writer *writer)
{
    struct lease *lease = writer->options.lease;
    if (lease_state(lease) == LEASE_LENT) {
        readers_refuse(writer->options.readers);
        readers_resume(writer->options.readers);
    }
    lease_become(lease, LEASE_GIVEN);
    lease_release(lease);
}

static void open_lease(struct letter *letter)
{
    struct lease_call *call = (struct lease_call *)(void *)call_of(letter);
    struct writer *writer = call->call.holder;
    must(writer->lending == NULL);
    writer->lending = call;
    if (call->what == LEASE_LEND) {
        lease_become(writer->options.lease, LEASE_ASKED); // writer_step() goes on
    } else if (call->what == LEASE_TAKE_BACK) {
        take_back(writer);
    } else {
        give(writer);
        answer_lending(writer, ERR_OK);
    }
}

void writer_lease(struct writer *writer, struct lease_call *call)
{
    hand_over(writer, &call->call, open_lease);
}

static void open_giving(struct letter *letter)
{
    struct writer *writer = list_entry(letter, struct writer, giving);
    const enum lease_state state = lease_state(writer->options.lease);
    if (state == LEASE_ASKED || state == LEASE_LENT) {
        give(writer);
    }
    if (writer->lending != NULL) {
        answer_lending(writer, ERR_CLOSED);
    }
}

void writer_end_lease(struct writer *writer)
{
    writer->giving.open = open_giving;
    home_send(mail_home(&writer->mail), &writer->giving);
    if (writer->options.is_stepped) {
        (void)mail_open_all(&writer->mail);
    }
}

static struct act_call *act_of(struct letter *letter)
{
    return (struct act_call *)(void *)call_of(letter);
}

static void refuse_held(struct writer *writer)
{
    struct call_queue *held = &writer->options.lease->held;
    const int64_t now_ms = clock_mono_ms(writer->options.clock);
    for (uint32_t left = held->count; left > 0; left--) {
        struct letter *letter = call_queue_pop(held);
        if (letter->open == open_submit &&
            now_ms - submit_of(letter)->asked_mono_ms >= writer->options.hold_ms_max) {
            refuse_post(writer, submit_of(letter), REFUSAL_DRAINING);
        } else if (letter->open == open_act &&
                   now_ms - act_of(letter)->asked_mono_ms >= writer->options.hold_ms_max) {
            refuse_act(writer, act_of(letter), ACT_REFUSAL_DRAINING);
        } else {
            call_queue_push(held, letter);
        }
    }
}

/* ---- the thread ---- */

static bool has_work(const struct writer *writer)
{
    return writer->posts.count > 0 || writer->acts.count > 0 || writer->calls.count > 0;
}

static void keep_house(struct writer *writer)
{
    const struct moment now = now_of(writer);
    const enum health health = health_of(writer);
    refuse_held(writer);
    if (health == HEALTH_LOST || lease_state(writer->options.lease) >= LEASE_LENT) {
        reach_keeper_refuse(writer->options.reach);
        return;
    }
    if (health == HEALTH_BROKEN) {
        reach_keeper_refuse(writer->options.reach);
        act_pieces_give_up(&writer->pieces);
        if (housekeeping_is_time_to_recover(&writer->keeping, now)) {
            recover(writer, now);
        }
        return;
    }
    writer->keeping.has_work = has_work(writer);
    writer->keeping.is_full = health == HEALTH_FULL;
    const enum err err = housekeeping_turn(&writer->keeping, now);
    publication_raise(writer->options.publication, writer->ordering.next_n);
    if (err != ERR_OK) {
        note_failure(writer, err);
    } else if (writer->keeping.wrote) {
        heal(writer);
    }
    if (health_of(writer) == HEALTH_WELL && now.mono_ms >= writer->next_ballast_ms) {
        writer->next_ballast_ms = now.mono_ms + BALLAST_TICK_MS;
        (void)ballast_take(&writer->ballast);
    }
}

static bool has_act_left(const struct writer *writer)
{
    return health_of(writer) < HEALTH_BROKEN && lease_state(writer->options.lease) < LEASE_LENT &&
           act_pieces_is_due(&writer->pieces, now_of(writer));
}

static void go_on_with_act(struct writer *writer)
{
    const struct act_pieces_ways ways = {.bus = &writer->bus,
                                         .tail = writer->options.tail,
                                         .pieces = &writer->options.metrics->act_pieces};
    const enum err err = act_pieces_step(&writer->pieces, &ways, now_of(writer));
    publication_raise(writer->options.publication, writer->ordering.next_n);
    if (err != ERR_OK) {
        note_failure(writer, err);
    }
}

bool writer_is_ahead(const struct writer *writer)
{
    return writer->is_decided;
}

uint32_t writer_step(struct writer *writer)
{
    if (writer->is_decided) {
        finish_batch(writer);
    } else {
        (void)mail_open_all(&writer->mail);
        take_rules(writer);
        if (has_work(writer)) {
            decide_batch(writer);
            return 0;
        }
        if (!has_act_left(writer) && lease_state(writer->options.lease) == LEASE_ASKED &&
            writer->lending != NULL) {
            lend(writer);
        }
    }
    if (has_act_left(writer)) {
        go_on_with_act(writer);
    }
    keep_house(writer);
    if (has_work(writer) || has_act_left(writer)) {
        return 0;
    }
    const bool is_soon = writer->keeping.is_busy || writer->options.lease->held.count > 0;
    return is_soon ? BUSY_TICK_MS : TICK_MS;
}

/* Who came while posts were being committed is not alone. */
static void wait_for_mail(struct writer *writer, uint32_t wait_ms)
{
    const bool is_busy = writer->has_posted && mail_waiting(&writer->mail) > 0;
    writer->has_posted = false;
    if (is_busy && commit_wait_is_due(&writer->commit_wait)) {
        commit_wait_for_more(&writer->commit_wait, &writer->mail);
    } else {
        mail_wait(&writer->mail, wait_ms);
    }
}

static void run(void *user)
{
    struct writer *writer = user;
    uint32_t wait_ms = TICK_MS;
    while (wait_ms == 0 || !writer->is_ending) {
        if (wait_ms > 0) {
            wait_for_mail(writer, wait_ms);
        }
        wait_ms = writer_step(writer);
    }
}

static enum err open_parts(struct writer *writer)
{
    const struct moment now = now_of(writer);
    TRY(ordering_open(&writer->ordering, &writer->store, writer->options.identity,
                      &writer->options.rules, now));
    writer->ordering.tally = &writer->options.metrics->rules;
    enum err err = sanctions_mirror(&writer->ordering.sanctions, writer->options.warned);
    err = err == ERR_OK ? mail_init(&writer->mail) : err;
    if (err != ERR_OK) {
        ordering_close(&writer->ordering);
        return err;
    }
    writer->options.publication->ordering = mail_home(&writer->mail);
    publication_raise(writer->options.publication, writer->ordering.next_n);
    bus_init(&writer->bus, &writer->options.mailbox);
    writer->bus.unsent = &writer->options.metrics->notices_unsent;
    housekeeping_init(&writer->keeping, &writer->ordering, writer->options.tail, &writer->bus,
                      writer->options.metrics);
    writer->keeping.reach = writer->options.reach;
    act_pieces_init(&writer->pieces, &writer->ordering);
    commit_wait_init(&writer->commit_wait, writer->options.gather_ms);
    batch_init(&writer->batch, writer->options.clock, writer->options.metrics,
               writer->options.post_wait_ms_max);
    if (!writer->options.is_stepped) {
        err = sys_thread_start(&writer->thread, "roar-store", run, writer);
    }
    if (err != ERR_OK) {
        mail_done(&writer->mail);
        bus_done(&writer->bus);
        ordering_close(&writer->ordering);
    }
    return err;
}

enum err writer_new(const struct writer_options *options, struct store *store,
                    struct writer **ret_writer)
{
    struct writer *writer = mem_new(MEM_ENGINE, sizeof(*writer));
    if (writer == NULL) {
        return ERR_NOMEM;
    }
    writer->options = *options;
    writer->rules = options->rules;
    atomic_init(&writer->health, options->is_verified ? HEALTH_WELL : HEALTH_BROKEN);
    writer->ending.open = open_ending;
    ballast_init(&writer->ballast, options->ballast);
    call_queue_init(&writer->posts);
    call_queue_init(&writer->acts);
    call_queue_init(&writer->calls);
    must(pthread_mutex_init(&writer->rules_lock, NULL) == 0);
    store_move(store, &writer->store);
    const enum err err = open_parts(writer);
    if (err != ERR_OK) {
        store_move(&writer->store, store);
        must(pthread_mutex_destroy(&writer->rules_lock) == 0);
        mem_free(MEM_ENGINE, writer);
        return err;
    }
    *ret_writer = writer;
    return ERR_OK;
}

void writer_free(struct writer *writer)
{
    home_send(mail_home(&writer->mail), &writer->ending);
    if (writer->options.is_stepped) {
        run(writer);
    } else {
        sys_thread_join(&writer->thread);
    }
    if (health_of(writer) < HEALTH_BROKEN && writer->store.db != NULL) {
        housekeeping_end(&writer->keeping, now_of(writer));
    }
    act_pieces_give_up(&writer->pieces);
    ordering_close(&writer->ordering);
    bus_done(&writer->bus);
    store_close(&writer->store);
    mail_done(&writer->mail);
    must(pthread_mutex_destroy(&writer->rules_lock) == 0);
    mem_free(MEM_ENGINE, writer);
}
