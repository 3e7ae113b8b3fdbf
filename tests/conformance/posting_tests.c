// SPDX-License-Identifier: Apache-2.0
/* A submit is atomic at the ordering point: retries, refusals, and the stamp all readers agree on. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "wire/json.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void posting_stamps_a_comment(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post post = desk_post_of("demo", "u7", "c-1", "say \"hi\"\n\xE2\x80\xA8");
    post.submit.author.name = STR("Ann");
    post.submit.author.roles = STR("[\"moderator\"]");
    post.submit.author.badges = STR("[\"gold\"]");
    post.submit.author.avatar = STR("a.png");
    post.submit.media_ms = 81250;
    desk_post(&desk, &post);
    const struct event *event = post.submit.event;
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    assert_int_equal(event->seq, 1);
    assert_int_equal(event->prev, 0);
    assert_int_equal(event->segment, 1);
    assert_int_equal(event->kind, EVENT_COMMENT);
    assert_int_equal(event->at_ms, subject->clock.wall_ms);
    assert_int_not_equal(event->user_hash, 0);
    assert_true(epoch_eq(&post.submit.epoch, &subject->port->epoch));
    assert_int_equal(post.submit.id.len, 26);

    char wanted[512];
    snprintf(
        wanted, sizeof(wanted),
        "\"id\":\"%.26s\",\"cid\":\"c-1\",\"at\":%lld,\"user\":{\"id\":\"u7\",\"name\":\"Ann\","
        "\"avatar\":\"a.png\",\"roles\":[\"moderator\"],\"badges\":[\"gold\"]},"
        "\"text\":\"say \\\"hi\\\"\\n\\u2028\",\"media_ms\":81250",
        post.submit.id.at, (long long)event->at_ms);
    assert_int_equal(event->body_len, strlen(wanted));
    assert_memory_equal(event->body, wanted, event->body_len);
    desk_post_done(&post);
    assert_int_equal(desk_say(&desk, "demo", "u8", "next"), 2);
    assert_int_equal(desk_say(&desk, "other", "u8", "its own order"), 1);
    desk_close(&desk);
}

static void assert_same_answer(struct desk *desk, struct post *first, const char *text)
{
    struct post again = desk_post_of("demo", "ann", "c-1", text);
    desk_post(desk, &again);
    assert_int_equal(again.submit.end, SUBMIT_DUPLICATE);
    assert_int_equal(again.submit.event->seq, first->submit.event->seq);
    assert_int_equal(again.submit.event->at_ms, first->submit.event->at_ms);
    assert_int_equal(again.submit.event->body_len, first->submit.event->body_len);
    assert_memory_equal(again.submit.event->body, first->submit.event->body,
                        first->submit.event->body_len);
    desk_post_done(&again);
}

static void assert_is_new(struct desk *desk, const char *stream, const char *user, const char *cid)
{
    struct post post = desk_post_of(stream, user, cid, "new");
    desk_post(desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    desk_post_done(&post);
}

void posting_recognises_a_retry(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.post_user = {.count = 6, .window_ms = 10000}};
    struct desk desk;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    struct post first = desk_post_of("demo", "ann", "c-1", "hello");
    desk_post(&desk, &first);
    assert_int_equal(first.submit.end, SUBMIT_DONE);
    assert_int_equal(first.submit.rate.remaining, 5);
    for (int i = 0; i < 20; i++) { // far more than the budget
        assert_same_answer(&desk, &first, i % 2 == 0 ? "hello" : "another text");
    }
    assert_is_new(&desk, "demo", "ann", "c-2");
    assert_is_new(&desk, "demo", "bob", "c-1");
    assert_is_new(&desk, "other", "ann", "c-1");
    assert_is_new(&desk, "demo", "ann", NULL);
    assert_is_new(&desk, "demo", "ann", NULL);
    assert_same_answer(&desk, &first, "hello");
    desk_post_done(&first);
    desk_close(&desk);
}

void posting_recognises_a_retry_after_a_restart(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post first = desk_post_of("demo", "ann", "c-1", "hello");
    desk_post(&desk, &first);
    desk_close(&desk);
    for (int i = 0; i < 3; i++) {
        subject_pass(subject, INT64_C(7) * 60 * 60 * 1000);
        subject_restart(subject);
        desk_open(&desk, subject->port);
        assert_same_answer(&desk, &first, "hello");
        desk_close(&desk);
    }
    subject->clock.wall_ms += INT64_C(1000) * 24 * 60 * 60 * 1000; // the clock steps, time does not
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_same_answer(&desk, &first, "hello");
    desk_close(&desk);
    desk_post_done(&first);
}

void posting_recognises_a_retry_when_the_stream_has_ended(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post first = desk_post_of("demo", "ann", "c-1", "hello");
    desk_post(&desk, &first);
    assert_int_equal(desk_stream(&desk, STREAM_DO_END, "demo").result, ERR_OK);
    assert_same_answer(&desk, &first, "hello");
    struct post late = desk_post_of("demo", "ann", "c-2", "late");
    desk_post(&desk, &late);
    assert_int_equal(late.submit.end, SUBMIT_REFUSED);
    assert_int_equal(late.submit.refusal, REFUSAL_STREAM_ENDED);
    desk_post_done(&first);
    desk_close(&desk);
}

enum { RACERS = 4, RACE_ROUNDS = 100 };

struct racer {
    pthread_t thread;
    struct port *port;
    uint64_t seqs[RACE_ROUNDS];
    uint32_t done_count, other_count;
};

static void *race(void *user)
{
    struct racer *racer = user;
    struct desk desk;
    desk_open(&desk, racer->port);
    for (int round = 0; round < RACE_ROUNDS; round++) {
        char cid[16];
        snprintf(cid, sizeof(cid), "c-%d", round);
        struct post twice[2] = {desk_post_of("demo", "ann", cid, "same"),
                                desk_post_of("demo", "ann", cid, "same")};
        desk_ask_post(&desk, &twice[0]);
        desk_ask_post(&desk, &twice[1]);
        for (int i = 0; i < 2; i++) {
            desk_wait(&desk, &twice[i].is_done);
            racer->done_count += twice[i].submit.end == SUBMIT_DONE;
            racer->other_count +=
                twice[i].submit.end != SUBMIT_DONE && twice[i].submit.end != SUBMIT_DUPLICATE;
        }
        racer->other_count += twice[0].submit.event->seq != twice[1].submit.event->seq;
        racer->seqs[round] = twice[0].submit.event->seq;
        desk_post_done(&twice[0]);
        desk_post_done(&twice[1]);
    }
    desk_close(&desk);
    return NULL;
}

void posting_accepts_one_of_many_at_once(void **state)
{
    struct subject *subject = *state;
    struct racer racers[RACERS] = {{.port = NULL}};
    uint32_t done_count = 0;
    for (int i = 0; i < RACERS; i++) {
        racers[i].port = subject->port;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        done_count += racers[i].done_count;
        assert_int_equal(racers[i].other_count, 0);
    }
    assert_int_equal(done_count, RACE_ROUNDS);
    for (int i = 1; i < RACERS; i++) {
        assert_memory_equal(racers[i].seqs, racers[0].seqs, sizeof(racers[0].seqs));
    }
}

/* A retry is recognised before any check: also where its text would now be refused. */
void posting_looks_up_what_is_unfit(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post first = desk_post_of("demo", "ann", "k1", "once");
    desk_post(&desk, &first);
    struct post again = desk_post_of("demo", "ann", "k1", "");
    again.submit.unfit = true;
    desk_post(&desk, &again);
    assert_int_equal(again.submit.end, SUBMIT_DUPLICATE);
    assert_int_equal(again.submit.event->seq, first.submit.event->seq);
    struct post other = desk_post_of("demo", "ann", "k2", "");
    other.submit.unfit = true;
    desk_post(&desk, &other);
    assert_int_equal(other.submit.end, SUBMIT_REFUSED);
    assert_int_equal(other.submit.refusal, REFUSAL_UNFIT);
    desk_post_done(&first);
    desk_post_done(&again);
    desk_post_done(&other);
    desk_close(&desk);
}

