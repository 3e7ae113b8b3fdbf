// SPDX-License-Identifier: Apache-2.0
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "rules/audit.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { AUDIT_JSON_MAX = 64 << 10 };

static const struct str bob[] = {STR("bob")};
static const struct str bob_and_cleo[] = {STR("cleo"), STR("bob")};

static struct act on_bob(enum act_do what)
{
    return desk_on_user(what, bob, -1);
}

static struct act timeout_of(int64_t seconds)
{
    return desk_on_user(ACT_TIMEOUT, bob, seconds);
}

static struct act setting(enum act_do what, const char *value, int64_t seconds)
{
    return (struct act){.what = what, .value = str_of(value), .seconds = seconds};
}

static void assert_repeats(struct desk *desk, const char *stream, struct act act, uint64_t as)
{
    struct acting again = desk_act_of(stream, act);
    desk_act(desk, &again);
    assert_int_equal(again.call.end, ACT_DUPLICATE);
    assert_int_equal(again.call.act_n, as);
}

/* ---- sanctions ---- */

void moderation_bans_from_the_answer_on(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    const uint64_t ban = desk_do(&desk, "demo", on_bob(ACT_BAN));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    assert_int_equal(desk_post_refused(&desk, "other", "bob"), REFUSAL_NONE);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_NONE);
    assert_repeats(&desk, "demo", on_bob(ACT_BAN), ban);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    const uint64_t unban = desk_do(&desk, "demo", on_bob(ACT_UNBAN));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    assert_repeats(&desk, "demo", on_bob(ACT_UNBAN), unban);
    assert_true(desk_do(&desk, "demo", on_bob(ACT_BAN)) > ban);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    desk_close(&desk);
}

void moderation_bans_everywhere(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t everywhere = desk_do(&desk, "", on_bob(ACT_BAN));
    const uint64_t here = desk_do(&desk, "demo", on_bob(ACT_BAN));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    assert_int_equal(desk_post_refused(&desk, "other", "bob"), REFUSAL_BANNED);
    (void)desk_do(&desk, "", desk_undo_of(everywhere)); // that act only
    assert_int_equal(desk_post_refused(&desk, "other", "bob"), REFUSAL_NONE);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    assert_int_equal(desk_refuses(&desk, "", desk_undo_of(here)), ACT_REFUSAL_NOT_FOUND);
    (void)desk_do(&desk, "demo", desk_undo_of(here));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    desk_close(&desk);
}

static struct act on_both(enum act_do what)
{
    struct act act = on_bob(what);
    act.users = bob_and_cleo;
    act.target_count = 2;
    return act;
}

void moderation_names_many_at_once(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const struct act both = on_both(ACT_BAN);
    desk_open(&desk, subject->port);
    const uint64_t ban = desk_do(&desk, "demo", both);
    assert_repeats(&desk, "demo", both, ban);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_BANNED);
    (void)desk_do(&desk, "demo", on_bob(ACT_UNBAN));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_BANNED);
    (void)desk_do(&desk, "demo", desk_undo_of(ban));
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_NONE);
    desk_close(&desk);
}

void moderation_timeouts_run_out(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t first = desk_do(&desk, "demo", timeout_of(60));
    struct post post = desk_post_of("demo", "bob", NULL, "hello");
    desk_post(&desk, &post);
    assert_int_equal(post.submit.refusal, REFUSAL_MUTED);
    assert_int_equal(post.submit.retry_after_ms, 60000);
    assert_repeats(&desk, "demo", timeout_of(60), first);
    subject->clock.wall_ms += 3600 * 1000; // a clock that is put forward ends nothing
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_MUTED);
    assert_repeats(&desk, "demo", timeout_of(60), first);
    (void)desk_do(&desk, "demo", timeout_of(10)); // takes its place
    subject->clock.wall_ms -= 3600 * 1000;
    subject_pass(subject, 11 * 1000);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    (void)desk_do(&desk, "demo", timeout_of(600));
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_MUTED);
    (void)desk_do(&desk, "demo", timeout_of(0));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    desk_close(&desk);
}

