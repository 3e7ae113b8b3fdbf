// SPDX-License-Identifier: Apache-2.0
#include "rules/comment_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { STATES = COMMENT_SHADOWED };

/* The drawing of the header as a table: rows are steps, columns VISIBLE HELD DELETED SHADOWED; 0:
 * there is no such step, -1: it was taken. */
static const int drawn[COMMENT_STEPS][STATES] = {
    [COMMENT_STEP_HOLD] = {COMMENT_HELD, -1, 0, 0},
    [COMMENT_STEP_APPROVE] = {-1, COMMENT_VISIBLE, 0, 0},
    [COMMENT_STEP_REJECT] = {0, COMMENT_DELETED, -1, 0},
    [COMMENT_STEP_REQUEUE] = {0, -1, COMMENT_HELD, 0},
    [COMMENT_STEP_REMOVE] = {COMMENT_DELETED, COMMENT_DELETED, -1, COMMENT_DELETED},
    [COMMENT_STEP_RESTORE] = {-1, 0, COMMENT_VISIBLE, 0},
    [COMMENT_STEP_RESHADOW] = {0, 0, COMMENT_SHADOWED, -1},
    [COMMENT_STEP_UNSHADOW] = {-1, 0, 0, COMMENT_VISIBLE},
};

static void every_step_leads_where_it_is_drawn_and_there_are_no_others(void **state)
{
    (void)state;
    for (int step = 0; step < COMMENT_STEPS; step++) {
        for (int from = COMMENT_VISIBLE; from <= STATES; from++) {
            const int expected = drawn[step][from - 1];
            enum comment_state to = 0;
            const enum err err =
                comment_state_step((enum comment_state)from, (enum comment_step)step, &to);
            assert_int_equal(err, expected > 0 ? ERR_OK : (expected < 0 ? ERR_EXISTS : ERR_DENIED));
            assert_int_equal(to, expected > 0 ? expected : 0);
        }
    }
}

static void nobody_is_told_of_a_shadow(void **state)
{
    (void)state;
    assert_string_equal(comment_state_name(COMMENT_VISIBLE), "visible");
    assert_string_equal(comment_state_name(COMMENT_HELD), "held");
    assert_string_equal(comment_state_name(COMMENT_DELETED), "deleted");
    assert_string_equal(comment_state_name(COMMENT_SHADOWED), "visible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_leads_where_it_is_drawn_and_there_are_no_others),
        cmocka_unit_test(nobody_is_told_of_a_shadow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
