// SPDX-License-Identifier: Apache-2.0
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

enum { MANY = 40, MANY_MORE = 600 };

static struct act purge_of(const struct str *user)
{
    return desk_on_user(ACT_PURGE, user, -1);
}

static void assert_told(const struct follower *follower, enum event_kind kind, const char *part)
{
    assert_int_equal(follower->last_kind, kind);
    if (strstr(follower->last_body, part) == NULL) {
        fail_msg("no %s in %s", part, follower->last_body);
    }
    assert_int_equal(follower->out_of_order, 0);
}

static void assert_repeats(struct desk *desk, struct act act, uint64_t as)
{
    struct acting again = desk_act_of("demo", act);
    desk_act(desk, &again);
    assert_int_equal(again.call.end, ACT_DUPLICATE);
    assert_int_equal(again.call.act_n, as);
}

/* Whether some event of the log holds this text. */
static bool log_holds(struct desk *desk, const char *text)
{
    struct reading reading = desk_read_after(desk, "demo", 0, READ_LIMIT_MAX);
    bool is_found = false;
    assert_int_equal(reading.read.result, ERR_OK);
    for (uint32_t i = 0; i < reading.read.count; i++) {
        const struct event *event = reading.read.events[i];
        is_found = is_found || memmem(event->body, event->body_len, text, strlen(text)) != NULL;
    }
    read_done(&reading.read);
    return is_found;
}

void removing_tells_whoever_saw_it(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t seq = desk_say(&desk, "demo", "bob", "a bad word");
    (void)desk_say(&desk, "demo", "bob", "a good one");
    const struct act removal = desk_on_seqs(ACT_DELETE, &seq, 1);
    struct acting acting = desk_act_of("demo", removal);
    desk_act(&desk, &acting);
    assert_int_equal(acting.call.end, ACT_DONE);
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[1]"); // before the answer
    assert_int_equal(acting.call.seq, follower.last);
    assert_null(strstr(follower.last_body, "mod")); // who did it is for moderators
    assert_false(log_holds(&desk, "a bad word"));
    assert_true(log_holds(&desk, "a good one"));
    assert_repeats(&desk, removal, acting.call.act_n);
    const uint64_t none = 4711;
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_seqs(ACT_DELETE, &none, 1)),
                     ACT_REFUSAL_NO_COMMENT);
    assert_int_equal(desk_refuses(&desk, "other", removal), ACT_REFUSAL_NO_COMMENT);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_false(log_holds(&desk, "a bad word"));
    desk_close(&desk);
}

void removing_by_id_is_the_same(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post post = desk_post_of("demo", "bob", "c1", "a bad word");
    desk_open(&desk, subject->port);
    desk_post(&desk, &post);
    const struct act by_id = {
        .what = ACT_DELETE, .at = ACT_AT_ID, .id = post.submit.id, .seconds = -1};
    const uint64_t act = desk_do(&desk, "demo", by_id);
    const uint64_t seq = post.submit.event->seq;
    assert_repeats(&desk, desk_on_seqs(ACT_DELETE, &seq, 1), act);
    desk_post_done(&post);
    desk_close(&desk);
}

