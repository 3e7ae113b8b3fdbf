// SPDX-License-Identifier: Apache-2.0
#include "hub/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What a scribe wrote, a word each: "e7" event, "g3-6/4" gap of so many, "d3-6/1+3" digest of so
 * many carried and not, "m6" mark. */
struct rig {
    struct lane_scribe scribe; // first
    char said[512];
    uint64_t seq;
    uint32_t fails_in; // calls of ops; 0: never
};

static struct rig *rig_of(struct lane_scribe *scribe)
{
    return (struct rig *)(void *)scribe;
}

static enum err say(struct lane_scribe *scribe, const char *format, ...)
{
    struct rig *rig = rig_of(scribe);
    const size_t len = strlen(rig->said);
    va_list rest;
    if (rig->fails_in > 0 && --rig->fails_in == 0) {
        return ERR_NOMEM;
    }
    va_start(rest, format);
    vsnprintf(rig->said + len, sizeof(rig->said) - len, format, rest);
    va_end(rest);
    return ERR_OK;
}

static enum err on_event(struct lane_scribe *scribe, const struct event *event)
{
    return say(scribe, "e%d ", (int)event->seq);
}

static enum err on_gap(struct lane_scribe *scribe, const struct lane_span *span)
{
    return say(scribe, "g%d-%d/%u ", (int)span->after + 1, (int)span->to, lane_span_count(span));
}

static enum err on_digest(struct lane_scribe *scribe, const struct lane_span *span)
{
    return say(scribe, "d%d-%d/%u+%u ", (int)span->after + 1, (int)span->to, span->carried,
               span->shed + span->removed);
}

static enum err on_mark(struct lane_scribe *scribe, uint64_t seq)
{
    return say(scribe, "m%d ", (int)seq);
}

static const struct lane_scribe_ops ops = {
    .event = on_event, .gap = on_gap, .digest = on_digest, .mark = on_mark};

static struct rig make_rig(enum lane lane)
{
    struct rig rig = {.seq = 0};
    lane_scribe_init(&rig.scribe, &ops,
                     (struct lane_rule){.lane = (uint8_t)lane, .readable_per_s = 2}, STR("demo"));
    return rig;
}

enum { HOST = -1 };

/* rank HOST: of a host; else a viewer's comment, among the first of its digest below 2. */
static enum err take_kind(struct rig *rig, enum event_kind kind, int rank, int64_t at_ms,
                          uint32_t body_len)
{
    char *body = calloc(1, body_len + 1);
    assert_non_null(body);
    memset(body, 'x', body_len);
    struct event *event = event_new((struct str){.at = body, .len = body_len});
    assert_non_null(event);
    event->kind = (uint8_t)kind;
    event->rank = rank < 0 ? 0 : (uint16_t)rank;
    event->flags = rank < 0 ? EVENT_FLAG_PRIVILEGED : rank < 2 ? EVENT_FLAG_DIGEST : 0;
    event->prev = rig->seq;
    event->seq = rig->seq + 1;
    event->at_ms = at_ms;
    const enum err err = lane_scribe_take(&rig->scribe, event);
    rig->seq += err == ERR_OK;
    event_unref(event);
    free(body);
    return err;
}

static void take(struct rig *rig, int rank, int64_t at_ms)
{
    assert_int_equal(take_kind(rig, EVENT_COMMENT, rank, at_ms, 8), ERR_OK);
}

static void act(struct rig *rig, int64_t at_ms)
{
    assert_int_equal(take_kind(rig, EVENT_PIN, 0, at_ms, 8), ERR_OK);
}

static void assert_said(struct rig *rig, const char *words)
{
    assert_string_equal(rig->said, words);
    rig->said[0] = '\0';
    lane_scribe_done(&rig->scribe);
}

static void names(void **state)
{
    (void)state;
    enum lane lane = LANES;
    for (int i = 0; i < LANES; i++) {
        assert_int_equal(lane_of_name(str_of(lane_name((enum lane)i)), &lane), ERR_OK);
        assert_int_equal(lane, i);
    }
    assert_int_equal(lane_of_name(STR("best"), &lane), ERR_NOT_FOUND);
    assert_int_equal(lane_of_name(STR_NONE, &lane), ERR_NOT_FOUND);
}

