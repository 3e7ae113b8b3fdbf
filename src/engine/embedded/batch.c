// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/batch.h"

#include "base/must.h"
#include "base/mutant.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/own_prev.h"

#include <stddef.h>
#include <string.h>

enum { CULPRITS_MAX = 8, RETRY_AFTER_MS = 1000, ACT_TARGETS_FULL = 1024 };

void batch_init(struct batch *batch, const struct clock *clock, struct engine_metrics *metrics,
                uint32_t post_wait_ms_max)
{
    batch->clock = clock;
    batch->metrics = metrics;
    batch->post_wait_ms_max = post_wait_ms_max;
    batch->post_count = 0;
    batch->act_count = 0;
    batch->call_count = 0;
    batch->barrier = NULL;
    call_queue_init(&batch->begun);
    call_queue_init(&batch->looking);
}

void batch_begin(struct batch *batch, struct moment now)
{
    batch->now = now;
    batch->post_count = 0;
    batch->act_count = 0;
    batch->call_count = 0;
    batch->act_targets = 0;
    batch->rows = 0;
    batch->may_be_written = false;
}

void batch_add_post(struct batch *batch, struct submit *submit)
{
    must(batch->post_count < BATCH_POSTS_MAX);
    const int64_t waited_ms = batch->now.mono_ms - submit->asked_mono_ms;
    struct batch_post *post = &batch->posts[batch->post_count++];
    *post = (struct batch_post){.submit = submit};
    metric_observe(&batch->metrics->queue_age, waited_ms > 0 ? (uint64_t)waited_ms : 0);
    if (waited_ms > batch->post_wait_ms_max && !mutant(WAIT_UNBOUND)) {
        post->verdict.end = SUBMIT_REFUSED;
        post->verdict.refusal = REFUSAL_OVERLOADED;
        post->verdict.retry_after_ms = RETRY_AFTER_MS;
        post->is_settled = true;
    }
}

void batch_add_call(struct batch *batch, struct stream_call *call)
{
    must(batch->call_count < BATCH_CALLS_MAX);
    call->result = ERR_SYS;
    call->created = false;
    call->is_new_state = false;
    batch->calls[batch->call_count++] = call;
}

static void refuse_act(struct batch_act *act, enum act_refusal refusal)
{
    act->verdict = (struct act_verdict){.end = ACT_REFUSED, .refusal = refusal};
}

bool batch_takes_acts(const struct batch *batch)
{
    return batch->act_count < BATCH_ACTS_MAX && batch->act_targets < ACT_TARGETS_FULL;
}

/* The room for its answer is had before anything is written. */
void batch_add_act(struct batch *batch, struct act_call *call, const struct bus *bus)
{
    must(batch->act_count < BATCH_ACTS_MAX);
    struct batch_act *act = &batch->acts[batch->act_count++];
    *act = (struct batch_act){.call = call};
    batch->act_targets += call->stream.len == 0 ? ACT_CASE_PIECE : call->act.target_count + 1;
    if (batch->barrier == NULL) {
        batch->barrier = barrier_new(bus, BATCH_ACTS_MAX);
    }
    if (batch->barrier == NULL) {
        refuse_act(act, ACT_REFUSAL_OVERLOADED);
        act->is_settled = true;
    }
}

static bool has_question(const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->post_count; i++) {
        if (!batch->posts[i].is_settled) {
            return true;
        }
    }
    return batch->call_count > 0 || batch->act_count > 0;
}

/* Where it stopped: at a question, whose `is_settled` this is, or (NULL) at the beginning or the
 * end. */
struct stop {
    bool *culprit;
    bool at_commit;
};

