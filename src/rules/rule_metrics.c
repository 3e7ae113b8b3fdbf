// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_metrics.h"

#include "wire/json.h"

#include <stdio.h>

static const char *source_name(int source)
{
    if (source < HOUSE_RULES) {
        return house_rules_name((enum house_rule)source);
    }
    return source == RULE_SOURCE_HOOK ? "hook" : "server_terms";
}

void rule_metrics_init(struct rule_metrics *metrics)
{
    static const char *const effects[] = {[RULE_EFFECT_MARK] = "mark",
                                          [RULE_EFFECT_HOLD] = "hold",
                                          [RULE_EFFECT_SHADOW] = "shadow",
                                          [RULE_EFFECT_REFUSE] = "refuse",
                                          [RULE_EFFECT_DRY_RUN] = "dry_run"};
    for (int source = 0; source < RULE_SOURCES; source++) {
        for (int effect = 0; effect < RULE_EFFECTS; effect++) {
            char *labels = metrics->labels[source][effect];
            (void)snprintf(labels, RULE_METRICS_LABELS_MAX, "rule=\"%s\",outcome=\"%s\"",
                           source_name(source), effects[effect]);
            metrics->counts[source][effect] =
                (struct metric){.name = "roar_rules_total",
                                .labels = labels,
                                .help = "comments a rule decided about, by what it decided",
                                .kind = METRIC_COUNTER};
            metric_add(&metrics->counts[source][effect]);
        }
    }
}

void rule_metrics_done(struct rule_metrics *metrics)
{
    for (int source = 0; source < RULE_SOURCES; source++) {
        for (int effect = 0; effect < RULE_EFFECTS; effect++) {
            metric_remove(&metrics->counts[source][effect]);
        }
    }
}

static enum rule_effect effect_of(enum outcome outcome)
{
    static const enum rule_effect effects[] = {[OUTCOME_ALLOW] = RULE_EFFECT_MARK,
                                               [OUTCOME_HOLD] = RULE_EFFECT_HOLD,
                                               [OUTCOME_SHADOW] = RULE_EFFECT_SHADOW,
                                               [OUTCOME_REFUSE] = RULE_EFFECT_REFUSE};
    return effects[outcome];
}

static void count_winner(struct rule_metrics *metrics, const struct judgement *judgement)
{
    for (int source = 0; source < RULE_SOURCES; source++) {
        if (str_eq(judgement->rule, str_of(source_name(source)))) {
            metric_count(&metrics->counts[source][effect_of(judgement->outcome)], 1);
        }
    }
}

void rule_metrics_judged(struct rule_metrics *metrics, const struct judgement *judgement)
{
    for (int rule = 0; rule < HOUSE_RULES; rule++) {
        metric_count(&metrics->counts[rule][RULE_EFFECT_MARK], (judgement->marks >> rule) & 1);
        metric_count(&metrics->counts[rule][RULE_EFFECT_DRY_RUN],
                     (judgement->dry_hits >> rule) & 1);
    }
    if (judgement->outcome != OUTCOME_ALLOW) {
        count_winner(metrics, judgement);
    }
}

void rule_metrics_count(struct rule_counts *counts, const struct judgement *judgement)
{
    for (int rule = 0; rule < HOUSE_RULES; rule++) {
        counts->hits[rule] += (judgement->broken >> rule) & 1;
        counts->dry_hits[rule] += (judgement->dry_hits >> rule) & 1;
    }
}

void rule_metrics_write_counts(struct buf *out, const struct rule_counts *counts)
{
    buf_add_byte(out, '{');
    for (int rule = 0; rule < HOUSE_RULES; rule++) {
        if (counts->hits[rule] > 0 || counts->dry_hits[rule] > 0) {
            json_write_name(out, house_rules_name((enum house_rule)rule));
            buf_add_byte(out, '{');
            json_write_member_u64(out, "hits", counts->hits[rule]);
            json_write_member_u64(out, "dry_run", counts->dry_hits[rule]);
            buf_add_byte(out, '}');
        }
    }
    buf_add_byte(out, '}');
}
