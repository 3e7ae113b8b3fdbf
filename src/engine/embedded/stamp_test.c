// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/stamp.h"

#include "wire/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t WALL_MS = INT64_C(1763700000000); // a whole second
static const struct stamp_event COMMENT = {
    .bytes = 300, .is_comment = true, .is_unprivileged = true};
static const struct stamp_event HOST = {.bytes = 300, .is_comment = true};
static const struct stamp_event ACT = {.bytes = 60000};

static uint16_t add(struct store_end *end, int64_t wall_ms, const struct stamp_event *event)
{
    struct stamp_place place;
    *end = stamp_next(end, wall_ms, event, &place);
    return place.rank;
}

static void the_first_begins_the_first_segment(void **state)
{
    (void)state;
    struct store_end end = {.seq = 0};
    assert_int_equal(add(&end, WALL_MS, &COMMENT), 0);
    assert_int_equal(end.seq, 1);
    assert_int_equal(end.segment, 1);
    assert_int_equal(end.at_ms, WALL_MS);
    assert_int_equal(end.segment_at_ms, WALL_MS);
}

static void time_stands_still_when_the_clock_goes_back(void **state)
{
    (void)state;
    struct store_end end = {.seq = 0};
    (void)add(&end, WALL_MS, &COMMENT);
    assert_int_equal(add(&end, WALL_MS - 3600000, &COMMENT), 1);
    assert_int_equal(end.at_ms, WALL_MS);
    assert_int_equal(end.segment, 1);
}

static void only_the_unprivileged_are_ranked(void **state)
{
    (void)state;
    struct store_end end = {.seq = 0};
    assert_int_equal(add(&end, WALL_MS, &COMMENT), 0);
    assert_int_equal(add(&end, WALL_MS, &HOST), 0);
    assert_int_equal(add(&end, WALL_MS, &ACT), 0);
    assert_int_equal(add(&end, WALL_MS + 999, &COMMENT), 1);
    assert_int_equal(add(&end, WALL_MS + 1000, &COMMENT), 0);
}

static void a_rank_past_counting_says_so(void **state)
{
    (void)state;
    struct store_end end = {.seq = 0};
    for (uint32_t i = 0; i < UINT16_MAX; i++) {
        assert_int_equal(add(&end, WALL_MS, &COMMENT), i);
    }
    assert_int_equal(add(&end, WALL_MS, &COMMENT), UINT16_MAX);
    assert_int_equal(add(&end, WALL_MS, &COMMENT), UINT16_MAX);
}

static uint8_t flags_of_next(struct store_end *end, int64_t wall_ms,
                             const struct stamp_event *event)
{
    struct stamp_place place;
    *end = stamp_next(end, wall_ms, event, &place);
    return place.flags;
}

static void the_first_others_of_a_window_are_marked(void **state)
{
    (void)state;
    const int64_t window_ms = WALL_MS - WALL_MS % EVENT_DIGEST_MS;
    struct store_end end = {.seq = 0};
    for (int i = 0; i < EVENT_DIGEST_OTHERS; i++) {
        assert_int_equal(flags_of_next(&end, window_ms + i * 500, &COMMENT),
                         EVENT_FLAG_DIGEST | i << EVENT_DIGEST_PLACE_SHIFT);
        assert_int_equal(flags_of_next(&end, window_ms + i * 500, &HOST), 0);
    }
    assert_int_equal(flags_of_next(&end, window_ms + EVENT_DIGEST_MS - 1, &COMMENT), 0);
    assert_int_equal(flags_of_next(&end, window_ms + EVENT_DIGEST_MS, &COMMENT), EVENT_FLAG_DIGEST);
}

static void segments_are_cut_by_count_bytes_and_time(void **state)
{
    (void)state;
    struct store_end end = {.seq = 0};
    for (int i = 0; i < SEGMENT_COMMENTS_MAX; i++) {
        (void)add(&end, WALL_MS, &COMMENT);
        assert_int_equal(end.segment, 1);
    }
    (void)add(&end, WALL_MS, &ACT); // acts ride along
    assert_int_equal(end.segment, 1);
    (void)add(&end, WALL_MS, &COMMENT);
    assert_int_equal(end.segment, 2);

    const struct stamp_event large = {.bytes = SEGMENT_BYTES_MAX - 300, .is_comment = true};
    (void)add(&end, WALL_MS, &large); // just fits
    assert_int_equal(end.segment, 2);
    (void)add(&end, WALL_MS, &COMMENT);
    assert_int_equal(end.segment, 3);

    (void)add(&end, WALL_MS + SEGMENT_MS_MAX - 1, &COMMENT);
    assert_int_equal(end.segment, 3);
    (void)add(&end, WALL_MS + SEGMENT_MS_MAX, &ACT);
    assert_int_equal(end.segment, 4);
    (void)add(&end, WALL_MS + 3600000, &COMMENT); // dense whatever the time between
    assert_int_equal(end.segment, 5);
}

/* The same events with and without what is shadowed between them. */
static void a_shadow_takes_a_seq_and_changes_nothing_for_others(void **state)
{
    (void)state;
    const struct stamp_event shadow = {
        .bytes = 300, .is_comment = true, .is_unprivileged = true, .is_shadowed = true};
    struct store_end with = {.seq = 0}, without = {.seq = 0};
    uint64_t random = 1, public_seq = 0;
    for (int i = 0; i < 3000; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        const int64_t wall_ms = WALL_MS + i * 7;
        const struct stamp_event *event = (random >> 33) % 5 == 0 ? &ACT : &COMMENT;
        struct stamp_place one, other;
        for (uint64_t shadows = (random >> 40) % 3; shadows > 0; shadows--) {
            const struct store_end before = with;
            with = stamp_next(&with, wall_ms, &shadow, &one);
            assert_int_equal(with.seq, before.seq + 1);
            assert_int_equal(with.public_seq, public_seq);
            assert_int_equal(one.prev, public_seq);
        }
        with = stamp_next(&with, wall_ms, event, &one);
        without = stamp_next(&without, wall_ms, event, &other);
        assert_int_equal(one.prev, public_seq);
        assert_int_equal(one.rank, other.rank);
        assert_int_equal(one.flags, other.flags);
        assert_int_equal(one.segment, other.segment);
        public_seq = with.seq;
    }
    assert_true(with.has_shadows);
    assert_false(without.has_shadows);
    assert_true(without.segment > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_begins_the_first_segment),
        cmocka_unit_test(time_stands_still_when_the_clock_goes_back),
        cmocka_unit_test(only_the_unprivileged_are_ranked),
        cmocka_unit_test(a_rank_past_counting_says_so),
        cmocka_unit_test(the_first_others_of_a_window_are_marked),
        cmocka_unit_test(segments_are_cut_by_count_bytes_and_time),
        cmocka_unit_test(a_shadow_takes_a_seq_and_changes_nothing_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
