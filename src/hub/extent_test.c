// SPDX-License-Identifier: Apache-2.0
#include "hub/extent.h"

#include "hub/world_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { S = 1000, CUT_MS = 5 * S, ACT = 7 };

static int begin(void **state)
{
    return world_begin_with(state,
                            (struct hub_options){.ring_bytes_max = 4096, .reach_cut_ms = CUT_MS});
}

static const struct reach_figures *kept(const struct world *world, uint32_t i)
{
    assert_true(i < world->engine.kept_count);
    return &world->engine.kept[i].figures;
}

static uint64_t act_on(struct world *world)
{
    fake_engine_set(&world->engine, "\"slow\":5", world->now_ms);
    world_rest(world);
    return fake_engine_head(&world->engine);
}

/* An event of the act came to this hub, which knows of it from now on. */
static struct extent *publish(struct hub *hub, uint64_t act, int64_t at_ms)
{
    struct extent *extent = extent_open(hub, act, at_ms);
    assert_non_null(extent);
    extent_unref(extent);
    return extent;
}

static void what_all_were_sent_is_kept_once(void **state)
{
    struct world *world = *state;
    (void)world_reader(world);
    const uint64_t act = act_on(world);
    world_pass(world, EXTENT_SOON_MS - 100);
    assert_int_equal(world->engine.kept_count, 0);
    world_pass(world, 60 * S);
    assert_int_equal(world->engine.kept_count, 1);
    assert_int_equal(world->engine.kept[0].act, event_act(world->engine.log[0]));
    assert_int_equal(kept(world, 0)->viewers, 1);
    assert_int_equal(kept(world, 0)->applied, 1);
    assert_true(kept(world, 0)->is_settled);
    assert_false(world_reach(world, act).known); // it is the store's now
    assert_int_equal(metric_value(&world->hub->tally.reach_acts), 0);
}

