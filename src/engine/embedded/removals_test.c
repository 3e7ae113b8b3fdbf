// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/removals.h"

#include "engine/embedded/carried.h"
#include "engine/embedded/comments_rig_test.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/feed.h"
#include "engine/embedded/store_breaks_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void remove_one(struct comments_rig *rig, uint64_t act, uint64_t seq)
{
    const struct removals_by by = comments_rig_by(rig, act);
    enum comment_state was = 0;
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
}

static void lift(struct comments_rig *rig, uint64_t act)
{
    assert_int_equal(removals_lift(&rig->store, act, 6000, &rig->out), ERR_OK);
}

static void a_removed_text_leaves_the_log_and_undo_brings_it_back(void **state)
{
    struct comments_rig *rig = *state;
    const struct removals_by by = comments_rig_by(rig, 7);
    enum comment_state was = 0;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
    assert_int_equal(was, COMMENT_VISIBLE);
    assert_false(comments_rig_log_holds(rig, "secret"));
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_DELETED);
    assert_int_equal(removals_remove(&by, seq, &was), ERR_EXISTS);

    lift(rig, 7);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_VISIBLE);
    assert_int_equal(rig->restores, 1);
    assert_non_null(strstr(rig->told, "{\"type\":\"comment\",\"stream\":\"demo\",\"seq\":1,"));
    assert_non_null(strstr(rig->told, "secret"));
    assert_int_equal(store_number(&rig->store, "SELECT kind FROM log WHERE seq = 1"),
                     EVENT_REMOVED);
    assert_int_equal(removals_lift(&rig->store, 7, 6000, &rig->out), ERR_NOT_FOUND);
}

static void what_two_acts_remove_comes_back_with_the_last_of_them(void **state)
{
    struct comments_rig *rig = *state;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    remove_one(rig, 7, seq);
    remove_one(rig, 8, seq);
    lift(rig, 7);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_DELETED);
    assert_int_equal(rig->restores, 0);
    lift(rig, 8);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_VISIBLE);
    assert_int_equal(rig->restores, 1);
}

static void what_carries_a_comment_loses_it_with_it(void **state)
{
    struct comments_rig *rig = *state;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    (void)comments_rig_post(rig, 0, "bob", "other words");
    (void)comments_rig_pin(rig, seq);
    remove_one(rig, 7, seq);
    assert_false(comments_rig_log_holds(rig, "secret"));
    lift(rig, 7); // the restore carries it
    assert_true(comments_rig_log_holds(rig, "secret"));
    remove_one(rig, 8, seq);
    assert_false(comments_rig_log_holds(rig, "secret"));
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM carried"), 0);
}

/* Retention takes a comment before what carries it. */
static void what_carries_an_expired_comment_loses_it_too(void **state)
{
    struct comments_rig *rig = *state;
    const int64_t stream = rig->streams[0].id;
    const struct removals_by by = comments_rig_by(rig, 81);
    uint64_t rows = 0;
    const uint64_t seq = comments_rig_post(rig, 0, "bob", "secret words");
    (void)comments_rig_pin(rig, seq);
    assert_int_equal(evidence_expire(&rig->store, stream, seq), ERR_OK);
    assert_int_equal(store_rows_delete_upto(&rig->store, stream, seq, &rows), ERR_OK);
    assert_true(comments_rig_log_holds(rig, "secret words"));
    assert_int_equal(removals_sweep(&by, STR("bob"), rig->next_n - 1), ERR_OK);
    comments_rig_finish(rig);
    assert_false(comments_rig_log_holds(rig, "secret words"));
    (void)comments_rig_pin(rig, comments_rig_post(rig, 0, "bob", "more words"));
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM carried"), 1);
    assert_int_equal(evidence_expire(&rig->store, stream, rig->seq[0]), ERR_OK);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM carried"), 0);
}

static void there_is_nothing_to_remove_where_no_comment_stands(void **state)
{
    struct comments_rig *rig = *state;
    const struct removals_by by = comments_rig_by(rig, 7);
    enum comment_state was = 0;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "hello");
    (void)comments_rig_pin(rig, seq);
    assert_int_equal(removals_remove(&by, 2, &was), ERR_NOT_FOUND); // the pin
    assert_int_equal(removals_remove(&by, 9, &was), ERR_NOT_FOUND);
}

