// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/comment_check.h"

#include "engine/embedded/comments_rig_test.h"
#include "engine/embedded/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct told {
    struct comment_check check; // first
    int count;
    char last[256];
};

static void on_damage(struct comment_check *check, const char *text)
{
    struct told *told = (struct told *)(void *)check;
    told->count++;
    snprintf(told->last, sizeof(told->last), "%s", text);
}

static struct told go_through(struct comments_rig *rig)
{
    struct told told = {.check = {.on_damage = on_damage}};
    assert_int_equal(comment_check_all(&told.check, &rig->store), ERR_OK);
    return told;
}

/* Of each kind of comment there is one. */
static void fill(struct comments_rig *rig)
{
    const struct removals_by by = comments_rig_by(rig, 7);
    const struct removals_by again = comments_rig_by(rig, 8);
    enum comment_state was = 0;
    (void)comments_rig_post(rig, 0, "ann", "visible");
    assert_int_equal(removals_remove(&by, comments_rig_post(rig, 0, "ann", "gone"), &was), ERR_OK);
    (void)comments_rig_post_shadowed(rig, "eve", "shadowed");
    (void)comments_rig_post_shadowed(rig, "eve", "shadowed");
    const uint64_t back = comments_rig_post(rig, 0, "ann", "restored");
    assert_int_equal(removals_remove(&again, back, &was), ERR_OK);
    assert_int_equal(removals_lift(&rig->store, 8, 6000, &rig->out), ERR_OK);
    const struct held_row held = {.n = rig->next_n++,
                                  .stream = rig->streams[0].id,
                                  .state = COMMENT_HELD,
                                  .user = STR("ann"),
                                  .body = STR("\"id\":\"x\"")};
    assert_int_equal(held_add(&rig->store, &held, 0), ERR_OK);
    (void)comments_rig_post(rig, 0, "ann", "visible");
}

static void what_agrees_is_well(void **state)
{
    struct comments_rig *rig = *state;
    fill(rig);
    assert_int_equal(go_through(rig).count, 0);
}

static void each_damage_is_named(void **state)
{
    static const struct {
        const char *sql, *told;
    } damages[] = {
        {"UPDATE evidence SET body = 'x' WHERE seq = 2", "seq 2 does not match its sum"},
        {"UPDATE evidence SET user = 'x' WHERE seq = 2", "seq 2 does not match its sum"},
        {"UPDATE held SET rule = 'x'", "does not match its sum"},
        {"DELETE FROM log WHERE seq = 2", "the kept text of row 2 has no place"},
        {"UPDATE log SET kind = 1 WHERE seq = 2", "the kept text of row 2 has no place"},
        {"INSERT INTO rejections VALUES (99, 7)", "act a7 rejects comment 99, which is not there"},
        {"INSERT INTO rejections SELECT n, 7 FROM held", "which waits"},
        {"UPDATE log SET body = 'x' WHERE seq = 2", "row 2 is removed and holds a text"},
    };
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct comments_rig *rig = *state;
        fill(rig);
        assert_int_equal(store_exec(&rig->store, damages[i].sql), ERR_OK);
        const struct told told = go_through(rig);
        assert_int_equal(told.count, 1);
        if (strstr(told.last, damages[i].told) == NULL) {
            fail_msg("%s: %s", damages[i].sql, told.last);
        }
        comments_rig_tear_down(state);
        comments_rig_set_up(state);
    }
}

static void only_what_is_shadowed_is_passed_over(void **state)
{
    struct comments_rig *rig = *state;
    struct store_row row = {.n = 0};
    bool follows = false;
    fill(rig);
    for (uint64_t seq = 1; seq <= rig->seq[0]; seq++) {
        assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, seq, &row), ERR_OK);
        assert_int_equal(comment_check_follows(&rig->store, &row, &follows), ERR_OK);
        assert_true(follows);
    }
    row.prev = 1;
    assert_int_equal(comment_check_follows(&rig->store, &row, &follows), ERR_OK);
    assert_false(follows);
    row.prev = row.seq;
    assert_int_equal(comment_check_follows(&rig->store, &row, &follows), ERR_OK);
    assert_false(follows);
}

static void what_cannot_be_gone_through_says_so(void **state)
{
    struct comments_rig *rig = *state;
    struct told told = {.check = {.on_damage = on_damage}};
    assert_int_equal(store_exec(&rig->store, "ALTER TABLE held RENAME TO other"), ERR_OK);
    assert_int_equal(comment_check_all(&told.check, &rig->store), ERR_SYS);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, comments_rig_set_up, comments_rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_agrees_is_well),
        TEST(each_damage_is_named),
        TEST(only_what_is_shadowed_is_passed_over),
        TEST(what_cannot_be_gone_through_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
