// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_streams.h"

#include "base/hash.h"
#include "engine/embedded/comments_rig_test.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/store_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return *random >> 33;
}

/* One more row, stamped as the ordering point does. */
static void add(struct comments_rig *rig, struct store_end *end, int64_t wall_ms, uint64_t random)
{
    const bool is_comment = random % 7 != 0;
    const bool is_shadowed = is_comment && random % 5 == 0;
    const bool is_privileged = random % 11 == 0;
    const struct str body = STR("\"id\":\"x\",\"text\":\"hello\"");
    const struct stamp_event stamped = {.bytes = store_streams_segment_bytes(4, body.len),
                                        .is_comment = is_comment,
                                        .is_unprivileged = is_comment && !is_privileged,
                                        .is_shadowed = is_shadowed};
    struct stamp_place place;
    const struct store_end next = stamp_next(end, wall_ms, &stamped, &place);
    const struct store_row row = {.n = rig->next_n++,
                                  .stream = rig->streams[0].id,
                                  .seq = next.seq,
                                  .prev = place.prev,
                                  .segment = place.segment,
                                  .at_ms = next.at_ms,
                                  .kind = is_comment ? EVENT_COMMENT : EVENT_STREAM,
                                  .flags = (uint8_t)(place.flags |
                                                     (is_shadowed ? EVENT_FLAG_SHADOW : 0) |
                                                     (is_privileged ? EVENT_FLAG_PRIVILEGED : 0)),
                                  .rank = place.rank,
                                  .user = is_comment ? STR("ann") : STR_NONE,
                                  .body = body};
    assert_int_equal(store_rows_add(&rig->store, &row), ERR_OK);
    *end = next;
}

static void expect_found_again(struct comments_rig *rig, const struct store_end *end)
{
    struct store_end found = {.seq = 0};
    struct store_head head = {.seq = 0};
    uint64_t row_n = 0;
    assert_int_equal(store_streams_end(&rig->store, &rig->streams[0], 4, &found, &row_n), ERR_OK);
    assert_int_equal(found.seq, end->seq);
    assert_int_equal(found.public_seq, end->public_seq);
    assert_int_equal(found.has_shadows, end->has_shadows);
    assert_int_equal(found.at_ms, end->at_ms);
    assert_int_equal(found.segment, end->segment);
    assert_int_equal(found.segment_comments, end->segment_comments);
    if (end->public_seq != 0) {
        assert_int_equal(found.second, end->second);
        assert_int_equal(found.rank_count, end->rank_count);
        assert_int_equal(found.window, end->window);
        assert_int_equal(found.window_count, end->window_count);
        assert_int_equal(found.segment_at_ms, end->segment_at_ms);
    }
    assert_int_equal(store_streams_head(&rig->store, &rig->streams[0], &head, &row_n), ERR_OK);
    assert_int_equal(head.public_seq, end->public_seq);
    assert_int_equal(head.seq, end->seq);
}

/* Whatever is shadowed or removed: after a restart the log goes on as without one. */
static void a_restart_finds_the_same_numbers(void **state)
{
    struct comments_rig *rig = *state;
    struct store_end end = {.seq = 0};
    uint64_t random = 7;
    int64_t wall_ms = INT64_C(1763700000000);
    for (int i = 0; i < 600; i++) {
        const uint64_t chance = next_random(&random);
        wall_ms += chance % 3 == 0 ? (int64_t)(chance % 400) : 0;
        add(rig, &end, wall_ms, next_random(&random));
        if (chance % 4 == 0) {
            const struct removals_by by = comments_rig_by(rig, 1 + (uint64_t)i);
            enum comment_state was = 0;
            const enum err err = removals_remove(&by, 1 + next_random(&random) % end.seq, &was);
            assert_true(err == ERR_OK || err == ERR_NOT_FOUND); // an act's place
        }
        expect_found_again(rig, &end);
    }
    assert_true(end.has_shadows);
    assert_true(end.segment > 5);
}

static void shadows_are_counted_but_those_of_who_asks(void **state)
{
    struct comments_rig *rig = *state;
    (void)comments_rig_post(rig, 0, "ann", "hello");
    (void)comments_rig_post_shadowed(rig, "eve", "one");
    (void)comments_rig_post_shadowed(rig, "eve", "two");
    (void)comments_rig_post_shadowed(rig, "mal", "three");
    struct store_streams_hole hole = {
        .stream = rig->streams[0].id, .upto = 4, .hash_key = rig->identity.hash_key};
    uint64_t found = 0;
    assert_int_equal(store_streams_shadows(&rig->store, &hole, &found), ERR_OK);
    assert_int_equal(found, 3);
    hole.view = hash_str(rig->identity.hash_key, STR("eve"));
    assert_int_equal(store_streams_shadows(&rig->store, &hole, &found), ERR_OK);
    assert_int_equal(found, 1);
    assert_int_equal(store_streams_own_shadow(&rig->store, &hole, &found), ERR_OK);
    assert_int_equal(found, 3);
    hole.upto = 1;
    assert_int_equal(store_streams_own_shadow(&rig->store, &hole, &found), ERR_OK);
    assert_int_equal(found, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_restart_finds_the_same_numbers, comments_rig_set_up,
                                        comments_rig_tear_down),
        cmocka_unit_test_setup_teardown(shadows_are_counted_but_those_of_who_asks,
                                        comments_rig_set_up, comments_rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