static void a_sweep_is_in_force_at_once_and_reaches_all_in_pieces(void **state)
{
    struct comments_rig *rig = *state;
    const struct removals_by by = comments_rig_by(rig, 7);
    for (int i = 0; i < 2500; i++) {
        (void)comments_rig_post(rig, 0, "ann", "secret");
        (void)comments_rig_post(rig, 0, "bob", "fine");
    }
    (void)comments_rig_post(rig, 1, "ann", "elsewhere");
    assert_int_equal(removals_sweep(&by, STR("ann"), rig->next_n - 1), ERR_OK);
    const uint64_t later = comments_rig_post(rig, 0, "ann", "later");
    assert_int_equal(comments_rig_state(rig, 1), COMMENT_DELETED);
    assert_int_equal(comments_rig_state(rig, 4999), COMMENT_DELETED);
    assert_int_equal(comments_rig_state(rig, 2), COMMENT_VISIBLE);
    assert_int_equal(comments_rig_state(rig, later), COMMENT_VISIBLE);

    struct moderation_call feed = {.what = MODERATION_FEED, .after = 0, .limit = 1};
    buf_init(&feed.out, MEM_ENGINE, 1 << 16);
    assert_int_equal(feed_read(&rig->store, &feed), ERR_OK); // of the log, row by row
    buf_add_byte(&feed.out, '\0');
    assert_null(strstr((const char *)feed.out.bytes, "secret"));
    assert_non_null(strstr((const char *)feed.out.bytes, "removed"));
    buf_done(&feed.out);

    bool is_done = false;
    assert_int_equal(removals_piece(&rig->store, 5000, &rig->out, &is_done), ERR_OK);
    assert_false(is_done);
    assert_int_equal(comments_rig_state(rig, 1), COMMENT_DELETED);
    assert_int_equal(comments_rig_state(rig, 4999), COMMENT_DELETED);
    comments_rig_finish(rig);
    assert_false(comments_rig_log_holds(rig, "secret"));
    assert_true(comments_rig_log_holds(rig, "elsewhere"));
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM sweeps"), 0);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM evidence"), 2500);
    assert_int_equal(comments_rig_state(rig, later), COMMENT_VISIBLE);
    assert_int_equal(rig->retracts, 0); // the act has its own
}

static void expect_all_restored_once(struct comments_rig *rig, uint32_t count)
{
    uint32_t found = 0;
    for (const char *at = rig->told; (at = strstr(at, "\"secret\"")) != NULL; at++) {
        found++;
    }
    assert_int_equal(found, count);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM removals"), 0);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM sweeps"), 0);
    assert_int_equal(store_number(&rig->store, "SELECT max(length(body)) FROM log") <= 64 << 10, 1);
}

static void a_sweep_undone_before_it_reached_all_restores_all(void **state)
{
    for (int pieces = 0; pieces < 4; pieces++) {
        struct comments_rig *rig = *state;
        const struct removals_by by = comments_rig_by(rig, 7);
        bool is_done = false;
        for (int i = 0; i < 3000; i++) {
            (void)comments_rig_post(rig, 0, "ann", "secret");
        }
        assert_int_equal(removals_sweep(&by, STR_NONE, rig->next_n - 1), ERR_OK);
        for (int i = 0; i < pieces; i++) {
            assert_int_equal(removals_piece(&rig->store, 5000, &rig->out, &is_done), ERR_OK);
        }
        lift(rig, 7);
        assert_int_equal(comments_rig_state(rig, 1), COMMENT_VISIBLE);
        assert_int_equal(comments_rig_state(rig, 3000), COMMENT_VISIBLE);
        comments_rig_finish(rig);
        assert_int_equal(comments_rig_state(rig, 1), COMMENT_VISIBLE);
        expect_all_restored_once(rig, 3000);
        assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM log WHERE kind = 1"), 0);
        comments_rig_tear_down(state);
        comments_rig_set_up(state);
    }
}

