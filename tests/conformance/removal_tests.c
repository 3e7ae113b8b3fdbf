// SPDX-License-Identifier: Apache-2.0
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 10, MANY = 60 };

static const struct str eve[] = {STR("eve")};

static struct act on_eve(enum act_do what)
{
    return desk_on_user(what, eve, -1);
}

static struct reading fold(struct desk *desk, uint64_t after, uint32_t limit, bool has_tombstones)
{
    struct reading reading = desk_reading_after("demo", after, limit);
    reading.read.folded = true;
    reading.read.kinds = 1U << EVENT_COMMENT | (has_tombstones ? 1U << EVENT_REMOVED : 0);
    desk_read(desk, &reading);
    assert_int_equal(reading.read.result, ERR_OK);
    return reading;
}

/* "1 2 -3": what stands there, what has a tombstone. */
static void assert_folded(struct desk *desk, bool has_tombstones, const char *expected)
{
    char text[512] = "";
    struct reading reading = fold(desk, 0, READ_LIMIT_MAX, has_tombstones);
    for (uint32_t i = 0; i < reading.read.count; i++) {
        const struct event *event = reading.read.events[i];
        const size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%s%llu", len == 0 ? "" : " ",
                 event->kind == EVENT_REMOVED ? "-" : "", (unsigned long long)event->seq);
        assert_true(event->kind == EVENT_COMMENT || event->kind == EVENT_REMOVED);
    }
    assert_string_equal(text, expected);
    read_done(&reading.read);
}

static void assert_text(struct desk *desk, uint64_t seq, const char *text)
{
    struct reading reading = fold(desk, seq - 1, 1, false);
    assert_int_equal(reading.read.count, 1);
    const struct event *event = reading.read.events[0];
    assert_int_equal(event->seq, seq);
    assert_non_null(memmem(event->body, event->body_len, text, strlen(text)));
    read_done(&reading.read);
}

void removal_folds_history(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const uint64_t second = 2, third = 3;
    desk_open(&desk, subject->port);
    for (int i = 0; i < 4; i++) {
        char text[32];
        snprintf(text, sizeof(text), "words %d", i + 1);
        (void)desk_say(&desk, "demo", "bob", text);
    }
    const uint64_t act = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &second, 1)); // 5
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &third, 1));                 // 6
    (void)desk_say(&desk, "demo", "bob", "words 7");
    assert_folded(&desk, false, "1 4 7");
    assert_folded(&desk, true, "1 -2 -3 4 7");
    (void)desk_do(&desk, "demo", desk_undo_of(act)); // 8
    assert_folded(&desk, false, "1 2 4 7");
    assert_folded(&desk, true, "1 2 -3 4 7");
    assert_text(&desk, 2, "words 2");
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &second, 1)); // 9
    assert_folded(&desk, false, "1 4 7");
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_folded(&desk, true, "1 -2 -3 4 7");
    desk_close(&desk);
}

void removal_counts_what_it_gives(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (int i = 0; i < MANY; i++) {
        (void)desk_say(&desk, "demo", i % 3 == 0 ? "bob" : "eve", "words");
    }
    (void)desk_do(&desk, "demo", on_eve(ACT_PURGE));
    struct reading page = fold(&desk, 0, PAGE, false);
    assert_int_equal(page.read.count, PAGE);
    assert_true(page.read.more);
    for (uint32_t i = 0; i < PAGE; i++) {
        assert_int_equal(page.read.events[i]->seq, 1 + 3 * i);
    }
    read_done(&page.read);
    struct reading rest = fold(&desk, 28, MANY, false);
    assert_int_equal(rest.read.count, MANY / 3 - PAGE);
    assert_false(rest.read.more);
    read_done(&rest.read);
    desk_close(&desk);
}

/* The log itself keeps every place: nothing is missed, and nothing is there to be read. */
void removal_keeps_places(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (int i = 0; i < MANY; i++) {
        (void)desk_say(&desk, "demo", "eve", "a bad word");
    }
    (void)desk_do(&desk, "demo", on_eve(ACT_PURGE));
    for (int turn = 0; turn < 2; turn++) {
        struct reading all = desk_read_after(&desk, "demo", 0, READ_LIMIT_MAX);
        assert_int_equal(all.read.count, MANY + 1);
        for (uint32_t i = 0; i < all.read.count; i++) {
            const struct event *event = all.read.events[i];
            assert_int_equal(event->seq, i + 1);
            assert_int_equal(event->prev, i);
            assert_int_equal(event->kind, i < MANY ? EVENT_REMOVED : EVENT_RETRACT);
            assert_true(i == MANY || event->body_len == 0);
        }
        read_done(&all.read);
        desk_close(&desk);
        subject_restart(subject);
        desk_open(&desk, subject->port);
    }
    const struct count_call count = desk_count(&desk, "demo", 0, SEQ_MAX);
    assert_int_equal(count.count, MANY + 1);
    desk_close(&desk);
}

