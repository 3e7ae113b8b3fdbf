// SPDX-License-Identifier: Apache-2.0
/* Transcripts of servers that lie, each in one way, and of one that does not. */
#include "bench/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct rig {
    struct witness witness;
    struct score score;
    struct truth truth;
};

/* A reader that was told hello at 10, and a log of 11..20. */
static struct rig make_rig(void)
{
    struct rig rig = {.witness = {.number = 7}};
    for (uint64_t seq = 11; seq <= 20; seq++) {
        assert_int_equal(truth_add(&rig.truth, seq, seq - 1), ERR_OK);
    }
    witness_open(&rig.witness);
    witness_hello(&rig.witness, 10);
    return rig;
}

static void see(struct rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t seq = from; seq <= to; seq++) {
        assert_true(witness_event(&rig->witness, seq, seq - 1, &rig->score));
    }
}

/* The judgement: `times` of that fault, and of no other. */
static void assert_judged(struct rig *rig, enum fault fault, uint64_t times)
{
    witness_judge(&rig->witness, &rig->truth, &rig->score);
    for (int other = 0; other < FAULTS; other++) {
        assert_int_equal(rig->score.faults[other], other == (int)fault ? times : 0);
    }
    assert_int_equal(rig->score.word_count > 0, times > 0);
    truth_done(&rig->truth);
}

static void test_the_truth_is_clean(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

static void test_the_last_ones_lost(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 17);
    assert_judged(&rig, FAULT_LOST, 3);
}

/* The server hides a loss by a chain that skips it. */
static void test_lost_with_a_chain_that_hides_it(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 14);
    assert_true(witness_event(&rig.witness, 16, 14, &rig.score));
    see(&rig, 17, 20);
    assert_judged(&rig, FAULT_LOST, 1);
}

/* One lost and one that the log does not hold: as many, and not the same. */
static void test_another_in_its_place(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 19);
    assert_true(witness_event(&rig.witness, 21, 19, &rig.score));
    assert_judged(&rig, FAULT_LOST, 1);
}

static void test_a_hole_in_the_chain(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 14);
    see(&rig, 16, 16);
    assert_int_equal(rig.score.faults[FAULT_PREV], 1);
    truth_done(&rig.truth);
}

static void test_a_chain_that_goes_back(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 14);
    assert_true(witness_event(&rig.witness, 15, 12, &rig.score));
    see(&rig, 16, 20);
    assert_judged(&rig, FAULT_PREV, 1);
}

static void test_doubled(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 15);
    assert_false(witness_event(&rig.witness, 15, 14, &rig.score));
    see(&rig, 16, 20);
    assert_judged(&rig, FAULT_DOUBLE, 1);
}

static void test_reordered(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 15);
    assert_false(witness_event(&rig.witness, 12, 11, &rig.score));
    see(&rig, 16, 20);
    assert_judged(&rig, FAULT_ORDER, 1);
}

static void test_an_event_the_log_does_not_hold(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 21);
    assert_judged(&rig, FAULT_ALIEN, 1);
}

static void test_again_after_a_return_is_dropped(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 15);
    witness_open(&rig.witness);
    witness_hello(&rig.witness, 12);
    for (uint64_t seq = 13; seq <= 15; seq++) {
        assert_false(witness_event(&rig.witness, seq, seq - 1, &rig.score));
    }
    see(&rig, 16, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

/* It came back at 15 and is sent on from 17. */
static void test_lost_while_away(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 15);
    witness_open(&rig.witness);
    witness_hello(&rig.witness, 17);
    see(&rig, 18, 20);
    assert_int_equal(rig.score.faults[FAULT_PREV], 1);
    truth_done(&rig.truth);
}

