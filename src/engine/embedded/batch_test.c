// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/batch.h"

#include "engine/embedded/comment_body.h"
#include "engine/embedded/store_breaks_test.h"
#include "engine/embedded/store_memory_test.h"
#include "engine/embedded/store_number_test.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/upkeep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { POSTS = 4, CALLS = 2, POST_WAIT_MS = 500 };

static int64_t now_ms(const struct clock *clock)
{
    (void)clock;
    return 1000000;
}

static const struct clock the_clock = {.mono_ms = now_ms, .wall_ms = now_ms};
static const struct moment now = {.mono_ms = 1000000, .wall_ms = 1000000};

static struct batch batch; // large
static struct engine_metrics metrics;
static struct store store;
static struct ordering ordering;
static struct submit posts[POSTS];
static struct stream_call calls[CALLS];
static struct bus bus; // nobody watches
static const struct str cleo[] = {STR("cleo")};
static struct act_call ban = {
    .stream = STR("old"),
    .act = {.what = ACT_BAN, .at = ACT_AT_USERS, .users = cleo, .target_count = 1, .seconds = -1},
    .by = {.kind = ACTOR_USER, .id = STR("mod")}};

static struct submit post_of(const char *stream, const char *cid)
{
    return (struct submit){.stream = str_of(stream),
                           .author = {.id = STR("ann"), .name = STR("Ann")},
                           .address = STR("address"),
                           .cid = str_of(cid),
                           .text = STR("hello"),
                           .media_ms = -1,
                           .asked_mono_ms = 1000000};
}

static int set_up(void **state)
{
    const struct embedded_rules rules = {.post_user = {.count = 100, .window_ms = 1000}};
    struct store_identity identity;
    (void)state;
    engine_metrics_add(&metrics);
    batch_init(&batch, &the_clock, &metrics, POST_WAIT_MS);
    bus_init(&bus, &(struct bus_bounds){.events_max = 1, .bytes_max = 1});
    store_memory_open(&store, &identity);
    assert_int_equal(ordering_open(&ordering, &store, &identity, &rules, now), ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ordering_close(&ordering);
    store_close(&store);
    engine_metrics_remove(&metrics);
    return 0;
}

/* Of posts[] and calls[], so many of each. */
static enum err decide(uint32_t post_count, uint32_t call_count)
{
    batch_begin(&batch, now);
    for (uint32_t i = 0; i < call_count; i++) {
        batch_add_call(&batch, &calls[i]);
    }
    for (uint32_t i = 0; i < post_count; i++) {
        batch_add_post(&batch, &posts[i]);
    }
    return batch_decide(&batch, &ordering, true);
}

/* Nobody is answered: what they would have been given is let go. */
static void drop(void)
{
    for (uint32_t i = 0; i < batch.post_count; i++) {
        event_unref(batch.posts[i].verdict.event);
    }
    outbox_clear(&ordering.outbox);
    barrier_free(batch.barrier);
    batch.barrier = NULL;
}

static int64_t rows(void)
{
    return store_number(&store, "SELECT count(*) FROM log");
}

/* "old" holds one comment, "c-old"; then a batch of all kinds is made. */
static void prepare_questions(char id[64])
{
    posts[0] = post_of("old", "c-old");
    assert_int_equal(decide(1, 0), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.end, SUBMIT_DONE);
    const struct event *event = batch.posts[0].verdict.event;
    const struct str old = comment_body_id((struct str){event->body, event->body_len});
    assert_true(old.len < 64);
    memcpy(id, old.at, old.len);
    posts[2] = post_of("old", "c-reply");
    posts[2].reply_to = (struct str){.at = id, .len = old.len};
    drop();
    posts[0] = post_of("new", "c-new");
    posts[1] = post_of("old", "c-old");
    posts[3] = post_of("old", "");
    calls[0] = (struct stream_call){
        .what = STREAM_DO_PUT, .stream = STR("put"), .retention_days = 3, .state = STREAM_PAUSED};
    calls[1] = (struct stream_call){.what = STREAM_DO_END, .stream = STR("end")};
}

static void a_batch_is_decided_as_one(void **state)
{
    char id[64];
    (void)state;
    prepare_questions(id);
    assert_int_equal(decide(POSTS, CALLS), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.end, SUBMIT_DONE);
    assert_int_equal(batch.posts[1].verdict.end, SUBMIT_DUPLICATE);
    assert_int_equal(batch.posts[2].verdict.end, SUBMIT_DONE);
    assert_int_equal(batch.posts[3].verdict.end, SUBMIT_DONE);
    assert_int_equal(calls[0].result, ERR_OK);
    assert_int_equal(calls[0].now, STREAM_PAUSED);
    assert_int_equal(calls[1].now, STREAM_ENDED);
    assert_int_equal(batch.rows, 5);
    assert_int_equal(rows(), 6);
    drop();
}

/* After a failed batch a server opens its store anew. */
static void reopen(void)
{
    assert_int_equal(ordering_reload(&ordering, now), ERR_OK);
}

static void check_broken(enum err err)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < POSTS; i++) {
        const struct verdict *verdict = &batch.posts[i].verdict;
        done += verdict->end == SUBMIT_DONE;
        assert_int_equal(verdict->event != NULL,
                         verdict->end == SUBMIT_DONE || verdict->end == SUBMIT_DUPLICATE);
        if (verdict->end == SUBMIT_REFUSED) {
            assert_int_equal(verdict->refusal, REFUSAL_STORE_DOWN);
        }
    }
    if (err == ERR_OK) {
        assert_int_equal(calls[0].result, ERR_OK);
        assert_int_equal(calls[1].result, ERR_OK);
        assert_int_equal(rows(), 1 + done + CALLS);
        return;
    }
    assert_int_equal(done, 0);
    assert_int_equal(batch.rows, 0);
    assert_int_equal(calls[0].result, ERR_SYS);
    assert_int_equal(calls[1].result, ERR_SYS);
    assert_true(rows() == 1 || batch.may_be_written);
}

