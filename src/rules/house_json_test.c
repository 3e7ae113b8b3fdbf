// SPDX-License-Identifier: Apache-2.0
#include "rules/house_json.h"

#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_written(const struct house_rules *rules, const char *text)
{
    struct buf out;
    buf_init(&out, MEM_OTHER, HOUSE_JSON_BYTES_MAX);
    house_json_write(&out, rules);
    if (!str_eq(buf_str(&out), str_of(text))) {
        print_error("%.*s\n", STR_ARG(buf_str(&out)));
    }
    assert_true(str_eq(buf_str(&out), str_of(text)));
    buf_done(&out);
}

static struct house_rules read_good(const char *text)
{
    struct house_rules rules;
    struct house_json_fault fault = {""};
    const enum err err = house_json_read(str_of(text), &rules, &fault);
    assert_string_equal(fault.text, "");
    assert_int_equal(err, ERR_OK);
    return rules;
}

static void expect_fault(const char *text, const char *why)
{
    struct house_rules rules;
    struct house_json_fault fault = {""};
    assert_int_equal(house_json_read(str_of(text), &rules, &fault), ERR_PROTO);
    assert_string_equal(fault.text, why);
}

#define RULES_BY_THEMSELVES                                                                        \
    "\"rules\":{\"terms\":{\"dry_run\":false},\"links\":{\"action\":\"refuse\",\"dry_run\":false}" \
    ","                                                                                            \
    "\"emote_only\":{\"action\":\"refuse\",\"dry_run\":false},"                                    \
    "\"roles_only\":{\"roles\":[\"member\",\"verified\",\"vip\",\"bot\"],\"action\":\"refuse\","   \
    "\"dry_run\":false},"                                                                          \
    "\"unique\":{\"user_s\":300,\"stream_s\":30,\"action\":\"refuse\",\"dry_run\":false},"         \
    "\"hold_first\":{\"action\":\"hold\",\"dry_run\":false},\"hold_all\":{\"dry_run\":false},"     \
    "\"mods_first\":{\"dry_run\":false}}"

static void nothing_is_what_is_set_by_itself(void **state)
{
    (void)state;
    static const char *const same[] = {"", "{}",
                                       "{\"rules\":null,\"terms\":null,\"slow\":0,\"seconds\":0}",
                                       "{\"rules\":{\"caps\":null,\"links\":false}}"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct house_rules rules = read_good(same[i]);
        expect_written(
            &rules, "{\"slow\":0,\"modes\":[],\"seconds\":5,\"shield\":false," RULES_BY_THEMSELVES
                    ",\"terms\":[]}");
        house_rules_done(&rules);
    }
}

static void what_is_written_is_read_as_it_was(void **state)
{
    (void)state;
    static const char all[] =
        "{\"slow\":30,\"modes\":[\"links_off\",\"unique\",\"mods_first\"],\"seconds\":9,"
        "\"shield\":true,\"rules\":{\"terms\":{\"dry_run\":true},"
        "\"links\":{\"action\":\"hold\",\"dry_run\":false},"
        "\"emote_only\":{\"action\":\"shadow\",\"dry_run\":false},"
        "\"roles_only\":{\"roles\":[\"vip\"],\"action\":\"mark\",\"dry_run\":true},"
        "\"unique\":{\"user_s\":60,\"stream_s\":0,\"action\":\"refuse\",\"dry_run\":false},"
        "\"caps\":{\"percent\":70,\"action\":\"hold\",\"dry_run\":true},"
        "\"marks\":{\"max\":0,\"action\":\"refuse\",\"dry_run\":false},"
        "\"account_age\":{\"seconds\":86400,\"action\":\"refuse\",\"dry_run\":false},"
        "\"hold_first\":{\"action\":\"shadow\",\"dry_run\":false},\"hold_all\":{\"dry_run\":false},"
        "\"mods_first\":{\"dry_run\":false}},"
        "\"terms\":[{\"text\":\"buy now\",\"match\":\"substring\",\"action\":\"hold\"}]}";
    struct house_rules rules = read_good(all);
    expect_written(&rules, all);
    assert_int_equal(rules.settings[HOUSE_RULE_ROLES_ONLY].value, ROLE_VIP);
    house_rules_done(&rules);
}