void moderation_undoes_what_lifts(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", on_bob(ACT_BAN));
    const uint64_t unban = desk_do(&desk, "demo", on_bob(ACT_UNBAN));
    const uint64_t undo = desk_do(&desk, "demo", desk_undo_of(unban));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    assert_repeats(&desk, "demo", desk_undo_of(unban), undo);
    assert_int_equal(desk_refuses(&desk, "demo", desk_undo_of(undo)), ACT_REFUSAL_STATE);
    assert_int_equal(desk_refuses(&desk, "demo", desk_undo_of(4711)), ACT_REFUSAL_NOT_FOUND);
    desk_close(&desk);
}

static struct act on_cleo(enum act_do what)
{
    struct act act = on_bob(what);
    act.users = bob_and_cleo;
    return act;
}

/* A ban of two is lifted from one, from the other, and back on whom the undone unban was about. */
void moderation_undoes_what_lifts_from_some(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", on_both(ACT_BAN));
    const uint64_t bobs = desk_do(&desk, "demo", on_bob(ACT_UNBAN));
    (void)desk_do(&desk, "demo", desk_undo_of(bobs)); // the ban was never lifted as a whole
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    const uint64_t again = desk_do(&desk, "demo", on_bob(ACT_UNBAN));
    const uint64_t cleos = desk_do(&desk, "demo", on_cleo(ACT_UNBAN));
    (void)desk_do(&desk, "demo", desk_undo_of(cleos));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_BANNED);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_BANNED);
    (void)desk_do(&desk, "demo", on_cleo(ACT_UNBAN));
    (void)desk_do(&desk, "demo", desk_undo_of(again)); // though another lifted it from the last
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_NONE);
    const uint64_t both = desk_do(&desk, "demo", on_both(ACT_BAN));
    const uint64_t last = desk_do(&desk, "demo", on_bob(ACT_UNBAN));
    (void)desk_do(&desk, "demo", desk_undo_of(both));
    (void)desk_do(&desk, "demo", desk_undo_of(last)); // of what is undone itself
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    desk_close(&desk);
}

/* Who unbans a list need not know who of it is banned. */
void moderation_lifts_what_never_was(void **state)
{
    static const enum act_do lifters[] = {ACT_UNBAN, ACT_UNSHADOW, ACT_TIMEOUT};
    static const enum act_do lifted[] = {ACT_BAN, ACT_SHADOW, ACT_TIMEOUT};
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (size_t i = 0; i < sizeof(lifters) / sizeof(lifters[0]); i++) {
        struct act lift = on_bob(lifters[i]);
        struct act put = on_bob(lifted[i]);
        lift.seconds = lifters[i] == ACT_TIMEOUT ? 0 : -1;
        put.seconds = lifters[i] == ACT_TIMEOUT ? 60 : -1;
        const uint64_t never = desk_do(&desk, "demo", lift);
        assert_repeats(&desk, "demo", lift, never);
        (void)desk_do(&desk, "demo", desk_undo_of(never)); // brings nothing
        assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
        lift.users = bob_and_cleo;
        lift.target_count = 2;
        const uint64_t before = desk_do(&desk, "demo", lift); // none of a list
        const uint64_t here = desk_do(&desk, "demo", put);
        assert_true(desk_do(&desk, "demo", lift) > before); // one of it
        struct acting all = desk_act_by("", put, "root", ROLE_ADMIN);
        desk_act(&desk, &all);
        assert_int_equal(desk_refuses(&desk, "demo", lift), ACT_REFUSAL_STATE);
        assert_int_equal(desk_refuses(&desk, "new", lift), ACT_REFUSAL_STATE);
        (void)desk_do(&desk, "demo", put);
        (void)desk_do(&desk, "demo", lift); // from this one
        all = desk_act_by("", lift, "root", ROLE_ADMIN);
        desk_act(&desk, &all);
        assert_int_equal(all.call.end, ACT_DONE);
        assert_true(all.call.act_n > here);
        assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    }
    desk_close(&desk);
}

/* ---- settings ---- */