static enum refusal reply(struct desk *desk, const char *stream, struct str to)
{
    struct post post = desk_post_of(stream, "bob", NULL, "yes");
    post.submit.reply_to = to;
    desk_post(desk, &post);
    const enum refusal refusal = post.submit.refusal;
    desk_post_done(&post);
    return refusal;
}

void posting_replies_to_what_is_there(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post post = desk_post_of("demo", "ann", NULL, "hello");
    char id[32] = "";
    desk_post(&desk, &post);
    memcpy(id, post.submit.id.at, post.submit.id.len);
    desk_post_done(&post);
    assert_int_equal(reply(&desk, "demo", str_of(id)), REFUSAL_NONE);
    assert_int_equal(reply(&desk, "other", str_of(id)), REFUSAL_NO_COMMENT);
    id[20] = id[20] == '0' ? '1' : '0';
    assert_int_equal(reply(&desk, "demo", str_of(id)), REFUSAL_NO_COMMENT);
    assert_int_equal(reply(&desk, "demo", STR("nonsense")), REFUSAL_NO_COMMENT);
    struct reading reading = desk_read_after(&desk, "demo", 0, 100);
    assert_int_equal(reading.read.count, 2); // a refusal leaves no trace
    assert_non_null(strstr(reading.read.events[1]->body, "\"reply_to\":\""));
    read_done(&reading.read);
    desk_close(&desk);
}

