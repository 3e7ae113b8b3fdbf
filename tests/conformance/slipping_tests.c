// SPDX-License-Identifier: Apache-2.0
/* What slips by: sanctions passed, removals that only seem to hold, shadows that show. */
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

static const struct str bob[] = {STR("bob")};
static const struct str mod[] = {STR("mod")};

static struct act modes(const char *value)
{
    return (struct act){.what = ACT_MODE, .value = str_of(value), .seconds = -1};
}

/* The seqs of comments in folded history, as the public has it. */
static uint32_t visible(struct desk *desk)
{
    struct reading reading = desk_reading_after("demo", 0, READ_LIMIT_MAX);
    reading.read.folded = true;
    reading.read.kinds = 1U << EVENT_COMMENT;
    desk_read(desk, &reading);
    assert_int_equal(reading.read.result, ERR_OK);
    const uint32_t count = reading.read.count;
    read_done(&reading.read);
    return count;
}

static enum comment_state say(struct desk *desk, const char *user, const char *text,
                              struct wish wish, struct post *ret_post)
{
    *ret_post = desk_post_of("demo", user, NULL, text);
    ret_post->submit.wish = wish;
    desk_post(desk, ret_post);
    assert_int_equal(ret_post->submit.end, SUBMIT_DONE);
    return ret_post->submit.state;
}

static enum comment_state say_once(struct desk *desk, const char *user, const char *text)
{
    struct post post;
    const enum comment_state state = say(desk, user, text, (struct wish){.outcome = 0}, &post);
    desk_post_done(&post);
    return state;
}

/* ---- sanctions ---- */

void slipping_out_of_ones_own_timeout(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct acting acting = desk_act_of("demo", desk_on_user(ACT_TIMEOUT, mod, 3600));
    acting.call.by.id = STR("host");
    acting.call.by.role_bits = ROLE_HOST;
    desk_act(&desk, &acting);
    assert_int_equal(acting.call.end, ACT_DONE);
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_user(ACT_TIMEOUT, mod, 1)),
                     ACT_REFUSAL_OWN);
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_user(ACT_TIMEOUT, mod, 0)),
                     ACT_REFUSAL_OWN);
    assert_int_equal(desk_post_refused(&desk, "demo", "mod"), REFUSAL_MUTED);
    desk_close(&desk);
}

/* Of several that an act bans one is let go, and banned with them again. */
void slipping_out_of_a_ban_of_several(void **state)
{
    static const struct str both[] = {STR("ann"), STR("bob")};
    struct subject *subject = *state;
    struct desk desk;
    struct act ban = desk_on_user(ACT_BAN, both, -1);
    ban.target_count = 2;
    desk_open(&desk, subject->port);
    const uint64_t first = desk_do(&desk, "demo", ban);
    struct acting again = desk_act_of("demo", ban);
    desk_act(&desk, &again);
    assert_int_equal(again.call.end, ACT_DUPLICATE);
    (void)desk_do(&desk, "demo", desk_on_user(ACT_UNBAN, bob, -1));
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    assert_int_equal(desk_post_refused(&desk, "demo", "ann"), REFUSAL_BANNED);
    const uint64_t second = desk_do(&desk, "demo", ban);
    assert_true(second > first);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_BANNED);
    (void)desk_do(&desk, "demo", desk_undo_of(second)); // it took the place of the first
    assert_int_equal(desk_post_refused(&desk, "demo", "ann"), REFUSAL_NONE);
    assert_int_equal(desk_post_refused(&desk, "demo", "bob"), REFUSAL_NONE);
    desk_close(&desk);
}

void slipping_by_hold_first(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", modes("[\"hold_first\"]"));
    assert_int_equal(say_once(&desk, "bob", "a first one"), COMMENT_HELD);
    assert_int_equal(say_once(&desk, "bob", "and another, not seen either"), COMMENT_HELD);
    struct post third;
    assert_int_equal(say(&desk, "bob", "third", (struct wish){.outcome = 0}, &third), COMMENT_HELD);
    (void)desk_do(&desk, "demo", desk_on_id(ACT_APPROVE, third.submit.id));
    desk_post_done(&third);
    assert_int_equal(say_once(&desk, "bob", "known now"), COMMENT_VISIBLE);
    desk_close(&desk);
}