static enum err judge_post(struct batch *batch, struct ordering *ordering, struct batch_post *post)
{
    const struct submit *submit = post->submit;
    struct head *head = NULL;
    TRY(submits_judge(ordering, submit, batch->now, &post->verdict));
    if (post->verdict.event == NULL || !own_prev_may_differ(post->verdict.event)) {
        return ERR_OK;
    }
    const enum err err = ordering_find(ordering, submit->stream, &head);
    TRY(err == ERR_GONE ? ERR_OK : err);
    return err == ERR_GONE ? ERR_OK
                           : own_prev_see(ordering->store, head->row.id, submit->author.id,
                                          &post->verdict.event);
}

static enum err decide_each(struct batch *batch, struct ordering *ordering, struct stop *stop)
{
    TRY(ordering_refresh(ordering, batch->now));
    for (uint32_t i = 0; i < batch->call_count; i++) {
        TRY(ordering_change(ordering, batch->calls[i], batch->now));
    }
    for (uint32_t i = 0; i < batch->act_count; i++) {
        struct batch_act *act = &batch->acts[i];
        if (!act->is_settled) {
            stop->culprit = &act->is_settled;
            TRY(acts_judge(ordering, act->call, batch->now, &act->verdict));
        }
    }
    TRY(batch->act_count > 0 ? ordering_redact(ordering) : ERR_OK);
    for (uint32_t i = 0; i < batch->post_count; i++) {
        struct batch_post *post = &batch->posts[i];
        if (!post->is_settled) {
            stop->culprit = &post->is_settled;
            TRY(judge_post(batch, ordering, post));
        }
    }
    stop->culprit = NULL;
    return ERR_OK;
}

static enum err decide_all(struct batch *batch, struct ordering *ordering, struct stop *stop)
{
    ordering_begin(ordering);
    TRY(store_begin_write(ordering->store));
    const enum err err = decide_each(batch, ordering, stop);
    if (err != ERR_OK) {
        store_rollback(ordering->store);
        return err;
    }
    stop->at_commit = true;
    if (mutant(COMMIT_SKIPPED)) {
        store_rollback(ordering->store);
        return ERR_OK;
    }
    return store_commit(ordering->store);
}

/* A commit that finds no room wrote no whole transaction; after any other failure of it the disk
 * may hold one. */
static bool may_be_written(const struct ordering *ordering, const struct stop *stop)
{
    const int code = ordering->store->failure & 0xff;
    return stop->at_commit && code != SQLITE_FULL && code != SQLITE_BUSY;
}

/* A refusal that an act or a call of this very batch may be the reason of is undone with that. */
static bool is_refused_for_good(const struct batch *batch, const struct verdict *verdict)
{
    const bool is_by_act = verdict->refusal >= REFUSAL_BANNED && batch->act_count > 0;
    const bool is_by_call = verdict->refusal == REFUSAL_STREAM_ENDED && batch->call_count > 0;
    return verdict->end == SUBMIT_REFUSED && verdict->refusal != REFUSAL_NONE && !is_by_act &&
           !is_by_call;
}

static void undo_post(struct batch *batch, struct ordering *ordering, struct batch_post *post,
                      bool may_be_there)
{
    struct verdict *verdict = &post->verdict;
    const bool wrote = verdict->event != NULL && verdict->end == SUBMIT_DONE;
    const bool stands =
        is_refused_for_good(batch, verdict) || (verdict->event != NULL && verdict->is_known);
    if (post->is_settled || stands) {
        post->is_settled = true;
        return;
    }
    if (wrote) {
        submits_uncount(ordering, post->submit, batch->now);
    }
    const bool is_unknown = may_be_there && verdict->event != NULL;
    event_unref(verdict->event);
    *verdict = (struct verdict){.end = is_unknown ? SUBMIT_UNKNOWN : SUBMIT_REFUSED,
                                .refusal = is_unknown ? REFUSAL_NONE : REFUSAL_STORE_DOWN,
                                .retry_after_ms = RETRY_AFTER_MS,
                                .rate = verdict->rate};
}

