// SPDX-License-Identifier: Apache-2.0
#include "app/hook_answer.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct hook_answer read_answer(const char *body)
{
    struct hook_answer answer;
    assert_int_equal(hook_answer_read(str_of(body), &answer), ERR_OK);
    assert_int_equal(answer.why != NULL, answer.kind == HOOK_ANSWER_GARBAGE);
    return answer;
}

static void a_mere_acknowledgement_asks_for_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "", " \r\n", "null", "{}", "{\"ok\":true}", "{\"reason\":\"spam\"}",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(read_answer(bodies[i]).kind, HOOK_ANSWER_NOTHING);
    }
}

static void an_act_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum act_do what;
        enum act_target at;
        int64_t seconds;
    } rows[] = {
        {"{\"do\":\"delete\",\"seconds\":9}", ACT_DELETE, ACT_AT_SEQS, -1},
        {"{\"do\":\"hold\"}", ACT_HOLD, ACT_AT_SEQS, -1},
        {"{\"do\":\"purge\"}", ACT_PURGE, ACT_AT_USERS, -1},
        {"{\"do\":\"ban\",\"verdict\":\"hold\"}", ACT_BAN, ACT_AT_USERS, -1},
        {" {\"do\":\"timeout\",\"seconds\":600}\n", ACT_TIMEOUT, ACT_AT_USERS, 600},
        {"{\"do\":\"shadow\",\"reason\":7}", ACT_SHADOW, ACT_AT_USERS, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct hook_answer answer = read_answer(rows[i].body);
        assert_int_equal(answer.kind, HOOK_ANSWER_ACT);
        assert_int_equal(answer.what, rows[i].what);
        assert_int_equal(answer.at, rows[i].at);
        assert_int_equal(answer.seconds, rows[i].seconds);
        assert_string_equal(answer.reason, "");
    }
    assert_string_equal(read_answer("{\"do\":\"ban\",\"reason\":\"raid\"}").reason, "raid");
}

static void what_means_nothing_to_us_is_garbage(void **state)
{
    (void)state;
    static const struct {
        const char *body, *why;
    } rows[] = {
        {"<html><body>Sign in</body></html>", "no JSON"},
        {"ok", "no JSON"},
        {"{\"do\":\"delete\"", "no JSON"},
        {"[{\"do\":\"delete\"}]", "object"},
        {"\"delete\"", "object"},
        {"true", "object"},
        {"{\"do\":\"explode\"}", "none of"},
        {"{\"do\":\"unban\"}", "none of"},
        {"{\"do\":[\"delete\"]}", "no text"},
        {"{\"do\":null}", "no text"},
        {"{\"do\":\"timeout\"}", "seconds"},
        {"{\"do\":\"timeout\",\"seconds\":0}", "seconds"},
        {"{\"do\":\"timeout\",\"seconds\":\"600\"}", "seconds"},
        {"{\"do\":\"timeout\",\"seconds\":2419201}", "seconds"},
        {"{\"verdict\":\"hold\"}", "before publishing"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct hook_answer answer = read_answer(rows[i].body);
        if (answer.kind != HOOK_ANSWER_GARBAGE || strstr(answer.why, rows[i].why) == NULL) {
            fail_msg("%s: %d %s", rows[i].body, (int)answer.kind, answer.why);
        }
    }
    struct hook_answer answer;
    assert_int_equal(hook_answer_read((struct str){.at = "\0", .len = 1}, &answer), ERR_OK);
    assert_int_equal(answer.kind, HOOK_ANSWER_GARBAGE);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    for (int before = 0; before < 4; before++) { // wherever in a character the end is
        struct buf body;
        buf_init(&body, MEM_OTHER, SIZE_MAX);
        buf_addf(&body, "{\"do\":\"ban\",\"reason\":\"%*s", before, "");
        while (body.len < ACT_REASON_BYTES_MAX + 40) {
            buf_add_str(&body, STR("\xF0\x9F\x98\x80"));
        }
        buf_add_str(&body, STR("\"}"));
        buf_add_byte(&body, '\0');
        const struct hook_answer answer = read_answer((const char *)body.bytes);
        assert_in_range(strlen(answer.reason), ACT_REASON_BYTES_MAX - 3, ACT_REASON_BYTES_MAX);
        assert_true(utf8_is_valid(str_of(answer.reason)));
        buf_done(&body);
    }
}

static void want_of_memory_is_no_garbage(void **state)
{
    (void)state;
    struct hook_answer answer;
    enum err err = ERR_NOMEM;
    uint64_t failed = 0;
    for (uint64_t n = 1; err == ERR_NOMEM; n++) {
        mem_fail_after(n);
        err = hook_answer_read(STR("{\"do\":\"ban\"}"), &answer);
        mem_fail_after(0);
        failed += err == ERR_NOMEM;
    }
    assert_int_equal(err, ERR_OK);
    assert_int_equal(answer.kind, HOOK_ANSWER_ACT);
    assert_true(failed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mere_acknowledgement_asks_for_nothing),
        cmocka_unit_test(an_act_is_read),
        cmocka_unit_test(what_means_nothing_to_us_is_garbage),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
        cmocka_unit_test(want_of_memory_is_no_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