void slipping_behind_a_role_one_had(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    struct post post = desk_post_of("demo", "bob", NULL, "I am the host");
    post.submit.author.privileged = true;
    post.submit.author.role_bits = ROLE_HOST;
    desk_post(&desk, &post);
    desk_post_done(&post);
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_user(ACT_BAN, bob, -1)),
                     ACT_REFUSAL_HIGHER_ROLE);
    const uint64_t seq = desk_say(&desk, "demo", "bob", "I am not any more");
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seq, 1));
    (void)desk_do(&desk, "demo", desk_on_user(ACT_BAN, bob, -1));
    desk_close(&desk);
}

/* ---- removals ---- */

void slipping_back_after_a_restore(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    uint64_t seqs[2];
    desk_open(&desk, subject->port);
    seqs[0] = desk_say(&desk, "demo", "bob", "one of bob");
    seqs[1] = desk_say(&desk, "demo", "bob", "two of bob");
    const uint64_t both = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, 2));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seqs[0], 1));
    assert_int_equal(visible(&desk), 1);
    const uint64_t again = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, 2));
    assert_int_equal(visible(&desk), 0);
    (void)desk_do(&desk, "demo", desk_undo_of(again)); // that act only
    assert_int_equal(visible(&desk), 1);
    (void)desk_do(&desk, "demo", desk_undo_of(both));
    assert_int_equal(visible(&desk), 2);
    const uint64_t restored = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, 2));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, seqs, 2));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seqs[0], 1));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, seqs, 2));
    assert_int_equal(visible(&desk), 2);
    assert_true(restored > again);
    desk_close(&desk);
}

void slipping_back_after_a_purge(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t seq = desk_say(&desk, "demo", "bob", "one of bob");
    (void)desk_say(&desk, "demo", "bob", "two of bob");
    (void)desk_do(&desk, "demo", desk_on_user(ACT_PURGE, bob, -1));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seq, 1));
    assert_int_equal(visible(&desk), 1);
    (void)desk_do(&desk, "demo", desk_on_user(ACT_PURGE, bob, -1));
    assert_int_equal(visible(&desk), 0);
    desk_close(&desk);
}

void slipping_into_the_feed(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    char json[2048];
    desk_open(&desk, subject->port);
    for (int i = 0; i < 4; i++) {
        (void)desk_say(&desk, "demo", "bob", "words of bob");
    }
    const uint64_t seq = desk_say(&desk, "demo", "cleo", "words of cleo");
    (void)desk_do(&desk, "demo", desk_on_user(ACT_PURGE, bob, -1));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seq, 1));
    for (uint64_t after = 0; after < 5; after++) {
        const struct moderation_call next = {
            .what = MODERATION_FEED, .after = after, .limit = 1, .stream = STR("")};
        assert_int_equal(desk_look_up(&desk, next, json, sizeof(json)), ERR_OK);
        assert_null(strstr(json, "words of"));
        assert_non_null(strstr(json, "removed"));
    }
    desk_close(&desk);
}

/* ---- what rules do ---- */

static uint64_t newest_act(struct desk *desk)
{
    char json[8192];
    unsigned long long act = 0;
    const struct moderation_call log = {
        .what = MODERATION_LOG, .stream = STR("demo"), .limit = 100};
    assert_int_equal(desk_look_up(desk, log, json, sizeof(json)), ERR_OK);
    for (const char *at = json; (at = strstr(at, "\"act\":\"a")) != NULL; at++) {
        (void)sscanf(at, "\"act\":\"a%llu", &act);
    }
    return act;
}

