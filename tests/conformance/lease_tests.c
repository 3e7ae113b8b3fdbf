// SPDX-License-Identifier: Apache-2.0
/* The embedded engine when another process takes its folder over: lent, taken back, given. */
#include "desk.h"
#include "subject.h"

#include "base/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SOME = 20 };

/* A counter of the process, as /metrics would tell it. */
static int64_t metric_total(const char *name)
{
    struct buf text;
    char line[128];
    buf_init(&text, MEM_OTHER, 1 << 20);
    metric_write(&text);
    buf_add_byte(&text, '\0');
    snprintf(line, sizeof(line), "\n%s ", name);
    const char *found = strstr((const char *)text.bytes, line);
    const int64_t total = found == NULL ? 0 : strtoll(found + strlen(line), NULL, 10);
    buf_done(&text);
    return total;
}

struct asking {
    struct lease_call lease; // first
    bool is_done;
};

static void on_leased(struct call *call)
{
    ((struct asking *)(void *)call)->is_done = true;
}

static void ask_lease(struct subject *subject, struct desk *desk, struct asking *asking,
                      enum lease_do what)
{
    *asking = (struct asking){
        .lease = {.call = {.home = mail_home(&desk->mail), .done = on_leased}, .what = what}};
    embedded_lease(subject->engine, &asking->lease);
}

static enum err lease(struct subject *subject, struct desk *desk, enum lease_do what)
{
    struct asking asking;
    ask_lease(subject, desk, &asking, what);
    desk_wait(desk, &asking.is_done);
    return asking.lease.result;
}

/* The process that takes over. */
static void start_other(const struct subject *subject, struct subject *other)
{
    *other = *subject;
    subject_start(other);
}

static void what_was_handed_over_is_answered_before_it_is_lent(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post posts[SOME];
    struct asking asking;
    desk_open(&desk, subject->port);
    for (int i = 0; i < SOME; i++) {
        posts[i] = desk_post_of("demo", "ann", NULL, "hello");
        desk_ask_post(&desk, &posts[i]);
    }
    ask_lease(subject, &desk, &asking, LEASE_LEND);
    desk_wait(&desk, &asking.is_done);
    assert_int_equal(asking.lease.result, ERR_OK);
    for (int i = 0; i < SOME; i++) {
        assert_true(posts[i].is_done); // its letter lay before that of the lease
        assert_int_equal(posts[i].submit.end, SUBMIT_DONE);
        desk_post_done(&posts[i]);
    }
    struct subject other;
    start_other(subject, &other);
    struct desk desk_there;
    desk_open(&desk_there, other.port);
    assert_int_equal(desk_count(&desk_there, "demo", 0, SEQ_MAX).count, SOME);
    desk_close(&desk_there);
    subject_stop(&other);
    desk_close(&desk);
}