void moderation_tells_what_is_set(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t slow = desk_do(&desk, "demo", setting(ACT_SLOW, "", 10));
    assert_int_equal(follower.last_kind, EVENT_SETTINGS); // seen before the answer
    assert_non_null(strstr(follower.last_body, "\"slow\":10,\"modes\":[],\"shield\":false"));
    assert_repeats(&desk, "demo", setting(ACT_SLOW, "", 10), slow);
    (void)desk_do(&desk, "demo", setting(ACT_MODE, "[\"unique\",\"links_off\"]", -1));
    assert_non_null(strstr(follower.last_body, "\"modes\":[\"links_off\",\"unique\"]"));
    (void)desk_do(&desk, "", setting(ACT_SLOW, "", 20)); // the stricter of the two
    assert_non_null(strstr(follower.last_body, "\"slow\":20"));
    (void)desk_do(&desk, "demo", setting(ACT_SLOW, "", 40));
    const uint64_t events = follower.events;
    (void)desk_do(&desk, "demo", desk_undo_of(slow)); // another is in force
    assert_int_equal(follower.events, events + 1);
    assert_non_null(strstr(follower.last_body, "\"slow\":40"));
    (void)desk_do(&desk, "demo", setting(ACT_SHIELD, "true", -1));
    assert_non_null(strstr(follower.last_body, "\"shield\":true"));
    assert_int_equal(follower.out_of_order, 0);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* Nobody posted there yet; where nobody watches nothing is written. */
void moderation_tells_an_empty_stream_what_is_set(void **state)
{
    enum { MANY = 3 };
    static const char *const names[MANY] = {"empty1", "empty2", "empty3"};
    struct subject *subject = *state;
    struct desk desk;
    struct follower followers[MANY];
    desk_open(&desk, subject->port);
    (void)desk_say(&desk, "demo", "ann", "hello"); // nobody watches
    for (int i = 0; i < MANY; i++) {
        desk_follow(&desk, &followers[i], names[i]);
    }
    (void)desk_do(&desk, "", setting(ACT_SLOW, "", 20));
    (void)desk_do(&desk, "", setting(ACT_SHIELD, "true", -1));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(followers[i].events, 2);
        assert_int_equal(followers[i].last_kind, EVENT_SETTINGS);
        assert_non_null(strstr(followers[i].last_body, "\"shield\":true"));
        assert_int_equal(followers[i].out_of_order, 0);
        assert_int_equal(desk_stream(&desk, STREAM_DO_GET, names[i]).head, followers[i].last);
        desk_unfollow(&desk, &followers[i]);
    }
    assert_int_equal(desk_stream(&desk, STREAM_DO_GET, "demo").head, 1);
    desk_close(&desk);
}

/* ---- what rules do with a comment ---- */

static uint32_t verify(struct desk *desk, const char *stream)
{
    static char json[AUDIT_JSON_MAX];
    struct audit_chain chain = {.n = 0};
    const struct moderation_call asked = {
        .what = MODERATION_LOG, .stream = str_of(stream), .limit = 100};
    assert_int_equal(desk_look_up(desk, asked, json, sizeof(json)), ERR_OK);
    const char *at = strchr(json, '[') + 1;
    const char *end = strstr(json, "],\"cursor\"");
    assert_non_null(end);
    while (at < end) {
        const char *stop = strstr(at, "},{");
        stop = stop == NULL || stop > end ? end : stop + 1;
        enum audit_fault fault = AUDIT_SOUND;
        const struct str line = {.at = at, .len = (size_t)(stop - at)};
        assert_int_equal(audit_chain_next(&chain, line, &fault), ERR_OK);
        assert_int_equal(fault, AUDIT_SOUND);
        at = stop + 1;
    }
    return (uint32_t)chain.n;
}

static struct post post_of(const char *user, const char *cid, const char *text)
{
    return desk_post_of("demo", user, cid, text);
}

static uint64_t head_of(struct desk *desk)
{
    return desk_stream(desk, STREAM_DO_GET, "demo").head;
}

/* It was answered as held; its place comes when it is approved. */
static void assert_waits(struct desk *desk, struct post *post)
{
    desk_post(desk, post);
    assert_int_equal(post->submit.end, SUBMIT_DONE);
    assert_int_equal(post->submit.state, COMMENT_HELD);
    assert_int_equal(post->submit.event->seq, 0);
}