void slipping_past_an_undo(void **state)
{
    static const struct wish shadow = {.outcome = OUTCOME_SHADOW, .rule = STR("server_terms")};
    static const struct wish hold = {.outcome = OUTCOME_HOLD, .rule = STR("server_terms")};
    struct subject *subject = *state;
    struct desk desk;
    struct post post;
    desk_open(&desk, subject->port);
    assert_int_equal(say(&desk, "bob", "said too much", shadow, &post), COMMENT_VISIBLE);
    desk_post_done(&post);
    assert_int_equal(visible(&desk), 0);
    (void)desk_do(&desk, "demo", desk_undo_of(newest_act(&desk)));
    assert_int_equal(visible(&desk), 1);
    assert_int_equal(say(&desk, "bob", "said more", hold, &post), COMMENT_HELD);
    desk_post_done(&post);
    (void)desk_do(&desk, "demo", desk_undo_of(newest_act(&desk)));
    assert_int_equal(visible(&desk), 2);
    desk_close(&desk);
}

/* Of an act that shadowed them: what a rule shadowed beside it is another's to undo. */
void slipping_out_with_anothers_undo(void **state)
{
    static const struct wish by_rule = {.outcome = OUTCOME_SHADOW, .rule = STR("server_terms")};
    struct subject *subject = *state;
    struct desk desk;
    struct post post;
    desk_open(&desk, subject->port);
    const uint64_t shadow = desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(say(&desk, "bob", "said too much", by_rule, &post), COMMENT_VISIBLE);
    desk_post_done(&post);
    const uint64_t rule = newest_act(&desk);
    assert_int_equal(say_once(&desk, "bob", "and something else"), COMMENT_VISIBLE);
    assert_int_equal(visible(&desk), 0);
    (void)desk_do(&desk, "demo", desk_undo_of(shadow));
    assert_int_equal(visible(&desk), 1);
    (void)desk_do(&desk, "demo", desk_undo_of(rule));
    assert_int_equal(visible(&desk), 2);
    desk_close(&desk);
}

/* ---- shadows ---- */