static void test_a_gap_told(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {
        .from = 14, .to = 18, .carried = 1, .shed = 3, .removed = 1, .has_counts = true};
    see(&rig, 11, 13);
    witness_gap(&rig.witness, &gap, &rig.score);
    see(&rig, 16, 16); // the act in the hole
    see(&rig, 19, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

static void test_a_gap_that_tells_too_little(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {.from = 14, .to = 18, .shed = 4, .has_counts = true};
    see(&rig, 11, 13);
    witness_gap(&rig.witness, &gap, &rig.score);
    see(&rig, 19, 20);
    assert_judged(&rig, FAULT_LOST, 1);
}

static void test_a_gap_that_tells_too_much(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {.from = 14, .to = 18, .shed = 7, .has_counts = true};
    see(&rig, 11, 13);
    witness_gap(&rig.witness, &gap, &rig.score);
    see(&rig, 19, 20);
    assert_judged(&rig, FAULT_GAP, 2);
}

static void test_the_numbers_of_a_gap(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    struct witness_gap gap = {
        .from = 14, .to = 18, .carried = 2, .shed = 3, .removed = 0, .has_counts = true};
    assert_true(witness_gap_adds_up(&gap, &rig.truth));
    gap.carried = 3;
    assert_false(witness_gap_adds_up(&gap, &rig.truth));
    gap.carried = 1;
    assert_false(witness_gap_adds_up(&gap, &rig.truth));
    gap.has_counts = false;
    assert_true(witness_gap_adds_up(&gap, &rig.truth));
    truth_done(&rig.truth);
}

/* 14 is removed by 16, which the gap goes beyond; 15 by 21. */
static void test_what_a_gap_calls_removed(void **state)
{
    (void)state;
    struct rig rig = {.witness = {.number = 7}};
    for (uint64_t seq = 11; seq <= 20; seq++) {
        assert_int_equal(truth_add(&rig.truth, seq, seq - 1), ERR_OK);
        if (seq == 14 || seq == 15) {
            assert_int_equal(truth_add_removed(&rig.truth), ERR_OK);
        }
    }
    truth_retracted(&rig.truth, 14, 16);
    truth_retracted(&rig.truth, 14, 19);
    truth_retracted(&rig.truth, 15, 21);
    truth_retracted(&rig.truth, 17, 21);
    for (uint64_t removed = 0; removed <= 3; removed++) {
        struct witness_gap gap = {
            .from = 13, .to = 18, .shed = 6 - removed, .removed = removed, .has_counts = true};
        assert_int_equal(witness_gap_adds_up(&gap, &rig.truth), removed == 1 || removed == 2);
        gap.is_digest = true; // it may carry 14 as `removed`
        assert_int_equal(witness_gap_adds_up(&gap, &rig.truth), removed <= 2);
    }
    truth_done(&rig.truth);
}

static void test_a_gap_backwards(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {.from = 18, .to = 14, .shed = 5, .has_counts = true};
    see(&rig, 11, 20);
    witness_gap(&rig.witness, &gap, &rig.score);
    assert_judged(&rig, FAULT_GAP, 1);
}

static void test_beyond_a_gap_told_is_untold(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {.from = 14, .to = 16, .shed = 3, .has_counts = true};
    see(&rig, 11, 13);
    witness_gap(&rig.witness, &gap, &rig.score);
    see(&rig, 19, 20);
    assert_int_equal(rig.score.faults[FAULT_PREV], 1);
    truth_done(&rig.truth);
}

static void test_expired_begins_anew(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {.from = 11, .to = 15};
    witness_gap(&rig.witness, &gap, &rig.score);
    see(&rig, 16, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

static void test_resync_begins_anew(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 12);
    witness_open(&rig.witness);
    witness_resync(&rig.witness, 17, true);
    see(&rig, 18, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

static const struct witness_gap digest = {
    .from = 13, .to = 17, .carried = 2, .shed = 2, .removed = 1, .has_counts = true};

static void test_a_digest_is_its_own_gap(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 12);
    assert_true(witness_digest(&rig.witness, &digest, &rig.score));
    witness_inner(&rig.witness, 14);
    witness_inner(&rig.witness, 16);
    assert_false(witness_digest(&rig.witness, &digest, &rig.score)); // again
    see(&rig, 18, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

static void test_a_digest_follows_the_gap_of_who_came_back_late(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {
        .from = 11, .to = 12, .shed = 1, .removed = 1, .has_counts = true};
    witness_gap(&rig.witness, &gap, &rig.score);
    assert_true(witness_digest(&rig.witness, &digest, &rig.score));
    witness_inner(&rig.witness, 14);
    witness_inner(&rig.witness, 16);
    see(&rig, 18, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

static void test_a_digest_that_leaves_some_out(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    see(&rig, 11, 11);
    assert_true(witness_digest(&rig.witness, &digest, &rig.score)); // 12 is nowhere
    assert_int_equal(rig.score.faults[FAULT_PREV], 1);
    truth_done(&rig.truth);
}

static void test_a_mark_moves_to_what_was_told(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {.from = 14, .to = 18, .shed = 5, .has_counts = true};
    see(&rig, 11, 13);
    witness_gap(&rig.witness, &gap, &rig.score);
    witness_mark(&rig.witness, 18, &rig.score);
    assert_int_equal(rig.witness.last, 18);
    assert_int_equal(rig.score.faults[FAULT_PREV], 0);
    see(&rig, 19, 19);
    witness_mark(&rig.witness, 20, &rig.score); // of 20 nobody told
    assert_int_equal(rig.score.faults[FAULT_PREV], 1);
    truth_done(&rig.truth);
}

static void test_who_leaves_amid_a_gap_is_told_again(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    const struct witness_gap gap = {.from = 14, .to = 18, .shed = 5, .has_counts = true};
    see(&rig, 11, 13);
    witness_gap(&rig.witness, &gap, &rig.score);
    witness_open(&rig.witness);
    witness_hello(&rig.witness, 13);
    witness_gap(&rig.witness, &gap, &rig.score);
    see(&rig, 19, 20);
    assert_judged(&rig, FAULT_LOST, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_truth_is_clean),
        cmocka_unit_test(test_the_last_ones_lost),
        cmocka_unit_test(test_lost_with_a_chain_that_hides_it),
        cmocka_unit_test(test_another_in_its_place),
        cmocka_unit_test(test_a_hole_in_the_chain),
        cmocka_unit_test(test_a_chain_that_goes_back),
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_reordered),
        cmocka_unit_test(test_an_event_the_log_does_not_hold),
        cmocka_unit_test(test_again_after_a_return_is_dropped),
        cmocka_unit_test(test_lost_while_away),
        cmocka_unit_test(test_a_gap_told),
        cmocka_unit_test(test_a_gap_that_tells_too_little),
        cmocka_unit_test(test_a_gap_that_tells_too_much),
        cmocka_unit_test(test_the_numbers_of_a_gap),
        cmocka_unit_test(test_what_a_gap_calls_removed),
        cmocka_unit_test(test_a_gap_backwards),
        cmocka_unit_test(test_beyond_a_gap_told_is_untold),
        cmocka_unit_test(test_expired_begins_anew),
        cmocka_unit_test(test_resync_begins_anew),
        cmocka_unit_test(test_a_digest_is_its_own_gap),
        cmocka_unit_test(test_a_digest_follows_the_gap_of_who_came_back_late),
        cmocka_unit_test(test_a_digest_that_leaves_some_out),
        cmocka_unit_test(test_a_mark_moves_to_what_was_told),
        cmocka_unit_test(test_who_leaves_amid_a_gap_is_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
