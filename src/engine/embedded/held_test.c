// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/held.h"

#include "engine/embedded/comment_body.h"
#include "engine/embedded/comments_rig_test.h"
#include "engine/embedded/held_reads.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_breaks_test.h"
#include "engine/embedded/store_dedupe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { HELD_TEST_MAX = 3 };

static struct held_row row_of(const struct comments_rig *rig, uint64_t n)
{
    return (struct held_row){.n = n,
                             .stream = rig->streams[0].id,
                             .state = COMMENT_HELD,
                             .act = 5,
                             .at_ms = 1000,
                             .due_ms = 9000,
                             .user = STR("ann"),
                             .cid = STR("c1"),
                             .rule = STR("hold_all"),
                             .body =
                                 STR("\"id\":\"x\",\"cid\":\"c1\",\"at\":1000,\"text\":\"hi\"")};
}

/* Held as posted: its number is taken and the log has no row of it. */
static uint64_t hold(struct comments_rig *rig)
{
    const struct held_row row = row_of(rig, rig->next_n++);
    assert_int_equal(held_add(&rig->store, &row, HELD_TEST_MAX), ERR_OK);
    return row.n;
}

static struct standing standing_now(struct comments_rig *rig, uint64_t n)
{
    struct standing standing;
    assert_int_equal(standing_of(&rig->store, n, &standing), ERR_OK);
    return standing;
}

static void a_held_comment_waits_and_takes_its_place_when_approved(void **state)
{
    struct comments_rig *rig = *state;
    struct held_row row;
    const uint64_t n = hold(rig);
    assert_int_equal(standing_now(rig, n).state, COMMENT_HELD);
    assert_int_equal(standing_now(rig, n).seq, 0);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_APPROVE, &row), ERR_OK);
    const uint64_t seq = comments_rig_post(rig, 0, "ann", "hi"); // what the act does with its body
    assert_int_equal(held_place(&rig->store, n, rig->next_n - 1), ERR_OK);
    assert_int_equal(standing_now(rig, n).state, COMMENT_VISIBLE);
    assert_int_equal(standing_now(rig, n).seq, seq);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_APPROVE, &row), ERR_EXISTS);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_REJECT, &row), ERR_DENIED);

    const struct removals_by by = comments_rig_by(rig, 7);
    enum comment_state was = 0;
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
    const struct standing standing = standing_now(rig, n);
    struct event *event = NULL;
    assert_int_equal(standing.state, COMMENT_DELETED);
    assert_int_equal(standing_event(&rig->store, &rig->identity, &standing, &event), ERR_OK);
    assert_int_equal(event->kind, EVENT_REMOVED);
    assert_int_equal(event->seq, seq);
    event_unref(event);
}

static void what_is_rejected_may_come_back_to_the_queue(void **state)
{
    struct comments_rig *rig = *state;
    struct held_row row;
    const uint64_t n = hold(rig);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_REJECT, &row), ERR_OK);
    assert_int_equal(standing_now(rig, n).state, COMMENT_DELETED);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_APPROVE, &row), ERR_DENIED);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_REQUEUE, &row), ERR_OK);
    assert_int_equal(row.due_ms, 0); // it was judged: time alone does not approve it
    assert_int_equal(standing_now(rig, n).state, COMMENT_HELD);
    assert_int_equal(held_step(&rig->store, 99, COMMENT_STEP_REQUEUE, &row), ERR_NOT_FOUND);
}

