// SPDX-License-Identifier: Apache-2.0
/* Limits: at most n accepted in any window; a refusal costs nothing and leaves no trace. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct submit try(struct desk *desk, const char *stream, const char *user,
                         const char *address)
{
    struct post post = desk_post_of(stream, user, NULL, "hello");
    post.submit.address = str_of(address);
    desk_post(desk, &post);
    const struct submit answer = post.submit;
    desk_post_done(&post);
    return answer;
}

void limit_holds_for_a_user_over_all_streams(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.post_user = {.count = 3, .window_ms = 10000}};
    struct desk desk;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    for (uint32_t i = 0; i < 3; i++) {
        char stream[8];
        snprintf(stream, sizeof(stream), "s%u", i);
        const struct submit answer = try(&desk, stream, "ann", NULL);
        assert_int_equal(answer.end, SUBMIT_DONE);
        assert_int_equal(answer.rate.limit, 3);
        assert_int_equal(answer.rate.remaining, 2 - i);
        subject_pass(subject, 1000);
    }
    struct submit answer = try(&desk, "s9", "ann", NULL);
    assert_int_equal(answer.end, SUBMIT_REFUSED);
    assert_int_equal(answer.refusal, REFUSAL_RATE_USER);
    assert_int_equal(answer.retry_after_ms, 7001); // a window, and the part of a tick
    assert_int_equal(answer.rate.remaining, 0);
    assert_int_equal(try(&desk, "s9", "bob", NULL).end, SUBMIT_DONE);
    desk_close(&desk);
    subject_restart(subject); // windows survive
    desk_open(&desk, subject->port);
    subject_pass(subject, 7000);
    answer = try(&desk, "s9", "ann", NULL);
    assert_int_equal(answer.refusal, REFUSAL_RATE_USER);
    subject_pass(subject, 1);
    assert_int_equal(try(&desk, "s9", "ann", NULL).end, SUBMIT_DONE);
    assert_int_equal(try(&desk, "s9", "ann", NULL).refusal, REFUSAL_RATE_USER);
    struct reading reading = desk_read_newest(&desk, "s9", 10);
    assert_int_equal(reading.read.head, 2);
    read_done(&reading.read);
    desk_close(&desk);
}

void limit_is_tenfold_for_the_unhurried(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.post_user = {.count = 2, .window_ms = 10000}};
    struct desk desk;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    for (uint32_t i = 0; i < 21; i++) {
        struct post post = desk_post_of("demo", "bot", NULL, "hello");
        post.submit.author.unhurried = true;
        desk_post(&desk, &post);
        assert_int_equal(post.submit.refusal, i < 20 ? REFUSAL_NONE : REFUSAL_RATE_USER);
        desk_post_done(&post);
    }
    desk_close(&desk);
}

void limit_holds_for_an_address_and_a_stream(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.post_address = {.count = 2, .window_ms = 10000},
                                         .post_stream = {.count = 4, .window_ms = 1000}};
    struct desk desk;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    assert_int_equal(try(&desk, "demo", "u1", "192.0.2.1").end, SUBMIT_DONE);
    assert_int_equal(try(&desk, "demo", "u2", "192.0.2.1").end, SUBMIT_DONE);
    assert_int_equal(try(&desk, "demo", "u3", "192.0.2.1").refusal, REFUSAL_RATE_ADDRESS);
    assert_int_equal(try(&desk, "demo", "u3", "").end, SUBMIT_DONE); // trusted
    assert_int_equal(try(&desk, "demo", "u3", "192.0.2.2").end, SUBMIT_DONE);
    assert_int_equal(try(&desk, "demo", "u4", "192.0.2.3").refusal, REFUSAL_RATE_STREAM);
    assert_int_equal(try(&desk, "other", "u4", "192.0.2.3").end, SUBMIT_DONE);
    subject_pass(subject, 1001);
    const struct submit answer = try(&desk, "demo", "u4", "192.0.2.3");
    assert_int_equal(answer.end, SUBMIT_DONE); // its refusal cost nothing
    assert_int_equal(try(&desk, "demo", "u5", "192.0.2.1").refusal, REFUSAL_RATE_ADDRESS);
    desk_close(&desk);
}

/* Many at once: exactly as many as allowed are accepted. */
void limit_holds_within_a_batch(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.post_user = {.count = 10, .window_ms = 10000}};
    struct desk desk;
    struct post posts[64];
    uint32_t accepted = 0;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    for (int i = 0; i < 64; i++) {
        posts[i] = desk_post_of("demo", "ann", NULL, "hello");
        desk_ask_post(&desk, &posts[i]);
    }
    for (int i = 0; i < 64; i++) {
        desk_wait(&desk, &posts[i].is_done);
        accepted += posts[i].submit.end == SUBMIT_DONE;
        desk_post_done(&posts[i]);
    }
    assert_int_equal(accepted, 10);
    assert_int_equal(desk_count(&desk, "demo", 0, SEQ_MAX).count, 10);
    desk_close(&desk);
}