static void a_bad_value_is_named_by_its_field(void **state)
{
    (void)state;
    expect_fault("[]", "house rules should be an object");
    expect_fault("{\"slow\":21601}", "slow should be 0 to 21600");
    expect_fault("{\"slow\":\"1\"}", "slow should be 0 to 21600");
    expect_fault("{\"shield\":1}", "shield should be true or false");
    expect_fault("{\"modes\":\"unique\"}", "value should be a list of modes");
    expect_fault("{\"modes\":[\"unique\",\"quiet\"]}",
                 "value: mode 2 should be links_off, emote_only, roles_only, unique, hold_first, "
                 "hold_all or mods_first");
    expect_fault("{\"rules\":[]}", "rules should be an object");
    expect_fault("{\"rules\":{\"caps\":{\"percent\":0}}}", "rules.caps.percent should be 1 to 100");
    expect_fault("{\"rules\":{\"caps\":{}}}", "rules.caps.percent should be 1 to 100");
    expect_fault("{\"rules\":{\"caps\":true}}", "rules.caps should be an object, null or false");
    expect_fault("{\"rules\":{\"marks\":{\"max\":-1}}}", "rules.marks.max should be 0 to 100");
    expect_fault("{\"rules\":{\"links\":{\"action\":\"ban\"}}}",
                 "rules.links.action should be refuse, hold, shadow or mark");
    expect_fault("{\"rules\":{\"links\":{\"dry_run\":1}}}",
                 "rules.links.dry_run should be true or false");
    expect_fault("{\"rules\":{\"hold_all\":{\"action\":\"hold\"}}}",
                 "rules.hold_all.action cannot be chosen");
    expect_fault("{\"rules\":{\"slow\":{\"dry_run\":true}}}", "rules.slow cannot be set here");
    expect_fault("{\"rules\":{\"unique\":{\"stream_s\":99999}}}",
                 "rules.unique.stream_s should be 0 to 86400");
    expect_fault("{\"rules\":{\"roles_only\":{\"roles\":[\"vip\",\"host\"]}}}",
                 "rules.roles_only.roles should be a list of viewer, member, verified, vip and "
                 "bot");
    expect_fault("{\"terms\":[{}]}", "terms: term 1: should be an object with `text`, a string");
    expect_fault("{", "line 1 column 1: string or '}' expected near end of file");
}

static enum err apply(struct house_rules *rules, enum act_do what, const char *value,
                      int64_t seconds)
{
    struct house_json_fault fault;
    const struct act act = {.what = what, .value = str_of(value), .seconds = seconds};
    return house_json_apply(rules, &act, &fault);
}

static void acts_set_one_thing_each(void **state)
{
    (void)state;
    struct house_rules rules;
    house_rules_init(&rules);
    assert_int_equal(apply(&rules, ACT_SLOW, "", 30), ERR_OK);
    assert_int_equal(apply(&rules, ACT_MODE, "[\"mods_first\"]", 7), ERR_OK);
    assert_int_equal(apply(&rules, ACT_SHIELD, "true", -1), ERR_OK);
    assert_int_equal(apply(&rules, ACT_TERMS, "[{\"text\":\"x\"}]", -1), ERR_OK);
    assert_int_equal(apply(&rules, ACT_RULES, "{\"caps\":{\"percent\":50}}", -1), ERR_OK);
    assert_int_equal(rules.slow_s, 30);
    assert_int_equal(rules.modes, HOUSE_MODS_FIRST);
    assert_int_equal(rules.mods_first_s, 7);
    assert_true(rules.shield);
    assert_int_equal(terms_count(rules.terms), 1);
    assert_int_equal(rules.settings[HOUSE_RULE_CAPS].value, 50);

    assert_int_equal(apply(&rules, ACT_MODE, "[]", -1), ERR_OK);
    assert_int_equal(apply(&rules, ACT_TERMS, "[]", -1), ERR_OK);
    assert_int_equal(apply(&rules, ACT_RULES, "{}", -1), ERR_OK); // whole: caps are off again
    assert_int_equal(rules.modes, 0);
    assert_int_equal(rules.mods_first_s, HOUSE_MODS_FIRST_S);
    assert_null(rules.terms);
    assert_false(rules.settings[HOUSE_RULE_CAPS].is_given);
    assert_int_equal(rules.slow_s, 30);
    house_rules_done(&rules);
}