/* Who asks again gets what the first time would have given. */
static void check_retry(void)
{
    assert_int_equal(decide(3, CALLS), ERR_OK);
    for (uint32_t i = 0; i < 3; i++) {
        const enum submit_end end = batch.posts[i].verdict.end;
        assert_true(end == SUBMIT_DONE || end == SUBMIT_DUPLICATE);
    }
    assert_int_equal(store_number(&store, "SELECT count(*) FROM log WHERE cid = 'c-new'"), 1);
    assert_int_equal(store_number(&store, "SELECT count(*) FROM log WHERE cid = 'c-reply'"), 1);
    assert_int_equal(store_number(&store, "SELECT count(*) FROM log WHERE kind <> 1"), CALLS);
    assert_int_equal(store_number(&store, "SELECT count(*) FROM log WHERE prev + 1 <> seq"), 0);
    assert_int_equal(store_number(&store, "SELECT max(seq) - count(*) FROM log WHERE stream = 1"),
                     0);
    drop();
}

static void wherever_a_batch_breaks_off_its_answers_are_true(void **state)
{
    uint32_t without_one = 0;
    (void)state;
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n = store_breaks_next(n)) {
            struct store_breaks breaks;
            char id[64];
            prepare_questions(id);
            store_breaks_arm(&breaks, &store, what, n);
            const enum err err = decide(POSTS, CALLS);
            has_broken = store_breaks_disarm(&breaks, &store);
            assert_true(err == ERR_OK || has_broken);
            check_broken(err);
            without_one += has_broken && err == ERR_OK;
            drop();
            reopen();
            check_retry();
            (void)tear_down(NULL);
            (void)set_up(NULL);
        }
    }
    assert_true(without_one > 0); // one that cannot be decided does not take the others with it
}

/* In force, in the audit and known, or none of these. */
static void check_act(enum err err, bool has_broken)
{
    const enum act_end end = batch.acts[0].verdict.end;
    const int64_t acts = store_number(&store, "SELECT count(*) FROM acts");
    const struct sanctions_found found =
        sanctions_find(&ordering.sanctions, 1, cleo[0], now.mono_ms);
    assert_int_equal(store_number(&store, "SELECT count(*) FROM sanctions"), acts);
    assert_int_equal(store_number(&store, "SELECT count(*) FROM audit"), acts);
    assert_int_equal(found.ban != 0, acts == 1);
    if (end == ACT_DONE) {
        assert_int_equal(err, ERR_OK);
        assert_int_equal(acts, 1);
        return;
    }
    assert_true(has_broken);
    assert_int_equal(end, batch.may_be_written ? ACT_UNKNOWN : ACT_REFUSED);
    assert_true(acts == 0 || batch.may_be_written);
}

