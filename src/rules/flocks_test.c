// SPDX-License-Identifier: Apache-2.0
#include "rules/flocks.h"

#include "rules/stem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS = 900, SEED = 77 };

static uint32_t join(struct flocks *flocks, const char *text)
{
    const struct str reading = str_of(text);
    const struct flock_text words = {.stem = stem_of(reading), .reading = reading};
    return flocks_join(flocks, &words);
}

static uint32_t join_like(struct flocks *flocks, uint64_t likeness)
{
    return flocks_join(flocks, &(struct flock_text){.likeness = likeness});
}

static void a_raid_that_counts_is_one_flock(void **state)
{
    struct flocks flocks;
    (void)state;
    assert_int_equal(flocks_init(&flocks, TEXTS, SEED), ERR_OK);
    for (int n = 1; n <= TEXTS; n++) {
        char text[32];
        snprintf(text, sizeof(text), "wave %d", n);
        assert_int_equal(join(&flocks, text), 1);
    }
    flocks_done(&flocks);
}

static void who_is_like_one_of_a_flock_is_of_it(void **state)
{
    struct flocks flocks;
    (void)state;
    assert_int_equal(flocks_init(&flocks, 16, SEED), ERR_OK);
    assert_int_equal(flocks_join(&flocks, &(struct flock_text){.likeness = 7, .stem = 8}), 1);
    assert_int_equal(flocks_join(&flocks, &(struct flock_text){.likeness = 9, .stem = 8}), 1);
    assert_int_equal(flocks_join(&flocks, &(struct flock_text){.likeness = 9, .stem = 10}), 1);
    assert_int_equal(flocks_join(&flocks, &(struct flock_text){.stem = 10}), 1);
    assert_int_equal(join_like(&flocks, 11), 2);
    assert_int_equal(join_like(&flocks, 0), 0);
    assert_int_equal(join(&flocks, "join my channel for coins"), 3);
    assert_int_equal(join(&flocks, "xy join my channel for coins"), 3);
    assert_int_equal(join(&flocks, "what a goal, did you see that"), 4);
    flocks_done(&flocks);
}

/* How many places in a row are taken at most. */
static uint32_t longest_row(const struct flocks *flocks)
{
    uint32_t longest = 0, row = 0;
    for (uint32_t i = 0; i <= flocks->key_mask; i++) {
        row = flocks->keys[i].key == 0 ? 0 : row + 1;
        longest = row > longest ? row : longest;
    }
    return longest;
}

/* The hash of a text is the same everywhere: whoever posts can look for texts whose ends agree. */
static void texts_that_were_chosen_do_not_lie_in_a_row(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 48; bits++) {
        struct flocks flocks;
        assert_int_equal(flocks_init(&flocks, TEXTS, SEED), ERR_OK);
        for (uint64_t i = 1; i <= TEXTS; i++) {
            assert_int_equal(join_like(&flocks, i << bits), i);
        }
        assert_in_range(longest_row(&flocks), 1, TEXTS / 20);
        flocks_done(&flocks);
    }
}

/* Each pair that is near, of texts that have half their letters in common. */
static void those_that_are_near_meet(void **state)
{
    static struct sketch sketches[TEXTS + 1];
    static uint32_t flock_of[TEXTS + 1];
    struct flocks flocks;
    uint32_t seed = 1, near = 0, met = 0;
    (void)state;
    assert_int_equal(flocks_init(&flocks, TEXTS, SEED), ERR_OK);
    for (uint32_t i = 1; i <= TEXTS; i++) {
        char text[] = "come and join my channel today ............";
        for (char *at = strchr(text, '.'); *at != '\0'; at++) {
            seed = seed * 1664525 + 1013904223;
            *at = (char)('a' + (seed >> 24) % 26);
        }
        bool is_near = false;
        sketch_draw(str_of(text), &sketches[i]);
        for (uint32_t k = 1; k <= flocks.count && !is_near; k++) {
            is_near = sketch_is_near(&flocks.firsts[k], &sketches[i]);
        }
        const uint32_t before = flocks.count;
        flock_of[i] = join(&flocks, text);
        assert_in_range(flock_of[i], 1, flocks.count);
        near += is_near;
        met += flocks.count == before;
    }
    assert_true(near > TEXTS / 2);
    assert_true(met <= near && met * 10 >= near * 9);
    flocks_done(&flocks);
}

static void more_than_there_is_room_for_are_of_none(void **state)
{
    struct flocks flocks;
    (void)state;
    assert_int_equal(flocks_init(&flocks, 2, SEED), ERR_OK);
    assert_int_equal(join_like(&flocks, 1), 1);
    assert_int_equal(join_like(&flocks, 2), 2);
    assert_int_equal(join_like(&flocks, 1), 0);
    flocks_done(&flocks);
    assert_int_equal(flocks_init(&flocks, 1, SEED), ERR_OK);
    assert_int_equal(join(&flocks, "join my channel for coins"), 1);
    flocks_done(&flocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_raid_that_counts_is_one_flock),
        cmocka_unit_test(who_is_like_one_of_a_flock_is_of_it),
        cmocka_unit_test(texts_that_were_chosen_do_not_lie_in_a_row),
        cmocka_unit_test(those_that_are_near_meet),
        cmocka_unit_test(more_than_there_is_room_for_are_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