static void one_restored_under_a_sweep_stays_restored(void **state)
{
    struct comments_rig *rig = *state;
    const struct removals_by by = comments_rig_by(rig, 7);
    (void)comments_rig_post(rig, 0, "ann", "secret");
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "fine");
    assert_int_equal(removals_sweep(&by, STR("ann"), rig->next_n - 1), ERR_OK);
    assert_int_equal(removals_lift_all(&by, seq, &rig->out), ERR_OK);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_VISIBLE);
    assert_int_equal(comments_rig_state(rig, 1), COMMENT_DELETED);
    comments_rig_finish(rig);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_VISIBLE);
    assert_int_equal(comments_rig_state(rig, 1), COMMENT_DELETED);
    assert_int_equal(removals_lift_all(&by, seq, &rig->out), ERR_EXISTS);
    const struct removals_by again = comments_rig_by(rig, 8);
    assert_int_equal(removals_sweep(&again, STR("ann"), rig->next_n - 1), ERR_OK);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_DELETED);
    comments_rig_finish(rig);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_DELETED);
    assert_false(comments_rig_log_holds(rig, "fine"));
}

static void a_sweep_of_all_streams_tells_those_that_were_not(void **state)
{
    struct comments_rig *rig = *state;
    struct removals_by by = comments_rig_by(rig, 7);
    by.stream = 0;
    (void)comments_rig_post(rig, 0, "ann", "secret");
    (void)comments_rig_post(rig, 1, "bob", "fine");
    (void)comments_rig_post(rig, 1, "ann", "secret");
    (void)comments_rig_post(rig, 1, "ann", "secret");
    assert_int_equal(removals_sweep(&by, STR("ann"), rig->next_n - 1), ERR_OK);
    assert_int_equal(removals_told(&rig->store, 7, rig->streams[0].id), ERR_OK);
    comments_rig_finish(rig);
    assert_string_equal(rig->told, " 1:2 1:3");
    assert_int_equal(rig->retracts, 1);
    assert_false(comments_rig_log_holds(rig, "secret"));
    lift(rig, 7);
    comments_rig_finish(rig);
    assert_int_equal(rig->restores, 3);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM removals"), 0);
}

static void the_shadowed_come_back_to_their_shadow_until_it_is_lifted(void **state)
{
    struct comments_rig *rig = *state;
    const struct removals_by by = comments_rig_by(rig, 7);
    const uint64_t first_n = rig->next_n;
    const uint64_t seq = comments_rig_post_shadowed(rig, "eve", "secret");
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_SHADOWED);
    remove_one(rig, 8, seq);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_DELETED);
    lift(rig, 8);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_SHADOWED);
    assert_int_equal(rig->restores, 0); // nobody else learns of it
    assert_int_equal(rig->hidden_restores, 1);
    const uint64_t other = comments_rig_post_shadowed(rig, "eve", "secret");
    uint64_t next_n = 1;
    const struct removals_shadow shadow = {
        .user = STR("eve"), .since_n = first_n, .upto_n = rig->next_n};
    assert_int_equal(removals_unshadow(&by, &shadow, &rig->out, &next_n), ERR_OK);
    assert_int_equal(next_n, 0);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_VISIBLE);
    assert_int_equal(comments_rig_state(rig, other), COMMENT_VISIBLE);
    assert_int_equal(rig->restores, 1);
}

/* Each third is eve's, and shadowed. */
static void clear_and_lift(struct comments_rig *rig, uint32_t thirds)
{
    const struct removals_by by = comments_rig_by(rig, 7);
    for (uint32_t i = 0; i < thirds; i++) {
        (void)comments_rig_post(rig, 0, "ann", "fine");
        (void)comments_rig_post_shadowed(rig, "eve", "secret");
        (void)comments_rig_post(rig, 0, "bob", "fine");
    }
    assert_int_equal(removals_sweep(&by, STR_NONE, rig->next_n - 1), ERR_OK);
    comments_rig_finish(rig);
    lift(rig, 7);
    comments_rig_finish(rig);
    for (uint64_t seq = 1; seq <= 3 * (uint64_t)thirds; seq++) {
        assert_int_equal(comments_rig_state(rig, seq),
                         seq % 3 == 2 ? COMMENT_SHADOWED : COMMENT_VISIBLE);
    }
}

/* However many there are and however they lie among each other: eve counts as many events as if
 * hers were not shadowed, and each is as it would be. */
