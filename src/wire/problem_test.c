// SPDX-License-Identifier: Apache-2.0
#include "wire/problem.h"

#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_problem_is_written_whole(void **state)
{
    const struct problem problem = {.code = PROBLEM_RATE_USER,
                                    .detail = STR("5 in 10 s"),
                                    .field = STR("text"),
                                    .retry_after_ms = 1001};
    struct buf out;

    (void)state;
    buf_init(&out, MEM_OTHER, 512);
    problem_write(&out, &problem);
    assert_true(str_eq(
        buf_str(&out),
        STR("{\"type\":\"urn:roar:problem:rate_user\",\"title\":\"You are posting too fast\","
            "\"status\":429,\"code\":\"rate_user\",\"detail\":\"5 in 10 s\",\"field\":\"text\","
            "\"retry_after\":2}")));
    buf_done(&out);
}

static void every_code_has_a_row(void **state)
{
    (void)state;
    for (int code = 0; code < PROBLEM_CODES; code++) {
        const struct problem problem = {.code = (enum problem_code)code};
        struct buf out;
        struct json *root = NULL;
        struct json_fault fault = {.detail = ""};
        struct str name;
        int64_t status = 0;
        buf_init(&out, MEM_OTHER, 512);
        problem_write(&out, &problem);
        assert_int_equal(json_parse(buf_str(&out), &root, &fault), ERR_OK);
        assert_true(json_get_str(json_member(root, "code"), &name));
        assert_true(str_eq(name, str_of(problem_name(problem.code))));
        assert_true(json_get_i64(json_member(root, "status"), &status));
        assert_int_equal(status, problem_status(problem.code));
        assert_in_range(status, 400, 599);
        assert_null(json_member(root, "detail"));
        assert_null(json_member(root, "retry_after"));
        json_free(root);
        buf_done(&out);
    }
}

static void no_code_has_two_rows(void **state)
{
    (void)state;
    for (int a = 0; a < PROBLEM_CODES; a++) {
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(problem_name((enum problem_code)a),
                                    problem_name((enum problem_code)b));
        }
    }
}

static void waiting_is_told_in_whole_seconds(void **state)
{
    (void)state;
    assert_int_equal(problem_retry_after_s(&(struct problem){.retry_after_ms = 0}), 0);
    assert_int_equal(problem_retry_after_s(&(struct problem){.retry_after_ms = 1}), 1);
    assert_int_equal(problem_retry_after_s(&(struct problem){.retry_after_ms = 1000}), 1);
    assert_int_equal(problem_retry_after_s(&(struct problem){.retry_after_ms = UINT32_MAX}),
                     4294968);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_is_written_whole),
        cmocka_unit_test(every_code_has_a_row),
        cmocka_unit_test(no_code_has_two_rows),
        cmocka_unit_test(waiting_is_told_in_whole_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
