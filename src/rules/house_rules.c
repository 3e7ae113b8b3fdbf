// SPDX-License-Identifier: Apache-2.0
#include "rules/house_rules.h"

#include "base/must.h"
#include "base/mutant.h"
#include "rules/claims.h"

/* ---- what a rule is ---- */

static const struct kind {
    const char *name;
    uint32_t mode; // that switches it on; 0: none
    enum house_action action;
    enum refusal refusal;
} kinds[HOUSE_RULES] = {
    [HOUSE_RULE_TERMS] = {"terms", 0, HOUSE_REFUSE, REFUSAL_BLOCKED_TERM},
    [HOUSE_RULE_LINKS] = {"links", HOUSE_LINKS_OFF, HOUSE_REFUSE, REFUSAL_LINKS_OFF},
    [HOUSE_RULE_EMOTE_ONLY] = {"emote_only", HOUSE_EMOTE_ONLY, HOUSE_REFUSE, REFUSAL_EMOTE_ONLY},
    [HOUSE_RULE_ROLES_ONLY] = {"roles_only", HOUSE_ROLES_ONLY, HOUSE_REFUSE, REFUSAL_WRONG_ROLE},
    [HOUSE_RULE_UNIQUE] = {"unique", HOUSE_UNIQUE, HOUSE_REFUSE, REFUSAL_NOT_UNIQUE},
    [HOUSE_RULE_CAPS] = {"caps", 0, HOUSE_REFUSE, REFUSAL_BAD_TEXT},
    [HOUSE_RULE_MARKS] = {"marks", 0, HOUSE_REFUSE, REFUSAL_BAD_TEXT},
    [HOUSE_RULE_ACCOUNT_AGE] = {"account_age", 0, HOUSE_REFUSE, REFUSAL_WRONG_ROLE},
    [HOUSE_RULE_HOOK_DOWN] = {"hook_down", 0, HOUSE_REFUSE, REFUSAL_BY_HOOK},
    [HOUSE_RULE_HOLD_FIRST] = {"hold_first", HOUSE_HOLD_FIRST, HOUSE_HOLD, REFUSAL_WRONG_ROLE},
    [HOUSE_RULE_HOLD_ALL] = {"hold_all", HOUSE_HOLD_ALL, HOUSE_HOLD, REFUSAL_WRONG_ROLE},
    [HOUSE_RULE_MODS_FIRST] = {"mods_first", HOUSE_MODS_FIRST, HOUSE_HOLD, REFUSAL_WRONG_ROLE},
    [HOUSE_RULE_SLOW] = {"slow", 0, HOUSE_REFUSE, REFUSAL_SLOW_MODE},
};

enum {
    FREE_ROLES = ROLE_MODERATOR | ROLE_HOST | ROLE_ADMIN,
    SHIELD_MODES = HOUSE_LINKS_OFF | HOUSE_UNIQUE | HOUSE_HOLD_FIRST,
    MS = 1000,
};

const char *house_rules_name(enum house_rule rule)
{
    must(rule < HOUSE_RULES);
    return kinds[rule].name;
}

const char *house_rules_mode_name(enum house_mode mode)
{
    switch (mode) {
    case HOUSE_LINKS_OFF:
        return "links_off";
    case HOUSE_EMOTE_ONLY:
        return "emote_only";
    case HOUSE_ROLES_ONLY:
        return "roles_only";
    case HOUSE_UNIQUE:
        return "unique";
    case HOUSE_HOLD_FIRST:
        return "hold_first";
    case HOUSE_HOLD_ALL:
        return "hold_all";
    case HOUSE_MODS_FIRST:
        return "mods_first";
    }
    must_fail(__FILE__, __LINE__, "a mode of these");
}

/* ---- the value ---- */

void house_rules_init(struct house_rules *rules)
{
    *rules = (struct house_rules){.mods_first_s = HOUSE_MODS_FIRST_S,
                                  .unique_user_s = HOUSE_UNIQUE_USER_S,
                                  .unique_stream_s = HOUSE_UNIQUE_STREAM_S};
    for (int rule = 0; rule < HOUSE_RULES; rule++) {
        rules->settings[rule].action = (uint8_t)kinds[rule].action;
    }
    rules->settings[HOUSE_RULE_ROLES_ONLY].value =
        ROLE_MEMBER | ROLE_VERIFIED | ROLE_VIP | ROLE_BOT;
}

