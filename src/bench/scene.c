// SPDX-License-Identifier: Apache-2.0
#include "bench/scene.h"

#include "base/mem.h"

enum {
    CAP_FIRST = 1024,
    CONNS_OF_SOURCE = 4000, // fewer than a source has ports, and than a server takes of one
    SOURCES_OF_BYTE = 250,
};

void scene_done(struct scene *scene)
{
    mem_free(MEM_OTHER, scene->answers);
    mem_free(MEM_OTHER, scene->gaps);
    buf_done(&scene->text);
    for (int transport = 0; transport < TRANSPORTS; transport++) {
        known_done(&scene->known[transport]);
    }
    scene->answers = NULL;
    scene->gaps = NULL;
}

/* Room for one more; false: no memory, or the bound. */
static bool grow(void **list, uint32_t *cap, uint32_t count, size_t size, uint32_t max)
{
    if (count < *cap) {
        return true;
    }
    const uint32_t wanted = *cap == 0 ? CAP_FIRST : *cap * 2;
    void *larger = wanted > max ? NULL : mem_resize(MEM_OTHER, *list, wanted * size);
    if (larger == NULL) {
        return false;
    }
    *list = larger;
    *cap = wanted;
    return true;
}

void scene_raise_head(struct scene *scene, uint32_t stream, uint64_t seq)
{
    struct head *head = &scene->cue->heads[stream];
    uint64_t known = atomic_load_explicit(&head->seq, memory_order_relaxed);
    while (known < seq &&
           !atomic_compare_exchange_weak_explicit(&head->seq, &known, seq, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
}

void scene_keep_answer(struct scene *scene, uint32_t stream, uint64_t seq)
{
    void *list = scene->answers;
    scene_raise_head(scene, stream, seq);
    if (!grow(&list, &scene->answer_cap, scene->answer_count, sizeof(*scene->answers),
              SCENE_ANSWERS_MAX)) {
        score_fault(&scene->score, FAULT_REFUSED, 1, "more answers than can be kept and checked");
        return;
    }
    scene->answers = list;
    scene->answers[scene->answer_count++] = (struct answer){.stream = stream, .seq = seq};
}

static bool is_same(const struct witness_gap *a, const struct witness_gap *b)
{
    return a->from == b->from && a->to == b->to && a->carried == b->carried && a->shed == b->shed &&
           a->removed == b->removed && a->has_counts == b->has_counts &&
           a->is_digest == b->is_digest;
}

/* The readers of a lane are mostly told the same at about the same time. */
static uint32_t *recent_of(struct scene *scene, uint32_t stream, const struct witness_gap *gap)
{
    const uint64_t mixed = (gap->from * 31 + gap->to) * 31 + stream;
    return &scene->gaps_recent[(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SCENE_GAPS_RECENT];
}

void scene_keep_gap(struct scene *scene, uint32_t stream, const struct witness_gap *gap)
{
    void *list = scene->gaps;
    uint32_t *recent = recent_of(scene, stream, gap);
    if (*recent > 0 && scene->gaps[*recent - 1].stream == stream &&
        is_same(&scene->gaps[*recent - 1].gap, gap)) {
        return;
    }
    if (grow(&list, &scene->gap_cap, scene->gap_count, sizeof(*scene->gaps), SCENE_GAPS_MAX)) {
        scene->gaps = list;
        scene->gaps[scene->gap_count++] = (struct gap_told){.stream = stream, .gap = *gap};
        *recent = scene->gap_count;
    } else {
        score_count(&scene->score, COUNT_GAPS_UNCHECKED, 1);
    }
}

uint64_t scene_head(const struct scene *scene, uint32_t stream)
{
    return atomic_load_explicit(&scene->cue->heads[stream].seq, memory_order_relaxed);
}

bool scene_is(const struct scene *scene, enum phase phase)
{
    return atomic_load_explicit(&scene->cue->phase, memory_order_relaxed) == (int)phase;
}

uint32_t scene_step(const struct scene *scene)
{
    return atomic_load_explicit(&scene->cue->step, memory_order_relaxed);
}

bool scene_source(const struct scene *scene, uint32_t number, struct address *ret_from)
{
    const struct address *server = &scene->plan->server;
    if (!address_is_v4(server) || !address_is_loopback(server)) {
        return false;
    }
    const uint32_t source = number / CONNS_OF_SOURCE;
    *ret_from = *server;
    ret_from->port = 0;
    ret_from->bytes[13] = 1;
    ret_from->bytes[14] = (uint8_t)(source / SOURCES_OF_BYTE);
    ret_from->bytes[15] = (uint8_t)(1 + source % SOURCES_OF_BYTE);
    return true;
}