static void while_lent_memory_is_read_and_posts_wait(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    const char *reason = NULL;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    (void)desk_say(&desk, "demo", "ann", "before");
    assert_int_equal(lease(subject, &desk, LEASE_LEND), ERR_OK);
    assert_false(embedded_is_well(subject->engine, &reason));
    assert_non_null(strstr(reason, "takes over"));
    struct reading reading = desk_read_after(&desk, "demo", 0, 10);
    assert_int_equal(reading.read.count, 1);
    read_done(&reading.read);
    struct post held = desk_post_of("demo", "ann", "c-1", "held");
    desk_ask_post(&desk, &held);
    desk_sync(&desk);
    assert_false(held.is_done);

    assert_int_equal(lease(subject, &desk, LEASE_TAKE_BACK), ERR_OK);
    desk_wait(&desk, &held.is_done);
    assert_int_equal(held.submit.end, SUBMIT_DONE);
    assert_int_equal(held.submit.event->seq, 2);
    desk_post_done(&held);
    assert_true(embedded_is_well(subject->engine, &reason));
    assert_int_equal(follower.events, 2);
    assert_int_equal(follower.out_of_order, 0);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

static void what_the_other_wrote_is_published_when_it_is_taken_back(void **state)
{
    struct subject *subject = *state;
    struct subject other;
    struct desk desk, desk_there;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    (void)desk_say(&desk, "demo", "ann", "before");
    assert_int_equal(lease(subject, &desk, LEASE_LEND), ERR_OK);
    start_other(subject, &other);
    desk_open(&desk_there, other.port);
    assert_int_equal(desk_say(&desk_there, "demo", "ann", "there"), 2);
    assert_int_equal(lease(subject, &desk, LEASE_TAKE_BACK), ERR_EXISTS);
    desk_close(&desk_there);
    subject_stop(&other);
    assert_int_equal(lease(subject, &desk, LEASE_TAKE_BACK), ERR_OK);
    assert_int_equal(desk_say(&desk, "demo", "ann", "after"), 3);
    assert_int_equal(follower.events, 3);
    assert_int_equal(follower.out_of_order, 0);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

static void a_post_waits_two_seconds_and_no_more(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    assert_int_equal(lease(subject, &desk, LEASE_LEND), ERR_OK);
    struct post first = desk_post_of("demo", "ann", "c-1", "first");
    desk_ask_post(&desk, &first);
    desk_sync(&desk);
    subject_pass(subject, 1000);
    struct post second = desk_post_of("demo", "ann", "c-2", "second");
    desk_ask_post(&desk, &second);
    subject_pass(subject, 1000);
    desk_wait(&desk, &first.is_done);
    assert_int_equal(first.submit.refusal, REFUSAL_DRAINING);
    assert_false(second.is_done);
    assert_int_equal(lease(subject, &desk, LEASE_TAKE_BACK), ERR_OK);
    desk_wait(&desk, &second.is_done);
    assert_int_equal(second.submit.end, SUBMIT_DONE); // nor is its wait held against it
    desk_post_done(&second);
    desk_close(&desk);
}

static void what_is_given_refuses_by_name(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    (void)desk_say(&desk, "demo", "ann", "before");
    assert_int_equal(lease(subject, &desk, LEASE_LEND), ERR_OK);
    struct post held = desk_post_of("demo", "ann", "c-1", "held");
    desk_ask_post(&desk, &held);
    struct reading cold = {
        .read = {.stream = STR("cold"), .upto = SEQ_MAX, .limit = 10, .kinds = UINT32_MAX}};
    desk_ask_read(&desk, &cold);
    assert_int_equal(lease(subject, &desk, LEASE_GIVE), ERR_OK);
    desk_wait(&desk, &held.is_done);
    assert_int_equal(held.submit.refusal, REFUSAL_DRAINING);
    desk_wait(&desk, &cold.is_done);
    assert_int_equal(cold.read.result, ERR_SYS);
    struct post late = desk_post_of("demo", "ann", "c-2", "late");
    desk_post(&desk, &late);
    assert_int_equal(late.submit.refusal, REFUSAL_DRAINING);
    desk_ask_follow(&desk, &follower, "demo");
    desk_wait(&desk, &follower.is_done);
    assert_int_equal(follower.watch.result, ERR_SYS);
    struct subject other;
    start_other(subject, &other); // and its folder is free
    subject_stop(&other);
    desk_close(&desk);
}

/* Readers stand at their gate while the folder is lent: what is asked meanwhile waits. */
static void many_who_ask_the_same_share_one_read(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct reading readings[SOME];
    desk_open(&desk, subject->port);
    for (int i = 0; i < SOME; i++) {
        (void)desk_say(&desk, "demo", "ann", "before");
    }
    desk_close(&desk);
    subject_restart(subject); // nothing is in memory
    desk_open(&desk, subject->port);
    const int64_t shared = metric_total("roar_store_reads_shared_total");
    assert_int_equal(lease(subject, &desk, LEASE_LEND), ERR_OK);
    for (int i = 0; i < SOME; i++) {
        readings[i] = (struct reading){.read = {.stream = STR("demo"),
                                                .bound = 5,
                                                .upto = SEQ_MAX,
                                                .limit = 10,
                                                .kinds = UINT32_MAX}};
        desk_ask_read(&desk, &readings[i]);
    }
    assert_int_equal(lease(subject, &desk, LEASE_TAKE_BACK), ERR_OK);
    for (int i = 0; i < SOME; i++) {
        desk_wait(&desk, &readings[i].is_done);
        assert_int_equal(readings[i].read.result, ERR_OK);
        assert_int_equal(readings[i].read.count, 10);
        assert_int_equal(readings[i].read.events[0]->seq, 6);
        assert_int_equal(readings[i].read.head, SOME);
        assert_true(readings[i].read.more);
        read_done(&readings[i].read);
    }
    /* Two threads may have taken one each before the rest had come. */
    assert_true(metric_total("roar_store_reads_shared_total") - shared >= SOME - 3);
    desk_close(&desk);
}

static void reads_beyond_the_bound_are_refused(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct reading readings[SOME];
    subject_stop(subject);
    subject->reads_waiting_max = 4;
    subject_start(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(lease(subject, &desk, LEASE_LEND), ERR_OK);
    for (int i = 0; i < SOME; i++) {
        readings[i] = (struct reading){.read = {.stream = STR("cold"),
                                                .bound = (uint64_t)i,
                                                .upto = SEQ_MAX,
                                                .limit = 10,
                                                .kinds = UINT32_MAX}};
        desk_ask_read(&desk, &readings[i]);
    }
    desk_wait(&desk, &readings[SOME - 1].is_done);
    assert_int_equal(readings[SOME - 1].read.result, ERR_NOMEM);
    assert_int_equal(lease(subject, &desk, LEASE_TAKE_BACK), ERR_OK);
    int refused = 0;
    for (int i = 0; i < SOME; i++) {
        desk_wait(&desk, &readings[i].is_done);
        refused += readings[i].read.result == ERR_NOMEM ? 1 : 0;
        read_done(&readings[i].read);
    }
    assert_in_range(refused, SOME - 6, SOME - 4); // two threads hold one each
    desk_close(&desk);
}

static void it_can_be_closed_while_it_is_lent(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    assert_int_equal(lease(subject, &desk, LEASE_LEND), ERR_OK);
    subject_restart(subject);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_handed_over_is_answered_before_it_is_lent,
                                        subject_set_up, subject_tear_down),
        cmocka_unit_test_setup_teardown(while_lent_memory_is_read_and_posts_wait, subject_set_up,
                                        subject_tear_down),
        cmocka_unit_test_setup_teardown(what_the_other_wrote_is_published_when_it_is_taken_back,
                                        subject_set_up, subject_tear_down),
        cmocka_unit_test_setup_teardown(a_post_waits_two_seconds_and_no_more, subject_set_up,
                                        subject_tear_down),
        cmocka_unit_test_setup_teardown(what_is_given_refuses_by_name, subject_set_up,
                                        subject_tear_down),
        cmocka_unit_test_setup_teardown(many_who_ask_the_same_share_one_read, subject_set_up,
                                        subject_tear_down),
        cmocka_unit_test_setup_teardown(reads_beyond_the_bound_are_refused, subject_set_up,
                                        subject_tear_down),
        cmocka_unit_test_setup_teardown(it_can_be_closed_while_it_is_lent, subject_set_up,
                                        subject_tear_down),
    };
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