static void what_comes_back_comes_one_by_one(void **state)
{
    const uint32_t thirds[] = {1, 20, REMOVALS_PIECE_ROWS, REMOVALS_LIFTED_ROWS};
    for (size_t i = 0; i < sizeof(thirds) / sizeof(thirds[0]); i++) {
        struct comments_rig *rig = *state;
        clear_and_lift(rig, thirds[i]);
        assert_int_equal(rig->restores, 2 * thirds[i]);
        assert_int_equal(rig->hidden_restores, thirds[i]);
        comments_rig_tear_down(state);
        comments_rig_set_up(state);
    }
}

static void one_restored_under_a_sweep_is_still_its_authors_alone(void **state)
{
    struct comments_rig *rig = *state;
    const uint64_t seq = comments_rig_post_shadowed(rig, "eve", "secret");
    const struct removals_by purge = comments_rig_by(rig, 7), restore = comments_rig_by(rig, 8);
    assert_int_equal(removals_sweep(&purge, STR("eve"), rig->next_n - 1), ERR_OK);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_DELETED);
    assert_int_equal(removals_lift_all(&restore, seq, &rig->out), ERR_OK);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_SHADOWED);
    comments_rig_finish(rig);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_SHADOWED);
    assert_int_equal(rig->restores, 0);
    assert_int_equal(rig->hidden_restores, 1);
}

static void what_was_erased_does_not_come_back(void **state)
{
    struct comments_rig *rig = *state;
    uint32_t count = 0;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    const uint64_t kept = comments_rig_post(rig, 0, "ann", "restored");
    remove_one(rig, 7, seq);
    remove_one(rig, 8, kept);
    lift(rig, 8);
    assert_int_equal(evidence_erase(&rig->store, 4999, 10, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(evidence_erase(&rig->store, 5000, 10, &count), ERR_OK);
    assert_int_equal(count, 1);
    lift(rig, 7);
    assert_int_equal(rig->restores, 1);
    assert_int_equal(evidence_erase(&rig->store, 1000000, 10, &count), ERR_OK);
    assert_int_equal(count, 0); // what is restored stays
    assert_int_equal(comments_rig_state(rig, kept), COMMENT_VISIBLE);
}

static enum err remove_and_sweep(struct comments_rig *rig, const struct comments_rig_break *at)
{
    const struct removals_by by = comments_rig_by(rig, 7);
    enum comment_state was = 0;
    bool is_done = false;
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "secret");
    (void)comments_rig_pin(rig, seq);
    store_breaks_arm(at->breaks, &rig->store, at->what, at->n);
    TRY(removals_remove(&by, seq, &was));
    TRY(removals_sweep(&by, STR("ann"), rig->next_n - 1));
    TRY(removals_piece(&rig->store, 5000, &rig->out, &is_done));
    bool is_left = false;
    return carried_redact(&rig->store, &is_left);
}

static void wherever_it_breaks_off_a_failure_is_said(void **state)
{
    comments_rig_break_all(state, remove_and_sweep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMENTS_RIG_TEST(a_removed_text_leaves_the_log_and_undo_brings_it_back),
        COMMENTS_RIG_TEST(what_two_acts_remove_comes_back_with_the_last_of_them),
        COMMENTS_RIG_TEST(what_carries_a_comment_loses_it_with_it),
        COMMENTS_RIG_TEST(what_carries_an_expired_comment_loses_it_too),
        COMMENTS_RIG_TEST(there_is_nothing_to_remove_where_no_comment_stands),
        COMMENTS_RIG_TEST(a_sweep_is_in_force_at_once_and_reaches_all_in_pieces),
        COMMENTS_RIG_TEST(a_sweep_undone_before_it_reached_all_restores_all),
        COMMENTS_RIG_TEST(one_restored_under_a_sweep_stays_restored),
        COMMENTS_RIG_TEST(a_sweep_of_all_streams_tells_those_that_were_not),
        COMMENTS_RIG_TEST(the_shadowed_come_back_to_their_shadow_until_it_is_lifted),
        COMMENTS_RIG_TEST(one_restored_under_a_sweep_is_still_its_authors_alone),
        COMMENTS_RIG_TEST(what_comes_back_comes_one_by_one),
        COMMENTS_RIG_TEST(what_was_erased_does_not_come_back),
        COMMENTS_RIG_TEST(wherever_it_breaks_off_a_failure_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
