// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/carried.h"

#include "engine/embedded/comments_rig_test.h"
#include "engine/embedded/sight.h"
#include "wire/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 4 * CARRIED_PIECE_ROWS };

static bool holds(const struct event *event, const char *text)
{
    return memmem(event->body, event->body_len, text, strlen(text)) != NULL;
}

/* Whether anybody is told the text who reads the whole log now. */
static bool is_read(struct comments_rig *rig, const char *text)
{
    const struct read read = {.kinds = UINT32_MAX};
    struct sight sight;
    sqlite3_stmt *walk = NULL;
    struct store_row row;
    bool is_there = false;
    assert_int_equal(sight_init(&sight, &rig->store, &rig->identity, &read), ERR_OK);
    assert_int_equal(store_rows_since(&rig->store, 0, &walk), ERR_OK);
    for (;;) {
        struct event *event = NULL;
        const enum err err = store_rows_next(&rig->store, walk, &row);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        if (err == ERR_OK) {
            assert_int_equal(sight_of(&sight, &row, &event), ERR_OK);
            is_there = is_there || (event != NULL && holds(event, text));
            event_unref(event);
        }
    }
    sight_done(&sight);
    return is_there;
}

static int64_t rows_with(struct comments_rig *rig, const char *text)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM log WHERE instr(body, '%s') > 0", text);
    return store_number(&rig->store, sql);
}

static void sweep(struct comments_rig *rig, uint64_t act, const char *user)
{
    const struct removals_by by = comments_rig_by(rig, act);
    assert_int_equal(removals_sweep(&by, str_of(user), rig->next_n - 1), ERR_OK);
}

static void lift_all(struct comments_rig *rig, uint64_t act, uint64_t seq)
{
    const struct removals_by by = comments_rig_by(rig, act);
    assert_int_equal(removals_lift_all(&by, seq, &rig->out), ERR_OK);
}

static void remove_and_restore(struct comments_rig *rig, uint64_t act, uint64_t seq)
{
    const struct removals_by by = comments_rig_by(rig, act);
    enum comment_state was = 0;
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
    lift_all(rig, act + 1, seq);
}

static void redact_all(struct comments_rig *rig)
{
    bool is_left = true;
    while (is_left) {
        assert_int_equal(carried_redact(&rig->store, &is_left), ERR_OK);
    }
}

static void what_is_due_is_overwritten_in_pieces_and_read_by_nobody(void **state)
{
    struct comments_rig *rig = *state;
    bool is_left = false;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    for (int i = 0; i < MANY; i++) {
        (void)comments_rig_pin(rig, seq);
    }
    const struct removals_by by = comments_rig_by(rig, 7);
    enum comment_state was = 0;
    assert_true(is_read(rig, "secret"));
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
    for (int left = MANY; left > 0; left -= CARRIED_PIECE_ROWS) {
        assert_int_equal(rows_with(rig, "secret"), left);
        assert_false(is_read(rig, "secret"));
        assert_int_equal(carried_redact(&rig->store, &is_left), ERR_OK);
        assert_int_equal(is_left, left > CARRIED_PIECE_ROWS);
    }
    assert_int_equal(rows_with(rig, "secret"), 0);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM carried"), 0);
}

/* Of long ones a piece overwrites fewer. */
static void a_piece_of_what_is_due_is_bound_by_its_bytes(void **state)
{
    enum { LONG = 3000, ROWS = 100 };
    struct comments_rig *rig = *state;
    char text[LONG + 1];
    bool is_left = false;
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    const uint64_t seq = comments_rig_post(rig, 0, "ann", text);
    for (int i = 0; i < ROWS; i++) {
        (void)comments_rig_pin(rig, seq);
    }
    const int64_t bytes = store_number(&rig->store, "SELECT max(length(body)) FROM log");
    const struct removals_by by = comments_rig_by(rig, 7);
    enum comment_state was = 0;
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
    assert_int_equal(carried_redact(&rig->store, &is_left), ERR_OK);
    assert_true(is_left);
    assert_int_equal(rows_with(rig, "xxx"), ROWS - (CARRIED_PIECE_BYTES + bytes - 1) / bytes);
}

static void what_is_swept_is_read_by_nobody_before_the_sweep_comes_by(void **state)
{
    struct comments_rig *rig = *state;
    const uint64_t anns = comments_rig_post(rig, 0, "ann", "secret");
    const uint64_t bobs = comments_rig_post(rig, 0, "bob", "other words");
    remove_and_restore(rig, 7, anns);
    remove_and_restore(rig, 9, bobs);
    sweep(rig, 20, "ann");
    sweep(rig, 20, "somebody");
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM carried WHERE due = 1"), 0);
    assert_int_equal(rows_with(rig, "secret"), 1);
    assert_false(is_read(rig, "secret"));
    assert_true(is_read(rig, "other words"));
    sweep(rig, 21, ""); // everybody's
    assert_false(is_read(rig, "other words"));
    comments_rig_finish(rig);
    redact_all(rig);
    assert_int_equal(rows_with(rig, "secret") + rows_with(rig, "other words"), 0);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM carried"), 0);
}