void removing_is_undone_act_by_act(void **state)
{
    static const struct str bob[] = {STR("bob")};
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t seq = desk_say(&desk, "demo", "bob", "hello there");
    const uint64_t one = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seq, 1));
    const uint64_t all = desk_do(&desk, "demo", purge_of(bob));
    assert_told(&follower, EVENT_RETRACT, "\"user_id\":\"bob\",\"upto\":");
    const uint64_t events = follower.events;
    (void)desk_do(&desk, "demo", desk_undo_of(one)); // the purge removes it still
    assert_int_equal(follower.events, events);
    assert_false(log_holds(&desk, "hello there"));
    (void)desk_do(&desk, "demo", desk_undo_of(all));
    assert_told(&follower, EVENT_RESTORE, "hello there");
    assert_true(log_holds(&desk, "hello there"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

static void post_and_restore(struct desk *desk)
{
    uint64_t seqs[MANY];
    for (int i = 0; i < MANY; i++) {
        seqs[i] = desk_say(desk, "demo", "bob", "hello there");
        (void)desk_say(desk, "demo", "ann", "other words");
        const uint64_t act = desk_do(desk, "demo", desk_on_seqs(ACT_DELETE, &seqs[i], 1));
        (void)desk_do(desk, "demo", desk_undo_of(act)); // each stands in a restore of its own
    }
    const uint64_t act = desk_do(desk, "demo", desk_on_seqs(ACT_DELETE, seqs, MANY));
    (void)desk_do(desk, "demo", desk_undo_of(act)); // all in one
    (void)desk_do(desk, "demo", desk_on_seqs(ACT_PIN, &seqs[0], 1));
}

/* However many rows hold it, and whenever those are overwritten. */
void removing_what_was_restored_holds_at_once(void **state)
{
    static const struct str bob[] = {STR("bob")};
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    post_and_restore(&desk);
    assert_true(log_holds(&desk, "hello there"));
    const uint64_t purge = desk_do(&desk, "demo", purge_of(bob));
    assert_false(log_holds(&desk, "hello there"));
    assert_true(log_holds(&desk, "other words"));
    desk_follow(&desk, &follower, "demo");
    const struct event *pin = follower.watch.pins[0];
    assert_true(pin == NULL || memmem(pin->body, pin->body_len, "hello", 5) == NULL);
    (void)desk_do(&desk, "demo", desk_undo_of(purge));
    assert_told(&follower, EVENT_RESTORE, "hello there");
    assert_true(log_holds(&desk, "hello there"));
    const struct act clear = {.what = ACT_CLEAR, .at = ACT_AT_NOTHING, .seconds = -1};
    (void)desk_do(&desk, "demo", clear);
    assert_false(log_holds(&desk, "hello there"));
    assert_false(log_holds(&desk, "other words"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void removing_and_restoring_take_turns(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t seq = desk_say(&desk, "demo", "bob", "hello there");
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seq, 1)),
                     ACT_REFUSAL_STATE);
    const uint64_t first = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seq, 1));
    const uint64_t back = desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seq, 1));
    assert_told(&follower, EVENT_RESTORE, "hello there");
    assert_repeats(&desk, desk_on_seqs(ACT_RESTORE, &seq, 1), back);
    const uint64_t second = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seq, 1));
    assert_true(second > first);
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[1]");
    assert_false(log_holds(&desk, "hello there")); // not in the restore, either
    const uint64_t again = desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seq, 1));
    assert_true(again > back);
    (void)desk_do(&desk, "demo", desk_undo_of(again)); // what it lifted removes it again
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[1]");
    assert_false(log_holds(&desk, "hello there"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* A delete of many, and a purge that may have reached it or not. */
void removing_goes_on_when_a_restore_is_undone(void **state)
{
    static const struct str bob[] = {STR("bob")};
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t seqs[] = {desk_say(&desk, "demo", "bob", "hello there"),
                             desk_say(&desk, "demo", "bob", "and again")};
    const uint64_t both = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, 2));
    const uint64_t purge = desk_do(&desk, "demo", purge_of(bob));
    const uint64_t back = desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, seqs, 1));
    assert_told(&follower, EVENT_RESTORE, "hello there");
    (void)desk_do(&desk, "demo", desk_undo_of(back));
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[1]");
    assert_false(log_holds(&desk, "hello there"));
    const uint64_t events = follower.events;
    (void)desk_do(&desk, "demo", desk_undo_of(both));
    assert_int_equal(follower.events, events); // the purge removes it still
    (void)desk_do(&desk, "demo", desk_undo_of(purge));
    assert_true(log_holds(&desk, "hello there"));
    const uint64_t again = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, 2));
    const uint64_t over = desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, seqs, 2));
    (void)desk_do(&desk, "demo", desk_undo_of(again));
    (void)desk_do(&desk, "demo", desk_undo_of(over)); // what it lifted is in force no more
    assert_true(log_holds(&desk, "hello there"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

static bool waits(struct desk *desk, const char *text)
{
    char json[8192];
    const struct moderation_call queue = {
        .what = MODERATION_HELD, .stream = STR("demo"), .limit = 10};
    assert_int_equal(desk_look_up(desk, queue, json, sizeof(json)), ERR_OK);
    return strstr(json, text) != NULL;
}

/* What a restore took out of the queue waits there again. */
void removing_holds_again_when_a_restore_is_undone(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t seq = desk_say(&desk, "demo", "bob", "hello there");
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_HOLD, &seq, 1));
    assert_true(waits(&desk, "hello there"));
    const uint64_t back = desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seq, 1));
    assert_told(&follower, EVENT_RESTORE, "hello there");
    assert_false(waits(&desk, "hello there"));
    (void)desk_do(&desk, "demo", desk_undo_of(back));
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[1]");
    assert_true(waits(&desk, "hello there"));
    assert_false(log_holds(&desk, "hello there"));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_APPROVE, &seq, 1));
    assert_true(log_holds(&desk, "hello there"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void removing_names_many_at_once(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    uint64_t seqs[MANY];
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    for (uint32_t i = 0; i < MANY; i++) {
        seqs[MANY - 1 - i] = desk_say(&desk, "demo", "bob", "raid raid raid");
    }
    const uint64_t act = desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, MANY));
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[1,2,3,");
    assert_false(log_holds(&desk, "raid raid raid"));
    (void)desk_do(&desk, "demo", desk_undo_of(act));
    assert_told(&follower, EVENT_RESTORE, "raid raid raid");
    (void)desk_do(&desk, "demo", (struct act){.what = ACT_CLEAR, .seconds = -1});
    assert_told(&follower, EVENT_RETRACT, "\"all\":true,\"upto\":");
    assert_false(log_holds(&desk, "raid raid raid"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void removing_again_reaches_what_is_new(void **state)
{
    static const struct str bob[] = {STR("bob")};
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_say(&desk, "demo", "bob", "hello there");
    const uint64_t first = desk_do(&desk, "demo", purge_of(bob));
    (void)desk_say(&desk, "demo", "cleo", "hi all");
    assert_repeats(&desk, purge_of(bob), first);
    (void)desk_say(&desk, "demo", "bob", "here again");
    assert_true(log_holds(&desk, "here again"));
    assert_true(desk_do(&desk, "demo", purge_of(bob)) > first);
    assert_false(log_holds(&desk, "here again"));
    assert_true(log_holds(&desk, "hi all"));
    desk_close(&desk);
}

void removing_reaches_all_streams(void **state)
{
    static const struct str bob[] = {STR("bob")};
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    (void)desk_say(&desk, "demo", "bob", "hello there");
    (void)desk_say(&desk, "other", "bob", "hello other");
    (void)desk_do(&desk, "", purge_of(bob));
    assert_told(&follower, EVENT_RETRACT, "\"user_id\":\"bob\"");
    assert_false(log_holds(&desk, "hello there"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void removing_into_the_queue_and_back(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t seq = desk_say(&desk, "demo", "bob", "hello there");
    const uint64_t next = desk_say(&desk, "demo", "bob", "and again");
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_HOLD, &seq, 1));
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[1]");
    const uint64_t approval = desk_do(&desk, "demo", desk_on_seqs(ACT_APPROVE, &seq, 1));
    assert_told(&follower, EVENT_RESTORE, "hello there");
    assert_repeats(&desk, desk_on_seqs(ACT_APPROVE, &seq, 1), approval);
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_HOLD, &next, 1));
    const uint64_t rejection = desk_do(&desk, "demo", desk_on_seqs(ACT_REJECT, &next, 1));
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_seqs(ACT_APPROVE, &next, 1)),
                     ACT_REFUSAL_STATE);
    (void)desk_do(&desk, "demo", desk_undo_of(rejection));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_APPROVE, &next, 1));
    assert_told(&follower, EVENT_RESTORE, "and again");
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* Whoever approves one of many that one act holds lets go of that one. */
void removing_into_the_queue_one_of_many_comes_back(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    const uint64_t seqs[] = {desk_say(&desk, "demo", "bob", "the first of them"),
                             desk_say(&desk, "demo", "bob", "the second of them"),
                             desk_say(&desk, "demo", "bob", "the third of them")};
    const uint64_t hold = desk_do(&desk, "demo", desk_on_seqs(ACT_HOLD, seqs, 3));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_APPROVE, &seqs[0], 1));
    const uint64_t back = desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seqs[1], 1));
    (void)desk_do(&desk, "demo", desk_undo_of(back));
    assert_told(&follower, EVENT_RETRACT, "\"seqs\":[2]");
    assert_false(log_holds(&desk, "the second of them"));
    assert_true(waits(&desk, "the second of them"));
    const uint64_t events = follower.events;
    assert_true(desk_do(&desk, "demo", desk_undo_of(hold)) > hold);
    assert_true(follower.events > events);
    assert_false(waits(&desk, "of them"));
    assert_true(log_holds(&desk, "the second of them"));
    assert_true(log_holds(&desk, "the third of them"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* What was rejected and then restored from among many waits for nobody, whatever is undone. */
void removing_from_the_queue_by_a_restore(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t seqs[] = {desk_say(&desk, "demo", "bob", "the first of them"),
                             desk_say(&desk, "demo", "bob", "the second of them")};
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_HOLD, seqs, 2));
    const uint64_t rejection = desk_do(&desk, "demo", desk_on_seqs(ACT_REJECT, &seqs[0], 1));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_RESTORE, &seqs[0], 1));
    (void)desk_do(&desk, "demo", desk_undo_of(rejection));
    assert_false(waits(&desk, "the first of them"));
    assert_true(waits(&desk, "the second of them"));
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_seqs(ACT_REJECT, &seqs[0], 1)),
                     ACT_REFUSAL_STATE);
    assert_true(log_holds(&desk, "the first of them"));
    desk_close(&desk);
}