void house_rules_done(struct house_rules *rules)
{
    terms_unref(rules->terms);
    rules->terms = NULL;
}

void house_rules_set_terms(struct house_rules *rules, struct terms *terms)
{
    terms_unref(rules->terms);
    rules->terms = terms;
}

bool house_rules_are_set(const struct house_rules *rules)
{
    bool is_any = rules->slow_s > 0 || rules->modes != 0 || rules->shield || rules->terms != NULL;
    for (int rule = 0; rule < HOUSE_RULES; rule++) {
        is_any = is_any || rules->settings[rule].is_given || rules->settings[rule].dry_run;
    }
    return is_any;
}

/* ---- what is in force ---- */

uint32_t house_rules_slow_s(const struct house_rules *rules)
{
    const bool is_less = rules->slow_s < HOUSE_SHIELD_SLOW_S;
    return rules->shield && is_less ? HOUSE_SHIELD_SLOW_S : rules->slow_s;
}

uint32_t house_rules_modes(const struct house_rules *rules)
{
    return rules->shield ? rules->modes | SHIELD_MODES : rules->modes;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* A rule's setting with its number as it is in force; shield only ever makes it stricter. */
static struct house_setting setting_of(const struct house_rules *rules, enum house_rule rule)
{
    struct house_setting setting = rules->settings[rule];
    if (!rules->shield) {
        return setting;
    }
    setting.dry_run = false;
    if (setting.action == HOUSE_MARK) {
        setting.action = HOUSE_HOLD;
    }
    const bool was_given = setting.is_given;
    if (rule == HOUSE_RULE_CAPS) {
        setting.value = least(was_given ? setting.value : UINT32_MAX, HOUSE_SHIELD_CAPS_PERCENT);
    } else if (rule == HOUSE_RULE_MARKS) {
        setting.value = least(was_given ? setting.value : UINT32_MAX, HOUSE_SHIELD_MARKS);
    } else if (rule == HOUSE_RULE_ACCOUNT_AGE) {
        setting.value = most(was_given ? setting.value : 0, HOUSE_SHIELD_AGE_S);
    }
    return setting;
}

static bool is_asked(const struct house_rules *rules, enum house_rule rule)
{
    const uint32_t mode = kinds[rule].mode;
    switch (rule) {
    case HOUSE_RULE_TERMS:
        return rules->terms != NULL;
    case HOUSE_RULE_SLOW:
        return house_rules_slow_s(rules) > 0;
    case HOUSE_RULE_CAPS:
    case HOUSE_RULE_MARKS:
    case HOUSE_RULE_ACCOUNT_AGE:
        return rules->shield || rules->settings[rule].is_given;
    case HOUSE_RULE_HOOK_DOWN:
        return rules->settings[rule].is_given;
    case HOUSE_RULE_LINKS:
    case HOUSE_RULE_EMOTE_ONLY:
    case HOUSE_RULE_ROLES_ONLY:
    case HOUSE_RULE_UNIQUE:
    case HOUSE_RULE_HOLD_FIRST:
    case HOUSE_RULE_HOLD_ALL:
    case HOUSE_RULE_MODS_FIRST:
    case HOUSE_RULES:
        break;
    }
    return (house_rules_modes(rules) & mode) != 0 || rules->settings[rule].dry_run;
}

uint32_t house_rules_needs(const struct house_rules *rules)
{
    static const uint32_t needs[HOUSE_RULES] = {
        [HOUSE_RULE_TERMS] = HOUSE_NEEDS_TRAITS,
        [HOUSE_RULE_LINKS] = HOUSE_NEEDS_TRAITS,
        [HOUSE_RULE_EMOTE_ONLY] = HOUSE_NEEDS_TRAITS,
        [HOUSE_RULE_UNIQUE] = HOUSE_NEEDS_TRAITS | HOUSE_NEEDS_ECHOES,
        [HOUSE_RULE_CAPS] = HOUSE_NEEDS_TRAITS,
        [HOUSE_RULE_MARKS] = HOUSE_NEEDS_TRAITS,
        [HOUSE_RULE_HOLD_FIRST] = HOUSE_NEEDS_POSTERS,
        [HOUSE_RULE_SLOW] = HOUSE_NEEDS_POSTERS,
    };
    uint32_t all = 0;
    for (enum house_rule rule = 0; rule < HOUSE_RULES; rule++) {
        all |= is_asked(rules, rule) ? needs[rule] : 0;
    }
    return all;
}

/* ---- judging ---- */

struct hearing { // one comment before the rules
    const struct house_rules *rules;
    const struct traits *traits;
    const struct house_facts *facts;
    struct judgement judgement;
};

static bool is_within(int64_t heard_ms, int64_t now_ms, uint32_t window_s)
{
    return heard_ms != INT64_MIN && now_ms - heard_ms < (int64_t)window_s * MS;
}

static bool is_too_young(const struct hearing *hearing, uint32_t age_s)
{
    const struct house_facts *facts = hearing->facts;
    if (facts->since_s == 0) { // where shield alone asks, who is not known to be young is not
        return hearing->rules->settings[HOUSE_RULE_ACCOUNT_AGE].is_given;
    }
    return facts->now_s - facts->since_s < (int64_t)age_s;
}

static uint32_t slow_left_ms(const struct hearing *hearing)
{
    const struct house_facts *facts = hearing->facts;
    const uint32_t slow_s = house_rules_slow_s(hearing->rules);
    if ((facts->role_bits & ROLE_BOT) != 0 ||
        !is_within(facts->last_post_ms, facts->now_ms, slow_s)) {
        return 0;
    }
    return (uint32_t)(facts->last_post_ms + (int64_t)slow_s * MS - facts->now_ms);
}

static bool is_broken(const struct hearing *hearing, enum house_rule rule, uint32_t value)
{
    const struct traits *traits = hearing->traits;
    const struct house_facts *facts = hearing->facts;
    switch (rule) {
    case HOUSE_RULE_LINKS:
        return (traits->bits & TRAIT_LINK) != 0;
    case HOUSE_RULE_EMOTE_ONLY:
        return (traits->bits & TRAIT_EMOTE_ONLY) == 0;
    case HOUSE_RULE_ROLES_ONLY:
        return (facts->role_bits & value) == 0;
    case HOUSE_RULE_UNIQUE:
        return is_within(facts->echo.by_user_ms, facts->now_ms, hearing->rules->unique_user_s) ||
               is_within(facts->echo.by_stream_ms, facts->now_ms, hearing->rules->unique_stream_s);
    case HOUSE_RULE_CAPS:
        return traits->caps_percent > value;
    case HOUSE_RULE_MARKS:
        return traits->marks_most > value;
    case HOUSE_RULE_ACCOUNT_AGE:
        return is_too_young(hearing, value);
    case HOUSE_RULE_HOOK_DOWN:
        return facts->hook_is_down;
    case HOUSE_RULE_HOLD_FIRST:
        return !facts->has_posted_before;
    case HOUSE_RULE_HOLD_ALL:
    case HOUSE_RULE_MODS_FIRST:
        return true;
    case HOUSE_RULE_SLOW:
        return slow_left_ms(hearing) > 0;
    case HOUSE_RULE_TERMS:
    case HOUSE_RULES:
        break;
    }
    must_fail(__FILE__, __LINE__, "a rule that is asked by itself");
}

/* The first among equals: mods_first stands behind all that hold, so that what they hold waits for
 * somebody. */
static void take(struct judgement *judgement, enum house_rule rule, enum outcome outcome,
                 uint32_t approve_after_s)
{
    if (outcome > judgement->outcome) {
        judgement->outcome = outcome;
        judgement->refusal = outcome == OUTCOME_REFUSE ? kinds[rule].refusal : REFUSAL_NONE;
        judgement->rule = str_of(kinds[rule].name);
        judgement->approve_after_s = outcome == OUTCOME_HOLD ? approve_after_s : 0;
    }
}

static void count_or_take(struct hearing *hearing, enum house_rule rule,
                          const struct house_setting *setting, enum outcome outcome)
{
    struct judgement *judgement = &hearing->judgement;
    const uint32_t bit = 1U << rule;
    if (setting->dry_run) {
        judgement->dry_hits |= bit;
        return;
    }
    judgement->broken |= bit;
    if (outcome == OUTCOME_ALLOW) {
        judgement->marks |= bit;
    }
    take(judgement, rule, outcome,
         rule == HOUSE_RULE_MODS_FIRST ? hearing->rules->mods_first_s : 0);
}

static enum outcome outcome_of(enum house_action action)
{
    static const enum outcome outcomes[] = {[HOUSE_MARK] = OUTCOME_ALLOW,
                                            [HOUSE_HOLD] = OUTCOME_HOLD,
                                            [HOUSE_SHADOW] = OUTCOME_SHADOW,
                                            [HOUSE_REFUSE] = OUTCOME_REFUSE};
    return outcomes[action];
}

static void ask_terms(struct hearing *hearing, const struct house_setting *setting)
{
    const struct term_hit hit = terms_judge(hearing->rules->terms, hearing->traits->folded);
    if (hit.outcome == OUTCOME_ALLOW) {
        return;
    }
    count_or_take(hearing, HOUSE_RULE_TERMS, setting, hit.outcome);
    hearing->judgement.term = setting->dry_run ? STR_NONE : hit.term;
}

struct judgement house_rules_judge(const struct house_rules *rules, const struct traits *traits,
                                   const struct house_facts *facts)
{
    const struct house_setting *hook = &rules->settings[HOUSE_RULE_HOOK_DOWN];
    struct hearing hearing = {.rules = rules,
                              .traits = traits,
                              .facts = facts,
                              .judgement = {.has_hook_rule = hook->is_given && !hook->dry_run}};
    for (enum house_rule rule = 0; rule < HOUSE_RULES; rule++) {
        if ((facts->role_bits & FREE_ROLES) != 0 || !is_asked(rules, rule)) {
            continue;
        }
        const struct house_setting setting = setting_of(rules, rule);
        if (rule == HOUSE_RULE_TERMS) {
            ask_terms(&hearing, &setting);
        } else if (is_broken(&hearing, rule, setting.value)) {
            count_or_take(&hearing, rule, &setting, outcome_of((enum house_action)setting.action));
        }
    }
    if (hearing.judgement.refusal == REFUSAL_SLOW_MODE) {
        hearing.judgement.retry_after_ms = slow_left_ms(&hearing);
    }
    return hearing.judgement;
}

void house_rules_join(struct judgement *judgement, const struct judgement *of_all)
{
    const struct judgement own = *judgement;
    if (of_all->outcome > own.outcome) {
        *judgement = *of_all;
    } else if (own.outcome == OUTCOME_HOLD && of_all->outcome == OUTCOME_HOLD &&
               of_all->approve_after_s == 0) {
        judgement->approve_after_s = 0;
    }
    judgement->has_hook_rule = own.has_hook_rule || of_all->has_hook_rule;
    judgement->broken = own.broken | of_all->broken;
    judgement->marks = own.marks | of_all->marks;
    judgement->dry_hits = own.dry_hits | of_all->dry_hits;
    if (own.refusal == REFUSAL_SLOW_MODE && of_all->refusal == REFUSAL_SLOW_MODE) {
        judgement->retry_after_ms = most(own.retry_after_ms, of_all->retry_after_ms);
    }
}

static struct wish of_hook_down(const struct wish *wish)
{
    return (struct wish){.outcome = wish->if_down,
                         .refusal =
                             wish->if_down == OUTCOME_REFUSE ? REFUSAL_BY_HOOK : REFUSAL_NONE,
                         .rule = STR("hook_down"),
                         .by_hook = true};
}

void house_rules_add_wish(struct judgement *judgement, const struct wish *wish)
{
    if (wish->hook_is_down && !judgement->has_hook_rule && wish->if_down > wish->outcome) {
        const struct wish down = of_hook_down(wish);
        house_rules_add_wish(judgement, &down);
    } else if (wish->outcome != OUTCOME_ALLOW && wish->outcome >= judgement->outcome &&
               !mutant(HOOK_IGNORED)) {
        judgement->outcome = wish->outcome;
        judgement->refusal = wish->outcome == OUTCOME_REFUSE ? wish->refusal : REFUSAL_NONE;
        judgement->rule = wish->rule;
        judgement->by_hook = wish->by_hook;
        judgement->term = STR_NONE;
        judgement->retry_after_ms = 0;
        judgement->approve_after_s = 0;
    }
}
