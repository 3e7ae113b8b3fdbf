// SPDX-License-Identifier: Apache-2.0
/* Appeals of who knows no act, but which of their comments was removed. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct str bob[] = {STR("bob")};

static struct act on_bob(enum act_do what)
{
    return desk_on_user(what, bob, -1);
}

static struct post posted(struct desk *desk, const char *text, enum outcome outcome)
{
    struct post post = desk_post_of("demo", "bob", NULL, text);
    post.submit.wish = (struct wish){.outcome = outcome, .rule = STR("hook")};
    desk_post(desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    return post;
}

static struct act_call appealed(struct desk *desk, struct act act, const char *user)
{
    act.value = STR("It was a joke");
    struct acting acting = desk_act_by("demo", act, user, ROLE_VIEWER);
    desk_act(desk, &acting);
    return acting.call;
}

static struct act_call appeal(struct desk *desk, const struct post *post, const char *user)
{
    return appealed(desk, desk_on_id(ACT_APPEAL, post->submit.id), user);
}

static void assert_refused(struct desk *desk, const struct post *post, const char *user,
                           enum act_refusal why)
{
    const struct act_call call = appeal(desk, post, user);
    assert_int_equal(call.end, ACT_REFUSED);
    assert_int_equal(call.refusal, why);
}

static void assert_is_against(struct desk *desk, const struct post *post, uint64_t act)
{
    const struct act_call call = appeal(desk, post, "bob");
    assert_int_equal(call.end, ACT_DONE);
    assert_int_equal(call.against, act);
    const struct act_call again = appeal(desk, post, "bob");
    assert_int_equal(again.end, ACT_DUPLICATE);
    assert_int_equal(again.act_n, call.act_n);
    assert_int_equal(again.against, act);
}

void appeals_name_the_comment_that_was_removed(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post post = posted(&desk, "a joke", OUTCOME_ALLOW);
    struct post held = posted(&desk, "wait for me", OUTCOME_HOLD);
    assert_refused(&desk, &post, "bob", ACT_REFUSAL_STATE);
    assert_refused(&desk, &held, "bob", ACT_REFUSAL_STATE);
    const uint64_t deleted = desk_do(&desk, "demo", desk_on_id(ACT_DELETE, post.submit.id));
    assert_refused(&desk, &post, "cleo", ACT_REFUSAL_NO_COMMENT);
    assert_is_against(&desk, &post, deleted);
    const uint64_t purged = desk_do(&desk, "demo", on_bob(ACT_PURGE));
    assert_is_against(&desk, &post, purged);
    (void)desk_do(&desk, "demo", desk_on_act(ACT_UNDO, purged));
    assert_int_equal(appeal(&desk, &post, "bob").against, deleted);
    const uint64_t cleared = desk_do(&desk, "demo", (struct act){.what = ACT_CLEAR, .seconds = -1});
    assert_is_against(&desk, &post, cleared);
    (void)desk_do(&desk, "demo", desk_on_act(ACT_UNDO, cleared));
    assert_int_equal(appeal(&desk, &post, "bob").against, deleted);
    (void)desk_do(&desk, "demo", desk_on_act(ACT_UNDO, deleted));
    assert_refused(&desk, &post, "bob", ACT_REFUSAL_STATE);
    const uint64_t rejected = desk_do(&desk, "demo", desk_on_id(ACT_REJECT, held.submit.id));
    assert_is_against(&desk, &held, rejected);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(appeal(&desk, &held, "bob").against, rejected);
    desk_post_done(&post);
    desk_post_done(&held);
    desk_close(&desk);
}

/* What is theirs alone is answered as what everybody sees; removed, it is as removed as any. */
void appeals_tell_a_shadowed_author_nothing(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post ruled = posted(&desk, "by a rule", OUTCOME_SHADOW);
    (void)desk_do(&desk, "demo", on_bob(ACT_SHADOW));
    struct post post = posted(&desk, "a joke", OUTCOME_ALLOW);
    assert_refused(&desk, &ruled, "bob", ACT_REFUSAL_STATE);
    assert_refused(&desk, &post, "bob", ACT_REFUSAL_STATE);
    const uint64_t deleted = desk_do(&desk, "demo", desk_on_id(ACT_DELETE, post.submit.id));
    assert_is_against(&desk, &post, deleted);
    (void)desk_do(&desk, "demo", desk_on_act(ACT_UNDO, deleted));
    assert_refused(&desk, &post, "bob", ACT_REFUSAL_STATE);
    desk_post_done(&ruled);
    desk_post_done(&post);
    desk_close(&desk);
}

static struct act_call appeal_by_act(struct desk *desk, uint64_t against, const char *user)
{
    return appealed(desk, desk_on_act(ACT_APPEAL, against), user);
}

/* Whoever wrote what it removed, and nobody else. */
void appeals_are_heard_against_a_clear(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const struct act clear = {.what = ACT_CLEAR, .seconds = -1};
    desk_open(&desk, subject->port);
    struct post post = posted(&desk, "a joke", OUTCOME_ALLOW);
    struct post hidden = posted(&desk, "by a rule", OUTCOME_SHADOW);
    const uint64_t cleared = desk_do(&desk, "demo", clear);
    (void)desk_say(&desk, "demo", "cleo", "later");
    assert_int_equal(appeal_by_act(&desk, cleared, "dora").refusal, ACT_REFUSAL_NOT_FOUND);
    assert_int_equal(appeal_by_act(&desk, cleared, "cleo").refusal, ACT_REFUSAL_NOT_FOUND);
    const struct act_call first = appeal_by_act(&desk, cleared, "bob");
    assert_int_equal(first.end, ACT_DONE);
    assert_int_equal(appeal(&desk, &post, "bob").act_n, first.act_n); // once, however it is named
    assert_int_equal(appeal(&desk, &hidden, "bob").act_n, first.act_n);
    const uint64_t of_all = desk_do(&desk, "", clear);
    assert_is_against(&desk, &post, of_all);
    desk_post_done(&post);
    desk_post_done(&hidden);
    desk_close(&desk);
}
