// SPDX-License-Identifier: Apache-2.0
#include "base/call.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum err pass_on(enum err err, bool *ret_went_on)
{
    TRY(err);
    *ret_went_on = true;
    return ERR_OK;
}

static void test_try_passes_a_failure_on(void **state)
{
    (void)state;
    bool went_on = false;
    assert_int_equal(pass_on(ERR_LIMIT, &went_on), ERR_LIMIT);
    assert_false(went_on);
    assert_int_equal(pass_on(ERR_OK, &went_on), ERR_OK);
    assert_true(went_on);
}

static void test_every_code_has_a_name(void **state)
{
    (void)state;
    for (int err = ERR_OK; err <= ERR_SYS; err++) {
        assert_non_null(err_name((enum err)err));
    }
    assert_string_equal(err_name(ERR_NOT_FOUND), "not_found");
}

struct question {
    struct call call;
    int answer;
};

static struct letter *box; // of the home below

static void keep(struct home *home, struct letter *letter)
{
    (void)home;
    assert_null(box);
    box = letter;
}

static void add_one(struct call *call)
{
    ((struct question *)(void *)call)->answer++;
}

static void test_a_finished_call_is_done_at_home_once(void **state)
{
    (void)state;
    struct home home = {.send = keep};
    struct question question = {.call = {.home = &home, .done = add_one}, .answer = 41};
    call_finish(&question.call);
    assert_int_equal(question.answer, 41);
    box->open(box);
    assert_int_equal(question.answer, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_try_passes_a_failure_on),
        cmocka_unit_test(test_every_code_has_a_name),
        cmocka_unit_test(test_a_finished_call_is_done_at_home_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
