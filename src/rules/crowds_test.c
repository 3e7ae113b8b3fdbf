// SPDX-License-Identifier: Apache-2.0
#include "rules/crowds.h"

#include "rules/stem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS = 900, SEED = 77 };

static uint32_t join(struct crowds *crowds, const char *text)
{
    const struct str reading = str_of(text);
    const struct crowd_text words = {.stem = stem_of(reading), .reading = reading};
    return crowds_join(crowds, &words);
}

static uint32_t join_like(struct crowds *crowds, uint64_t likeness)
{
    return crowds_join(crowds, &(struct crowd_text){.likeness = likeness});
}

static void a_raid_that_counts_is_one_crowd(void **state)
{
    struct crowds crowds;
    (void)state;
    assert_int_equal(crowds_init(&crowds, TEXTS, SEED), ERR_OK);
    for (int n = 1; n <= TEXTS; n++) {
        char text[32];
        snprintf(text, sizeof(text), "wave %d", n);
        assert_int_equal(join(&crowds, text), 1);
    }
    crowds_done(&crowds);
}

static void who_is_like_one_of_a_crowd_is_of_it(void **state)
{
    struct crowds crowds;
    (void)state;
    assert_int_equal(crowds_init(&crowds, 16, SEED), ERR_OK);
    assert_int_equal(crowds_join(&crowds, &(struct crowd_text){.likeness = 7, .stem = 8}), 1);
    assert_int_equal(crowds_join(&crowds, &(struct crowd_text){.likeness = 9, .stem = 8}), 1);
    assert_int_equal(crowds_join(&crowds, &(struct crowd_text){.likeness = 9, .stem = 10}), 1);
    assert_int_equal(crowds_join(&crowds, &(struct crowd_text){.stem = 10}), 1);
    assert_int_equal(join_like(&crowds, 11), 2);
    assert_int_equal(join_like(&crowds, 0), 0);
    assert_int_equal(join(&crowds, "join my channel for coins"), 3);
    assert_int_equal(join(&crowds, "xy join my channel for coins"), 3);
    assert_int_equal(join(&crowds, "what a goal, did you see that"), 4);
    crowds_done(&crowds);
}

/* How many places in a row are taken at most. */
static uint32_t longest_row(const struct crowds *crowds)
{
    uint32_t longest = 0, row = 0;
    for (uint32_t i = 0; i <= crowds->key_mask; i++) {
        row = crowds->keys[i].key == 0 ? 0 : row + 1;
        longest = row > longest ? row : longest;
    }
    return longest;
}

/* The hash of a text is the same everywhere: whoever posts can look for texts whose ends agree. */
static void texts_that_were_chosen_do_not_lie_in_a_row(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 48; bits++) {
        struct crowds crowds;
        assert_int_equal(crowds_init(&crowds, TEXTS, SEED), ERR_OK);
        for (uint64_t i = 1; i <= TEXTS; i++) {
            assert_int_equal(join_like(&crowds, i << bits), i);
        }
        assert_in_range(longest_row(&crowds), 1, TEXTS / 20);
        crowds_done(&crowds);
    }
}

/* Each pair that is near, of texts that have half their letters in common. */
static void those_that_are_near_meet(void **state)
{
    static struct sketch sketches[TEXTS + 1];
    static uint32_t crowd_of[TEXTS + 1];
    struct crowds crowds;
    uint32_t seed = 1, near = 0, met = 0;
    (void)state;
    assert_int_equal(crowds_init(&crowds, TEXTS, SEED), ERR_OK);
    for (uint32_t i = 1; i <= TEXTS; i++) {
        char text[] = "come and join my channel today ............";
        for (char *at = strchr(text, '.'); *at != '\0'; at++) {
            seed = seed * 1664525 + 1013904223;
            *at = (char)('a' + (seed >> 24) % 26);
        }
        bool is_near = false;
        sketch_draw(str_of(text), &sketches[i]);
        for (uint32_t k = 1; k <= crowds.count && !is_near; k++) {
            is_near = sketch_is_near(&crowds.firsts[k], &sketches[i]);
        }
        const uint32_t before = crowds.count;
        crowd_of[i] = join(&crowds, text);
        assert_in_range(crowd_of[i], 1, crowds.count);
        near += is_near;
        met += crowds.count == before;
    }
    assert_true(near > TEXTS / 2);
    assert_true(met <= near && met * 10 >= near * 9);
    crowds_done(&crowds);
}

static void more_than_there_is_room_for_are_of_none(void **state)
{
    struct crowds crowds;
    (void)state;
    assert_int_equal(crowds_init(&crowds, 2, SEED), ERR_OK);
    assert_int_equal(join_like(&crowds, 1), 1);
    assert_int_equal(join_like(&crowds, 2), 2);
    assert_int_equal(join_like(&crowds, 1), 0);
    crowds_done(&crowds);
    assert_int_equal(crowds_init(&crowds, 1, SEED), ERR_OK);
    assert_int_equal(join(&crowds, "join my channel for coins"), 1);
    crowds_done(&crowds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_raid_that_counts_is_one_crowd),
        cmocka_unit_test(who_is_like_one_of_a_crowd_is_of_it),
        cmocka_unit_test(texts_that_were_chosen_do_not_lie_in_a_row),
        cmocka_unit_test(those_that_are_near_meet),
        cmocka_unit_test(more_than_there_is_room_for_are_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
