// SPDX-License-Identifier: Apache-2.0
/* rule_metrics -- how often each rule decided, by what it decided:
 * roar_rules_total{rule="links",outcome="refuse|shadow|hold|mark|dry_run"}.
 *
 * Owns:     its counters, listed from init to done.
 * Thread:   counted on its owner's; the ordering point has one.
 */
#pragma once

#include "base/metric.h"
#include "rules/house_rules.h"
#include "wire/outcome.h"

enum rule_source { // who else decides than house rules, by the name their wish has as its rule
    RULE_SOURCE_SERVER_TERMS = HOUSE_RULES, // "server_terms"
    RULE_SOURCE_HOOK,                       // "hook"
    RULE_SOURCES,
};

enum rule_effect {
    RULE_EFFECT_MARK,
    RULE_EFFECT_HOLD,
    RULE_EFFECT_SHADOW,
    RULE_EFFECT_REFUSE,
    RULE_EFFECT_DRY_RUN,
    RULE_EFFECTS,
};

enum { RULE_METRICS_LABELS_MAX = 48 };

struct rule_metrics {
    struct metric counts[RULE_SOURCES][RULE_EFFECTS];
    char labels[RULE_SOURCES][RULE_EFFECTS][RULE_METRICS_LABELS_MAX];
};

void rule_metrics_init(struct rule_metrics *metrics);
void rule_metrics_done(struct rule_metrics *metrics);

/* The rule, or whose wish it was, that won: by its outcome; those that only mark as marks, dry runs
 * as such. */
void rule_metrics_judged(struct rule_metrics *metrics, const struct judgement *judgement);

/* The same of one stream, for those who moderate it. */
struct rule_counts {
    uint32_t hits[HOUSE_RULES]; // broken and in force
    uint32_t dry_hits[HOUSE_RULES];
};
void rule_metrics_count(struct rule_counts *counts, const struct judgement *judgement);
/* {"links":{"hits":3,"dry_run":0}, ..}: those that were hit. */
void rule_metrics_write_counts(struct buf *out, const struct rule_counts *counts);
