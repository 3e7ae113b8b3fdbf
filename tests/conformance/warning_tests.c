// SPDX-License-Identifier: Apache-2.0
/* Warnings: each stands in front of posts until it is acknowledged, and is told to who comes back. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TOLD_MAX = 256 };

static const struct str bob[] = {STR("bob")};

static struct act on_bob(enum act_do what, const char *words)
{
    return (struct act){.what = what,
                        .at = ACT_AT_USERS,
                        .users = bob,
                        .target_count = 1,
                        .value = str_of(words),
                        .seconds = -1};
}

static const struct str cleo_and_bob[] = {STR("cleo"), STR("bob")};

static struct act_call acknowledge(struct desk *desk, const char *stream, uint64_t act,
                                   const char *user)
{
    struct acting theirs =
        desk_act_by(stream, desk_on_act(ACT_ACKNOWLEDGE, act), user, ROLE_VIEWER);
    desk_act(desk, &theirs);
    return theirs.call;
}

static void assert_acknowledges(struct desk *desk, const char *stream, uint64_t act)
{
    assert_int_equal(acknowledge(desk, stream, act, "bob").end, ACT_DONE);
}

/* Answered as that one. */
static void assert_over(struct desk *desk, const char *stream, uint64_t act, uint64_t as)
{
    const struct act_call again = acknowledge(desk, stream, act, "bob");
    assert_int_equal(again.end, ACT_DUPLICATE);
    assert_int_equal(again.act_n, as);
}

/* What bob has to acknowledge before he posts there; 0: nothing. */
static uint64_t asked_of_bob(struct desk *desk, const char *stream)
{
    struct post post = desk_post_of(stream, "bob", NULL, "hello");
    desk_post(desk, &post);
    assert_int_equal(post.submit.refusal,
                     post.submit.end == SUBMIT_DONE ? REFUSAL_NONE : REFUSAL_MUST_ACKNOWLEDGE);
    const uint64_t act = post.submit.end == SUBMIT_DONE ? 0 : post.submit.act;
    desk_post_done(&post);
    return act;
}

void warnings_are_acknowledged_by_who_has_them(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t act = desk_do(&desk, "demo", on_bob(ACT_WARN, "be kind"));
    const uint64_t ban = desk_do(&desk, "other", on_bob(ACT_BAN, ""));
    assert_int_equal(asked_of_bob(&desk, "demo"), act);
    assert_int_equal(acknowledge(&desk, "demo", act, "cleo").refusal, ACT_REFUSAL_NOT_FOUND);
    assert_int_equal(acknowledge(&desk, "other", act, "bob").refusal, ACT_REFUSAL_NOT_FOUND);
    assert_int_equal(acknowledge(&desk, "other", ban, "bob").refusal, ACT_REFUSAL_NOT_FOUND);
    assert_int_equal(acknowledge(&desk, "demo", 4711, "bob").refusal, ACT_REFUSAL_NOT_FOUND);
    const struct act_call bobs = acknowledge(&desk, "demo", act, "bob");
    assert_int_equal(bobs.end, ACT_DONE);
    assert_int_equal(asked_of_bob(&desk, "demo"), 0);
    assert_over(&desk, "demo", act, bobs.act_n);
    assert_int_equal(acknowledge(&desk, "demo", act, "cleo").refusal, ACT_REFUSAL_NOT_FOUND);
    desk_close(&desk);
}

/* Another in other words, on a list, or on all streams takes nobody's place. */
void warnings_are_acknowledged_one_by_one(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct act both = on_bob(ACT_WARN, "be kind");
    both.users = cleo_and_bob;
    both.target_count = 2;
    desk_open(&desk, subject->port);
    const uint64_t first = desk_do(&desk, "demo", on_bob(ACT_WARN, "be kind"));
    struct acting all = desk_act_by("", on_bob(ACT_WARN, "no links"), "root", ROLE_ADMIN);
    desk_act(&desk, &all);
    const uint64_t second = all.call.act_n;
    const uint64_t third = desk_do(&desk, "demo", on_bob(ACT_WARN, "no names"));
    const uint64_t fourth = desk_do(&desk, "demo", both);
    assert_int_equal(asked_of_bob(&desk, "demo"), first); // the oldest
    assert_int_equal(asked_of_bob(&desk, "other"), second);
    assert_acknowledges(&desk, "demo", third);
    assert_int_equal(asked_of_bob(&desk, "demo"), first);
    assert_acknowledges(&desk, "demo", first);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(asked_of_bob(&desk, "demo"), second);
    assert_acknowledges(&desk, "other", second); // on all, wherever they say so
    assert_int_equal(asked_of_bob(&desk, "other"), 0);
    assert_int_equal(asked_of_bob(&desk, "demo"), fourth);
    assert_acknowledges(&desk, "demo", fourth);
    assert_int_equal(asked_of_bob(&desk, "demo"), 0);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_MUST_ACKNOWLEDGE);
    desk_close(&desk);
}