static void what_is_restored_since_a_sweep_began_is_read(void **state)
{
    struct comments_rig *rig = *state;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    remove_and_restore(rig, 7, seq);
    sweep(rig, 20, "ann");
    lift_all(rig, 21, seq); // the sweep passes over it
    assert_true(is_read(rig, "secret"));
    redact_all(rig);
    comments_rig_finish(rig);
    redact_all(rig);
    assert_true(is_read(rig, "secret"));
    assert_int_equal(rows_with(rig, "secret"), 1); // where it was restored last
}

static void somebody_whose_name_is_written_with_escapes_is_swept(void **state)
{
    struct comments_rig *rig = *state;
    struct store_row row;
    const uint64_t seq = comments_rig_post(rig, 0, "a\\\"b", "secret"); // as JSON has it
    (void)comments_rig_pin(rig, seq);
    sweep(rig, 20, "a\"b");
    assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, 2, &row), ERR_OK);
    struct sweeps sweeps;
    assert_int_equal(sweeps_load(&rig->store, &sweeps), ERR_OK);
    assert_true(sweeps_take_from(&sweeps, &row, STR("\"a\\\"b\"")));
    assert_false(sweeps_take_from(&sweeps, &row, STR("\"a\\\"c\"")));
    assert_false(sweeps_take_from(&sweeps, &row, STR_NONE));
    sweeps_done(&sweeps);
}

static void what_other_streams_carry_is_not_walked_through(void **state)
{
    struct comments_rig *rig = *state;
    const struct carried_of of = {.stream = rig->streams[1].id, .upto_n = 1000};
    const struct carried_of all = {.upto_n = 1000};
    sqlite3_stmt *query = NULL;
    uint32_t count = 0;
    for (int i = 0; i < 3; i++) {
        (void)comments_rig_pin(rig, comments_rig_post(rig, 0, "ann", "secret"));
    }
    assert_int_equal(store_ask(&rig->store, STORE_CARRIED_ALL, &query), ERR_OK);
    (void)sqlite3_stmt_status(query, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
    assert_int_equal(carried_mark_of(&rig->store, &of, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(sqlite3_stmt_status(query, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1), 0);
    assert_int_equal(carried_mark_of(&rig->store, &all, &count), ERR_OK);
    assert_int_equal(count, 3);
}

static void what_carries_a_damaged_comment_is_swept_all_the_same(void **state)
{
    struct comments_rig *rig = *state;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    const uint64_t other = comments_rig_post(rig, 0, "bob", "other words");
    (void)comments_rig_pin(rig, seq);
    (void)comments_rig_pin(rig, other);
    assert_int_equal(
        sqlite3_exec(rig->store.db, "UPDATE log SET sum = sum + 1 WHERE n < 3", NULL, NULL, NULL),
        SQLITE_OK);
    sweep(rig, 20, "ann");
    assert_false(is_read(rig, "secret"));
    comments_rig_finish(rig);
    redact_all(rig);
    assert_false(is_read(rig, "secret"));
    assert_true(is_read(rig, "other words"));
}

static enum err see(struct comments_rig *rig, const struct comments_rig_break *at)
{
    struct sweeps sweeps;
    struct store_row row;
    struct buf copy;
    (void)comments_rig_pin(rig, comments_rig_post(rig, 0, "ann", "secret"));
    sweep(rig, 20, "ann");
    assert_int_equal(sweeps_load(&rig->store, &sweeps), ERR_OK);
    assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, 2, &row), ERR_OK);
    buf_init(&copy, MEM_ENGINE, SIGHT_BYTES_MAX);
    store_breaks_arm(at->breaks, &rig->store, at->what, at->n);
    const enum err err = carried_see(&rig->store, &sweeps, &row, &copy);
    buf_done(&copy);
    sweeps_done(&sweeps);
    return err;
}

static void a_row_that_cannot_be_seen_is_not_told(void **state)
{
    comments_rig_break_all(state, see);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMENTS_RIG_TEST(what_is_due_is_overwritten_in_pieces_and_read_by_nobody),
        COMMENTS_RIG_TEST(a_piece_of_what_is_due_is_bound_by_its_bytes),
        COMMENTS_RIG_TEST(what_is_swept_is_read_by_nobody_before_the_sweep_comes_by),
        COMMENTS_RIG_TEST(what_is_restored_since_a_sweep_began_is_read),
        COMMENTS_RIG_TEST(somebody_whose_name_is_written_with_escapes_is_swept),
        COMMENTS_RIG_TEST(what_other_streams_carry_is_not_walked_through),
        COMMENTS_RIG_TEST(what_carries_a_damaged_comment_is_swept_all_the_same),
        COMMENTS_RIG_TEST(a_row_that_cannot_be_seen_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
