// SPDX-License-Identifier: Apache-2.0
#include "story.h"

#include "fault_disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { AT_ONCE_MAX = 16, TURNS_MAX = 40, OPENINGS_MAX = 4, DAY_MS = 24 * 60 * 60 * 1000 };

static const char *const streams[STORY_STREAMS] = {"demo", "other", "old"};

static int64_t mono_ms(const struct clock *clock)
{
    return ((const struct test_clock *)(const void *)clock)->mono_ms;
}

static int64_t wall_ms(const struct clock *clock)
{
    return ((const struct test_clock *)(const void *)clock)->wall_ms;
}

void story_begin(struct story *story)
{
    *story = (struct story){.is_open = false};
    story->subject.clock.clock = (struct clock){.mono_ms = mono_ms, .wall_ms = wall_ms};
    story->subject.clock.mono_ms = 1000000;
    story->subject.clock.wall_ms = INT64_C(1763700000000);
    subject_make_folder(story->subject.folder);
    fault_disk_begin();
}

void story_end(struct story *story)
{
    story_close(story);
    subject_remove_folder(story->subject.folder);
}

bool story_open(struct story *story)
{
    const struct embedded_options options = {
        .data = str_of(story->subject.folder),
        .clock = &story->subject.clock.clock,
        .readers = 1,
        .posts_waiting_max = 4096,
        .gather_ms = 4,
        .post_wait_ms_max = 500,
    };
    struct embedded *engine = NULL;
    struct embedded_fault fault = {.text = ""};
    const enum err err = embedded_open(&options, &engine, &fault);
    if (err != ERR_OK) {
        if (err != ERR_NOMEM && strstr(fault.text, story->subject.folder) == NULL) {
            fail_msg("the folder is not named: %s", fault.text);
        }
        return false;
    }
    story->subject.engine = engine;
    story->subject.port = embedded_port(engine);
    story->is_open = true;
    desk_open(&story->desk, story->subject.port);
    if (story->epoch.text[0] == '\0') {
        story->epoch = story->subject.port->epoch;
        story->epoch_now = story->epoch;
    }
    story->new_epochs += !epoch_eq(&story->epoch_now, &story->subject.port->epoch);
    story->epoch_now = story->subject.port->epoch;
    return true;
}

void story_close(struct story *story)
{
    if (story->is_open) {
        desk_close(&story->desk);
        embedded_close(story->subject.engine);
        story->is_open = false;
    }
}

/* ---- posting ---- */

static struct story_post *new_post(struct story *story)
{
    assert_true(story->count < STORY_POSTS_MAX);
    const uint32_t number = story->count++;
    struct story_post *post = &story->posts[number];
    snprintf(post->cid, sizeof(post->cid), "c-%u", number);
    snprintf(post->text, sizeof(post->text), "this is comment %u.", number);
    post->stream = number % 2;
    return post;
}

static struct post ask(struct story *story, struct story_post *post)
{
    (void)story;
    return desk_post_of(streams[post->stream], "ann", post->cid, post->text);
}

static void note_answer(struct story *story, struct story_post *post, const struct submit *answer)
{
    if (answer->end == SUBMIT_REFUSED || answer->end == SUBMIT_UNKNOWN) {
        assert_true(answer->end == SUBMIT_UNKNOWN || answer->refusal == REFUSAL_STORE_DOWN ||
                    answer->refusal == REFUSAL_OVERLOADED);
        story->refusals++;
        return;
    }
    story->answers++;
    if (post->seq != 0 && !post->is_old) { // P4
        assert_int_equal(answer->end, SUBMIT_DUPLICATE);
    }
    if (post->seq != 0 && answer->end == SUBMIT_DUPLICATE) {
        assert_int_equal(answer->event->seq, post->seq);
    }
    post->seq = post->seq == 0 ? answer->event->seq : post->seq;
}

static void say(struct story *story, struct story_post *post)
{
    struct post asked = ask(story, post);
    desk_post(&story->desk, &asked);
    note_answer(story, post, &asked.submit);
    desk_post_done(&asked);
}

void story_say(struct story *story, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        say(story, new_post(story));
    }
}

