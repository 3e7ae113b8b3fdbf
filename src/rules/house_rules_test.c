// SPDX-License-Identifier: Apache-2.0
#include "rules/house_rules.h"

#include "rules/claims.h"
#include "rules/rule_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW_S = 1763700000, NOW_MS = 1000000, BIT = 1 };

static const struct traits plain_text = {.folded = STR("hello")};

/* A viewer of old, who has posted here before, not of late. */
static struct house_facts someone(void)
{
    return (struct house_facts){.role_bits = ROLE_VIEWER,
                                .since_s = NOW_S - HOUSE_ACCOUNT_AGE_S_MAX,
                                .now_s = NOW_S,
                                .has_posted_before = true,
                                .now_ms = NOW_MS,
                                .last_post_ms = INT64_MIN,
                                .echo = ECHO_NONE};
}

static struct house_rules with_modes(uint32_t modes)
{
    struct house_rules rules;
    house_rules_init(&rules);
    rules.modes = modes;
    return rules;
}

static void give(struct house_rules *rules, enum house_rule rule, uint32_t value)
{
    rules->settings[rule].is_given = true;
    rules->settings[rule].value = value;
}

static void expect(struct judgement judgement, enum outcome outcome, enum refusal refusal,
                   const char *rule)
{
    assert_int_equal(judgement.outcome, outcome);
    assert_int_equal(judgement.refusal, refusal);
    assert_true(str_eq(judgement.rule, str_of(rule)));
}

static void expect_allowed(struct judgement judgement)
{
    expect(judgement, OUTCOME_ALLOW, REFUSAL_NONE, "");
    assert_int_equal(judgement.broken, 0);
}

static void where_nothing_is_set_everything_is_allowed(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(0);
    const struct traits wild = {.bits = TRAIT_LINK,
                                .caps_percent = 100,
                                .marks_most = 8,
                                .likeness = 1,
                                .folded = STR("anything")};
    struct house_facts facts = someone();
    facts.since_s = 0;
    facts.has_posted_before = false;
    facts.last_post_ms = NOW_MS;
    facts.echo = (struct echo){NOW_MS, NOW_MS};
    expect_allowed(house_rules_judge(&rules, &wild, &facts));
    assert_int_equal(house_rules_needs(&rules), 0);
}

static void each_mode_has_its_rule(void **state)
{
    (void)state;
    const struct traits link = {.bits = TRAIT_LINK};
    const struct traits emotes = {.bits = TRAIT_EMOTE_ONLY};
    struct house_facts facts = someone();

    struct house_rules rules = with_modes(HOUSE_LINKS_OFF);
    expect(house_rules_judge(&rules, &link, &facts), OUTCOME_REFUSE, REFUSAL_LINKS_OFF, "links");
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));

    rules = with_modes(HOUSE_EMOTE_ONLY);
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_EMOTE_ONLY,
           "emote_only");
    expect_allowed(house_rules_judge(&rules, &emotes, &facts));

    rules = with_modes(HOUSE_ROLES_ONLY);
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_WRONG_ROLE,
           "roles_only");
    facts.role_bits |= ROLE_VIP;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));

    rules = with_modes(HOUSE_HOLD_FIRST);
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    facts.has_posted_before = false;
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_HOLD, REFUSAL_NONE,
           "hold_first");

    rules = with_modes(HOUSE_HOLD_ALL);
    facts.has_posted_before = true;
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_HOLD, REFUSAL_NONE, "hold_all");
}

static void what_mods_see_first_is_shown_by_itself_unless_another_holds_it(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(HOUSE_MODS_FIRST);
    struct house_facts facts = someone();
    rules.mods_first_s = 9;
    struct judgement judgement = house_rules_judge(&rules, &plain_text, &facts);
    expect(judgement, OUTCOME_HOLD, REFUSAL_NONE, "mods_first");
    assert_int_equal(judgement.approve_after_s, 9);

    rules.modes |= HOUSE_HOLD_FIRST;
    facts.has_posted_before = false;
    judgement = house_rules_judge(&rules, &plain_text, &facts);
    expect(judgement, OUTCOME_HOLD, REFUSAL_NONE, "hold_first");
    assert_int_equal(judgement.approve_after_s, 0);
}