static void wherever_an_act_breaks_off_it_is_whole_or_nothing(void **state)
{
    (void)state;
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n = store_breaks_next(n)) {
            struct store_breaks breaks;
            posts[0] = post_of("old", "c-old");
            assert_int_equal(decide(1, 0), ERR_OK);
            drop();
            store_breaks_arm(&breaks, &store, what, n);
            batch_begin(&batch, now);
            batch_add_act(&batch, &ban, &bus);
            const enum err err = batch_decide(&batch, &ordering, true);
            has_broken = store_breaks_disarm(&breaks, &store);
            drop();
            reopen();
            check_act(err, has_broken);
            (void)tear_down(NULL);
            (void)set_up(NULL);
        }
    }
}

static void what_waited_too_long_is_not_written(void **state)
{
    (void)state;
    posts[0] = post_of("demo", "c-1");
    posts[0].asked_mono_ms = now.mono_ms - POST_WAIT_MS - 1;
    assert_int_equal(decide(1, 0), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.refusal, REFUSAL_OVERLOADED);
    posts[0].asked_mono_ms = now.mono_ms - POST_WAIT_MS;
    posts[1] = post_of("demo", "c-2");
    posts[1].asked_mono_ms = now.mono_ms - POST_WAIT_MS - 1;
    assert_int_equal(decide(2, 0), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.end, SUBMIT_DONE);
    assert_int_equal(batch.posts[1].verdict.refusal, REFUSAL_OVERLOADED);
    assert_int_equal(rows(), 1);
    drop();
}

static void without_leave_to_write_all_is_refused(void **state)
{
    (void)state;
    posts[0] = post_of("demo", "c-1");
    posts[1] = post_of("demo", "c-2");
    posts[1].asked_mono_ms = now.mono_ms - POST_WAIT_MS - 1;
    batch_begin(&batch, now);
    batch_add_post(&batch, &posts[0]);
    batch_add_post(&batch, &posts[1]);
    assert_int_equal(batch_decide(&batch, &ordering, false), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.refusal, REFUSAL_STORE_DOWN);
    assert_int_equal(batch.posts[1].verdict.refusal, REFUSAL_OVERLOADED);
    assert_int_equal(rows(), 0);
}

static void a_reply_to_what_is_gone_or_damaged_is_refused(void **state)
{
    char id[64];
    (void)state;
    prepare_questions(id);
    posts[0] = posts[2];
    assert_int_equal(store_exec(&store, "UPDATE log SET body = 'x'"), ERR_OK);
    assert_int_equal(decide(1, 0), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.refusal, REFUSAL_NO_COMMENT);
    assert_int_equal(store_exec(&store, "DELETE FROM log"), ERR_OK);
    assert_int_equal(decide(1, 0), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.refusal, REFUSAL_NO_COMMENT);
    posts[0].reply_to = STR("no id of ours");
    assert_int_equal(decide(1, 0), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.refusal, REFUSAL_NO_COMMENT);
    assert_int_equal(rows(), 0);
}

/* A stream whose newest row is damaged cannot be gone on with; the others can. */
static void a_damaged_end_stops_its_own_stream_only(void **state)
{
    char id[64];
    (void)state;
    prepare_questions(id);
    assert_int_equal(store_exec(&store, "UPDATE log SET body = 'x'"), ERR_OK);
    reopen();
    posts[2].reply_to = STR_NONE;
    calls[0].stream = STR("old");
    assert_int_equal(decide(POSTS, CALLS), ERR_OK);
    assert_int_equal(batch.posts[0].verdict.end, SUBMIT_DONE);
    for (uint32_t i = 1; i < POSTS; i++) {
        assert_int_equal(batch.posts[i].verdict.refusal, REFUSAL_STORE_DOWN);
    }
    assert_int_equal(calls[0].result, ERR_SYS);
    assert_int_equal(calls[1].result, ERR_OK);
    drop();
}

/* The sweep of an act on all streams comes by later where nobody watches; what is in memory is
 * not handed out until then. */