/* As a read finds it, from the act's answer on: rewritten or not, in memory or not. */
static void assert_removed(struct desk *desk, uint64_t view, uint64_t after, uint64_t expected)
{
    struct counting counting = desk_counting("demo", after, SEQ_MAX);
    struct reading all = desk_reading_after("demo", after, READ_LIMIT_MAX);
    uint64_t found = 0;
    counting.count.view = all.read.view = view;
    desk_count_it(desk, &counting);
    desk_read(desk, &all);
    for (uint32_t i = 0; i < all.read.count; i++) {
        found += all.read.events[i]->kind == EVENT_REMOVED;
    }
    assert_int_equal(counting.count.result, ERR_OK);
    assert_int_equal(counting.count.count, all.read.count);
    assert_int_equal(counting.count.heard, all.read.heard);
    assert_int_equal(found, expected);
    assert_int_equal(counting.count.removed, expected);
    read_done(&all.read);
}

void removal_is_counted_in_a_hole(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t eves = port_user_hash(subject->port, eve[0]);
    for (int i = 0; i < MANY; i++) {
        (void)desk_say(&desk, "demo", i % 4 == 0 ? "bob" : "eve", "words");
    }
    assert_removed(&desk, 0, 0, 0);
    const uint64_t seqs[] = {1, 2, 5};
    (void)desk_do(
        &desk, "demo",
        (struct act){
            .what = ACT_DELETE, .at = ACT_AT_SEQS, .seqs = seqs, .target_count = 3, .seconds = -1});
    assert_removed(&desk, 0, 0, 3);
    assert_removed(&desk, 0, 1, 2);
    assert_removed(&desk, 0, 5, 0);
    const uint64_t purge = desk_do(&desk, "demo", on_eve(ACT_PURGE));
    assert_removed(&desk, 0, 0, MANY * 3 / 4 + 2);
    (void)desk_do(&desk, "demo", on_eve(ACT_SHADOW));
    const uint64_t own = desk_say(&desk, "demo", "eve", "mine");
    (void)desk_say(&desk, "demo", "eve", "mine, too");
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &own, 1));
    (void)desk_do(&desk, "demo", desk_undo_of(purge)); // a place that was removed stays so
    for (int turn = 0; turn < 2; turn++) {
        assert_removed(&desk, 0, 0, MANY * 3 / 4 + 2);
        assert_removed(&desk, eves, 0, MANY * 3 / 4 + 3);
        desk_close(&desk);
        subject_restart(subject);
        desk_open(&desk, subject->port);
    }
    desk_close(&desk);
}

void removal_tells_a_retry(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post post = desk_post_of("demo", "bob", "c1", "a bad word");
    desk_open(&desk, subject->port);
    desk_post(&desk, &post);
    const uint64_t seq = post.submit.event->seq;
    char id[64];
    snprintf(id, sizeof(id), "%.*s", STR_ARG(post.submit.id));
    desk_post_done(&post);
    const uint64_t act = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seq, 1));
    struct post again = desk_post_of("demo", "bob", "c1", "a bad word");
    desk_post(&desk, &again);
    assert_int_equal(again.submit.end, SUBMIT_DUPLICATE);
    assert_int_equal(again.submit.state, COMMENT_DELETED);
    assert_int_equal(again.submit.event->seq, seq);
    assert_true(str_eq(again.submit.id, str_of(id)));
    assert_null(memmem(again.submit.event->body, again.submit.event->body_len, "bad word", 8));
    desk_post_done(&again);
    struct post reply = desk_post_of("demo", "bob", "c2", "an answer");
    reply.submit.reply_to = str_of(id);
    desk_post(&desk, &reply);
    assert_int_equal(reply.submit.refusal, REFUSAL_NO_COMMENT);

    (void)desk_do(&desk, "demo", desk_undo_of(act));
    struct post back = desk_post_of("demo", "bob", "c1", "a bad word");
    desk_post(&desk, &back);
    assert_int_equal(back.submit.state, COMMENT_VISIBLE);
    assert_int_equal(back.submit.event->seq, seq);
    assert_non_null(memmem(back.submit.event->body, back.submit.event->body_len, "bad word", 8));
    desk_post_done(&back);
    desk_post(&desk, &reply);
    assert_int_equal(reply.submit.end, SUBMIT_DONE);
    desk_post_done(&reply);
    desk_close(&desk);
}