void posting_never_goes_back_in_time(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    int64_t last_ms = 0;
    desk_open(&desk, subject->port);
    static const int64_t steps_ms[] = {0, 5, -3600000, 10, 3600000, -1, 0, 86400000};
    for (size_t i = 0; i < sizeof(steps_ms) / sizeof(steps_ms[0]); i++) {
        subject->clock.wall_ms += steps_ms[i];
        struct post post = desk_post_of("demo", "ann", NULL, "tick");
        desk_post(&desk, &post);
        assert_true(post.submit.event->at_ms >= last_ms);
        last_ms = post.submit.event->at_ms;
        desk_post_done(&post);
    }
    desk_close(&desk);
}

static struct event *post_as(struct desk *desk, bool privileged, const char *text)
{
    struct post post = desk_post_of("demo", "ann", NULL, text);
    post.submit.author.privileged = privileged;
    desk_post(desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    return post.submit.event;
}

static void assert_rank(struct desk *desk, bool privileged, uint16_t rank)
{
    struct event *event = post_as(desk, privileged, "x");
    assert_int_equal(event->rank, rank);
    assert_int_equal(event->flags & EVENT_FLAG_PRIVILEGED, privileged ? EVENT_FLAG_PRIVILEGED : 0);
    event_unref(event);
}

void posting_ranks_within_the_second(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    assert_rank(&desk, false, 0);
    assert_rank(&desk, true, 0); // not among those that are ranked
    assert_rank(&desk, false, 1);
    subject_pass(subject, 999);
    assert_rank(&desk, false, 2);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_rank(&desk, false, 3);
    subject_pass(subject, 1);
    assert_rank(&desk, false, 0);
    desk_close(&desk);
}

static void assert_marked(struct desk *desk, int place)
{
    struct event *event = post_as(desk, false, "x");
    const int mark = EVENT_FLAG_DIGEST | place << EVENT_DIGEST_PLACE_SHIFT;
    assert_int_equal(event->flags, place < EVENT_DIGEST_OTHERS ? mark : 0);
    event_unref(event);
}

void posting_marks_the_first_of_a_digest(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct event *first = post_as(&desk, false, "x");
    const int64_t left_ms = EVENT_DIGEST_MS - first->at_ms % EVENT_DIGEST_MS;
    event_unref(first);
    subject_pass(subject, left_ms);
    for (int i = 0; i < EVENT_DIGEST_OTHERS; i++) {
        if (i == 2) { // what was counted stays counted
            desk_close(&desk);
            subject_restart(subject);
            desk_open(&desk, subject->port);
        }
        assert_marked(&desk, i);
        event_unref(post_as(&desk, true, "a host's"));
    }
    assert_marked(&desk, EVENT_DIGEST_OTHERS);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_marked(&desk, EVENT_DIGEST_OTHERS);
    subject_pass(subject, EVENT_DIGEST_MS);
    assert_marked(&desk, 0);
    desk_close(&desk);
}

static uint64_t segment_of_next(struct desk *desk, const char *text)
{
    struct event *event = post_as(desk, false, text);
    const uint64_t segment = event->segment;
    event_unref(event);
    return segment;
}

void posting_cuts_segments(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(segment_of_next(&desk, "x"), 1);
    }
    assert_int_equal(segment_of_next(&desk, "the 201st"), 2);
    subject_pass(subject, 999);
    assert_int_equal(segment_of_next(&desk, "x"), 2);
    desk_close(&desk);
    subject_restart(subject); // and goes on as if it had not been
    desk_open(&desk, subject->port);
    assert_int_equal(segment_of_next(&desk, "x"), 2);
    subject_pass(subject, 1);
    assert_int_equal(segment_of_next(&desk, "x"), 3);
    char large[2001];
    memset(large, 'x', 2000);
    large[2000] = '\0';
    uint64_t segment = 3;
    uint32_t in_segment = 0;
    while (segment == 3) {
        in_segment++;
        segment = segment_of_next(&desk, large);
    }
    assert_int_equal(segment, 4);
    assert_in_range(in_segment, 24, 32); // 64 KiB of 2,000 bytes and what stands around them
    desk_close(&desk);
}
