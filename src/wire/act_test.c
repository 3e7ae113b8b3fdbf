// SPDX-License-Identifier: Apache-2.0
#include "wire/act.h"

#include "wire/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What was read, with the request it is borrowed from. */
struct reading {
    struct json *json;
    struct act_read read;
    struct problem why;
};

static enum err read_text(const char *text, struct reading *reading)
{
    struct json_fault fault;
    *reading = (struct reading){0};
    assert_int_equal(json_parse_with(str_of(text), 100000, &reading->json, &fault), ERR_OK);
    return act_read(reading->json, &reading->read, &reading->why);
}

static void reading_done(struct reading *reading)
{
    act_read_done(&reading->read);
    json_free(reading->json);
}

static void must_refuse(const char *text, const char *field)
{
    struct reading reading;
    if (read_text(text, &reading) != ERR_PROTO) {
        fail_msg("was taken: %s", text);
    }
    if (!str_eq(reading.why.field, str_of(field))) {
        fail_msg("%s: the field named is %.*s", text, STR_ARG(reading.why.field));
    }
    assert_int_equal(reading.why.code, PROBLEM_BAD_FIELD);
    assert_true(reading.why.detail.len > 0);
    assert_null(reading.read.seqs);
    reading_done(&reading);
}

static void every_act_is_read(void **state)
{
    static const struct {
        const char *text;
        enum act_do what;
        enum act_target at;
        int64_t seconds;
    } acts[] = {
        {"{\"do\":\"delete\",\"seq\":4072,\"reason\":\"spam\"}", ACT_DELETE, ACT_AT_SEQS, -1},
        {"{\"do\":\"delete\",\"id\":\"01J\"}", ACT_DELETE, ACT_AT_ID, -1},
        {"{\"do\":\"hold\",\"seqs\":[1,2,3]}", ACT_HOLD, ACT_AT_SEQS, -1},
        {"{\"do\":\"delete\",\"ids\":[\"01J\",\"01K\"]}", ACT_DELETE, ACT_AT_IDS, -1},
        {"{\"do\":\"approve\",\"ids\":[\"01J\"]}", ACT_APPROVE, ACT_AT_IDS, -1},
        {"{\"do\":\"reject\",\"ids\":[\"01J\"]}", ACT_REJECT, ACT_AT_IDS, -1},
        {"{\"do\":\"hold\",\"ids\":[\"01J\"]}", ACT_HOLD, ACT_AT_IDS, -1},
        {"{\"do\":\"hold\",\"user\":\"u9\"}", ACT_HOLD, ACT_AT_USERS, -1},
        {"{\"do\":\"restore\",\"seq\":9007199254740991}", ACT_RESTORE, ACT_AT_SEQS, -1},
        {"{\"do\":\"purge\",\"users\":[\"a\",\"b\"]}", ACT_PURGE, ACT_AT_USERS, -1},
        {"{\"do\":\"clear\"}", ACT_CLEAR, ACT_AT_NOTHING, -1},
        {"{\"do\":\"approve\",\"id\":\"01J\",\"seq\":null}", ACT_APPROVE, ACT_AT_ID, -1},
        {"{\"do\":\"reject\",\"id\":\"01J\"}", ACT_REJECT, ACT_AT_ID, -1},
        {"{\"do\":\"ban\",\"user\":\"u9\"}", ACT_BAN, ACT_AT_USERS, -1},
        {"{\"do\":\"unban\",\"user\":\"u9\"}", ACT_UNBAN, ACT_AT_USERS, -1},
        {"{\"do\":\"timeout\",\"user\":\"u9\",\"seconds\":2419200}", ACT_TIMEOUT, ACT_AT_USERS,
         2419200},
        {"{\"do\":\"timeout\",\"user\":\"u9\",\"seconds\":0}", ACT_TIMEOUT, ACT_AT_USERS, 0},
        {"{\"do\":\"shadow\",\"user\":\"u9\"}", ACT_SHADOW, ACT_AT_USERS, -1},
        {"{\"do\":\"unshadow\",\"user\":\"u9\"}", ACT_UNSHADOW, ACT_AT_USERS, -1},
        {"{\"do\":\"warn\",\"user\":\"u9\",\"text\":\"please\"}", ACT_WARN, ACT_AT_USERS, -1},
        {"{\"do\":\"pin\",\"seq\":7}", ACT_PIN, ACT_AT_SEQS, -1},
        {"{\"do\":\"unpin\",\"id\":\"x-_\"}", ACT_UNPIN, ACT_AT_ID, -1},
        {"{\"do\":\"slow\",\"seconds\":21600}", ACT_SLOW, ACT_AT_NOTHING, 21600},
        {"{\"do\":\"mode\",\"value\":[\"mods_first\"],\"seconds\":5}", ACT_MODE, ACT_AT_NOTHING, 5},
        {"{\"do\":\"shield\",\"value\":true}", ACT_SHIELD, ACT_AT_NOTHING, -1},
        {"{\"do\":\"terms\",\"value\":[]}", ACT_TERMS, ACT_AT_NOTHING, -1},
        {"{\"do\":\"undo\",\"act\":\"a81\"}", ACT_UNDO, ACT_AT_ACT, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        struct reading reading;
        assert_int_equal(read_text(acts[i].text, &reading), ERR_OK);
        assert_int_equal(reading.read.act.what, acts[i].what);
        assert_int_equal(reading.read.act.at, acts[i].at);
        assert_int_equal(reading.read.act.seconds, acts[i].seconds);
        assert_int_equal(reading.read.act.target_count > 0, acts[i].at != ACT_AT_NOTHING);
        reading_done(&reading);
    }
}

static void what_it_says_is_kept(void **state)
{
    struct reading reading;

    (void)state;
    assert_int_equal(
        read_text("{\"do\":\"purge\",\"users\":[\"a\",\"b c\"],\"reason\":\"raid\"}", &reading),
        ERR_OK);
    assert_int_equal(reading.read.act.target_count, 2);
    assert_true(str_eq(reading.read.act.users[1], STR("b c")));
    assert_true(str_eq(reading.read.act.reason, STR("raid")));
    reading_done(&reading);

    assert_int_equal(read_text("{\"do\":\"hold\",\"seqs\":[5,9]}", &reading), ERR_OK);
    assert_int_equal(reading.read.act.seqs[0], 5);
    assert_int_equal(reading.read.act.seqs[1], 9);
    reading_done(&reading);

    assert_int_equal(
        read_text("{\"do\":\"terms\",\"value\":[ {\"text\":\"a\\\"\", \"n\":1.5}]}", &reading),
        ERR_OK);
    assert_true(str_eq(reading.read.act.value, STR("[{\"text\":\"a\\\"\",\"n\":1.5}]")));
    reading_done(&reading);

    assert_int_equal(read_text("{\"do\":\"undo\",\"act\":\"a81\"}", &reading), ERR_OK);
    assert_int_equal(reading.read.act.act, 81);
    reading_done(&reading);
}

static void a_warning_says_its_reason_where_it_has_no_words(void **state)
{
    struct reading reading;

    (void)state;
    assert_int_equal(read_text("{\"do\":\"warn\",\"user\":\"u\",\"reason\":\"rude\"}", &reading),
                     ERR_OK);
    assert_true(str_eq(reading.read.act.value, STR("rude")));
    reading_done(&reading);
    assert_int_equal(read_text("{\"do\":\"warn\",\"user\":\"u\",\"reason\":\"rude\","
                               "\"text\":\"Be kind\"}",
                               &reading),
                     ERR_OK);
    assert_true(str_eq(reading.read.act.value, STR("Be kind")));
    assert_true(str_eq(reading.read.act.reason, STR("rude")));
    reading_done(&reading);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    must_refuse("{}", "do");
    must_refuse("{\"do\":7}", "do");
    must_refuse("{\"do\":\"Delete\",\"seq\":1}", "do");
    must_refuse("{\"do\":\"\",\"seq\":1}", "do");
    must_refuse("{\"do\":\"explode\",\"seq\":1}", "do");
    must_refuse("{\"do\":\"delete\"}", "seq");
    must_refuse("{\"do\":\"delete\",\"seq\":0}", "seq");
    must_refuse("{\"do\":\"delete\",\"seq\":-1}", "seq");
    must_refuse("{\"do\":\"delete\",\"seq\":1.5}", "seq");
    must_refuse("{\"do\":\"delete\",\"seq\":\"1\"}", "seq");
    must_refuse("{\"do\":\"delete\",\"seq\":9007199254740992}", "seq");
    must_refuse("{\"do\":\"delete\",\"seqs\":[]}", "seqs");
    must_refuse("{\"do\":\"delete\",\"seqs\":4}", "seqs");
    must_refuse("{\"do\":\"delete\",\"ids\":[]}", "ids");
    must_refuse("{\"do\":\"reject\",\"ids\":\"01J\"}", "ids");
    must_refuse("{\"do\":\"approve\",\"ids\":[\"01J\",7]}", "ids");
    must_refuse("{\"do\":\"approve\",\"ids\":[\"01J\",\"a b\"]}", "ids");
    must_refuse("{\"do\":\"delete\",\"ids\":[\"01J\"],\"seqs\":[1]}", "ids");
    must_refuse("{\"do\":\"hold\",\"ids\":[\"01J\"],\"user\":\"u\"}", "user");
    must_refuse("{\"do\":\"restore\",\"ids\":[\"01J\"]}", "ids");
    must_refuse("{\"do\":\"delete\",\"seqs\":[1,0]}", "seqs");
    must_refuse("{\"do\":\"delete\",\"seq\":1,\"id\":\"x\"}", "id");
    must_refuse("{\"do\":\"delete\",\"seq\":1,\"seqs\":[1]}", "seqs");
    must_refuse("{\"do\":\"delete\",\"seq\":1,\"user\":\"u\"}", "user");
    must_refuse("{\"do\":\"delete\",\"user\":\"u\"}", "user");
    must_refuse("{\"do\":\"delete\",\"id\":\"\"}", "id");
    must_refuse("{\"do\":\"delete\",\"id\":\"a b\"}", "id");
    must_refuse("{\"do\":\"delete\",\"id\":1}", "id");
    must_refuse("{\"do\":\"pin\",\"seqs\":[1]}", "seqs");
    must_refuse("{\"do\":\"clear\",\"seq\":1}", "seq");
    must_refuse("{\"do\":\"ban\"}", "user");
    must_refuse("{\"do\":\"ban\",\"user\":\"\"}", "user");
    must_refuse("{\"do\":\"ban\",\"user\":[\"u\"]}", "user");
    must_refuse("{\"do\":\"ban\",\"user\":\"a\\u0000b\"}", "user");
    must_refuse("{\"do\":\"ban\",\"users\":[\"u\",3]}", "users");
    must_refuse("{\"do\":\"ban\",\"user\":\"u\",\"seconds\":60}", "seconds");
    must_refuse("{\"do\":\"ban\",\"user\":\"u\",\"value\":true}", "value");
    must_refuse("{\"do\":\"ban\",\"user\":\"u\",\"reason\":7}", "reason");
    must_refuse("{\"do\":\"timeout\",\"user\":\"u\"}", "seconds");
    must_refuse("{\"do\":\"timeout\",\"user\":\"u\",\"seconds\":-1}", "seconds");
    must_refuse("{\"do\":\"timeout\",\"user\":\"u\",\"seconds\":2419201}", "seconds");
    must_refuse("{\"do\":\"timeout\",\"user\":\"u\",\"seconds\":1.5}", "seconds");
    must_refuse("{\"do\":\"slow\"}", "seconds");
    must_refuse("{\"do\":\"slow\",\"seconds\":21601}", "seconds");
    must_refuse("{\"do\":\"slow\",\"seconds\":true}", "seconds");
    must_refuse("{\"do\":\"mode\"}", "value");
    must_refuse("{\"do\":\"mode\",\"value\":true}", "value");
    must_refuse("{\"do\":\"mode\",\"value\":[],\"seconds\":0}", "seconds");
    must_refuse("{\"do\":\"shield\",\"value\":[]}", "value");
    must_refuse("{\"do\":\"shield\"}", "value");
    must_refuse("{\"do\":\"terms\",\"value\":\"bad\"}", "value");
    must_refuse("{\"do\":\"warn\",\"user\":\"u\",\"text\":\"\"}", "text");
    must_refuse("{\"do\":\"appeal\",\"act\":\"a1\",\"text\":\"no\"}", "do");
    must_refuse("{\"do\":\"rules\",\"rules\":{}}", "do");
    must_refuse("{\"do\":\"undo\"}", "act");
    must_refuse("{\"do\":\"undo\",\"act\":81}", "act");
    must_refuse("{\"do\":\"undo\",\"act\":\"81\"}", "act");
    must_refuse("{\"do\":\"undo\",\"act\":\"a81\",\"seq\":1}", "seq");
}

/* An act whose path says what it is; the field at fault, empty when it is well. */
static struct str fault_of(enum act_do what, const char *text, struct reading *reading)
{
    struct json_fault fault;
    *reading = (struct reading){0};
    assert_int_equal(json_parse(str_of(text), &reading->json, &fault), ERR_OK);
    const enum err err = act_read_as(what, reading->json, &reading->read, &reading->why);
    assert_int_equal(err == ERR_OK, reading->why.field.len == 0);
    return reading->why.field;
}

static void acts_of_a_path_are_read(void **state)
{
    static const struct {
        enum act_do what;
        const char *text, *field, *value;
    } cases[] = {
        {ACT_UNDO, "{\"act\":\"a81\"}", "", ""},
        {ACT_ACKNOWLEDGE, "{\"act\":\"a81\"}", "", ""},
        {ACT_ACKNOWLEDGE, "{}", "act", ""},
        {ACT_APPEAL, "{\"act\":\"a81\",\"text\":\"It was a joke\"}", "", "It was a joke"},
        {ACT_APPEAL, "{\"act\":\"a81\"}", "text", ""},
        {ACT_APPEAL, "{\"text\":\"why\"}", "act", ""},
        {ACT_DECIDE, "{\"decision\":\"granted\",\"reason\":\"so it was\"}", "", "granted"},
        {ACT_DECIDE, "{\"decision\":\"granted\"}", "reason", ""},
        {ACT_DECIDE, "{\"decision\":\"maybe\",\"reason\":\"r\"}", "decision", ""},
        {ACT_DECIDE, "{\"reason\":\"r\"}", "decision", ""},
        {ACT_RULES, "{\"rules\":{\"caps\":{\"percent\":70}}}", "", "{\"caps\":{\"percent\":70}}"},
        {ACT_RULES, "{\"rules\":[]}", "rules", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reading reading;
        const struct str field = fault_of(cases[i].what, cases[i].text, &reading);
        assert_true(str_eq(field, str_of(cases[i].field)));
        assert_true(str_eq(reading.read.act.value, str_of(cases[i].value)));
        reading_done(&reading);
    }
}

static void lengths_are_bounded(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, MEM_OTHER, 1 << 20);
    buf_add_str(&text, STR("{\"do\":\"delete\",\"seqs\":["));
    for (int i = 1; i <= ACT_TARGETS_MAX; i++) {
        buf_addf(&text, "%d,", i);
    }
    buf_addf(&text, "%d]}", ACT_TARGETS_MAX + 1);
    buf_add_byte(&text, '\0');
    must_refuse((const char *)text.bytes, "seqs");
    buf_reset(&text);
    buf_add_str(&text, STR("{\"do\":\"ban\",\"user\":\""));
    for (int i = 0; i <= ACT_USER_BYTES_MAX; i++) {
        buf_add_byte(&text, 'u');
    }
    buf_add(&text, "\"}", 3);
    must_refuse((const char *)text.bytes, "user");
    buf_reset(&text);
    buf_add_str(&text, STR("{\"do\":\"clear\",\"reason\":\""));
    for (int i = 0; i <= ACT_REASON_BYTES_MAX; i++) {
        buf_add_byte(&text, 'r');
    }
    buf_add(&text, "\"}", 3);
    must_refuse((const char *)text.bytes, "reason");
    buf_done(&text);
}

static void an_act_that_no_memory_is_left_for_says_so(void **state)
{
    struct json *json = NULL;
    struct json_fault fault;

    (void)state;
    assert_int_equal(json_parse(STR("{\"do\":\"delete\",\"seq\":1}"), &json, &fault), ERR_OK);
    struct act_read read = {0};
    struct problem why;
    mem_fail_after(1);
    assert_int_equal(act_read(json, &read, &why), ERR_NOMEM);
    assert_int_equal(why.code, PROBLEM_OVERLOADED);
    json_free(json);
}

static void an_act_has_one_id(void **state)
{
    static const char *const bad[] = {"",    "a",   "81",  "a0",  "a081",
                                      "b81", "a-1", "a8 ", "A81", "a9007199254740992"};
    char text[ACT_ID_TEXT_MAX];
    uint64_t act = 7;

    (void)state;
    act_id_write(SEQ_MAX, text);
    assert_string_equal(text, "a9007199254740991");
    assert_int_equal(act_id_parse(str_of(text), &act), ERR_OK);
    assert_true(act == SEQ_MAX);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(act_id_parse(str_of(bad[i]), &act), ERR_PROTO);
        assert_true(act == SEQ_MAX);
    }
}

static void names_are_those_of_the_protocol(void **state)
{
    (void)state;
    assert_string_equal(act_name(ACT_DELETE), "delete");
    assert_string_equal(act_name(ACT_TERMS), "terms");
    for (int what = 1; what < ACTS; what++) {
        assert_non_null(act_name((enum act_do)what));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_act_is_read),
        cmocka_unit_test(what_it_says_is_kept),
        cmocka_unit_test(a_warning_says_its_reason_where_it_has_no_words),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(acts_of_a_path_are_read),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(an_act_that_no_memory_is_left_for_says_so),
        cmocka_unit_test(an_act_has_one_id),
        cmocka_unit_test(names_are_those_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