static void the_queue_is_bounded_by_name(void **state)
{
    struct comments_rig *rig = *state;
    uint64_t count = 0;
    struct held_row row;
    const uint64_t first = hold(rig);
    (void)hold(rig);
    (void)hold(rig);
    const struct held_row more = row_of(rig, rig->next_n);
    assert_int_equal(held_add(&rig->store, &more, HELD_TEST_MAX), ERR_LIMIT);
    assert_int_equal(held_step(&rig->store, first, COMMENT_STEP_REJECT, &row), ERR_OK);
    assert_int_equal(held_count(&rig->store, rig->streams[0].id, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(held_add(&rig->store, &more, HELD_TEST_MAX), ERR_OK);
    assert_int_equal(held_count(&rig->store, 0, &count), ERR_OK);
    assert_int_equal(count, 3);
}

static void the_longest_due_come_first(void **state)
{
    struct comments_rig *rig = *state;
    struct held_row row = row_of(rig, 11);
    uint64_t due[4];
    uint32_t count = 0;
    row.due_ms = 2000;
    assert_int_equal(held_add(&rig->store, &row, 0), ERR_OK);
    row = row_of(rig, 12);
    row.due_ms = 1500;
    assert_int_equal(held_add(&rig->store, &row, 0), ERR_OK);
    row = row_of(rig, 13);
    row.due_ms = 0;
    assert_int_equal(held_add(&rig->store, &row, 0), ERR_OK);
    assert_int_equal(held_due(&rig->store, 1499, due, 4, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(held_due(&rig->store, 2000, due, 4, &count), ERR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(due[0], 12);
    assert_int_equal(due[1], 11);
    assert_int_equal(held_forget_due(&rig->store, 12), ERR_OK);
    assert_int_equal(held_due(&rig->store, 2000, due, 4, &count), ERR_OK);
    assert_int_equal(count, 1);
}

static void a_retry_finds_what_is_held(void **state)
{
    struct comments_rig *rig = *state;
    struct store_dedupe dedupe;
    uint64_t found = 0;
    const struct store_dedupe_key key = {
        .stream = STR("demo"), .user = STR("ann"), .cid = STR("c1")};
    const uint64_t n = hold(rig);
    assert_int_equal(store_dedupe_open(&rig->store, rig->identity.hash_key, 0, &dedupe), ERR_OK);
    assert_int_equal(store_dedupe_add(&rig->store, &dedupe, &key, n), ERR_OK);
    assert_int_equal(store_dedupe_find(&rig->store, &dedupe, &key, &found), ERR_OK);
    assert_int_equal(found, n);
    const struct standing standing = standing_now(rig, n);
    struct event *event = NULL;
    assert_int_equal(standing_event(&rig->store, &rig->identity, &standing, &event), ERR_OK);
    assert_int_equal(event->kind, EVENT_COMMENT);
    assert_int_equal(event->seq, 0);
    event_unref(event);
}

static void moderators_see_the_queue_and_what_held_it(void **state)
{
    struct comments_rig *rig = *state;
    struct buf out;
    buf_init(&out, MEM_OTHER, 1 << 16);
    (void)hold(rig);
    const uint64_t seq = comments_rig_post(rig, 0, "bob", "was visible");
    const struct removals_by by = comments_rig_by(rig, 6);
    enum comment_state was = 0;
    assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
    struct held_row row = row_of(rig, rig->next_n - 1);
    row.seq = seq;
    row.log_n = row.n;
    row.due_ms = 0;
    row.act = 6;
    row.rule = row.body = STR_NONE;
    assert_int_equal(held_add(&rig->store, &row, 0), ERR_OK);
    assert_int_equal(comments_rig_state(rig, seq), COMMENT_HELD);
    const struct held_page page = {.stream = rig->streams[0].id,
                                   .name = STR("demo"),
                                   .id_key = rig->identity.id_key,
                                   .limit = 10};
    assert_int_equal(held_reads_write(&rig->store, &page, &out), ERR_OK);
    buf_add_byte(&out, '\0');
    const char *json = (const char *)out.bytes;
    assert_non_null(
        strstr(json, "\"comments\":[{\"type\":\"comment\",\"stream\":\"demo\",\"id\":"));
    assert_non_null(strstr(json, "\"act\":\"a5\",\"rule\":\"hold_all\",\"due_at\":9000}"));
    assert_non_null(strstr(json, "was visible\",\"act\":\"a6\"}"));
    buf_done(&out);
}

static void another_time_is_written_into_a_body(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, MEM_OTHER, 1 << 10);
    assert_int_equal(
        comment_body_set_at(
            &out, STR("\"id\":\"x\",\"cid\":\"at\",\"at\":12,\"text\":\",\\\"at\\\":9\""), 345),
        ERR_OK);
    assert_true(str_eq(buf_str(&out),
                       STR("\"id\":\"x\",\"cid\":\"at\",\"at\":345,\"text\":\",\\\"at\\\":9\"")));
    assert_int_equal(comment_body_set_at(&out, STR("\"at\":12"), 345), ERR_PROTO);
    assert_int_equal(comment_body_set_at(&out, STR("\"id\":\"x\""), 345), ERR_PROTO);
    assert_int_equal(comment_body_set_at(&out, STR_NONE, 345), ERR_PROTO);
    buf_done(&out);
}

static void a_row_that_was_changed_is_not_handed_out(void **state)
{
    struct comments_rig *rig = *state;
    struct held_row row;
    const uint64_t n = hold(rig);
    assert_int_equal(store_exec(&rig->store, "UPDATE held SET body = 'other words'"), ERR_OK);
    assert_int_equal(held_find(&rig->store, n, &row), ERR_GONE);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_APPROVE, &row), ERR_GONE);
    assert_int_equal(held_forget_due(&rig->store, n), ERR_OK);
    assert_int_equal(store_number(&rig->store, "SELECT due FROM held"), 0);
}

/* Retries may name it for longer than its text is kept. */
static void a_rejected_text_is_erased_before_it_is_forgotten(void **state)
{
    struct comments_rig *rig = *state;
    const struct held_stretch before = held_stretch_until(999), all = held_stretch_until(1000);
    struct held_row row;
    struct event *event = NULL;
    uint32_t count = 0;
    const uint64_t waiting = hold(rig);
    const uint64_t n = hold(rig);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_REJECT, &row), ERR_OK);
    assert_int_equal(held_erase(&rig->store, &before, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(held_erase(&rig->store, &all, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(held_forget(&rig->store, &all, n, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(held_find(&rig->store, n, &row), ERR_OK);
    assert_true(held_is_erased(&row));
    assert_true(str_eq(row.user, STR("ann")) && str_eq(row.cid, STR("c1")));
    const struct standing standing = standing_now(rig, n);
    assert_int_equal(standing_event(&rig->store, &rig->identity, &standing, &event), ERR_OK);
    assert_int_equal(event->kind, EVENT_REMOVED);
    event_unref(event);
    assert_int_equal(held_forget(&rig->store, &all, n + 1, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(held_find(&rig->store, n, &row), ERR_NOT_FOUND);
    assert_int_equal(held_find(&rig->store, waiting, &row), ERR_OK);
    assert_true(row.body.len > 0);
}

static void a_damaged_text_is_erased_too(void **state)
{
    struct comments_rig *rig = *state;
    const struct held_stretch all = held_stretch_until(1000);
    struct held_row row;
    uint32_t count = 0;
    const uint64_t n = hold(rig);
    assert_int_equal(held_step(&rig->store, n, COMMENT_STEP_REJECT, &row), ERR_OK);
    assert_int_equal(store_exec(&rig->store, "UPDATE held SET body = 'other words'"), ERR_OK);
    assert_int_equal(held_erase(&rig->store, &all, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_number(&rig->store, "SELECT count(*) FROM held WHERE body <> ''"), 0);
    assert_int_equal(held_find(&rig->store, n, &row), ERR_GONE);
}

/* Posted by the dozen in the same millisecond, so that stretches end amid one. */
static void stretches_hold_all_that_was_rejected_once(void **state)
{
    enum { MANY = 2 * HELD_STRETCH + 5, EACH_MS = 12 };
    struct comments_rig *rig = *state;
    struct held_stretch stretch = {0};
    uint32_t stretches = 0, erased = 0, count = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        struct held_row row = row_of(rig, MANY - i); // numbers do not follow the time
        row.at_ms = 1000 + (int64_t)i / EACH_MS;
        assert_int_equal(held_add(&rig->store, &row, UINT64_MAX), ERR_OK);
        assert_int_equal(held_step(&rig->store, row.n, COMMENT_STEP_REJECT, &row), ERR_OK);
    }
    while (!stretch.is_last) {
        assert_int_equal(held_stretch_next(&rig->store, INT64_MAX, &stretch), ERR_OK);
        uint32_t there = 0;
        do {
            assert_int_equal(held_erase(&rig->store, &stretch, &count), ERR_OK);
            there += count;
        } while (count > 0);
        assert_true(stretch.is_last || there == HELD_STRETCH);
        stretches++;
        erased += there;
    }
    assert_int_equal(stretches, 3);
    assert_int_equal(erased, MANY);
}

static uint32_t count_of_bob(struct comments_rig *rig)
{
    const struct held_by by = {.stream = rig->streams[0].id, .user = STR("bob")};
    uint64_t ns[4];
    uint32_t count = 0;
    assert_int_equal(held_by_user(&rig->store, &by, ns, 4, &count), ERR_OK);
    return count;
}

static void what_one_wrote_is_looked_for_among_the_newest(void **state)
{
    struct comments_rig *rig = *state;
    struct held_row row = row_of(rig, 1);
    row.user = STR("bob");
    assert_int_equal(held_add(&rig->store, &row, UINT64_MAX), ERR_OK);
    for (uint64_t n = 2; n <= HELD_LOOKS_MAX; n++) {
        row = row_of(rig, n);
        row.state = COMMENT_DELETED; // it is looked at like what waits
        assert_int_equal(held_add(&rig->store, &row, UINT64_MAX), ERR_OK);
    }
    assert_int_equal(count_of_bob(rig), 1);
    row = row_of(rig, HELD_LOOKS_MAX + 1);
    assert_int_equal(held_add(&rig->store, &row, UINT64_MAX), ERR_OK);
    assert_int_equal(count_of_bob(rig), 0);
}

static enum err hold_and_place(struct comments_rig *rig, const struct comments_rig_break *at)
{
    struct held_row row = row_of(rig, 1);
    store_breaks_arm(at->breaks, &rig->store, at->what, at->n);
    TRY(held_add(&rig->store, &row, 5));
    TRY(held_step(&rig->store, 1, COMMENT_STEP_APPROVE, &row));
    return held_place(&rig->store, 1, 2);
}

static void wherever_a_step_breaks_off_a_failure_is_said(void **state)
{
    comments_rig_break_all(state, hold_and_place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMENTS_RIG_TEST(a_held_comment_waits_and_takes_its_place_when_approved),
        COMMENTS_RIG_TEST(what_is_rejected_may_come_back_to_the_queue),
        COMMENTS_RIG_TEST(the_queue_is_bounded_by_name),
        COMMENTS_RIG_TEST(the_longest_due_come_first),
        COMMENTS_RIG_TEST(a_retry_finds_what_is_held),
        COMMENTS_RIG_TEST(moderators_see_the_queue_and_what_held_it),
        COMMENTS_RIG_TEST(another_time_is_written_into_a_body),
        COMMENTS_RIG_TEST(a_row_that_was_changed_is_not_handed_out),
        COMMENTS_RIG_TEST(a_rejected_text_is_erased_before_it_is_forgotten),
        COMMENTS_RIG_TEST(a_damaged_text_is_erased_too),
        COMMENTS_RIG_TEST(stretches_hold_all_that_was_rejected_once),
        COMMENTS_RIG_TEST(what_one_wrote_is_looked_for_among_the_newest),
        COMMENTS_RIG_TEST(wherever_a_step_breaks_off_a_failure_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