static void undo_act(struct batch_act *act, bool may_be_there)
{
    struct act_verdict *verdict = &act->verdict;
    const bool stands = (verdict->end == ACT_REFUSED && verdict->refusal != ACT_REFUSAL_NONE) ||
                        (verdict->end == ACT_DUPLICATE && verdict->is_known);
    if (act->is_settled || stands) {
        act->is_settled = true;
        return;
    }
    if (may_be_there && verdict->act_n != 0) {
        *verdict = (struct act_verdict){.end = ACT_UNKNOWN};
    } else {
        refuse_act(act, ACT_REFUSAL_STORE_DOWN);
    }
}

static void undo(struct batch *batch, struct ordering *ordering, bool may_be_there)
{
    for (uint32_t i = 0; i < batch->post_count; i++) {
        undo_post(batch, ordering, &batch->posts[i], may_be_there);
    }
    for (uint32_t i = 0; i < batch->call_count; i++) {
        batch->calls[i]->result = ERR_SYS;
    }
    for (uint32_t i = 0; i < batch->act_count; i++) {
        undo_act(&batch->acts[i], may_be_there);
    }
    ordering_rollback(ordering);
}

/* The disk is well and one question cannot be decided (a damaged page, no memory for it): the
 * others need not suffer. A broken constraint is ours: memory and store do not agree. */
static bool is_culprits_fault(const struct ordering *ordering, const struct stop *stop,
                              enum err err)
{
    const int code = ordering->store->failure & 0xff;
    return stop->culprit != NULL &&
           (err != ERR_SYS ||
            (code != SQLITE_FULL && code != SQLITE_IOERR && code != SQLITE_CONSTRAINT));
}

static enum err decide(struct batch *batch, struct ordering *ordering)
{
    enum err err = ERR_OK;
    for (int culprits = 0; culprits < CULPRITS_MAX; culprits++) {
        struct stop stop = {.culprit = NULL};
        err = decide_all(batch, ordering, &stop);
        if (err == ERR_OK) {
            ordering_settle(ordering);
            batch->rows = ordering->outbox.events;
            metric_count(&batch->metrics->rows, batch->rows);
            return ERR_OK;
        }
        batch->may_be_written = may_be_written(ordering, &stop);
        undo(batch, ordering, batch->may_be_written);
        if (!is_culprits_fault(ordering, &stop, err)) {
            return err;
        }
        *stop.culprit = true;
    }
    return err;
}

void batch_refuse_posts(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->post_count; i++) {
        struct batch_post *post = &batch->posts[i];
        if (!post->is_settled) {
            post->verdict = (struct verdict){.end = SUBMIT_REFUSED,
                                             .refusal = REFUSAL_STORE_DOWN,
                                             .retry_after_ms = RETRY_AFTER_MS};
            post->is_settled = true;
        }
    }
}

static void refuse_all(struct batch *batch)
{
    batch_refuse_posts(batch);
    for (uint32_t i = 0; i < batch->act_count; i++) {
        if (!batch->acts[i].is_settled) {
            refuse_act(&batch->acts[i], ACT_REFUSAL_STORE_DOWN);
        }
    }
}

enum err batch_decide(struct batch *batch, struct ordering *ordering, bool may_write)
{
    batch->epoch = ordering->identity.epoch;
    if (!may_write) {
        refuse_all(batch);
        return ERR_OK;
    }
    if (!has_question(batch)) {
        return ERR_OK;
    }
    const enum err err = decide(batch, ordering);
    const int64_t took_ms = clock_mono_ms(batch->clock) - batch->now.mono_ms;
    metric_observe(&batch->metrics->commit, took_ms > 0 ? (uint64_t)took_ms : 0);
    metric_observe(&batch->metrics->batch, batch->post_count);
    return err;
}

void batch_publish(struct batch *batch, struct ordering *ordering, struct bus *bus,
                   struct log_tail *tail)
{
    const struct outlet outlet = {.heads = &ordering->heads,
                                  .bus = bus,
                                  .tail = tail,
                                  .mono_ms = clock_mono_ms(batch->clock)};
    outbox_publish(&ordering->outbox, &outlet);
}

