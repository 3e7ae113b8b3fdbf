// SPDX-License-Identifier: Apache-2.0
/* Streams: made by name or by PUT, ended once, kept as long as they say. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

void stream_is_there_once_named(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct stream_call get = desk_stream(&desk, STREAM_DO_GET, "demo");
    assert_int_equal(get.result, ERR_OK);
    assert_int_equal(get.now, STREAM_LIVE);
    assert_int_equal(get.head, 0);
    (void)desk_say(&desk, "demo", "ann", "hello");
    get = desk_stream(&desk, STREAM_DO_GET, "demo");
    assert_int_equal(get.head, 1);
    assert_int_equal(get.retention_now, -1);
    assert_int_equal(get.created_ms, subject->clock.wall_ms);
    assert_true(epoch_eq(&get.epoch, &subject->port->epoch));
    desk_close(&desk);
}

void stream_is_made_explicitly(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.streams_explicit = true};
    struct desk desk;
    struct follower follower;
    subject_set_rules(subject, &rules);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    struct post post = desk_post_of("demo", "ann", NULL, "hello");
    desk_post(&desk, &post);
    assert_int_equal(post.submit.refusal, REFUSAL_NO_STREAM);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(follower.watch.result, ERR_NOT_FOUND);
    struct reading reading = desk_read_newest(&desk, "demo", 10);
    assert_int_equal(reading.read.result, ERR_NOT_FOUND);
    read_done(&reading.read);
    assert_int_equal(desk_count(&desk, "demo", 0, 10).result, ERR_NOT_FOUND);
    assert_int_equal(desk_stream(&desk, STREAM_DO_GET, "demo").result, ERR_NOT_FOUND);
    assert_int_equal(desk_stream(&desk, STREAM_DO_END, "demo").result, ERR_NOT_FOUND);

    struct stream_call put = desk_put(&desk, "demo", 7, 0);
    assert_int_equal(put.result, ERR_OK);
    assert_true(put.created);
    assert_false(put.is_new_state);
    assert_int_equal(put.retention_now, 7);
    put = desk_put(&desk, "demo", -1, 0);
    assert_false(put.created);
    assert_int_equal(put.retention_now, 7);
    assert_int_equal(desk_say(&desk, "demo", "ann", "hello"), 1);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(follower.watch.result, ERR_OK);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void stream_ends_once(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    (void)desk_say(&desk, "demo", "ann", "hello");
    desk_follow(&desk, &follower, "demo");
    struct stream_call end = desk_stream(&desk, STREAM_DO_END, "demo");
    assert_int_equal(end.result, ERR_OK);
    assert_true(end.is_new_state);
    assert_int_equal(end.now, STREAM_ENDED);
    assert_int_equal(end.head, 2);
    assert_int_equal(follower.last, 2);
    assert_int_equal(follower.last_kind, EVENT_STREAM);
    assert_non_null(strstr(follower.last_body, "\"state\":\"ended\""));
    end = desk_stream(&desk, STREAM_DO_END, "demo");
    assert_false(end.is_new_state);
    assert_int_equal(end.head, 2);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(follower.watch.state, STREAM_ENDED);
    struct post post = desk_post_of("demo", "ann", NULL, "late");
    desk_post(&desk, &post);
    assert_int_equal(post.submit.refusal, REFUSAL_STREAM_ENDED);
    const struct stream_call live = desk_put(&desk, "demo", -1, STREAM_LIVE);
    assert_int_equal(live.now, STREAM_LIVE);
    assert_int_equal(desk_say(&desk, "demo", "ann", "again"), 4);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* Asks until retention has taken what is due; each answer gives the engine its time. */
static void wait_for_oldest(struct desk *desk, const char *stream, uint64_t oldest)
{
    for (;;) {
        struct reading reading = desk_read_newest(desk, stream, 1);
        const uint64_t found = reading.read.oldest;
        read_done(&reading.read);
        assert_true(found <= oldest);
        if (found == oldest) {
            return;
        }
        desk_sync(desk);
    }
}

void stream_keeps_what_it_says(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.retention_days = 2};
    struct desk desk;
    desk_open(&desk, subject->port);
    assert_int_equal(desk_put(&desk, "for-ever", 0, 0).result, ERR_OK);
    for (int i = 0; i < 600; i++) {
        (void)desk_say(&desk, "demo", "ann", "old");
    }
    (void)desk_say(&desk, "for-ever", "ann", "old");
    for (int day = 0; day < 4; day++) { // what a retry may still name is not taken
        subject_pass(subject, DAY_MS + 1);
        desk_close(&desk);
        subject_restart(subject);
        desk_open(&desk, subject->port);
        subject_pass(subject, 1);
        (void)desk_say(&desk, "tick", "ann", "a day has passed");
    }
    assert_int_equal(desk_say(&desk, "demo", "ann", "new"), 601);
    subject_set_rules(subject, &rules);
    wait_for_oldest(&desk, "demo", 601);
    struct reading reading = desk_read_after(&desk, "demo", 0, 10);
    assert_int_equal(reading.read.count, 1);
    assert_int_equal(reading.read.events[0]->seq, 601);
    assert_int_equal(reading.read.head, 601);
    read_done(&reading.read);
    const struct count_call count = desk_count(&desk, "demo", 0, SEQ_MAX);
    assert_int_equal(count.count, 1);
    assert_int_equal(count.oldest, 601);
    wait_for_oldest(&desk, "for-ever", 1);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    wait_for_oldest(&desk, "demo", 601);
    assert_int_equal(desk_say(&desk, "demo", "ann", "on it goes"), 602);
    desk_close(&desk);
}

/* Five comments in "demo", and nothing is left of them. */
static void let_all_expire(struct subject *subject, struct desk *desk)
{
    const struct embedded_rules rules = {.retention_days = 1};
    for (int i = 0; i < 5; i++) {
        (void)desk_say(desk, "demo", "ann", "all of it expires");
    }
    for (int day = 0; day < 4; day++) {
        subject_pass(subject, DAY_MS + 1);
        desk_close(desk);
        subject_restart(subject);
        desk_open(desk, subject->port);
    }
    subject_set_rules(subject, &rules);
    wait_for_oldest(desk, "demo", 6);
}

/* Who follows it may hold in memory what retention has taken from the store. */
void stream_clear_tells_of_what_expired(void **state)
{
    struct subject *subject = *state;
    struct follower follower;
    struct desk desk;
    desk_open(&desk, subject->port);
    let_all_expire(subject, &desk);
    desk_follow(&desk, &follower, "demo");
    (void)desk_do(&desk, "demo", (struct act){.what = ACT_CLEAR, .seconds = -1});
    assert_int_equal(follower.last_kind, EVENT_RETRACT);
    assert_non_null(strstr(follower.last_body, "\"upto\":5"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void stream_head_never_goes_back(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    let_all_expire(subject, &desk);
    struct reading reading = desk_read_newest(&desk, "demo", 10);
    assert_int_equal(reading.read.count, 0);
    assert_int_equal(reading.read.head, 5);
    read_done(&reading.read);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    struct post post = desk_post_of("demo", "ann", NULL, "new");
    desk_post(&desk, &post);
    assert_int_equal(post.submit.event->seq, 6);
    assert_int_equal(post.submit.event->prev, 5);
    assert_int_equal(post.submit.event->segment, 2);
    desk_post_done(&post);
    desk_close(&desk);
}