void moderation_holds_until_somebody_approves(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct post post = post_of("bob", "c1", "wait for me");
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    (void)desk_do(&desk, "demo", on_bob(ACT_HOLD));
    assert_waits(&desk, &post);
    assert_int_equal(head_of(&desk), 0);
    struct post again = post_of("bob", "c1", "wait for me");
    desk_post(&desk, &again);
    assert_int_equal(again.submit.end, SUBMIT_DUPLICATE);
    assert_int_equal(again.submit.state, COMMENT_HELD);
    desk_post_done(&again);
    struct acting approval = desk_act_of("demo", desk_on_id(ACT_APPROVE, post.submit.id));
    desk_act(&desk, &approval);
    assert_int_equal(approval.call.end, ACT_DONE);
    assert_int_equal(approval.call.seq, 1);
    assert_int_equal(follower.last_kind, EVENT_COMMENT);
    assert_non_null(strstr(follower.last_body, "wait for me"));
    assert_repeats(&desk, "demo", desk_on_id(ACT_APPROVE, post.submit.id), approval.call.act_n);
    desk_post(&desk, &again);
    assert_int_equal(again.submit.end, SUBMIT_DUPLICATE);
    assert_int_equal(again.submit.state, COMMENT_VISIBLE);
    assert_int_equal(again.submit.event->seq, 1);
    desk_post_done(&again);
    desk_post_done(&post);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void moderation_holds_so_many(void **state)
{
    struct subject *subject = *state;
    struct embedded_rules rules = subject->rules;
    struct desk desk;
    struct post first = post_of("bob", NULL, "one");
    struct post second = post_of("bob", NULL, "two");
    rules.held_max = 1;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", on_bob(ACT_HOLD));
    assert_waits(&desk, &first);
    desk_post(&desk, &second);
    assert_int_equal(second.submit.refusal, REFUSAL_OVERLOADED);
    (void)desk_do(&desk, "demo", desk_on_id(ACT_REJECT, first.submit.id));
    assert_waits(&desk, &second);
    desk_post_done(&second);
    desk_post_done(&first);
    desk_close(&desk);
}

void moderation_rejects_what_waits(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post post = post_of("bob", "c1", "wait for me");
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", setting(ACT_MODE, "[\"hold_all\"]", -1));
    const uint64_t head = head_of(&desk);
    assert_waits(&desk, &post);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", desk_on_id(ACT_REJECT, post.submit.id));
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_id(ACT_APPROVE, post.submit.id)),
                     ACT_REFUSAL_STATE);
    struct post other = post_of("bob", "c2", "and another"); // no number is used twice
    assert_waits(&desk, &other);
    assert_false(str_eq(other.submit.id, post.submit.id));
    assert_int_equal(head_of(&desk), head);
    assert_int_equal(verify(&desk, "demo"), 4); // two of them the rule's
    desk_post_done(&other);
    desk_post_done(&post);
    desk_close(&desk);
}

/* Of the user that a notice is for. */
static bool is_for(const struct subject *subject, const struct follower *follower, const char *user)
{
    return follower->notice_user == port_user_hash(subject->port, str_of(user));
}