static void who_is_late_is_waited_for(void **state)
{
    enum { BYTES = 2000 };
    struct world *world = *state;
    struct fake_reader *stuck = world_reader(world);
    fake_reader_allow(stuck, 10);
    for (int i = 0; i < 3; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    world_pass(world, S);
    const uint64_t act = act_on(world);
    world_pass(world, EXTENT_SOON_MS + S);
    assert_int_equal(world->engine.kept_count, 1);
    assert_false(kept(world, 0)->is_settled);
    assert_int_equal(kept(world, 0)->applied, 0);
    assert_false(world_reach(world, act).figures.is_settled);
    world_pass(world, CUT_MS);
    assert_int_equal(world->engine.kept_count, 2);
    assert_true(kept(world, 1)->is_settled);
    assert_int_equal(kept(world, 1)->cut, 1);
    world_pass(world, 60 * S);
    assert_int_equal(world->engine.kept_count, 2);
}

/* What was settled stays so. */
static void who_was_cut_and_resumes_is_not_reached_after_all(void **state)
{
    enum { BYTES = 2000 };
    struct world *world = *state;
    struct fake_reader *stuck = world_reader(world);
    const uint64_t seen = fake_engine_head(&world->engine);
    fake_reader_allow(stuck, 10);
    for (int i = 0; i < 3; i++) {
        fake_engine_commit_sized(&world->engine, EVENT_COMMENT, world->now_ms, BYTES);
    }
    world_pass(world, S);
    const uint64_t act = act_on(world);
    world_pass(world, CUT_MS);
    assert_int_equal(world_reach(world, act).figures.cut, 1);
    const struct join join = world_after(seen, 0);
    (void)world_join(world, 1, &join);
    world_rest(world);
    const struct reach_figures figures = world_reach(world, act).figures;
    assert_int_equal(figures.viewers, 1);
    assert_int_equal(figures.cut, 1);
    assert_int_equal(figures.applied, 0);
}

static void a_stream_that_sleeps_takes_nothing_with_it(void **state)
{
    struct world *world = *state;
    (void)world_reader(world);
    world_pass(world, S);
    fake_reader_leave(&world->readers[0]);
    world_pass(world, STREAM_IDLE_MS - 500); // the stream is about to leave memory
    const uint64_t act = act_on(world);
    fake_engine_set(&world->engine, "\"slow\":6", world->now_ms);
    world_pass(world, S);
    assert_int_equal(world->hub->streams.count, 0);
    const struct reach_call reach = world_reach(world, act);
    assert_true(reach.known); // that it was for nobody is known
    assert_int_equal(reach.figures.viewers, 0);
    world_pass(world, EXTENT_SOON_MS);
    assert_int_equal(world->engine.kept_count, 2);
}

static int begin_with_one(void **state)
{
    return world_begin_with(
        state,
        (struct hub_options){.ring_bytes_max = 4096, .reach_cut_ms = CUT_MS, .reach_acts = 1});
}

/* Though its event before takes the only place there is. */
static void who_is_sent_several_events_of_it_counts_once(void **state)
{
    struct world *world = *state;
    (void)world_reader(world);
    world->engine.one_act = true;
    (void)act_on(world);
    const struct reach_call reach = world_reach(world, act_on(world));
    assert_int_equal(reach.figures.viewers, 1);
    assert_int_equal(reach.figures.applied, 1);
    assert_true(reach.figures.is_settled);
}

static void what_the_store_does_not_take_is_offered_again(void **state)
{
    struct world *world = *state;
    (void)world_reader(world);
    world->engine.keeps = ERR_SYS;
    (void)act_on(world);
    world_pass(world, EXTENT_SOON_MS + S);
    assert_int_equal(metric_value(&world->hub->tally.reach_lost), 1);
    world->engine.keeps = ERR_OK;
    world_pass(world, EXTENT_RETRY_MS);
    assert_int_equal(world->engine.kept_count, 1);
}

static void what_the_store_can_never_take_is_not(void **state)
{
    struct world *world = *state;
    (void)world_reader(world);
    world->engine.keeps = ERR_GONE;
    (void)act_on(world);
    world_pass(world, 60 * S);
    assert_int_equal(metric_value(&world->hub->tally.reach_lost), 1);
}

/* Acts in quick succession cost the store a round a second, not one each. */
static void what_is_due_is_kept_together(void **state)
{
    enum { COUNT = 100, EACH_MS = 20 };
    struct world *world = *state;
    uint32_t rounds = 0;
    world_rest(world);
    for (uint64_t act = 1; act <= COUNT * 3; act++) {
        const uint32_t before = world->engine.kept_count;
        if (act <= COUNT) {
            (void)publish(world->hub, act, world->now_ms);
        }
        world_pass(world, EACH_MS);
        rounds += world->engine.kept_count > before;
    }
    assert_int_equal(world->engine.kept_count, COUNT);
    assert_in_range(rounds, 1, 3);
}

static void no_more_than_so_many_are_being_kept(void **state)
{
    struct world *world = *state;
    world_rest(world);
    for (uint64_t act = 1; act <= EXTENT_KEEPS_MAX + 1; act++) {
        (void)publish(world->hub, act, world->now_ms);
    }
    world_pass(world, EXTENT_SOON_MS);
    assert_int_equal(world->engine.kept_count, EXTENT_KEEPS_MAX);
    world_pass(world, EXTENT_ROUND_MS);
    assert_int_equal(world->engine.kept_count, EXTENT_KEEPS_MAX + 1);
}

static void so_many_acts_are_known_at_once(void **state)
{
    struct world *world = *state;
    for (uint64_t act = 1; act <= EXTENTS_MAX + 1; act++) {
        (void)publish(world->hub, act, world->now_ms);
    }
    assert_int_equal(metric_value(&world->hub->tally.reach_acts), EXTENTS_MAX);
    assert_int_equal(metric_value(&world->hub->tally.reach_lost), 1);
}

/* ---- two hubs ---- */

static void rest(struct world *world, struct hub *const hubs[2])
{
    for (int turn = 0; turn < 10; turn++) {
        while (fake_home_open_one(&world->home)) {
        }
        for (int i = 0; i < 2; i++) {
            (void)hub_turn(hubs[i], world->now_ms);
        }
    }
}

static void note(void *user)
{
    ++*(int *)user;
}

static void meet(struct world *world, struct hub *hubs[2])
{
    const struct hub_options options = world->hub->options;
    hubs[0] = world->hub;
    assert_int_equal(hub_new(&options, &hubs[1]), ERR_OK);
    hub_meet(hubs[0], hubs, 2);
    hub_meet(hubs[1], hubs, 2);
    rest(world, hubs);
}

static void forget_other(struct hub *hubs[2])
{
    static struct hub *alone[1]; // it outlives the test
    alone[0] = hubs[0];
    hub_meet(hubs[0], alone, 1);
    hub_free(hubs[1]);
}

static void part(struct world *world, struct hub *hubs[2])
{
    int closed = 0;
    hub_close(hubs[1], note, &closed);
    rest(world, hubs);
    assert_int_equal(closed, 1);
    forget_other(hubs);
}

static void reach_viewers(struct hub *hub, uint64_t viewers)
{
    struct extent *extent = publish(hub, ACT, hub->now_ms);
    extent->viewers = extent->written = viewers;
}

/* Its streams are told one after another: what was kept before the last of them is kept anew, by
 * whoever took that. */
static void what_comes_later_to_another_hub_is_kept_too(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    meet(world, hubs);
    reach_viewers(hubs[0], 3);
    world->now_ms += EXTENT_SOON_MS;
    rest(world, hubs);
    assert_int_equal(world->engine.kept_count, 1);
    assert_int_equal(kept(world, 0)->viewers, 3);
    reach_viewers(hubs[1], 4);
    world->now_ms += EXTENT_SOON_MS;
    rest(world, hubs);
    assert_int_equal(world->engine.kept_count, 2);
    assert_int_equal(kept(world, 1)->viewers, 7);
    part(world, hubs);
}

static void pass(struct world *world, struct hub *const hubs[2], int seconds)
{
    for (int i = 0; i < seconds; i++) {
        world->now_ms += S;
        rest(world, hubs);
    }
}

/* A hub that takes it seconds after the others, when they had it kept as settled. */
static void a_hub_that_is_late_is_waited_for(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    meet(world, hubs);
    const int64_t published_ms = hubs[0]->now_ms;
    reach_viewers(hubs[0], 3);
    pass(world, hubs, 3);
    assert_int_equal(world->engine.kept_count, 1);
    assert_true(kept(world, 0)->is_settled);
    struct extent *late = publish(hubs[1], ACT, published_ms);
    late->viewers = late->written = 4;
    pass(world, hubs, 60);
    assert_int_equal(world->engine.kept_count, 2);
    assert_int_equal(kept(world, 1)->viewers, 7);
    part(world, hubs);
}

static void what_did_not_change_is_not_kept_again(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    meet(world, hubs);
    reach_viewers(hubs[0], 3);
    reach_viewers(hubs[1], 4);
    pass(world, hubs, 60);
    assert_int_equal(world->engine.kept_count, 1);
    assert_int_equal(kept(world, 0)->viewers, 7);
    part(world, hubs);
}

/* Both know of it, one has it kept: the sum of both. */
static void one_hub_keeps_it_for_all(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    meet(world, hubs);
    for (uint64_t i = 0; i < 2; i++) {
        struct extent *extent = publish(hubs[i], ACT, world->now_ms);
        extent->viewers = extent->written = 3 + i;
        extent->exposed = (struct exposure_lost){.comments = 2, .viewer_ms = 100, .is_part = i > 0};
    }
    world->now_ms += EXTENT_SOON_MS;
    rest(world, hubs);
    assert_int_equal(world->engine.kept_count, 1);
    assert_int_equal(kept(world, 0)->viewers, 7);
    assert_int_equal(kept(world, 0)->comments, 2);
    assert_int_equal(kept(world, 0)->exposure_ms, 200);
    assert_true(kept(world, 0)->is_partly_exposed);
    part(world, hubs);
}

/* ---- the end ---- */

static void what_is_known_is_kept_before_the_end(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    meet(world, hubs);
    reach_viewers(hubs[1], 4);
    part(world, hubs); // no time passes
    assert_int_equal(world->engine.kept_count, 1);
    assert_int_equal(kept(world, 0)->viewers, 4);
    assert_true(kept(world, 0)->is_settled);
}

static void a_full_house_is_kept_before_the_end(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    meet(world, hubs);
    for (uint64_t act = 1; act <= EXTENTS_MAX; act++) {
        (void)publish(hubs[1], act, world->now_ms);
    }
    part(world, hubs);
    assert_int_equal(world->engine.kept_count, EXTENTS_MAX);
}

static void a_store_that_takes_nothing_holds_up_no_end(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    meet(world, hubs);
    reach_viewers(hubs[1], 4);
    world->engine.keeps = ERR_SYS;
    part(world, hubs);
    assert_int_equal(world->engine.kept_count, 0);
}

/* Of hubs that end one after the other the last has it kept, with what reached the viewers that it
 * had till then. */
static void the_last_hub_keeps_it_for_all(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    int closed = 0;
    meet(world, hubs);
    for (int i = 0; i < 2; i++) {
        publish(hubs[i], ACT, world->now_ms)->viewers = 3;
    }
    hub_close(hubs[0], note, &closed);
    rest(world, hubs);
    assert_int_equal(closed, 1);
    assert_int_equal(world->engine.kept_count, 0);
    publish(hubs[1], ACT, world->now_ms)->written = 3;
    hub_close(hubs[1], note, &closed);
    rest(world, hubs);
    assert_int_equal(closed, 2);
    assert_int_equal(world->engine.kept_count, 1);
    assert_int_equal(kept(world, 0)->viewers, 6);
    assert_int_equal(kept(world, 0)->applied, 3);
    assert_false(kept(world, 0)->is_settled);
    forget_other(hubs);
}

struct saved {
    struct reach_saving saving; // first
    bool is_done;
};

static void on_saved(struct call *call)
{
    struct saved *saved = (struct saved *)(void *)call; // its first member
    saved->is_done = true;
}

/* Before the store changes hands; and measured on, should it come back. */
static void what_all_hubs_know_is_kept_when_asked(void **state)
{
    struct world *world = *state;
    struct hub *hubs[2];
    struct saved saved = {.saving.call = {.home = &world->home.home, .done = on_saved}};
    meet(world, hubs);
    reach_viewers(hubs[1], 4);
    struct extent *slow = extent_open(hubs[0], 8, world->now_ms);
    assert_non_null(slow);
    slow->viewers = 2;
    hub_save_reach(hubs[1], &saved.saving);
    rest(world, hubs);
    assert_true(saved.is_done);
    assert_int_equal(world->engine.kept_count, 2);
    assert_int_equal(kept(world, 0)->viewers + kept(world, 1)->viewers, 6);
    slow->written = 2;
    extent_unref(slow);
    pass(world, hubs, 60);
    assert_int_equal(world->engine.kept_count, 3);
    assert_int_equal(kept(world, 2)->applied, 2);
    part(world, hubs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, world_end)
        EACH(what_all_were_sent_is_kept_once),
        EACH(who_is_late_is_waited_for),
        EACH(who_was_cut_and_resumes_is_not_reached_after_all),
        EACH(a_stream_that_sleeps_takes_nothing_with_it),
        EACH(what_the_store_does_not_take_is_offered_again),
        EACH(what_the_store_can_never_take_is_not),
        EACH(what_is_due_is_kept_together),
        EACH(no_more_than_so_many_are_being_kept),
        EACH(so_many_acts_are_known_at_once),
        EACH(one_hub_keeps_it_for_all),
        EACH(a_hub_that_is_late_is_waited_for),
        EACH(what_did_not_change_is_not_kept_again),
        EACH(what_comes_later_to_another_hub_is_kept_too),
        EACH(what_is_known_is_kept_before_the_end),
        EACH(a_full_house_is_kept_before_the_end),
        EACH(a_store_that_takes_nothing_holds_up_no_end),
        EACH(the_last_hub_keeps_it_for_all),
        EACH(what_all_hubs_know_is_kept_when_asked),
#undef EACH
        cmocka_unit_test_setup_teardown(who_is_sent_several_events_of_it_counts_once,
                                        begin_with_one, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