void removing_spares_a_higher_role(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct post post = desk_post_of("demo", "hal", NULL, "I am the host");
    post.submit.author.privileged = true;
    post.submit.author.role_bits = ROLE_VIEWER | ROLE_HOST;
    desk_open(&desk, subject->port);
    desk_post(&desk, &post);
    const uint64_t seq = post.submit.event->seq;
    desk_post_done(&post);
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_seqs(ACT_DELETE, &seq, 1)),
                     ACT_REFUSAL_HIGHER_ROLE);
    assert_true(log_holds(&desk, "I am the host"));
    desk_close(&desk);
}

/* More than one transaction looks at: nothing goes before all were looked at, and then all. */
void removing_many_spares_a_higher_role(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    static uint64_t seqs[MANY_MORE];
    struct post post = desk_post_of("demo", "hal", NULL, "I am the host");
    post.submit.author.privileged = true;
    post.submit.author.role_bits = ROLE_VIEWER | ROLE_HOST;
    desk_open(&desk, subject->port);
    for (uint32_t i = 0; i + 1 < MANY_MORE; i++) {
        seqs[i] = desk_say(&desk, "demo", "bob", "hello there");
    }
    desk_post(&desk, &post);
    seqs[MANY_MORE - 1] = post.submit.event->seq;
    desk_post_done(&post);
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, MANY_MORE)),
                     ACT_REFUSAL_HIGHER_ROLE);
    assert_true(log_holds(&desk, "hello there"));
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, seqs, MANY_MORE - 1));
    assert_false(log_holds(&desk, "hello there"));
    assert_true(log_holds(&desk, "I am the host"));
    desk_close(&desk);
}

