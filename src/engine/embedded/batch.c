// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/batch.h"

#include "base/must.h"
#include "base/mutant.h"
#include "engine/embedded/comment_body.h"

#include <stddef.h>

enum { CULPRITS_MAX = 8, RETRY_AFTER_MS = 1000 };

void batch_init(struct batch *batch, const struct clock *clock, struct engine_metrics *metrics,
                uint32_t post_wait_ms_max)
{
    batch->clock = clock;
    batch->metrics = metrics;
    batch->post_wait_ms_max = post_wait_ms_max;
    batch->post_count = 0;
    batch->call_count = 0;
}

void batch_begin(struct batch *batch, struct moment now)
{
    batch->now = now;
    batch->post_count = 0;
    batch->call_count = 0;
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
    batch->calls[batch->call_count++] = (struct batch_call){.call = call};
}

static bool has_question(const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->post_count; i++) {
        if (!batch->posts[i].is_settled) {
            return true;
        }
    }
    return batch->call_count > 0;
}

/* Where it stopped: at `culprit`, or (NULL) at the beginning or the end. */
struct stop {
    struct batch_post *culprit;
    bool at_commit;
};

static enum err decide_each(struct batch *batch, struct ordering *ordering, struct stop *stop)
{
    for (uint32_t i = 0; i < batch->call_count; i++) {
        struct batch_call *call = &batch->calls[i];
        TRY(ordering_change(ordering, call->call, batch->now, &call->event, &call->head));
    }
    for (uint32_t i = 0; i < batch->post_count; i++) {
        struct batch_post *post = &batch->posts[i];
        if (!post->is_settled) {
            stop->culprit = post;
            TRY(ordering_judge(ordering, post->submit, batch->now, &post->verdict));
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

static void undo_post(struct batch *batch, struct ordering *ordering, struct batch_post *post,
                      bool may_be_there)
{
    struct verdict *verdict = &post->verdict;
    const bool wrote = verdict->event != NULL && verdict->end == SUBMIT_DONE;
    const bool stands = (verdict->end == SUBMIT_REFUSED && verdict->refusal != REFUSAL_NONE) ||
                        (verdict->event != NULL && verdict->is_known);
    if (post->is_settled || stands) {
        post->is_settled = true;
        return;
    }
    if (wrote) {
        ordering_uncount(ordering, post->submit, batch->now);
    }
    const bool is_unknown = may_be_there && verdict->event != NULL;
    event_unref(verdict->event);
    *verdict = (struct verdict){.end = is_unknown ? SUBMIT_UNKNOWN : SUBMIT_REFUSED,
                                .refusal = is_unknown ? REFUSAL_NONE : REFUSAL_STORE_DOWN,
                                .retry_after_ms = RETRY_AFTER_MS,
                                .rate = verdict->rate};
}

static void undo(struct batch *batch, struct ordering *ordering, bool may_be_there)
{
    for (uint32_t i = 0; i < batch->post_count; i++) {
        undo_post(batch, ordering, &batch->posts[i], may_be_there);
    }
    for (uint32_t i = 0; i < batch->call_count; i++) {
        event_unref(batch->calls[i].event);
        batch->calls[i].event = NULL;
        batch->calls[i].call->result = ERR_SYS;
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

static void count_rows(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->post_count; i++) {
        batch->rows += batch->posts[i].verdict.end == SUBMIT_DONE;
    }
    for (uint32_t i = 0; i < batch->call_count; i++) {
        batch->rows += batch->calls[i].event != NULL;
    }
    metric_count(&batch->metrics->rows, batch->rows);
}

static enum err decide(struct batch *batch, struct ordering *ordering)
{
    enum err err = ERR_OK;
    for (int culprits = 0; culprits < CULPRITS_MAX; culprits++) {
        struct stop stop = {.culprit = NULL};
        err = decide_all(batch, ordering, &stop);
        if (err == ERR_OK) {
            ordering_settle(ordering);
            count_rows(batch);
            return ERR_OK;
        }
        batch->may_be_written = may_be_written(ordering, &stop);
        undo(batch, ordering, batch->may_be_written);
        if (!is_culprits_fault(ordering, &stop, err)) {
            return err;
        }
        stop.culprit->is_settled = true;
    }
    return err;
}

static void refuse_all(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->post_count; i++) {
        struct batch_post *post = &batch->posts[i];
        if (!post->is_settled) {
            post->verdict = (struct verdict){.end = SUBMIT_REFUSED,
                                             .refusal = REFUSAL_STORE_DOWN,
                                             .retry_after_ms = RETRY_AFTER_MS};
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

struct outlet { // where committed events go
    struct heads *heads;
    struct bus *bus;
    struct log_tail *tail;
    int64_t mono_ms;
};

static void publish(const struct outlet *outlet, struct head *head, struct event *event,
                    int64_t asked_ms)
{
    event->published_mono_ms = outlet->mono_ms; // nobody else has it yet
    event->waited_ms = outlet->mono_ms > asked_ms ? (uint32_t)(outlet->mono_ms - asked_ms) : 0;
    log_tail_append(outlet->tail, head->node.key, event, head->row.ground_seq);
    bus_publish(outlet->bus, &head->subs, event);
    if (list_is_empty(&head->subs)) { // nobody watches, or the last one has fallen behind
        heads_idle(outlet->heads, head);
    }
}

void batch_publish(struct batch *batch, struct heads *heads, struct bus *bus, struct log_tail *tail)
{
    const struct outlet outlet = {
        .heads = heads, .bus = bus, .tail = tail, .mono_ms = clock_mono_ms(batch->clock)};
    log_tail_set_ahead(tail, true);
    for (uint32_t i = 0; i < batch->call_count; i++) {
        struct batch_call *call = &batch->calls[i];
        if (call->event != NULL) {
            publish(&outlet, call->head, call->event, outlet.mono_ms);
        }
    }
    for (uint32_t i = 0; i < batch->post_count; i++) {
        struct verdict *verdict = &batch->posts[i].verdict;
        if (verdict->end == SUBMIT_DONE) {
            publish(&outlet, verdict->head, verdict->event, batch->posts[i].submit->asked_mono_ms);
        }
    }
    bus_flush(bus);
    log_tail_set_ahead(tail, false);
}

static void answer(struct batch *batch, struct batch_post *post)
{
    struct submit *submit = post->submit;
    const struct verdict *verdict = &post->verdict;
    submit->end = verdict->end;
    submit->refusal = verdict->refusal;
    submit->retry_after_ms = verdict->retry_after_ms;
    submit->rate = verdict->rate;
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

void batch_answer(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->call_count; i++) {
        struct batch_call *call = &batch->calls[i];
        event_unref(call->event);
        call->event = NULL;
        call->call->epoch = batch->epoch;
        call_finish(&call->call->call);
    }
    for (uint32_t i = 0; i < batch->post_count; i++) {
        answer(batch, &batch->posts[i]);
    }
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