static void answer(struct batch *batch, struct batch_post *post)
{
    struct submit *submit = post->submit;
    const struct verdict *verdict = &post->verdict;
    submit->end = verdict->end;
    submit->refusal = verdict->refusal;
    submit->retry_after_ms = verdict->retry_after_ms;
    submit->rate = verdict->rate;
    submit->asked_traits = verdict->asked_traits;
    const bool is_hidden = verdict->state == COMMENT_HELD || verdict->state == COMMENT_DELETED;
    submit->state = is_hidden ? verdict->state : COMMENT_VISIBLE; // nobody is told of a shadow
    submit->act = verdict->act;
    submit->epoch = batch->epoch;
    submit->event = verdict->event; // our reference becomes the asker's
    submit->id = STR_NONE;
    if (submit->event != NULL) {
        submit->id = comment_body_id(
            (struct str){.at = submit->event->body, .len = submit->event->body_len});
    }
    engine_metrics_post(batch->metrics, verdict->end, verdict->refusal);
    call_finish(&submit->call);
}

/* What is in force is answered behind the barrier, what is not decided later, the rest at once. */
static void answer_act(struct batch *batch, const struct batch_act *act)
{
    struct act_call *call = act->call;
    const struct act_verdict *verdict = &act->verdict;
    if (verdict->end == ACT_DONE && verdict->look.count > 0) {
        call->look = verdict->look;
        call_queue_push(&batch->looking, &call->call.letter);
        return;
    }
    call->end = verdict->end;
    call->refusal = verdict->refusal;
    call->retry_after_ms = verdict->end == ACT_REFUSED ? RETRY_AFTER_MS : 0;
    call->epoch = batch->epoch;
    call->act_n = verdict->act_n;
    call->seq = verdict->seq;
    call->against = verdict->against;
    call->claim = verdict->claim;
    call->changed = verdict->changed;
    memcpy(call->detail, verdict->detail, sizeof(call->detail));
    const bool is_in_force = verdict->end == ACT_DONE || verdict->end == ACT_DUPLICATE;
    if (is_in_force && verdict->is_unfinished) {
        call_queue_push(&batch->begun, &call->call.letter);
    } else if (is_in_force) {
        barrier_add(batch->barrier, call);
    } else {
        call_finish(&call->call);
    }
}

static void answer_acts(struct batch *batch, struct bus *bus)
{
    for (uint32_t i = 0; i < batch->act_count; i++) {
        answer_act(batch, &batch->acts[i]);
    }
    if (batch->barrier != NULL) {
        barrier_send(batch->barrier, bus);
        batch->barrier = NULL;
    }
}

void batch_answer(struct batch *batch, struct bus *bus)
{
    answer_acts(batch, bus);
    for (uint32_t i = 0; i < batch->call_count; i++) {
        batch->calls[i]->epoch = batch->epoch;
        call_finish(&batch->calls[i]->call);
    }
    for (uint32_t i = 0; i < batch->post_count; i++) {
        answer(batch, &batch->posts[i]);
    }
}

void batch_refuse_act(struct act_call *call, enum act_refusal refusal, const struct epoch *epoch)
{
    call->end = ACT_REFUSED;
    call->refusal = refusal;
    call->retry_after_ms = RETRY_AFTER_MS;
    call->epoch = *epoch;
    call->act_n = 0;
    call->seq = call->against = 0;
    call->detail[0] = '\0';
}

void batch_refuse(struct submit *submit, enum refusal refusal, const struct epoch *epoch)
{
    submit->end = SUBMIT_REFUSED;
    submit->refusal = refusal;
    submit->retry_after_ms = RETRY_AFTER_MS;
    submit->rate = (struct rate){.limit = 0};
    submit->epoch = *epoch;
    submit->event = NULL;
    submit->id = STR_NONE;
}
