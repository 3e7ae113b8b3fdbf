// SPDX-License-Identifier: Apache-2.0
#include "bench/score.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const count_names[COUNTS] = {
    [COUNT_DELIVERIES] = "deliveries",
    [COUNT_BYTES] = "bytes",
    [COUNT_INFLATED_BYTES] = "inflated_bytes",
    [COUNT_TEXT_BYTES] = "text_bytes",
    [COUNT_AGAIN] = "again",
    [COUNT_GAPS] = "gaps",
    [COUNT_GAPS_UNCHECKED] = "gaps_unchecked",
    [COUNT_MISSING] = "missing",
    [COUNT_SPARED] = "spared",
    [COUNT_RESYNCS] = "resyncs",
    [COUNT_GOAWAYS] = "goaways",
    [COUNT_JOINS] = "joins",
    [COUNT_RETURNS] = "returns",
    [COUNT_CUT] = "cut",
    [COUNT_REFUSED] = "refused",
    [COUNT_UNREACHED] = "unreached",
    [COUNT_CHECKED] = "checked",
    [COUNT_POSTED] = "posted",
    [COUNT_ANSWERED] = "answered",
    [COUNT_POST_REFUSED] = "posts_refused",
    [COUNT_POST_RETRIES] = "post_retries",
    [COUNT_ACTS] = "acts",
    [COUNT_TEXTS_LATE] = "texts_late",
    [COUNT_HEARTBEATS] = "heartbeats",
    [COUNT_FLOOR_BYTES] = "floor_bytes",
};

static const char *const fault_names[FAULTS] = {
    [FAULT_LOST] = "lost",   [FAULT_DOUBLE] = "double",   [FAULT_ORDER] = "order",
    [FAULT_PREV] = "prev",   [FAULT_GAP] = "gap",         [FAULT_ALIEN] = "alien",
    [FAULT_FRAME] = "frame", [FAULT_REMOVED] = "removed", [FAULT_REFUSED] = "refused",
};

const char *score_count_name(enum count count)
{
    return count_names[count];
}

const char *score_fault_name(enum fault fault)
{
    return fault_names[fault];
}

static bool has_room(const struct score *score, enum fault fault)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < score->word_count; i++) {
        count += score->word_faults[i] == fault;
    }
    return count < SCORE_WORDS_EACH;
}

void score_fault(struct score *score, enum fault fault, uint64_t times, const char *format, ...)
{
    atomic_store_explicit(&score->faults[fault],
                          atomic_load_explicit(&score->faults[fault], memory_order_relaxed) + times,
                          memory_order_relaxed);
    if (has_room(score, fault)) {
        va_list args;
        score->word_faults[score->word_count] = (uint8_t)fault;
        va_start(args, format);
        (void)vsnprintf(score->words[score->word_count++], SCORE_WORDS_MAX, format, args);
        va_end(args);
    }
}

uint64_t score_faults(const struct score *score)
{
    uint64_t total = 0;
    for (int fault = 0; fault < FAULTS; fault++) {
        total += atomic_load_explicit(&score->faults[fault], memory_order_relaxed);
    }
    return total;
}

void score_merge(struct score *score, const struct score *more)
{
    for (int count = 0; count < COUNTS; count++) {
        score_count(score, (enum count)count, score_of(more, (enum count)count));
    }
    for (int fault = 0; fault < FAULTS; fault++) {
        score->faults[fault] += atomic_load_explicit(&more->faults[fault], memory_order_relaxed);
    }
    latency_merge(&score->stayed, &more->stayed);
    for (int step = 0; step < PLAN_STEPS_MAX; step++) {
        latency_merge(&score->visible[step], &more->visible[step]);
        latency_merge(&score->floor[step], &more->floor[step]);
    }
    latency_merge(&score->posted, &more->posted);
    latency_merge(&score->acts_told, &more->acts_told);
    latency_merge(&score->acts_answered, &more->acts_answered);
    for (uint32_t i = 0; i < more->word_count; i++) {
        if (has_room(score, (enum fault)more->word_faults[i])) {
            score->word_faults[score->word_count] = more->word_faults[i];
            memcpy(score->words[score->word_count++], more->words[i], SCORE_WORDS_MAX);
        }
    }
}
