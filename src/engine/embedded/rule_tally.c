// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/rule_tally.h"

#include "base/mem.h"
#include "wire/stream_name.h"

struct tallied {
    struct map_node node; // in tally->streams
    struct link link;     // in tally->by_hits
    struct rule_counts counts;
    char name[STREAM_NAME_LEN_MAX];
};

void rule_tally_init(struct rule_tally *tally)
{
    rule_metrics_init(&tally->metrics);
    (void)pthread_mutex_init(&tally->lock, NULL);
    map_init(&tally->streams, MEM_ENGINE, 0);
    list_init(&tally->by_hits);
}

static void forget_oldest(struct rule_tally *tally)
{
    struct link *link = list_pop(&tally->by_hits);
    struct tallied *tallied = list_entry(link, struct tallied, link);
    map_remove(&tally->streams, &tallied->node);
    mem_free(MEM_ENGINE, tallied);
}

void rule_tally_done(struct rule_tally *tally)
{
    rule_metrics_done(&tally->metrics);
    while (!list_is_empty(&tally->by_hits)) {
        forget_oldest(tally);
    }
    map_done(&tally->streams);
    (void)pthread_mutex_destroy(&tally->lock);
}

static struct tallied *find(const struct rule_tally *tally, struct str stream)
{
    struct map_node *node = map_find(&tally->streams, stream);
    return node == NULL ? NULL : map_entry(node, struct tallied, node);
}

/* NULL: no memory. */
static struct tallied *add(struct rule_tally *tally, struct str stream)
{
    struct tallied *tallied = mem_new(MEM_ENGINE, sizeof(*tallied));
    if (tallied == NULL) {
        return NULL;
    }
    memcpy(tallied->name, stream.at, stream.len);
    tallied->node.key = (struct str){.at = tallied->name, .len = stream.len};
    if (map_add(&tally->streams, &tallied->node) != ERR_OK) {
        mem_free(MEM_ENGINE, tallied);
        return NULL;
    }
    list_push(&tally->by_hits, &tallied->link);
    if (tally->streams.count > RULE_TALLY_STREAMS_MAX) {
        forget_oldest(tally);
    }
    return tallied;
}

void rule_tally_count(struct rule_tally *tally, struct str stream,
                      const struct judgement *judgement)
{
    rule_metrics_judged(&tally->metrics, judgement);
    if ((judgement->broken | judgement->dry_hits) == 0) {
        return;
    }
    (void)pthread_mutex_lock(&tally->lock);
    struct tallied *tallied = find(tally, stream);
    if (tallied == NULL) {
        tallied = add(tally, stream);
    }
    if (tallied != NULL) {
        rule_metrics_count(&tallied->counts, judgement);
        list_remove(&tallied->link);
        list_push(&tally->by_hits, &tallied->link);
    }
    (void)pthread_mutex_unlock(&tally->lock);
}

void rule_tally_write(struct rule_tally *tally, struct str stream, struct buf *out)
{
    static const struct rule_counts none;
    (void)pthread_mutex_lock(&tally->lock);
    const struct tallied *tallied = find(tally, stream);
    const struct rule_counts counts = tallied == NULL ? none : tallied->counts;
    (void)pthread_mutex_unlock(&tally->lock);
    rule_metrics_write_counts(out, &counts);
}