void warnings_that_are_over_are_no_error(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t first = desk_do(&desk, "demo", on_bob(ACT_WARN, "be kind"));
    struct acting again = desk_act_of("demo", on_bob(ACT_WARN, "be kind"));
    desk_act(&desk, &again);
    assert_int_equal(again.call.end, ACT_DUPLICATE);
    assert_int_equal(again.call.act_n, first);
    const uint64_t second = desk_do(&desk, "demo", on_bob(ACT_WARN, "no links"));
    (void)desk_do(&desk, "demo", desk_undo_of(first));
    assert_over(&desk, "demo", first, first);
    assert_int_equal(asked_of_bob(&desk, "demo"), second); // an undo lifts that one only
    struct acting all = desk_act_by("", on_bob(ACT_WARN, "no names"), "root", ROLE_ADMIN);
    desk_act(&desk, &all);
    assert_acknowledges(&desk, "demo", all.call.act_n);
    assert_over(&desk, "other", all.call.act_n, all.call.act_n);
    const struct act_call seconds = acknowledge(&desk, "demo", second, "bob");
    assert_over(&desk, "demo", second, seconds.act_n);
    const uint64_t third = desk_do(&desk, "demo", on_bob(ACT_WARN, "no links")); // once more
    assert_true(third > second);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(asked_of_bob(&desk, "demo"), third);
    assert_over(&desk, "demo", second, seconds.act_n);
    desk_close(&desk);
}

/* The same words again where one of two has acknowledged: it is on both, once. */
void warnings_are_said_again_to_who_is_done_with_them(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct act both = on_bob(ACT_WARN, "be kind");
    both.users = cleo_and_bob;
    both.target_count = 2;
    desk_open(&desk, subject->port);
    const uint64_t first = desk_do(&desk, "demo", both);
    assert_int_equal(acknowledge(&desk, "demo", first, "cleo").end, ACT_DONE);
    const uint64_t second = desk_do(&desk, "demo", both);
    assert_true(second > first);
    assert_int_equal(desk_post_refused(&desk, "demo", "cleo"), REFUSAL_MUST_ACKNOWLEDGE);
    assert_int_equal(asked_of_bob(&desk, "demo"), second);
    assert_over(&desk, "demo", first, first); // the other is in its place
    assert_int_equal(asked_of_bob(&desk, "demo"), second);
    assert_acknowledges(&desk, "demo", second);
    assert_int_equal(asked_of_bob(&desk, "demo"), 0);
    desk_close(&desk);
}

/* What bob is told when he comes back: as it was told first, and nothing else of him. */
static uint32_t warnings_of(struct desk *desk, const struct subject *subject, const char *stream,
                            const char *user, char *ret_first)
{
    struct reminded asked = {.warnings = {.stream = str_of(stream),
                                          .user = port_user_hash(subject->port, str_of(user))}};
    desk_ask_warnings(desk, &asked);
    assert_int_equal(asked.warnings.result, ERR_OK);
    const uint32_t count = asked.warnings.count;
    const struct notice *first = count == 0 ? NULL : asked.warnings.notices[0];
    ret_first[0] = '\0';
    if (first != NULL) {
        assert_int_equal(first->user_hash, asked.warnings.user);
        snprintf(ret_first, TOLD_MAX, "%.*s", (int)first->json_len, first->json);
    }
    warnings_done(&asked.warnings);
    assert_true(count == 0 || port_may_be_warned(subject->port, asked.warnings.user));
    return count;
}