static void the_same_text_is_refused_within_its_windows(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(HOUSE_UNIQUE);
    struct house_facts facts = someone();
    assert_int_equal(house_rules_needs(&rules), HOUSE_NEEDS_TRAITS | HOUSE_NEEDS_ECHOES);
    facts.echo.by_user_ms = NOW_MS - HOUSE_UNIQUE_USER_S * 1000 + 1;
    facts.echo.by_stream_ms = facts.echo.by_user_ms;
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_NOT_UNIQUE,
           "unique");
    facts.echo.by_user_ms -= 1;
    facts.echo.by_stream_ms -= 1;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    facts.echo = (struct echo){.by_user_ms = INT64_MIN,
                               .by_stream_ms = NOW_MS - HOUSE_UNIQUE_STREAM_S * 1000 + 1};
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_NOT_UNIQUE,
           "unique");
    facts.echo.by_stream_ms -= 1;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
}

static void limits_of_a_text_and_an_account_hold(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(0);
    struct house_facts facts = someone();
    const struct traits loud = {.caps_percent = 71, .marks_most = 4};
    give(&rules, HOUSE_RULE_CAPS, 71);
    give(&rules, HOUSE_RULE_MARKS, 4);
    give(&rules, HOUSE_RULE_ACCOUNT_AGE, 3600);
    expect_allowed(house_rules_judge(&rules, &loud, &facts));
    rules.settings[HOUSE_RULE_CAPS].value = 70;
    expect(house_rules_judge(&rules, &loud, &facts), OUTCOME_REFUSE, REFUSAL_BAD_TEXT, "caps");
    rules.settings[HOUSE_RULE_CAPS].value = 71;
    rules.settings[HOUSE_RULE_MARKS].value = 3;
    expect(house_rules_judge(&rules, &loud, &facts), OUTCOME_REFUSE, REFUSAL_BAD_TEXT, "marks");

    facts.since_s = NOW_S - 3599;
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_WRONG_ROLE,
           "account_age");
    facts.since_s = NOW_S - 3600;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    facts.since_s = 0;
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_WRONG_ROLE,
           "account_age");
}

static void slow_says_how_long(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(0);
    struct house_facts facts = someone();
    rules.slow_s = 30;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    facts.last_post_ms = NOW_MS - 29999;
    const struct judgement judgement = house_rules_judge(&rules, &plain_text, &facts);
    expect(judgement, OUTCOME_REFUSE, REFUSAL_SLOW_MODE, "slow");
    assert_int_equal(judgement.retry_after_ms, 1);
    facts.last_post_ms = NOW_MS - 30000;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    facts.last_post_ms = NOW_MS;
    facts.role_bits = ROLE_VIEWER | ROLE_BOT;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
}

static struct terms *terms_of(const char *text, enum outcome action)
{
    struct terms *terms = NULL;
    uint32_t bad = 0;
    const struct term term = {str_of(text), TERM_WORD, action};
    assert_int_equal(terms_new(&term, 1, &terms, &bad), ERR_OK);
    return terms;
}

static void terms_do_as_they_say(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(0);
    const struct house_facts facts = someone();
    house_rules_set_terms(&rules, terms_of("Hello", OUTCOME_SHADOW));
    struct judgement judgement = house_rules_judge(&rules, &plain_text, &facts);
    expect(judgement, OUTCOME_SHADOW, REFUSAL_NONE, "terms");
    assert_true(str_eq(judgement.term, STR("Hello")));
    house_rules_set_terms(&rules, terms_of("hello", OUTCOME_REFUSE));
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_BLOCKED_TERM,
           "terms");
    house_rules_set_terms(&rules, terms_of("other", OUTCOME_REFUSE));
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    house_rules_done(&rules);
}

static void the_strictest_wins_and_the_first_among_equals(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(HOUSE_LINKS_OFF | HOUSE_HOLD_ALL | HOUSE_EMOTE_ONLY);
    const struct house_facts facts = someone();
    const struct traits link = {.bits = TRAIT_LINK};
    rules.settings[HOUSE_RULE_LINKS].action = HOUSE_SHADOW;
    rules.settings[HOUSE_RULE_EMOTE_ONLY].action = HOUSE_SHADOW;
    const struct judgement judgement = house_rules_judge(&rules, &link, &facts);
    expect(judgement, OUTCOME_SHADOW, REFUSAL_NONE, "links");
    assert_int_equal(judgement.broken, BIT << HOUSE_RULE_LINKS | BIT << HOUSE_RULE_EMOTE_ONLY |
                                           BIT << HOUSE_RULE_HOLD_ALL);
}