void moderation_tells_whom_it_concerns(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct act warn = on_bob(ACT_WARN);
    struct post post = post_of("cleo", "c1", "wait for me");
    warn.value = STR("be kind");
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t warning = desk_do(&desk, "demo", warn);
    char told[128];
    snprintf(told, sizeof(told),
             "{\"type\":\"warned\",\"stream\":\"demo\",\"act\":\"a%llu\",\"text\":\"be kind\"}",
             (unsigned long long)warning);
    assert_int_equal(follower.notices, 1); // before the answer
    assert_string_equal(follower.last_notice, told);
    assert_true(is_for(subject, &follower, "bob"));
    post.submit.wish = (struct wish){.outcome = OUTCOME_HOLD, .rule = STR("hook")};
    assert_waits(&desk, &post);
    assert_non_null(strstr(follower.last_notice, "\"type\":\"held\",\"stream\":\"demo\",\"id\""));
    assert_non_null(strstr(follower.last_notice, "\"cid\":\"c1\""));
    assert_true(is_for(subject, &follower, "cleo"));
    (void)desk_do(&desk, "demo", desk_on_id(ACT_APPROVE, post.submit.id));
    assert_non_null(strstr(follower.last_notice, "\"type\":\"approved\""));
    assert_int_equal(follower.notices, 3);
    desk_post_done(&post);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

static void assert_told(const struct follower *follower, uint64_t told, const char *part)
{
    assert_int_equal(follower->told, told);
    assert_non_null(strstr(follower->last_told, part));
}

/* Before the answer, of acts with an event and without, by whomever. */
void moderation_tells_moderators_of_each_act(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct act ban = on_bob(ACT_BAN);
    struct post post = post_of("cleo", "c1", "wait for me");
    char part[160];
    ban.reason = STR("spam");
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t act = desk_do(&desk, "demo", ban);
    snprintf(part, sizeof(part),
             "{\"type\":\"notice\",\"stream\":\"demo\",\"n\":1,\"act\":\"a%llu\",",
             (unsigned long long)act);
    assert_told(&follower, 1, part);
    assert_told(&follower, 1, "\"do\":\"ban\",\"at\":");
    assert_told(&follower, 1,
                "\"by\":\"mod\",\"kind\":\"user\",\"target\":\"user:bob\",\"reason\":\"spam\"");
    (void)desk_do(&desk, "demo", desk_undo_of(act));
    snprintf(part, sizeof(part), "\"n\":2,\"act\":\"a%llu\",\"do\":\"undo\"",
             (unsigned long long)act + 1);
    assert_told(&follower, 2, part);
    snprintf(part, sizeof(part),
             "\"lifts\":{\"act\":\"a%llu\",\"do\":\"ban\",\"target\":\"user:bob\"}}",
             (unsigned long long)act);
    assert_told(&follower, 2, part);
    (void)desk_do(&desk, "", on_bob(ACT_BAN));
    assert_told(&follower, 3, "\"all\":true,\"n\":1,");
    assert_true(follower.last_told[0] == '"'); // the stream is for the hub to name
    assert_int_equal(follower.told_hidden, 0);
    const uint64_t shadow = desk_do(&desk, "demo", on_bob(ACT_SHADOW));
    assert_told(&follower, 4, "\"do\":\"shadow\"");
    assert_int_equal(follower.told_hidden, 1); // from bob, should they moderate
    (void)desk_do(&desk, "demo", desk_undo_of(shadow));
    assert_told(&follower, 5, "\"do\":\"undo\"");
    assert_int_equal(follower.told_hidden, 1);
    post.submit.wish = (struct wish){.outcome = OUTCOME_HOLD, .rule = STR("hook")};
    assert_waits(&desk, &post);
    assert_told(&follower, 6, "\"do\":\"hold\"");
    assert_told(&follower, 6, "\"kind\":\"rule\"");
    desk_post_done(&post);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* What is published and what is read back afterwards: for staff, beside the body. */
void moderation_events_say_who_did_them(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    char staff[128];
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    (void)desk_say(&desk, "demo", "bob", "a comment is nobody's act");
    assert_string_equal(follower.last_staff, "");
    struct act slow = setting(ACT_SLOW, "", 7);
    slow.reason = STR("calm");
    const uint64_t act = desk_do(&desk, "demo", slow);
    snprintf(staff, sizeof(staff), "\"by\":\"mod\",\"reason\":\"calm\",\"act\":\"a%llu\"",
             (unsigned long long)act);
    assert_string_equal(follower.last_staff, staff);
    assert_null(strstr(follower.last_body, "\"by\""));
    struct reading reading = desk_read_newest(&desk, "demo", 1);
    const struct event *event = reading.read.events[0];
    assert_int_equal(event->kind, EVENT_SETTINGS);
    assert_int_equal(event->staff_len, strlen(staff));
    assert_memory_equal(event->body + event->body_len, staff, strlen(staff));
    read_done(&reading.read);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void moderation_tells_who_comes_what_is_set(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    assert_null(follower.watch.settings);
    assert_null(follower.watch.pins[0]);
    desk_unfollow(&desk, &follower);
    const uint64_t seq = desk_say(&desk, "demo", "bob", "pinned words");
    (void)desk_do(&desk, "", setting(ACT_SLOW, "", 20));
    (void)desk_do(
        &desk, "demo",
        (struct act){
            .what = ACT_PIN, .at = ACT_AT_SEQS, .seqs = &seq, .target_count = 1, .seconds = -1});
    desk_follow(&desk, &follower, "demo");
    const struct event *settings = follower.watch.settings;
    const struct event *pin = follower.watch.pins[0];
    assert_non_null(settings);
    assert_non_null(memmem(settings->body, settings->body_len, "\"slow\":20", 9));
    assert_non_null(pin);
    assert_int_equal(pin->kind, EVENT_PIN);
    assert_non_null(memmem(pin->body, pin->body_len, "pinned words", 12));
    assert_null(follower.watch.pins[1]);
    desk_unfollow(&desk, &follower);
    (void)desk_do(&desk, "demo", (struct act){.what = ACT_CLEAR, .seconds = -1});
    desk_follow(&desk, &follower, "demo");
    pin = follower.watch.pins[0];
    assert_true(pin == NULL || memmem(pin->body, pin->body_len, "pinned words", 12) == NULL);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void moderation_shadows_without_a_sign(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct post post = post_of("bob", "c1", "am I there");
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t shadow = desk_do(&desk, "demo", on_bob(ACT_SHADOW));
    desk_post(&desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    assert_int_equal(post.submit.state, COMMENT_VISIBLE);
    assert_int_equal(post.submit.event->seq, 1);
    assert_int_equal(post.submit.event->flags & EVENT_FLAG_SHADOW, EVENT_FLAG_SHADOW);
    desk_post_done(&post);
    desk_post(&desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DUPLICATE);
    assert_int_equal(post.submit.state, COMMENT_VISIBLE);
    desk_post_done(&post);
    (void)desk_do(&desk, "demo", desk_undo_of(shadow)); // what it hid is there
    assert_int_equal(follower.last_kind, EVENT_RESTORE);
    assert_non_null(strstr(follower.last_body, "am I there"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void moderation_slows_over_a_restart(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", setting(ACT_SLOW, "", 30));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    subject_pass(subject, 10 * 1000);
    struct post post = post_of("bob", NULL, "again");
    desk_post(&desk, &post);
    assert_int_equal(post.submit.refusal, REFUSAL_SLOW_MODE);
    assert_int_equal(post.submit.retry_after_ms, 20000);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_NONE);
    struct post held = post_of("dan", NULL, "hm");
    held.submit.wish = (struct wish){.outcome = OUTCOME_HOLD, .rule = STR("hook")};
    desk_post(&desk, &held);
    assert_int_equal(held.submit.state, COMMENT_HELD);
    desk_post_done(&held);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_SLOW_MODE);
    assert_int_equal(desk_post_refused(&desk, "demo", "dan"), REFUSAL_SLOW_MODE); // it waits
    subject_pass(subject, 21 * 1000);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    (void)desk_do(&desk, "demo", setting(ACT_SLOW, "", 0));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    (void)desk_do(&desk, "", setting(ACT_SLOW, "", 60)); // of all streams
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_SLOW_MODE);
    desk_close(&desk);
}

void moderation_does_what_was_wished(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post post = post_of("bob", NULL, "hello");
    post.submit.wish = (struct wish){
        .outcome = OUTCOME_REFUSE, .refusal = REFUSAL_BLOCKED_TERM, .rule = STR("server_terms")};
    desk_open(&desk, subject->port);
    desk_post(&desk, &post);
    assert_int_equal(post.submit.refusal, REFUSAL_BLOCKED_TERM);
    post.submit.wish.outcome = OUTCOME_HOLD;
    assert_waits(&desk, &post);
    desk_post_done(&post);
    assert_int_equal(verify(&desk, "demo"), 1);
    assert_int_equal(desk_refuses(&desk, "demo", setting(ACT_MODE, "[\"nonsense\"]", -1)),
                     ACT_REFUSAL_BAD_VALUE);
    desk_close(&desk);
}

/* ---- the audit ---- */

void moderation_is_in_the_audit_before_its_answer(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    char json[4096];
    struct act ban = on_bob(ACT_BAN);
    ban.reason = STR("spam \"again\"");
    desk_open(&desk, subject->port);
    const uint64_t act = desk_do(&desk, "demo", ban);
    assert_int_equal(verify(&desk, "demo"), 1);
    assert_repeats(&desk, "demo", ban, act);
    assert_int_equal(verify(&desk, "demo"), 1); // what was not done is not told
    (void)desk_do(&desk, "demo", setting(ACT_SLOW, "", 10));
    (void)desk_do(&desk, "", on_bob(ACT_BAN));
    assert_int_equal(verify(&desk, "demo"), 2);
    assert_int_equal(verify(&desk, ""), 1);
    const struct moderation_call asked = {
        .what = MODERATION_ACT, .stream = STR("demo"), .after = act, .limit = 1};
    assert_int_equal(desk_look_up(&desk, asked, json, sizeof(json)), ERR_OK);
    assert_non_null(strstr(json, "\"do\":\"ban\""));
    assert_non_null(strstr(json, "\"by\":\"mod\""));
    assert_non_null(strstr(json, "\"target\":\"user:bob\""));
    assert_non_null(strstr(json, "\"reason\":\"spam \\\"again\\\"\""));
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", on_bob(ACT_UNBAN));
    assert_int_equal(verify(&desk, "demo"), 3);
    desk_close(&desk);
}

/* How many entries a page of the audit holds that ends before n. */
static uint32_t page_before(struct desk *desk, uint64_t n, const char *ends)
{
    static char json[AUDIT_JSON_MAX];
    uint32_t count = 0;
    const struct moderation_call asked = {
        .what = MODERATION_LOG, .stream = STR("demo"), .before = n, .limit = 2};
    assert_int_equal(desk_look_up(desk, asked, json, sizeof(json)), ERR_OK);
    const char *end = strstr(json, "],\"cursor\"");
    assert_non_null(end);
    assert_string_equal(end + 2, ends);
    for (const char *at = json; (at = strstr(at, "\"prev_hash\"")) != NULL; at++) {
        count++;
    }
    return count;
}

void moderation_is_audited_from_the_newest(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (int i = 1; i <= 5; i++) {
        (void)desk_do(&desk, "demo", setting(ACT_SLOW, "", i * 10));
    }
    assert_int_equal(page_before(&desk, SEQ_MAX, "\"cursor\":\"5\",\"before\":\"4\",\"more\":true"),
                     2);
    assert_int_equal(page_before(&desk, 4, "\"cursor\":\"3\",\"before\":\"2\",\"more\":true"), 2);
    assert_int_equal(page_before(&desk, 2, "\"cursor\":\"1\",\"before\":\"1\",\"more\":false"), 1);
    assert_int_equal(page_before(&desk, 1, "\"cursor\":\"0\",\"before\":\"0\",\"more\":false"), 0);
    desk_close(&desk);
}

static void look_up(struct desk *desk, enum moderation_read what, char *ret_json)
{
    const struct moderation_call asked = {
        .what = what, .stream = STR("demo"), .user = STR("bob"), .limit = 50};
    assert_int_equal(desk_look_up(desk, asked, ret_json, AUDIT_JSON_MAX), ERR_OK);
}

static void assert_holds(const char *json, const char *part)
{
    if (strstr(json, part) == NULL) {
        fail_msg("no %s in %s", part, json);
    }
}

void moderation_shows_what_rules_marked(void **state)
{
    static char json[AUDIT_JSON_MAX];
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct post marked = post_of("bob", NULL, "see https://example.org");
    struct post plain = post_of("bob", NULL, "nothing to see");
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", setting(ACT_RULES, "{\"links\":{\"action\":\"mark\"}}", -1));
    (void)desk_do(&desk, "demo", setting(ACT_MODE, "[\"links_off\"]", -1));
    desk_follow(&desk, &follower, "demo");
    desk_post(&desk, &marked);
    assert_int_equal(marked.submit.end, SUBMIT_DONE);
    assert_int_equal(marked.submit.state, COMMENT_VISIBLE);
    assert_non_null(strstr(follower.last_notice, "\"type\":\"marked\""));
    assert_non_null(strstr(follower.last_notice, "\"marks\":[\"links\"]"));
    assert_int_equal(follower.notice_user, 0);            // its author is not told,
    assert_null(strstr(follower.last_body, "\"marks\"")); // nor anybody who reads
    desk_post(&desk, &plain);
    assert_int_equal(follower.notices, 1);
    char seq[32];
    snprintf(seq, sizeof(seq), "\"seq\":%llu,", (unsigned long long)marked.submit.event->seq);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    look_up(&desk, MODERATION_MARKED, json);
    assert_holds(json, seq);
    assert_holds(json, "\"marks\":[\"links\"]}]");
    look_up(&desk, MODERATION_USER, json);
    assert_holds(json, "\"state\":\"visible\",\"marks\":[\"links\"]}");
    assert_holds(json, "\"text\":\"nothing to see\",\"state\":\"visible\"}");
    (void)desk_do(&desk, "demo", desk_on_id(ACT_DELETE, marked.submit.id));
    look_up(&desk, MODERATION_USER, json);
    assert_holds(json, "\"state\":\"deleted\",\"marks\":[\"links\"]}");
    look_up(&desk, MODERATION_MARKED, json);
    assert_null(strstr(json, "\"links\""));
    desk_post_done(&plain);
    desk_post_done(&marked);
    desk_close(&desk);
}

void moderation_keeps_marks_of_what_is_held(void **state)
{
    static char json[AUDIT_JSON_MAX];
    struct subject *subject = *state;
    struct desk desk;
    struct post post = post_of("bob", NULL, "see https://example.org");
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", setting(ACT_RULES, "{\"links\":{\"action\":\"mark\"}}", -1));
    (void)desk_do(&desk, "demo", setting(ACT_MODE, "[\"links_off\",\"hold_all\"]", -1));
    assert_waits(&desk, &post);
    look_up(&desk, MODERATION_HELD, json);
    assert_holds(json, "\"rule\":\"hold_all\",\"marks\":[\"links\"]");
    (void)desk_do(&desk, "demo", desk_on_id(ACT_APPROVE, post.submit.id));
    look_up(&desk, MODERATION_MARKED, json);
    assert_holds(json, "\"marks\":[\"links\"]");
    desk_post_done(&post);
    desk_close(&desk);
}

void moderation_is_looked_up(void **state)
{
    static char json[AUDIT_JSON_MAX];
    struct subject *subject = *state;
    struct desk desk;
    struct act ban = on_bob(ACT_BAN);
    ban.reason = STR("spam");
    desk_open(&desk, subject->port);
    const uint64_t seq = desk_say(&desk, "demo", "bob", "words of bob");
    (void)desk_say(&desk, "demo", "bob", "more of bob");
    (void)desk_say(&desk, "demo", "cleo", "words of cleo");
    (void)desk_do(
        &desk, "demo",
        (struct act){
            .what = ACT_DELETE, .at = ACT_AT_SEQS, .seqs = &seq, .target_count = 1, .seconds = -1});
    (void)desk_do(&desk, "demo", ban);
    (void)desk_do(&desk, "", timeout_of(60));
    (void)desk_do(&desk, "demo", setting(ACT_SLOW, "", 30));
    look_up(&desk, MODERATION_USER, json);
    assert_holds(json, "\"do\":\"ban\"");
    assert_holds(json, "\"reason\":\"spam\"");
    assert_holds(json, "\"by\":\"mod\"");
    assert_holds(json, "\"do\":\"timeout\"");
    assert_holds(json, "\"all\":true");
    assert_holds(json, "\"user\":{\"id\":\"bob\"");
    assert_holds(json, "\"text\":\"words of bob\",\"state\":\"deleted\"");
    assert_holds(json, "\"text\":\"more of bob\",\"state\":\"visible\"");
    assert_null(strstr(json, "cleo"));
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_SLOW_MODE);
    look_up(&desk, MODERATION_HOUSE, json);
    assert_holds(json, "\"slow\":30");
    assert_holds(json, "\"counts\":{\"slow\":{\"hits\":1");
    assert_holds(json, "\"do\":\"ban\",\"user\":\"bob\"");
    desk_close(&desk);
}

void moderation_needs_a_stream(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct embedded_rules rules = subject->rules;
    desk_open(&desk, subject->port);
    rules.streams_explicit = true;
    subject_set_rules(subject, &rules);
    assert_int_equal(desk_refuses(&desk, "nowhere", on_bob(ACT_BAN)), ACT_REFUSAL_NO_STREAM);
    desk_close(&desk);
}