/* ---- views ---- */

static void assert_seen(struct desk *desk, uint64_t view, const char *expected)
{
    char text[512] = "";
    struct reading reading = desk_reading_after("demo", 0, READ_LIMIT_MAX);
    reading.read.view = view;
    desk_read(desk, &reading);
    assert_int_equal(reading.read.result, ERR_OK);
    for (uint32_t i = 0; i < reading.read.count; i++) {
        const struct event *event = reading.read.events[i];
        const size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%llu<%llu:%d", len == 0 ? "" : " ",
                 (unsigned long long)event->prev, (unsigned long long)event->seq, event->rank);
    }
    assert_string_equal(text, expected);
    read_done(&reading.read);
}

/* A chain without a hole for each, and ranks: nobody's differ by what they are not shown. */
void removal_gives_a_shadowed_author_a_view(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t eves = port_user_hash(subject->port, eve[0]);
    (void)desk_say(&desk, "demo", "bob", "one");
    const uint64_t act = desk_do(&desk, "demo", on_eve(ACT_SHADOW));
    (void)desk_say(&desk, "demo", "eve", "two");
    (void)desk_say(&desk, "demo", "eve", "three");
    (void)desk_say(&desk, "demo", "bob", "four");
    (void)desk_say(&desk, "demo", "eve", "five");
    for (int turn = 0; turn < 2; turn++) {
        assert_seen(&desk, 0, "0<1:0 1<4:1");
        assert_seen(&desk, port_user_hash(subject->port, STR("bob")), "0<1:0 1<4:1");
        assert_seen(&desk, eves, "0<1:0 1<2:1 2<3:2 3<4:3 4<5:4");
        assert_folded(&desk, true, "1 4");
        struct reading newest = desk_read_newest(&desk, "demo", 1);
        assert_int_equal(newest.read.head, 4);
        assert_int_equal(newest.read.heard, 5);
        read_done(&newest.read);
        const struct count_call count = desk_count(&desk, "demo", 0, SEQ_MAX);
        assert_int_equal(count.count, 2);
        desk_close(&desk);
        subject_restart(subject);
        desk_open(&desk, subject->port);
    }
    const uint64_t third = 3;
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &third, 1));
    assert_folded(&desk, true, "1 4");
    (void)desk_do(&desk, "demo",
                  desk_undo_of(act)); // what it hid is there, but for what was deleted
    assert_folded(&desk, false, "1 2 4 5");
    desk_close(&desk);
}

/* ---- the queue ---- */

void removal_bounds_the_queue(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct embedded_rules rules = subject->rules;
    rules.held_max = 2;
    subject_set_rules(subject, &rules);
    (void)desk_do(&desk, "demo", on_eve(ACT_HOLD));
    for (int i = 0; i < 3; i++) {
        struct post post = desk_post_of("demo", "eve", NULL, "hello");
        desk_post(&desk, &post);
        assert_int_equal(post.submit.end, i < 2 ? SUBMIT_DONE : SUBMIT_REFUSED);
        assert_int_equal(post.submit.refusal, i < 2 ? REFUSAL_NONE : REFUSAL_OVERLOADED);
        if (i < 2) {
            assert_int_equal(post.submit.state, COMMENT_HELD);
            assert_int_equal(post.submit.event->seq, 0);
            desk_post_done(&post);
        }
    }
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    desk_close(&desk);
}

