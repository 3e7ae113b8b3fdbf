// SPDX-License-Identifier: Apache-2.0
/* What a hole's count calls removed, in each state that a removal goes through. */
#include "engine/embedded/hole.h"

#include "base/hash.h"
#include "engine/embedded/comments_rig_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MANY = 3 * REMOVALS_PIECE_ROWS / 2 };

static uint64_t count(struct comments_rig *rig, const char *user, uint64_t after, uint64_t upto)
{
    const uint64_t key = rig->identity.hash_key;
    const struct store_streams_hole hole = {.stream = rig->streams[0].id,
                                            .after = after,
                                            .upto = upto,
                                            .view = user == NULL ? 0 : hash_str(key, str_of(user)),
                                            .hash_key = key};
    uint64_t found = 0;
    assert_int_equal(hole_removed(&rig->store, &hole, &found), ERR_OK);
    return found;
}

static void one_by_one(void **state)
{
    struct comments_rig *rig = *state;
    enum comment_state was = COMMENT_VISIBLE;
    for (int i = 0; i < 10; i++) {
        (void)comments_rig_post(rig, 0, "ann", "words");
        (void)comments_rig_post(rig, 1, "ann", "elsewhere");
    }
    assert_int_equal(count(rig, NULL, 0, 10), 0);
    const struct removals_by by = comments_rig_by(rig, 7);
    assert_int_equal(removals_remove(&by, 3, &was), ERR_OK);
    assert_int_equal(removals_remove(&by, 8, &was), ERR_OK);
    assert_int_equal(count(rig, NULL, 0, 10), 2);
    assert_int_equal(count(rig, NULL, 3, 10), 1); // it begins behind `after`
    assert_int_equal(count(rig, NULL, 2, 8), 2);  // and ends with `upto`
    assert_int_equal(count(rig, NULL, 3, 7), 0);
    assert_int_equal(removals_lift(&rig->store, 7, 6000, &rig->out), ERR_OK);
    assert_int_equal(count(rig, NULL, 0, 10), 2); // their places stay so
}

static void by_a_sweep_that_has_not_reached_them(void **state)
{
    struct comments_rig *rig = *state;
    bool is_done = false;
    for (int i = 0; i < MANY; i++) {
        (void)comments_rig_post(rig, 0, i % 3 == 0 ? "bob" : "ann", "words");
    }
    const struct removals_by by = comments_rig_by(rig, 7);
    assert_int_equal(removals_sweep(&by, STR("ann"), rig->next_n - 1), ERR_OK);
    assert_int_equal(count(rig, NULL, 0, MANY), MANY * 2 / 3);
    assert_int_equal(removals_piece(&rig->store, 5000, &rig->out, &is_done), ERR_OK);
    assert_false(is_done);
    assert_int_equal(count(rig, NULL, 0, MANY), MANY * 2 / 3);
    assert_int_equal(count(rig, NULL, 0, 6), 4);
    assert_int_equal(removals_lift(&rig->store, 7, 6000, &rig->out), ERR_OK); // half way
    assert_int_equal(count(rig, NULL, 0, MANY), MANY * 2 / 3);
    comments_rig_finish(rig);
    assert_int_equal(count(rig, NULL, 0, MANY), MANY * 2 / 3);
    assert_int_equal(count(rig, "ann", 0, MANY), MANY * 2 / 3);
}

static void what_is_shadowed_is_its_authors_alone(void **state)
{
    struct comments_rig *rig = *state;
    enum comment_state was = COMMENT_VISIBLE;
    (void)comments_rig_post(rig, 0, "ann", "words");
    const uint64_t seq = comments_rig_post_shadowed(rig, "eve", "hidden");
    (void)comments_rig_post_shadowed(rig, "eve", "hidden, too");
    const struct removals_by one = comments_rig_by(rig, 7), all = comments_rig_by(rig, 8);
    assert_int_equal(removals_remove(&one, seq, &was), ERR_OK);
    assert_int_equal(count(rig, NULL, 0, 3), 0);
    assert_int_equal(count(rig, "ann", 0, 3), 0);
    assert_int_equal(count(rig, "eve", 0, 3), 1);
    assert_int_equal(removals_sweep(&all, STR("eve"), rig->next_n - 1), ERR_OK);
    assert_int_equal(count(rig, NULL, 0, 3), 0);
    assert_int_equal(count(rig, "eve", 0, 3), 2);
}

int main(void)
{
#define CASE(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, comments_rig_set_up, comments_rig_tear_down)
    const struct CMUnitTest tests[] = {CASE(one_by_one), CASE(by_a_sweep_that_has_not_reached_them),
                                       CASE(what_is_shadowed_is_its_authors_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