static void an_act_on_all_streams_is_over_what_memory_holds_of_each(void **state)
{
    static const struct str ann[] = {STR("ann")};
    struct act_call purge = {
        .act = {.what = ACT_PURGE, .at = ACT_AT_USERS, .users = ann, .target_count = 1},
        .by = {.kind = ACTOR_USER, .id = STR("mod")}};
    struct read read = {.stream = STR("old"), .upto = SEQ_MAX, .limit = 9, .kinds = UINT32_MAX};
    const struct log_tail_place place = {.head = 0};
    struct log_tail tail;
    (void)state;
    log_tail_init(&tail, 1, 1 << 20);
    log_tail_wake(&tail, STR("old"), &place);
    posts[0] = post_of("old", "c-old");
    assert_int_equal(decide(1, 0), ERR_OK);
    batch_publish(&batch, &ordering, &bus, &tail);
    drop();
    assert_int_equal(log_tail_read(&tail, &read), LOG_TAIL_WHOLE);
    assert_int_equal(read.count, 1);
    read_done(&read);
    batch_begin(&batch, now);
    batch_add_act(&batch, &purge, &bus);
    assert_int_equal(batch_decide(&batch, &ordering, true), ERR_OK);
    const uint64_t before = log_tail_redactions(&tail);
    batch_publish(&batch, &ordering, &bus, &tail);
    drop();
    assert_int_equal(log_tail_read(&tail, &read), LOG_TAIL_NONE);
    assert_true(log_tail_redactions(&tail) > before); // nor is what was read before put back
    log_tail_done(&tail);
}

/* Of those loaded and those given since; a piece at a time. */
static void what_ran_out_is_forgotten_and_its_rows_are(void **state)
{
    static const char many[] =
        "WITH RECURSIVE some(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM some WHERE i < 300) "
        "INSERT INTO sanctions SELECT 1000 + i, 'u' || i % 7, 1, 10, i % 2 + 1, '' FROM some";
    struct log_tail tail;
    const struct outlet outlet = {.heads = &ordering.heads, .bus = &bus, .tail = &tail};
    const struct store_sanction timeouts[] = {
        {.act = 2000, .user = STR("dan"), .stream = 1, .what = ACT_TIMEOUT, .until_ms = 1000100},
        {.act = 2001, .user = STR("eve"), .stream = 1, .what = ACT_TIMEOUT, .until_ms = 1009000},
        {.act = 2002, .user = STR("eve"), .stream = 1, .what = ACT_BAN}};
    const struct moment later = {.mono_ms = 1000100, .wall_ms = 1000100};
    struct upkeep upkeep;
    (void)state;
    assert_int_equal(store_exec(&store, many), ERR_OK);
    reopen();
    assert_int_equal(ordering.sanctions.count, 300);
    for (size_t i = 0; i < 3; i++) {
        const struct sanctions_now at = {.mono_ms = now.mono_ms, .wall_ms = now.wall_ms};
        assert_int_equal(sanctions_add(&ordering.sanctions, &store, &timeouts[i], at), ERR_OK);
    }
    log_tail_init(&tail, 1, 1 << 20);
    upkeep_init(&upkeep, &ordering);
    assert_int_equal(upkeep_step(&upkeep, &outlet, later), ERR_OK);
    assert_int_equal(ordering.sanctions.count, 303 - SANCTIONS_SWEPT);
    assert_int_equal(upkeep_step(&upkeep, &outlet, later), ERR_OK);
    assert_int_equal(ordering.sanctions.count, 2);
    assert_int_equal(store_number(&store, "SELECT count(*) FROM sanctions"), 2);
    const struct sanctions_found found =
        sanctions_find(&ordering.sanctions, 1, STR("eve"), later.mono_ms);
    assert_true(found.timeout == 2001 && found.ban == 2002);
    log_tail_done(&tail);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_is_decided_as_one),
        TEST(wherever_a_batch_breaks_off_its_answers_are_true),
        TEST(wherever_an_act_breaks_off_it_is_whole_or_nothing),
        TEST(what_waited_too_long_is_not_written),
        TEST(without_leave_to_write_all_is_refused),
        TEST(a_reply_to_what_is_gone_or_damaged_is_refused),
        TEST(a_damaged_end_stops_its_own_stream_only),
        TEST(an_act_on_all_streams_is_over_what_memory_holds_of_each),
        TEST(what_ran_out_is_forgotten_and_its_rows_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
