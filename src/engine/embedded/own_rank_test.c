// SPDX-License-Identifier: Apache-2.0
/* P8 by twins: two logs of the same comments. In one eve's are shadowed, and so are others', whose
 * comments the other lacks. Where hers and everybody's stand for her is the same in both. */
#include "engine/embedded/own_rank.h"

#include "base/hash.h"
#include "engine/embedded/comments_rig_test.h"
#include "engine/embedded/sight.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/store_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { COMMENTS = 900 };

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return *random >> 33;
}

struct twins {
    struct comments_rig *rig; // of the one
    struct store_end one, other;
    struct stamp_place places[COMMENTS + 1]; // in the other, by seq in the one
};

/* Some are removed since, and go on taking their places. */
static void add_row(struct twins *twins, const struct stamp_event *stamped,
                    const struct store_row *from)
{
    const struct store_end *end = &twins->one;
    struct store_row row = *from;
    row.n = twins->rig->next_n++;
    row.stream = twins->rig->streams[0].id;
    row.seq = end->seq;
    row.at_ms = end->at_ms;
    row.body = row.kind == EVENT_REMOVED ? STR_NONE : STR("\"id\":\"x\",\"text\":\"hello\"");
    row.flags |= (stamped->is_shadowed ? EVENT_FLAG_SHADOW : 0) |
                 (stamped->is_unprivileged || !stamped->is_comment ? 0 : EVENT_FLAG_PRIVILEGED);
    assert_int_equal(store_rows_add(&twins->rig->store, &row), ERR_OK);
}

static void add(struct twins *twins, int64_t wall_ms, uint64_t random)
{
    const bool is_eves = random % 3 == 0, is_mals = !is_eves && random % 5 == 1;
    const bool is_comment = random % 17 != 0;
    struct stamp_event stamped = {
        .bytes = 300, .is_comment = is_comment, .is_unprivileged = is_comment && random % 11 != 0};
    if (!is_mals) {
        struct stamp_place *place = &twins->places[twins->one.seq + 1];
        twins->other = stamp_next(&twins->other, wall_ms, &stamped, place);
    }
    stamped.is_shadowed = is_eves || is_mals; // an act of theirs alone, too
    struct stamp_place place;
    twins->one = stamp_next(&twins->one, wall_ms, &stamped, &place);
    add_row(twins, &stamped,
            &(struct store_row){.kind = !is_comment       ? EVENT_RESTORE
                                        : random % 7 == 0 ? EVENT_REMOVED
                                                          : EVENT_COMMENT,
                                .prev = place.prev,
                                .segment = place.segment,
                                .rank = place.rank,
                                .flags = place.flags,
                                .user = is_eves   ? STR("eve")
                                        : is_mals ? STR("mal")
                                                  : STR("ann")});
}

static void fill(struct twins *twins, struct comments_rig *rig)
{
    uint64_t random = 11;
    int64_t wall_ms = INT64_C(1763700000000);
    *twins = (struct twins){.rig = rig};
    for (int i = 0; i < COMMENTS; i++) {
        const uint64_t chance = next_random(&random);
        wall_ms += chance % 60 == 0 ? 2500 : (int64_t)(chance % 140);
        add(twins, wall_ms, next_random(&random));
    }
}

static void expect_same(struct twins *twins, struct sight *sight, uint64_t seq)
{
    struct store_row row;
    struct event *event = NULL;
    assert_int_equal(store_rows_at(&twins->rig->store, twins->rig->streams[0].id, seq, &row),
                     ERR_OK);
    const struct str mal = STR("mal");
    const bool is_mals = str_eq(row.user, mal);
    assert_int_equal(sight_of(sight, &row, &event), ERR_OK);
    assert_int_equal(event == NULL, is_mals); // nothing of another's
    if (event != NULL) {
        const uint8_t digest = EVENT_FLAG_DIGEST | EVENT_FLAG_DIGEST_PLACE;
        assert_int_equal(event->rank, twins->places[seq].rank);
        assert_int_equal(event->flags & digest, twins->places[seq].flags);
    }
    event_unref(event);
}

static void her_own_take_their_places_for_eve(void **state)
{
    static struct twins twins;
    struct comments_rig *rig = *state;
    struct sight sight;
    uint64_t random = 3;
    fill(&twins, rig);
    const struct read read = {.kinds = UINT32_MAX,
                              .view = hash_str(rig->identity.hash_key, STR("eve"))};
    assert_int_equal(sight_init(&sight, &rig->store, &rig->identity, &read), ERR_OK);
    for (uint64_t seq = 1; seq <= COMMENTS; seq++) {
        expect_same(&twins, &sight, seq);
    }
    for (uint64_t seq = COMMENTS; seq > 0; seq--) {
        expect_same(&twins, &sight, seq);
    }
    for (int i = 0; i < COMMENTS; i++) {
        expect_same(&twins, &sight, 1 + next_random(&random) % COMMENTS);
    }
    sight_done(&sight);
}

/* Nobody else's places move, nor those of who reads all that is shadowed. */
static void for_others_they_take_none(void **state)
{
    static struct twins twins;
    struct comments_rig *rig = *state;
    const uint64_t views[] = {0, READ_VIEW_ALL, hash_str(rig->identity.hash_key, STR("ann"))};
    fill(&twins, rig);
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        const struct read read = {.kinds = UINT32_MAX, .view = views[i]};
        struct sight sight;
        assert_int_equal(sight_init(&sight, &rig->store, &rig->identity, &read), ERR_OK);
        for (uint64_t seq = 1; seq <= COMMENTS; seq++) {
            struct store_row row;
            struct event *event = NULL;
            assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, seq, &row), ERR_OK);
            assert_int_equal(sight_of(&sight, &row, &event), ERR_OK);
            assert_true(event == NULL || (event->rank == row.rank && event->flags == row.flags));
            event_unref(event);
        }
        sight_done(&sight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMENTS_RIG_TEST(her_own_take_their_places_for_eve),
        COMMENTS_RIG_TEST(for_others_they_take_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