static void a_rule_that_marks_lets_it_through(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(HOUSE_LINKS_OFF);
    const struct house_facts facts = someone();
    const struct traits link = {.bits = TRAIT_LINK};
    rules.settings[HOUSE_RULE_LINKS].action = HOUSE_MARK;
    const struct judgement judgement = house_rules_judge(&rules, &link, &facts);
    expect(judgement, OUTCOME_ALLOW, REFUSAL_NONE, "");
    assert_int_equal(judgement.marks, BIT << HOUSE_RULE_LINKS);
}

static void a_dry_run_only_counts_whether_its_mode_is_on_or_not(void **state)
{
    (void)state;
    const struct house_facts facts = someone();
    const struct traits link = {.bits = TRAIT_LINK, .folded = STR("hello")};
    for (uint32_t modes = 0; modes <= HOUSE_LINKS_OFF; modes += HOUSE_LINKS_OFF) {
        struct house_rules rules = with_modes(modes);
        rules.settings[HOUSE_RULE_LINKS].dry_run = true;
        rules.settings[HOUSE_RULE_TERMS].dry_run = true;
        house_rules_set_terms(&rules, terms_of("hello", OUTCOME_REFUSE));
        const struct judgement judgement = house_rules_judge(&rules, &link, &facts);
        expect_allowed(judgement);
        assert_int_equal(judgement.dry_hits, BIT << HOUSE_RULE_LINKS | BIT << HOUSE_RULE_TERMS);
        assert_int_equal(judgement.term.len, 0);
        house_rules_done(&rules);
    }
}

static void shield_is_what_its_table_says(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(0);
    struct house_facts facts = someone();
    rules.shield = true;
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    assert_int_equal(house_rules_slow_s(&rules), HOUSE_SHIELD_SLOW_S);
    assert_int_equal(house_rules_modes(&rules), HOUSE_LINKS_OFF | HOUSE_UNIQUE | HOUSE_HOLD_FIRST);

    const struct traits link = {.bits = TRAIT_LINK};
    const struct traits loud = {.caps_percent = HOUSE_SHIELD_CAPS_PERCENT + 1};
    const struct traits piled = {.marks_most = HOUSE_SHIELD_MARKS + 1};
    expect(house_rules_judge(&rules, &link, &facts), OUTCOME_REFUSE, REFUSAL_LINKS_OFF, "links");
    expect(house_rules_judge(&rules, &loud, &facts), OUTCOME_REFUSE, REFUSAL_BAD_TEXT, "caps");
    expect(house_rules_judge(&rules, &piled, &facts), OUTCOME_REFUSE, REFUSAL_BAD_TEXT, "marks");

    facts.since_s = NOW_S - HOUSE_SHIELD_AGE_S + 1;
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_WRONG_ROLE,
           "account_age");
    facts.since_s = 0; // nobody said, and nobody asked but the shield
    expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
}

static void shield_only_ever_makes_it_stricter(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(HOUSE_EMOTE_ONLY);
    struct house_facts facts = someone();
    const struct traits loud = {.bits = TRAIT_EMOTE_ONLY, .caps_percent = 51};
    rules.slow_s = 60;
    give(&rules, HOUSE_RULE_CAPS, 50);
    rules.settings[HOUSE_RULE_CAPS].action = HOUSE_MARK;
    rules.settings[HOUSE_RULE_CAPS].dry_run = true;
    give(&rules, HOUSE_RULE_ACCOUNT_AGE, 2 * HOUSE_SHIELD_AGE_S);
    rules.shield = true;
    assert_int_equal(house_rules_slow_s(&rules), 60);
    expect(house_rules_judge(&rules, &loud, &facts), OUTCOME_HOLD, REFUSAL_NONE, "caps");
    expect(house_rules_judge(&rules, &plain_text, &facts), OUTCOME_REFUSE, REFUSAL_EMOTE_ONLY,
           "emote_only");
    facts.since_s = NOW_S - 2 * HOUSE_SHIELD_AGE_S + 1;
    const struct traits emotes = {.bits = TRAIT_EMOTE_ONLY};
    expect(house_rules_judge(&rules, &emotes, &facts), OUTCOME_REFUSE, REFUSAL_WRONG_ROLE,
           "account_age");
}