void removal_approves_what_nobody_rejects(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    (void)desk_do(&desk, "demo",
                  (struct act){.what = ACT_MODE, .value = STR("[\"mods_first\"]"), .seconds = 5});
    struct post post = desk_post_of("demo", "eve", "c1", "hello");
    desk_post(&desk, &post);
    assert_int_equal(post.submit.state, COMMENT_HELD);
    desk_post_done(&post);
    const uint64_t before = follower.events;
    subject_pass(subject, 6 * 1000);
    while (follower.events == before) {
        desk_sync(&desk);
    }
    assert_int_equal(follower.last_kind, EVENT_COMMENT);
    struct post again = desk_post_of("demo", "eve", "c1", "hello");
    desk_post(&desk, &again);
    assert_int_equal(again.submit.end, SUBMIT_DUPLICATE);
    assert_int_equal(again.submit.state, COMMENT_VISIBLE);
    assert_int_equal(again.submit.event->seq, follower.last);
    desk_post_done(&again);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* Asked again by its cid. */
static enum comment_state state_of(struct desk *desk, const char *user)
{
    struct post again = desk_post_of("demo", user, "c1", "hello");
    desk_post(desk, &again);
    assert_int_equal(again.submit.end, SUBMIT_DUPLICATE);
    const enum comment_state found = again.submit.state;
    desk_post_done(&again);
    return found;
}

static void post_to_wait(struct desk *desk, const char *user)
{
    struct post post = desk_post_of("demo", user, "c1", "hello");
    desk_post(desk, &post);
    assert_int_equal(post.submit.state, COMMENT_HELD);
    desk_post_done(&post);
}

void removal_approves_nothing_of_who_was_acted_on_since(void **state)
{
    static const struct str groups[][2] = {
        {STR("purged"), STR("listed")}, {STR("banned")}, {STR("muted")}, {STR("kept")}};
    static const struct act acts[] = {
        {.what = ACT_PURGE, .users = groups[0], .target_count = 2, .seconds = -1},
        {.what = ACT_BAN, .users = groups[1], .target_count = 1, .seconds = -1},
        {.what = ACT_TIMEOUT, .users = groups[2], .target_count = 1, .seconds = 600},
        {.what = ACT_HOLD, .users = groups[3], .target_count = 1, .seconds = -1}};
    static const char *const users[] = {"purged", "listed", "banned", "muted", "kept"};
    enum { USERS = sizeof(users) / sizeof(users[0]) };
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo",
                  (struct act){.what = ACT_MODE, .value = STR("[\"mods_first\"]"), .seconds = 5});
    for (size_t i = 0; i < USERS; i++) {
        post_to_wait(&desk, users[i]);
    }
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        struct act act = acts[i];
        act.at = ACT_AT_USERS;
        (void)desk_do(&desk, "demo", act);
    }
    post_to_wait(&desk, "bob"); // due behind all of them
    subject_pass(subject, 6 * 1000);
    while (state_of(&desk, "bob") != COMMENT_VISIBLE) {
        desk_sync(&desk);
    }
    for (size_t i = 0; i < USERS; i++) { // what is purged is rejected, too
        assert_int_equal(state_of(&desk, users[i]), i < 2 ? COMMENT_DELETED : COMMENT_HELD);
    }
    desk_close(&desk);
}

void removal_approves_nothing_that_was_cleared(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo",
                  (struct act){.what = ACT_MODE, .value = STR("[\"mods_first\"]"), .seconds = 5});
    post_to_wait(&desk, "eve");
    (void)desk_do(&desk, "demo", (struct act){.what = ACT_CLEAR, .seconds = -1});
    post_to_wait(&desk, "bob");
    subject_pass(subject, 6 * 1000);
    while (state_of(&desk, "bob") != COMMENT_VISIBLE) {
        desk_sync(&desk);
    }
    assert_int_equal(state_of(&desk, "eve"), COMMENT_DELETED);
    desk_close(&desk);
}

/* ---- what is alike ---- */

void removal_finds_a_raid(void **state)
{
    static char json[256 << 10];
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (int i = 0; i < 12; i++) {
        char user[24];
        snprintf(user, sizeof(user), "raider%d", i);
        struct post post = desk_post_of(
            "demo", user, NULL, i % 2 == 0 ? "Buy followers now!!!" : "buy  FOLLOWERS nooow");
        post.submit.author.since_s = INT64_C(1) << 40; // made a moment ago
        desk_post(&desk, &post);
        assert_int_equal(post.submit.end, SUBMIT_DONE);
        desk_post_done(&post);
        (void)desk_say(&desk, "demo", "bob", i % 2 == 0 ? "what a goal that was" : "I disagree");
    }
    const uint64_t first = 1;
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &first, 1));
    const struct moderation_call asked = {
        .what = MODERATION_SIMILAR, .stream = STR("demo"), .limit = 4};
    assert_int_equal(desk_look_up(&desk, asked, json, sizeof(json)), ERR_OK);
    assert_non_null(strstr(json, "{\"why\":\"text\",\"count\":11,\"waiting\":0,\"seqs\":[3,5,7,"));
    assert_non_null(strstr(json, "{\"why\":\"new_accounts\",\"count\":11,"));
    assert_non_null(strstr(json, "\"since\":1099511627776"));
    assert_null(strstr(json, "\"seqs\":[1,"));
    desk_close(&desk);
}