static void an_act_that_cannot_be_changes_nothing(void **state)
{
    (void)state;
    static const char before[] = "{\"slow\":9,\"modes\":[\"unique\"],\"seconds\":5,"
                                 "\"shield\":false," RULES_BY_THEMSELVES
                                 ",\"terms\":[{\"text\":\"a\",\"match\":\"allow\"}]}";
    struct house_rules rules = read_good(before);
    assert_int_equal(apply(&rules, ACT_SLOW, "", HOUSE_SLOW_S_MAX + 1), ERR_PROTO);
    assert_int_equal(apply(&rules, ACT_SLOW, "", -1), ERR_PROTO);
    assert_int_equal(apply(&rules, ACT_MODE, "[\"quiet\"]", 3), ERR_PROTO);
    assert_int_equal(apply(&rules, ACT_MODE, "[]", HOUSE_MODS_FIRST_S_MAX + 1), ERR_PROTO);
    assert_int_equal(apply(&rules, ACT_SHIELD, "[]", -1), ERR_PROTO);
    assert_int_equal(apply(&rules, ACT_TERMS, "[{\"text\":\"b\"},{}]", -1), ERR_PROTO);
    assert_int_equal(
        apply(&rules, ACT_RULES, "{\"links\":{\"dry_run\":true},\"caps\":{\"percent\":101}}", -1),
        ERR_PROTO);
    assert_int_equal(apply(&rules, ACT_DELETE, "{}", -1), ERR_PROTO);
    assert_int_equal(apply(&rules, ACT_RULES, "{", -1), ERR_PROTO);
    expect_written(&rules, before);
    house_rules_done(&rules);
}

static void viewers_are_told_what_is_in_force(void **state)
{
    (void)state;
    struct house_rules rules = read_good("{\"slow\":5,\"modes\":[\"emote_only\"]}");
    struct buf out;
    buf_init(&out, MEM_OTHER, 1024);
    house_json_write_settings(&out, &rules);
    assert_true(
        str_eq(buf_str(&out), STR("\"slow\":5,\"modes\":[\"emote_only\"],\"shield\":false")) ||
        str_eq(buf_str(&out), STR(",\"slow\":5,\"modes\":[\"emote_only\"],\"shield\":false")));
    buf_reset(&out);
    rules.shield = true;
    buf_add_byte(&out, '{');
    house_json_write_settings(&out, &rules);
    assert_true(
        str_eq(buf_str(&out), STR("{\"slow\":30,\"modes\":[\"links_off\",\"emote_only\",\"unique\","
                                  "\"hold_first\"],\"shield\":true")));
    buf_done(&out);
    house_rules_done(&rules);
}

static void marks_are_told_by_name(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, MEM_OTHER, 1024);
    house_json_write_marks(&out, 0);
    assert_int_equal(out.len, 0);
    buf_add_byte(&out, '{');
    house_json_write_marks(&out, 1U << HOUSE_RULE_LINKS | 1U << HOUSE_RULE_CAPS);
    assert_true(str_eq(buf_str(&out), STR("{\"marks\":[\"links\",\"caps\"]")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_what_is_set_by_itself),
        cmocka_unit_test(what_is_written_is_read_as_it_was),
        cmocka_unit_test(a_bad_value_is_named_by_its_field),
        cmocka_unit_test(acts_set_one_thing_each),
        cmocka_unit_test(an_act_that_cannot_be_changes_nothing),
        cmocka_unit_test(viewers_are_told_what_is_in_force),
        cmocka_unit_test(marks_are_told_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