static void who_moderates_is_free_of_all_of_it(void **state)
{
    (void)state;
    static const uint32_t free_roles[] = {ROLE_MODERATOR, ROLE_HOST, ROLE_ADMIN};
    struct house_rules rules = with_modes((1U << HOUSE_MODES) - 1);
    rules.shield = true;
    rules.slow_s = 60;
    house_rules_set_terms(&rules, terms_of("hello", OUTCOME_REFUSE));
    for (size_t i = 0; i < sizeof(free_roles) / sizeof(free_roles[0]); i++) {
        struct house_facts facts = someone();
        facts.role_bits |= free_roles[i];
        facts.last_post_ms = NOW_MS;
        expect_allowed(house_rules_judge(&rules, &plain_text, &facts));
    }
    house_rules_done(&rules);
}

static void a_stream_may_say_what_becomes_of_what_no_hook_judged(void **state)
{
    (void)state;
    struct house_rules rules;
    const struct traits traits = {.bits = 0};
    const struct house_facts facts = {.hook_is_down = true, .last_post_ms = INT64_MIN};
    const struct wish down = {.hook_is_down = true, .if_down = OUTCOME_REFUSE};
    house_rules_init(&rules);
    struct judgement judgement = house_rules_judge(&rules, &traits, &facts);
    house_rules_add_wish(&judgement, &down);
    assert_int_equal(judgement.outcome, OUTCOME_REFUSE);
    assert_int_equal(judgement.refusal, REFUSAL_BY_HOOK);
    assert_true(judgement.by_hook);
    rules.settings[HOUSE_RULE_HOOK_DOWN].is_given = true;
    rules.settings[HOUSE_RULE_HOOK_DOWN].action = HOUSE_HOLD;
    judgement = house_rules_judge(&rules, &traits, &facts);
    house_rules_add_wish(&judgement, &down);
    assert_int_equal(judgement.outcome, OUTCOME_HOLD);
    assert_true(str_eq(judgement.rule, STR("hook_down")));
    house_rules_done(&rules);
}

static void a_wish_and_the_rules_are_judged_together(void **state)
{
    (void)state;
    struct house_rules rules = with_modes(HOUSE_MODS_FIRST);
    const struct house_facts facts = someone();
    const struct wish none = {.outcome = OUTCOME_ALLOW};
    const struct wish hold = {.outcome = OUTCOME_HOLD, .rule = STR("hook")};
    const struct wish refuse = {
        .outcome = OUTCOME_REFUSE, .refusal = REFUSAL_BY_HOOK, .rule = STR("hook")};
    struct judgement judgement = house_rules_judge(&rules, &plain_text, &facts);
    house_rules_add_wish(&judgement, &none);
    expect(judgement, OUTCOME_HOLD, REFUSAL_NONE, "mods_first");
    assert_true(judgement.approve_after_s > 0);
    house_rules_add_wish(&judgement, &hold);
    expect(judgement, OUTCOME_HOLD, REFUSAL_NONE, "hook");
    assert_int_equal(judgement.approve_after_s, 0);
    house_rules_add_wish(&judgement, &refuse);
    expect(judgement, OUTCOME_REFUSE, REFUSAL_BY_HOOK, "hook");
    house_rules_add_wish(&judgement, &hold);
    expect(judgement, OUTCOME_REFUSE, REFUSAL_BY_HOOK, "hook");
}

static void rules_of_a_stream_and_of_all_are_judged_together(void **state)
{
    (void)state;
    const struct house_facts facts = someone();
    struct house_rules rules = with_modes(HOUSE_MODS_FIRST);
    struct house_rules all = with_modes(0);
    struct judgement judgement = house_rules_judge(&rules, &plain_text, &facts);
    struct judgement of_all = house_rules_judge(&all, &plain_text, &facts);
    house_rules_join(&judgement, &of_all);
    expect(judgement, OUTCOME_HOLD, REFUSAL_NONE, "mods_first");
    assert_int_equal(judgement.approve_after_s, HOUSE_MODS_FIRST_S);

    all.modes = HOUSE_HOLD_ALL; // held by another, it waits for somebody
    of_all = house_rules_judge(&all, &plain_text, &facts);
    house_rules_join(&judgement, &of_all);
    expect(judgement, OUTCOME_HOLD, REFUSAL_NONE, "mods_first");
    assert_int_equal(judgement.approve_after_s, 0);
    assert_int_equal(judgement.broken, BIT << HOUSE_RULE_MODS_FIRST | BIT << HOUSE_RULE_HOLD_ALL);

    all.modes = HOUSE_EMOTE_ONLY;
    of_all = house_rules_judge(&all, &plain_text, &facts);
    house_rules_join(&judgement, &of_all);
    expect(judgement, OUTCOME_REFUSE, REFUSAL_EMOTE_ONLY, "emote_only");
}

