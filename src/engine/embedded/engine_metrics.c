// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/engine_metrics.h"

#include <stddef.h>

static const char *const outcomes[ENGINE_OUTCOMES] = {
    "outcome=\"done\"",         "outcome=\"duplicate\"",
    "outcome=\"unknown\"",      "outcome=\"no_stream\"",
    "outcome=\"stream_ended\"", "outcome=\"unfit\"",
    "outcome=\"no_comment\"",   "outcome=\"rate_user\"",
    "outcome=\"rate_address\"", "outcome=\"rate_stream\"",
    "outcome=\"overloaded\"",   "outcome=\"store_down\"",
    "outcome=\"draining\"",     "outcome=\"banned\"",
    "outcome=\"muted\"",        "outcome=\"must_acknowledge\"",
    "outcome=\"slow_mode\"",    "outcome=\"wrong_role\"",
    "outcome=\"links_off\"",    "outcome=\"emote_only\"",
    "outcome=\"not_unique\"",   "outcome=\"blocked_term\"",
    "outcome=\"bad_text\"",     "outcome=\"by_hook\"",
};
enum { FIRST_REFUSAL = 3, METRICS_MAX = 80 };
_Static_assert(REFUSAL_BY_HOOK - REFUSAL_NO_STREAM + FIRST_REFUSAL + 1 == ENGINE_OUTCOMES,
               "each refusal has a label");

static struct metric counter(const char *name, const char *help)
{
    return (struct metric){.name = name, .help = help, .kind = METRIC_COUNTER};
}

static struct metric gauge(const char *name, const char *help)
{
    return (struct metric){.name = name, .help = help, .kind = METRIC_GAUGE};
}

static struct metric histogram(const char *name, const char *help, struct histogram *values)
{
    return (struct metric){
        .name = name, .help = help, .kind = METRIC_HISTOGRAM, .histogram = values};
}

static void describe(struct engine_metrics *m)
{
    m->commit = histogram("roar_store_commit_ms", "Time of a batch in the store, commit and all.",
                          &m->commit_ms);
    m->batch = histogram("roar_store_batch_posts", "Posts in a commit.", &m->batch_posts);
    m->queue_age = histogram("roar_store_queue_age_ms", "How long a post waited for the disk.",
                             &m->queue_age_ms);
    for (size_t i = 0; i < ENGINE_OUTCOMES; i++) {
        m->posts[i] = counter("roar_posts_total", "Posts by outcome at the ordering point.");
        m->posts[i].labels = outcomes[i];
    }
    m->rows = counter("roar_store_rows_total", "Rows written to the log since start.");
    m->wal_bytes = gauge("roar_store_wal_bytes", "Bytes in the write-ahead log.");
    m->checkpoints = counter("roar_store_checkpoints_total", "Checkpoints done.");
    m->expired = counter("roar_store_expired_rows_total", "Rows taken out by retention.");
    m->notices_unsent = counter("roar_notices_unsent_total",
                                "Notices that a core which had fallen behind was not sent, each.");
    m->act_pieces = counter("roar_moderation_act_pieces_total",
                            "Pieces of acts that are more than one transaction should hold.");
    m->sweep_pieces = counter("roar_moderation_sweep_pieces_total",
                              "Pieces of the log rewritten for a purge or clear, or its undoing.");
    m->self_approved = counter("roar_moderation_self_approved_total",
                               "Held comments that nobody rejected in time.");
    m->erased = counter("roar_moderation_erased_total", "Texts of removed comments erased.");
    m->held = gauge("roar_moderation_held", "Comments that wait for a moderator.");
    m->users_limited = gauge("roar_limits_users", "Users inside a rate window.");
    m->heads = gauge("roar_store_heads", "Streams the ordering point has in memory.");
    m->sqlite = gauge("roar_memory_bytes", "Heap by what it is for.");
    m->sqlite.labels = "kind=\"sqlite\"";
    m->tail_hits = counter("roar_tail_reads_total", "Reads answered from memory.");
    m->store_reads = counter("roar_store_reads_total", "Reads answered from the store.");
    m->waiting = gauge("roar_posts_waiting", "Posts that wait for the disk.");
    m->reads_shared = counter("roar_store_reads_shared_total",
                              "Reads answered by that of another who asked the same.");
    m->reads_refused =
        counter("roar_store_reads_refused_total", "Reads refused because too many waited.");
    m->reads_waiting = gauge("roar_store_reads_waiting", "Reads that wait for the store.");
    m->damaged = counter("roar_store_damaged_total", "Answers refused because of damaged rows.");
}

static struct metric *const *all_of(struct engine_metrics *m, struct metric *list[METRICS_MAX])
{
    struct metric *const each[] = {
        &m->commit,      &m->batch,      &m->queue_age,      &m->rows,          &m->wal_bytes,
        &m->checkpoints, &m->expired,    &m->users_limited,  &m->heads,         &m->tail_hits,
        &m->store_reads, &m->damaged,    &m->reads_shared,   &m->reads_refused, &m->reads_waiting,
        &m->sqlite,      &m->waiting,    &m->sweep_pieces,   &m->self_approved, &m->erased,
        &m->held,        &m->act_pieces, &m->notices_unsent,
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        list[count++] = each[i];
    }
    for (size_t i = 0; i < ENGINE_OUTCOMES; i++) {
        list[count++] = &m->posts[i];
    }
    list[count] = NULL;
    return list;
}

void engine_metrics_add(struct engine_metrics *metrics)
{
    struct metric *list[METRICS_MAX];
    describe(metrics);
    rule_tally_init(&metrics->rules);
    for (struct metric *const *metric = all_of(metrics, list); *metric != NULL; metric++) {
        metric_add(*metric);
    }
}

void engine_metrics_remove(struct engine_metrics *metrics)
{
    struct metric *list[METRICS_MAX];
    for (struct metric *const *metric = all_of(metrics, list); *metric != NULL; metric++) {
        metric_remove(*metric);
    }
    rule_tally_done(&metrics->rules);
}

void engine_metrics_post(struct engine_metrics *metrics, enum submit_end end, enum refusal refusal)
{
    const size_t place = end == SUBMIT_REFUSED
                             ? FIRST_REFUSAL + (size_t)refusal - REFUSAL_NO_STREAM
                             : (end == SUBMIT_DONE ? 0 : (end == SUBMIT_DUPLICATE ? 1 : 2));
    engine_metrics_count(&metrics->posts[place]);
}
