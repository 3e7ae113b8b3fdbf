// SPDX-License-Identifier: Apache-2.0
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { FEW = 3 };

static uint64_t slow_down(struct desk *desk, const char *stream, int64_t seconds)
{
    return desk_do(desk, stream, (struct act){.what = ACT_SLOW, .seconds = seconds});
}

static struct reach_figures measured(uint64_t viewers)
{
    return (struct reach_figures){.viewers = viewers,
                                  .applied = viewers - 1,
                                  .cut = 1,
                                  .p50_ms = 4,
                                  .p95_ms = 9,
                                  .comments = 2,
                                  .exposure_ms = 36500,
                                  .is_partly_exposed = true};
}

static void assert_kept(struct desk *desk, const char *stream, uint64_t act, uint64_t viewers)
{
    struct moderation_call found;
    assert_int_equal(desk_look_at_act(desk, stream, act, &found), ERR_OK);
    assert_true(found.has_event);
    assert_int_equal(found.has_reach, viewers > 0);
    if (viewers > 0) {
        const struct reach_figures is = measured(viewers);
        const struct reach_figures *was = &found.reach;
        assert_int_equal(was->viewers, is.viewers);
        assert_int_equal(was->applied, is.applied);
        assert_int_equal(was->cut, is.cut);
        assert_int_equal(was->p50_ms, is.p50_ms);
        assert_int_equal(was->p95_ms, is.p95_ms);
        assert_int_equal(was->comments, is.comments);
        assert_int_equal(was->exposure_ms, is.exposure_ms);
        assert_true(was->is_partly_exposed && !was->is_settled);
    }
}

void reach_is_kept_over_a_restart(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct moderation_call found;
    desk_open(&desk, subject->port);
    const uint64_t act = slow_down(&desk, "demo", 5);
    const uint64_t everywhere = slow_down(&desk, "", 7);
    assert_kept(&desk, "demo", act, 0);
    assert_int_equal(desk_keep(&desk, act, measured(5)), ERR_OK);
    assert_int_equal(desk_keep(&desk, everywhere, measured(70)), ERR_OK);
    assert_int_equal(desk_keep(&desk, act, measured(6)), ERR_OK); // the later one counts
    assert_int_equal(desk_keep(&desk, act + 1000, measured(5)), ERR_NOT_FOUND);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_kept(&desk, "demo", act, 6);
    assert_kept(&desk, "", everywhere, 70);
    assert_int_equal(desk_look_at_act(&desk, "demo", everywhere, &found), ERR_NOT_FOUND);
    const uint64_t ban = desk_do(&desk, "",
                                 (struct act){.what = ACT_BAN,
                                              .at = ACT_AT_USERS,
                                              .users = &STR("bob"),
                                              .target_count = 1,
                                              .seconds = -1});
    assert_int_equal(desk_look_at_act(&desk, "", ban, &found), ERR_OK);
    assert_false(found.has_event);
    desk_close(&desk);
}

void reach_is_kept_of_so_many_acts_of_a_stream(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct embedded_rules rules = subject->rules;
    uint64_t acts[FEW + 2];
    rules.reach_acts = FEW;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    const uint64_t other = slow_down(&desk, "other", 5);
    assert_int_equal(desk_keep(&desk, other, measured(9)), ERR_OK);
    for (int i = 0; i < FEW + 2; i++) {
        acts[i] = slow_down(&desk, "demo", 5 + i);
        assert_int_equal(desk_keep(&desk, acts[i], measured(9)), ERR_OK);
    }
    for (int i = 0; i < FEW + 2; i++) {
        assert_kept(&desk, "demo", acts[i], i < 2 ? 0 : 9);
    }
    assert_kept(&desk, "other", other, 9);
    assert_int_equal(desk_keep(&desk, acts[0], measured(9)), ERR_OK); // late: it is not among them
    assert_kept(&desk, "demo", acts[0], 0);
    assert_kept(&desk, "demo", acts[2], 9);
    desk_close(&desk);
}