static void the_longer_wait_of_two_is_told(void **state)
{
    (void)state;
    struct house_facts facts = someone();
    struct house_rules rules = with_modes(0);
    struct house_rules all = with_modes(0);
    rules.slow_s = 10;
    all.slow_s = 20;
    facts.last_post_ms = NOW_MS;
    struct judgement judgement = house_rules_judge(&rules, &plain_text, &facts);
    const struct judgement of_all = house_rules_judge(&all, &plain_text, &facts);
    house_rules_join(&judgement, &of_all);
    expect(judgement, OUTCOME_REFUSE, REFUSAL_SLOW_MODE, "slow");
    assert_int_equal(judgement.retry_after_ms, 20000);
}

static void what_rules_did_is_counted(void **state)
{
    (void)state;
    static struct rule_metrics metrics;
    struct rule_counts counts = {0};
    struct buf out;
    const struct judgement judgement = {.outcome = OUTCOME_HOLD,
                                        .rule = STR("caps"),
                                        .broken = BIT << HOUSE_RULE_CAPS | BIT << HOUSE_RULE_LINKS,
                                        .marks = BIT << HOUSE_RULE_LINKS,
                                        .dry_hits = BIT << HOUSE_RULE_TERMS};
    rule_metrics_init(&metrics);
    rule_metrics_judged(&metrics, &judgement);
    rule_metrics_judged(&metrics, &(struct judgement){0});
    rule_metrics_judged(
        &metrics, &(struct judgement){.outcome = OUTCOME_REFUSE, .rule = STR("server_terms")});
    buf_init(&out, MEM_OTHER, 64 * 1024);
    metric_write(&out);
    buf_add_byte(&out, '\0');
    const char *text = (const char *)out.bytes;
    assert_non_null(strstr(text, "roar_rules_total{rule=\"caps\",outcome=\"hold\"} 1\n"));
    assert_non_null(strstr(text, "roar_rules_total{rule=\"links\",outcome=\"mark\"} 1\n"));
    assert_non_null(strstr(text, "roar_rules_total{rule=\"terms\",outcome=\"dry_run\"} 1\n"));
    assert_non_null(strstr(text, "roar_rules_total{rule=\"server_terms\",outcome=\"refuse\"} 1\n"));
    assert_non_null(strstr(text, "roar_rules_total{rule=\"hook\",outcome=\"refuse\"} 0\n"));
    rule_metrics_done(&metrics);

    rule_metrics_count(&counts, &judgement);
    rule_metrics_count(&counts, &judgement);
    buf_reset(&out);
    rule_metrics_write_counts(&out, &counts);
    assert_true(str_eq(buf_str(&out), STR("{\"terms\":{\"hits\":0,\"dry_run\":2},"
                                          "\"links\":{\"hits\":2,\"dry_run\":0},"
                                          "\"caps\":{\"hits\":2,\"dry_run\":0}}")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_is_set_everything_is_allowed),
        cmocka_unit_test(each_mode_has_its_rule),
        cmocka_unit_test(what_mods_see_first_is_shown_by_itself_unless_another_holds_it),
        cmocka_unit_test(the_same_text_is_refused_within_its_windows),
        cmocka_unit_test(limits_of_a_text_and_an_account_hold),
        cmocka_unit_test(slow_says_how_long),
        cmocka_unit_test(terms_do_as_they_say),
        cmocka_unit_test(the_strictest_wins_and_the_first_among_equals),
        cmocka_unit_test(a_rule_that_marks_lets_it_through),
        cmocka_unit_test(a_dry_run_only_counts_whether_its_mode_is_on_or_not),
        cmocka_unit_test(shield_is_what_its_table_says),
        cmocka_unit_test(shield_only_ever_makes_it_stricter),
        cmocka_unit_test(who_moderates_is_free_of_all_of_it),
        cmocka_unit_test(a_stream_may_say_what_becomes_of_what_no_hook_judged),
        cmocka_unit_test(a_wish_and_the_rules_are_judged_together),
        cmocka_unit_test(rules_of_a_stream_and_of_all_are_judged_together),
        cmocka_unit_test(the_longer_wait_of_two_is_told),
        cmocka_unit_test(what_rules_did_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