void slipping_out_of_one_of_two_shadows(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t here = desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    const uint64_t everywhere = desk_do(&desk, "", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(say_once(&desk, "bob", "who hears me"), COMMENT_VISIBLE);
    (void)desk_do(&desk, "demo", desk_undo_of(here));
    assert_int_equal(visible(&desk), 0);
    const uint64_t again = desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    (void)desk_do(&desk, "", desk_undo_of(everywhere));
    assert_int_equal(visible(&desk), 0);
    (void)desk_do(&desk, "demo", desk_undo_of(again));
    assert_int_equal(visible(&desk), 1); // none is left
    desk_close(&desk);
}

/* In whatever order they go, the last shows what they hid, and what one hid that goes on hides. */
void slipping_out_of_both_of_two_shadows(void **state)
{
    static const struct wish by_rule = {.outcome = OUTCOME_SHADOW, .rule = STR("server_terms")};
    struct subject *subject = *state;
    struct desk desk;
    struct post post;
    desk_open(&desk, subject->port);
    const uint64_t kept = desk_do(&desk, "", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(say_once(&desk, "bob", "hid by one that is not undone"), COMMENT_VISIBLE);
    (void)desk_do(&desk, "", desk_on_user(ACT_UNSHADOW, bob, -1)); // from now on
    assert_int_equal(say(&desk, "bob", "said too much", by_rule, &post), COMMENT_VISIBLE);
    desk_post_done(&post);
    const uint64_t rule = newest_act(&desk);
    const uint64_t first = desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(say_once(&desk, "bob", "hid by the first"), COMMENT_VISIBLE);
    const uint64_t second = desk_do(&desk, "", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(say_once(&desk, "bob", "hid by both"), COMMENT_VISIBLE);
    (void)desk_do(&desk, "demo", desk_undo_of(first));
    (void)desk_do(&desk, "demo", desk_undo_of(rule));
    assert_int_equal(visible(&desk), 0);
    const uint64_t third = desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    (void)desk_do(&desk, "", desk_undo_of(second));
    assert_int_equal(visible(&desk), 0);
    (void)desk_do(&desk, "demo", desk_undo_of(third));
    assert_int_equal(visible(&desk), 3);
    assert_true(kept < first);
    desk_close(&desk);
}

void slipping_shadowed_through_the_queue(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post post;
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo", modes("[\"hold_all\"]"));
    (void)desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(say_once(&desk, "cleo", "is this held"), COMMENT_HELD);
    assert_int_equal(say(&desk, "bob", "as mine is", (struct wish){.outcome = 0}, &post),
                     COMMENT_HELD); // as everybody's
    (void)desk_do(&desk, "demo", desk_on_id(ACT_APPROVE, post.submit.id));
    desk_post_done(&post);
    assert_int_equal(visible(&desk), 0); // and still theirs alone
    desk_close(&desk);
}

static void hear_for_a_minute(struct desk *desk)
{
    const struct act unique = {.what = ACT_RULES,
                               .value = STR("{\"unique\":{\"user_s\":60,\"stream_s\":60}}"),
                               .seconds = -1};
    (void)desk_do(desk, "demo", unique);
    (void)desk_do(desk, "demo", modes("[\"unique\"]"));
}

static enum refusal refusal_of(struct desk *desk, const char *user, const char *text)
{
    struct post post = desk_post_of("demo", user, NULL, text);
    desk_post(desk, &post); // without traits: they are found where a rule asks for them
    const enum refusal refusal = post.submit.refusal;
    assert_true(post.submit.asked_traits);
    desk_post_done(&post);
    return refusal;
}

static enum refusal refusal_of_same(struct desk *desk, const char *user)
{
    return refusal_of(desk, user, "the same long words");
}

void slipping_out_by_an_echo(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    hear_for_a_minute(&desk);
    (void)desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(refusal_of_same(&desk, "bob"), REFUSAL_NONE);
    assert_int_equal(refusal_of_same(&desk, "cleo"), REFUSAL_NONE); // who never heard it
    assert_int_equal(refusal_of_same(&desk, "dora"), REFUSAL_NOT_UNIQUE);
    assert_int_equal(refusal_of_same(&desk, "bob"), REFUSAL_NOT_UNIQUE); // as for everybody
    desk_close(&desk);
}

/* An echo that somebody else would have removed, or that only its author has heard, or that JSON
 * writes in another way, is one after a restart as before it. */
void slipping_out_by_a_restart(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    hear_for_a_minute(&desk);
    const uint64_t first = desk_say(&desk, "demo", "ann", "said \"out\" loud\nand clear");
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &first, 1));
    (void)desk_do(&desk, "demo", desk_on_user(ACT_SHADOW, bob, -1));
    assert_int_equal(refusal_of(&desk, "bob", "what I alone have heard"), REFUSAL_NONE);
    (void)desk_do(&desk, "demo", modes("[\"unique\",\"hold_all\"]"));
    assert_int_equal(say_once(&desk, "cleo", "what waits for somebody"), COMMENT_HELD);
    (void)desk_do(&desk, "demo", modes("[\"unique\"]"));
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(refusal_of(&desk, "dora", "said \"out\" loud\nand clear"), REFUSAL_NOT_UNIQUE);
    assert_int_equal(refusal_of(&desk, "bob", "What I alone have heard!"), REFUSAL_NOT_UNIQUE);
    assert_int_equal(refusal_of(&desk, "dora", "what I alone have heard"), REFUSAL_NONE);
    assert_int_equal(refusal_of(&desk, "cleo", "what waits for somebody"), REFUSAL_NOT_UNIQUE);
    assert_int_equal(refusal_of(&desk, "dora", "what waits for somebody"), REFUSAL_NONE);
    assert_int_equal(refusal_of(&desk, "ann", "what nobody said"), REFUSAL_NONE);
    desk_close(&desk);
}

/* What was said before the rule was there is an echo, too, for as long as the rule says. */
void slipping_in_before_a_rule(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_say(&desk, "demo", "ann", "the same long words");
    hear_for_a_minute(&desk);
    assert_int_equal(refusal_of_same(&desk, "bob"), REFUSAL_NOT_UNIQUE);
    desk_close(&desk);
    subject_pass(subject, 61 * 1000);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(refusal_of_same(&desk, "bob"), REFUSAL_NONE);
    assert_int_equal(refusal_of_same(&desk, "ann"), REFUSAL_NOT_UNIQUE);
    desk_close(&desk);
}