void removing_finds_what_is_pinned(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    uint64_t seqs[PINS_MAX + 1];
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    for (uint32_t i = 0; i <= PINS_MAX; i++) {
        seqs[i] = desk_say(&desk, "demo", "bob", "pinned words");
    }
    const uint64_t pin = desk_do(&desk, "demo", desk_on_seqs(ACT_PIN, &seqs[0], 1));
    assert_told(&follower, EVENT_PIN, "\"target\":1,\"comment\":{\"type\":\"comment\"");
    assert_told(&follower, EVENT_PIN, "pinned words");
    assert_repeats(&desk, desk_on_seqs(ACT_PIN, &seqs[0], 1), pin);
    const uint64_t before = follower.events;
    for (uint32_t i = 1; i <= PINS_MAX; i++) {
        (void)desk_do(&desk, "demo", desk_on_seqs(ACT_PIN, &seqs[i], 1));
    }
    assert_int_equal(follower.events, before + PINS_MAX + 1); // the oldest made room
    (void)desk_do(&desk, "demo", desk_on_seqs(ACT_UNPIN, &seqs[1], 1));
    assert_told(&follower, EVENT_UNPIN, "\"target\":2");
    assert_int_equal(desk_refuses(&desk, "demo", desk_on_seqs(ACT_UNPIN, &seqs[0], 1)),
                     ACT_REFUSAL_NOT_FOUND);
    for (uint32_t i = 0; i <= PINS_MAX; i++) {
        (void)desk_do(&desk, "demo", desk_on_seqs(ACT_DELETE, &seqs[i], 1));
    }
    assert_false(log_holds(&desk, "pinned words"));
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}
