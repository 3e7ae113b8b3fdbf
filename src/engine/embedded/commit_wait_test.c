// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/commit_wait.h"

#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint32_t batches_until_due(struct commit_wait *wait)
{
    uint32_t batches = 0;
    while (!commit_wait_is_due(wait)) {
        batches++;
        assert_true(batches <= COMMIT_WAIT_SPARED_MAX);
    }
    return batches;
}

static void test_what_was_in_vain_is_tried_less_and_less_often(void **state)
{
    (void)state;
    struct commit_wait wait;
    commit_wait_init(&wait, 4);
    for (uint32_t wanted = COMMIT_WAIT_SPARED_MIN; wanted < COMMIT_WAIT_SPARED_MAX; wanted *= 2) {
        assert_true(commit_wait_is_due(&wait));
        commit_wait_note(&wait, false);
        assert_int_equal(batches_until_due(&wait), wanted);
    }
    for (int i = 0; i < 2; i++) {
        commit_wait_note(&wait, false);
        assert_int_equal(batches_until_due(&wait), COMMIT_WAIT_SPARED_MAX);
    }
}

static void test_what_brought_somebody_is_done_again_at_once(void **state)
{
    (void)state;
    struct commit_wait wait;
    commit_wait_init(&wait, 4);
    commit_wait_note(&wait, false);
    commit_wait_note(&wait, false);
    (void)batches_until_due(&wait);
    commit_wait_note(&wait, true);
    assert_int_equal(batches_until_due(&wait), 0);
    commit_wait_note(&wait, false);
    assert_int_equal(batches_until_due(&wait), COMMIT_WAIT_SPARED_MIN);
}

static void test_it_can_be_turned_off(void **state)
{
    (void)state;
    struct commit_wait wait;
    commit_wait_init(&wait, 0);
    assert_false(commit_wait_is_due(&wait));
}

static void no_more(struct letter *letter)
{
    (void)letter;
}

/* As many letters as there are; how long it took is the clock's. */
static void wait_with(struct commit_wait *wait, uint32_t count, int64_t *ret_took_ms)
{
    struct letter letters[COMMIT_WAIT_POSTS];
    struct mail mail;
    assert_int_equal(mail_init(&mail), ERR_OK);
    for (uint32_t i = 0; i < count; i++) {
        letters[i].open = no_more;
        home_send(mail_home(&mail), &letters[i]);
    }
    const int64_t since_ms = clock_mono_ms(sys_clock());
    commit_wait_for_more(wait, &mail);
    *ret_took_ms = clock_mono_ms(sys_clock()) - since_ms;
    assert_int_equal(mail_open_all(&mail), count);
    mail_done(&mail);
}

static void test_it_waits_for_enough_and_no_longer(void **state)
{
    (void)state;
    enum { LONG_MS = 60 * 1000, SHORT_MS = 40 };
    struct commit_wait wait;
    int64_t took_ms = 0;
    commit_wait_init(&wait, LONG_MS);
    wait_with(&wait, COMMIT_WAIT_POSTS, &took_ms);
    assert_true(took_ms < LONG_MS);
    assert_true(commit_wait_is_due(&wait));

    commit_wait_init(&wait, SHORT_MS);
    wait_with(&wait, 1, &took_ms);
    assert_true(took_ms >= SHORT_MS - 2); // each half may be cut by a part of a millisecond
    assert_int_equal(batches_until_due(&wait), COMMIT_WAIT_SPARED_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_in_vain_is_tried_less_and_less_often),
        cmocka_unit_test(test_what_brought_somebody_is_done_again_at_once),
        cmocka_unit_test(test_it_can_be_turned_off),
        cmocka_unit_test(test_it_waits_for_enough_and_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