void warnings_are_told_again(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const struct act warn = on_bob(ACT_WARN, "be kind");
    char told[TOLD_MAX], wanted[TOLD_MAX];
    desk_open(&desk, subject->port);
    assert_false(port_may_be_warned(subject->port, port_user_hash(subject->port, STR("bob"))));
    (void)desk_do(&desk, "demo", on_bob(ACT_SHADOW, "")); // of which he is told nothing
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 0);
    const uint64_t act = desk_do(&desk, "demo", warn);
    snprintf(wanted, sizeof(wanted),
             "{\"type\":\"warned\",\"stream\":\"demo\",\"act\":\"a%llu\",\"text\":\"be kind\"}",
             (unsigned long long)act);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 1);
        assert_string_equal(told, wanted);
        assert_int_equal(warnings_of(&desk, subject, "demo", "cleo", told), 0);
        assert_int_equal(warnings_of(&desk, subject, "other", "bob", told), 0);
        desk_close(&desk);
        subject_restart(subject);
        desk_open(&desk, subject->port);
    }
    struct acting all = desk_act_by("", warn, "root", ROLE_ADMIN);
    desk_act(&desk, &all);
    assert_int_equal(warnings_of(&desk, subject, "other", "bob", told), 1);
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 2);
    assert_string_equal(told, wanted); // the oldest first
    struct acting bobs = desk_act_by("demo", desk_on_act(ACT_ACKNOWLEDGE, act), "bob", ROLE_VIEWER);
    desk_act(&desk, &bobs);
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 1);
    struct acting undo = desk_act_by("", desk_on_act(ACT_UNDO, all.call.act_n), "root", ROLE_ADMIN);
    desk_act(&desk, &undo);
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 0);
    assert_false(port_may_be_warned(subject->port, port_user_hash(subject->port, STR("bob"))));
    desk_close(&desk);
}

/* In the order in which they are to be acknowledged. */
void warnings_are_told_so_many_at_once(void **state)
{
    enum { MORE = WARNINGS_MAX + 2 };
    struct subject *subject = *state;
    struct desk desk;
    uint64_t acts[MORE];
    char told[TOLD_MAX], wanted[TOLD_MAX];
    desk_open(&desk, subject->port);
    for (uint32_t i = 0; i < MORE; i++) {
        snprintf(wanted, sizeof(wanted), "be kind %u", i);
        acts[i] = desk_do(&desk, "demo", on_bob(ACT_WARN, wanted));
    }
    for (uint32_t i = 0; i < MORE; i++) {
        const uint32_t left = MORE - i;
        assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told),
                         left < WARNINGS_MAX ? left : WARNINGS_MAX);
        snprintf(wanted, sizeof(wanted), "\"act\":\"a%llu\",\"text\":\"be kind %u\"",
                 (unsigned long long)acts[i], i);
        assert_non_null(strstr(told, wanted));
        assert_acknowledges(&desk, "demo", acts[i]);
    }
    assert_int_equal(warnings_of(&desk, subject, "demo", "bob", told), 0);
    desk_close(&desk);
}

/* As the newest thing that is told. */
static void assert_told_over(const struct subject *subject, const struct follower *follower,
                             uint64_t act, const char *user)
{
    char told[TOLD_MAX];
    snprintf(told, sizeof(told), "{\"type\":\"unwarned\",\"stream\":\"demo\",\"act\":\"a%llu\"}",
             (unsigned long long)act);
    assert_string_equal(follower->last_notice, told);
    assert_true(follower->notice_ends);
    assert_int_equal(follower->notice_user, port_user_hash(subject->port, str_of(user)));
}

/* Whichever way they end, before that is answered; what is over already is not told again. */
void warnings_that_end_are_told(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct act both = on_bob(ACT_WARN, "be kind");
    char told[TOLD_MAX];
    both.users = cleo_and_bob;
    both.target_count = 2;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t first = desk_do(&desk, "demo", both);
    assert_int_equal(follower.notices, 2);
    assert_int_equal(acknowledge(&desk, "demo", first, "cleo").end, ACT_DONE);
    assert_told_over(subject, &follower, first, "cleo");
    const uint64_t second = desk_do(&desk, "demo", both); // in its place
    assert_int_equal(follower.notices, 6);                // bob's before is over, too
    (void)acknowledge(&desk, "demo", first, "bob");
    (void)acknowledge(&desk, "demo", second, "cleo");
    assert_told_over(subject, &follower, second, "cleo");
    (void)desk_do(&desk, "demo", desk_undo_of(second));
    assert_told_over(subject, &follower, second, "bob");
    assert_int_equal(follower.notices, 8);
    struct acting all = desk_act_by("", on_bob(ACT_WARN, "no names"), "root", ROLE_ADMIN);
    desk_act(&desk, &all);
    assert_int_equal(acknowledge(&desk, "other", all.call.act_n, "bob").end, ACT_DONE);
    snprintf(told, sizeof(told), "\"act\":\"a%llu\"}", (unsigned long long)all.call.act_n);
    assert_string_equal(follower.last_notice, told); // the stream is for the hub to name
    assert_true(follower.notice_ends);
    assert_int_equal(follower.notices, 10);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}