void story_say_at_once(struct story *story, uint32_t count)
{
    struct story_post *posts[AT_ONCE_MAX];
    struct post asked[AT_ONCE_MAX];
    assert_true(count <= AT_ONCE_MAX);
    for (uint32_t i = 0; i < count; i++) {
        posts[i] = new_post(story);
        asked[i] = ask(story, posts[i]);
        desk_ask_post(&story->desk, &asked[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        desk_wait(&story->desk, &asked[i].is_done);
        note_answer(story, posts[i], &asked[i].submit);
        desk_post_done(&asked[i]);
    }
}

/* ---- time ---- */

/* When the second is answered, the turn behind the first is over. */
static void turn(struct story *story)
{
    for (int i = 0; i < 2; i++) {
        struct follower follower;
        desk_follow(&story->desk, &follower, "nobody-posts-here");
        if (follower.watch.result == ERR_OK) {
            desk_unfollow(&story->desk, &follower);
        }
    }
}

void story_pass(struct story *story, int64_t ms)
{
    subject_pass(&story->subject, ms);
    turn(story);
}

void story_tick(struct story *story)
{
    story_pass(story, 1001);
    story_pass(story, 1001);
}

/* ---- reading ---- */

static struct story_post *post_of(struct story *story, const struct event *event)
{
    for (uint32_t i = 0; i < story->count; i++) {
        char cid[32];
        snprintf(cid, sizeof(cid), "\"cid\":\"%s\"", story->posts[i].cid);
        if (memmem(event->body, event->body_len, cid, strlen(cid)) != NULL) {
            return &story->posts[i];
        }
    }
    fail_msg("what nobody posted: %.*s", (int)event->body_len, event->body);
    return NULL;
}

static void check_events(struct story *story, uint32_t stream, const struct read *read,
                         bool seen[STORY_POSTS_MAX])
{
    uint64_t last = read->oldest == 0 ? 0 : read->oldest - 1;
    for (uint32_t i = 0; i < read->count; i++) {
        const struct event *event = read->events[i];
        struct story_post *post = post_of(story, event);
        const size_t place = (size_t)(post - story->posts);
        assert_int_equal(post->stream, stream);
        assert_non_null(memmem(event->body, event->body_len, post->text, strlen(post->text)));
        assert_int_equal(event->prev, last); // no hole
        assert_int_equal(event->seq, last + 1);
        assert_false(seen[place]); // once
        assert_true(post->seq == 0 || post->seq == event->seq);
        seen[place] = true;
        last = event->seq;
    }
}

/* False: it was refused. */
static bool read_stream(struct story *story, uint32_t stream, bool seen[STORY_POSTS_MAX])
{
    struct reading reading = desk_read_after(&story->desk, streams[stream], 0, READ_LIMIT_MAX);
    const bool is_given = reading.read.result == ERR_OK;
    if (is_given) {
        check_events(story, stream, &reading.read, seen);
        assert_false(reading.read.more);
    }
    read_done(&reading.read);
    return is_given;
}

void story_read(struct story *story)
{
    bool seen[STORY_POSTS_MAX] = {false};
    for (uint32_t i = 0; i < STORY_STREAMS; i++) {
        (void)read_stream(story, i, seen);
    }
}

/* ---- all of it ---- */

static void old_streams_post(struct story *story)
{
    struct story_post *post = new_post(story);
    post->stream = 2;
    post->may_expire = true;
    say(story, post);
}

static bool live_once(struct story *story)
{
    for (int i = 0; i < OPENINGS_MAX && !story->is_open && !fault_disk_is_off(); i++) {
        (void)story_open(story);
    }
    return story->is_open;
}

void story_tell(struct story *story)
{
    if (!live_once(story)) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        old_streams_post(story);
    }
    (void)desk_put(&story->desk, "old", 1, 0);
    story_say(story, 6);
    story_say_at_once(story, 8);
    story_tick(story);
    story_say(story, 4);
    story_read(story);
    story_tick(story);
    for (int day = 0; day < 3; day++) {
        for (uint32_t i = 0; i < story->count; i++) {
            story->posts[i].is_old = true;
        }
        story_pass(story, DAY_MS + 61 * 1000);
    }
    story_tick(story);
    story_say(story, 2);
    story_close(story);
    if (!live_once(story)) {
        return;
    }
    story_read(story);
    story_say_at_once(story, 4);
    story_tick(story);
    story_say(story, 2);
    story_close(story);
}

static void wait_until_well(struct story *story)
{
    const char *reason = NULL;
    for (int i = 0; i < TURNS_MAX && !embedded_is_well(story->subject.engine, &reason); i++) {
        story_pass(story, 1001);
    }
    if (!embedded_is_well(story->subject.engine, &reason)) {
        fail_msg("not well again: %s", reason);
    }
}

void story_check(struct story *story)
{
    bool seen[STORY_POSTS_MAX] = {false};
    if (!story->is_open) {
        assert_true(story_open(story));
    }
    wait_until_well(story);
    for (uint32_t i = 0; i < STORY_STREAMS; i++) {
        assert_true(read_stream(story, i, seen));
    }
    for (uint32_t i = 0; i < story->count; i++) {
        struct story_post *post = &story->posts[i];
        if (post->seq != 0 && !post->may_expire && !seen[i]) { // P1
            fail_msg("%s was answered as %u and is not there", post->cid, (unsigned)post->seq);
        }
        if (!post->is_old) {
            const bool was_answered = post->seq != 0;
            say(story, post);
            assert_int_not_equal(post->seq, 0);
            assert_true(was_answered || post->seq > 0);
        }
    }
    memset(seen, 0, sizeof(seen));
    for (uint32_t i = 0; i < STORY_STREAMS; i++) {
        assert_true(read_stream(story, i, seen));
    }
    for (uint32_t i = 0; i < story->count; i++) {
        assert_true(seen[i] || story->posts[i].is_old);
    }
}