static void readable_has_the_first_of_each_second(void **state)
{
    (void)state;
    struct rig rig = make_rig(LANE_READABLE);
    for (int rank = 0; rank < 5; rank++) {
        take(&rig, rank, 15000);
    }
    take(&rig, HOST, 15000);
    take(&rig, 5, 15000);
    act(&rig, 15000);
    take(&rig, 0, 16000);
    assert_said(&rig, "e1 e2 g3-5/3 e6 g7-7/1 e8 e9 ");
}

static void control_has_acts_alone(void **state)
{
    (void)state;
    struct rig rig = make_rig(LANE_CONTROL);
    take(&rig, 0, 15000);
    take(&rig, HOST, 15000);
    act(&rig, 15000);
    act(&rig, 15000);
    assert_said(&rig, "g1-2/2 e3 e4 ");
}

static void what_waits_at_a_windows_end_is_marked(void **state)
{
    (void)state;
    struct rig rig = make_rig(LANE_CONTROL);
    take(&rig, 0, 15000);
    take(&rig, 0, 29999);
    take(&rig, 0, 30000);
    assert_true(lane_scribe_waits(&rig.scribe));
    assert_int_equal(lane_scribe_settle(&rig.scribe), ERR_OK);
    assert_int_equal(lane_scribe_settle(&rig.scribe), ERR_OK); // nothing waits
    assert_said(&rig, "g1-2/2 m2 g3-3/1 m3 ");
}

static void a_digest_is_a_window(void **state)
{
    (void)state;
    struct rig rig = make_rig(LANE_DIGEST);
    for (int rank = 0; rank < 4; rank++) {
        take(&rig, rank, 3000);
    }
    take(&rig, HOST, 5999);
    act(&rig, 5999);
    take(&rig, 0, 6000);
    assert_int_equal(lane_scribe_settle(&rig.scribe), ERR_OK);
    assert_said(&rig, "d1-6/4+2 d7-7/1+0 ");
}

static void a_removed_one_is_told_as_that(void **state)
{
    (void)state;
    struct rig rig = make_rig(LANE_CONTROL);
    take(&rig, 0, 15000);
    assert_int_equal(take_kind(&rig, EVENT_REMOVED, 0, 15000, 0), ERR_OK);
    assert_int_equal(rig.scribe.span.shed, 1);
    assert_int_equal(rig.scribe.span.removed, 1);
    lane_scribe_done(&rig.scribe);
}

static void large_digests_end_early(void **state)
{
    (void)state;
    struct rig rig = make_rig(LANE_DIGEST);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(take_kind(&rig, EVENT_PIN, 0, 3000, 30000), ERR_OK);
    }
    assert_int_equal(lane_scribe_settle(&rig.scribe), ERR_OK);
    assert_said(&rig, "d1-3/3+0 d4-5/2+0 ");
}

/* Whatever fails when, in the end it was said once. */
static void what_fails_is_taken_again(void **state)
{
    (void)state;
    for (uint32_t fails_in = 1; fails_in <= 6; fails_in++) {
        struct rig rig = make_rig(LANE_READABLE);
        rig.fails_in = fails_in;
        const int ranks[] = {0, 3, 4, HOST, 5, HOST};
        for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
            if (take_kind(&rig, EVENT_COMMENT, ranks[i], 15000, 8) != ERR_OK) {
                i--;
            }
        }
        assert_said(&rig, "e1 g2-3/2 e4 g5-5/1 e6 ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(readable_has_the_first_of_each_second),
        cmocka_unit_test(control_has_acts_alone),
        cmocka_unit_test(what_waits_at_a_windows_end_is_marked),
        cmocka_unit_test(a_digest_is_a_window),
        cmocka_unit_test(a_removed_one_is_told_as_that),
        cmocka_unit_test(large_digests_end_early),
        cmocka_unit_test(what_fails_is_taken_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
