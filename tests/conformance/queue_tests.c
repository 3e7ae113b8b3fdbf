// SPDX-License-Identifier: Apache-2.0
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include "engine/embedded/comment_id.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A comment by its author and its cid, which a retry asks about. */
struct said {
    const char *stream, *user, *cid;
    uint64_t seq; // 0: it waits
    char id[COMMENT_ID_LEN + 1];
};

static struct post post_of(const struct said *said)
{
    return desk_post_of(said->stream, said->user, said->cid, said->cid);
}

static void note_id(struct said *said, const struct post *post)
{
    assert_int_equal(post->submit.id.len, COMMENT_ID_LEN);
    memcpy(said->id, post->submit.id.at, COMMENT_ID_LEN);
}

static void say(struct desk *desk, struct said *said)
{
    struct post post = post_of(said);
    desk_post(desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    assert_int_equal(post.submit.state, COMMENT_VISIBLE);
    said->seq = post.submit.event->seq;
    note_id(said, &post);
    desk_post_done(&post);
}

static void wait_for_somebody(struct desk *desk, struct said *said)
{
    struct post post = post_of(said);
    post.submit.wish = (struct wish){.outcome = OUTCOME_HOLD, .rule = STR("hook")};
    desk_post(desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    assert_int_equal(post.submit.state, COMMENT_HELD);
    note_id(said, &post);
    desk_post_done(&post);
}

static enum comment_state state_of(struct desk *desk, const struct said *said)
{
    struct post post = post_of(said);
    desk_post(desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DUPLICATE);
    const enum comment_state state = post.submit.state;
    const bool tells_text =
        memmem(post.submit.event->body, post.submit.event->body_len, "\"text\"", 6) != NULL;
    assert_int_equal(tells_text, state != COMMENT_DELETED);
    desk_post_done(&post);
    return state;
}

static bool is_in_queue(struct desk *desk, const struct said *said)
{
    static char json[64 << 10];
    const struct moderation_call asked = {
        .what = MODERATION_HELD, .stream = str_of(said->stream), .limit = 100};
    assert_int_equal(desk_look_up(desk, asked, json, sizeof(json)), ERR_OK);
    return strstr(json, said->id) != NULL;
}

static void assert_state(struct desk *desk, const struct said *said, enum comment_state state)
{
    assert_int_equal(state_of(desk, said), state);
    assert_int_equal(is_in_queue(desk, said), state == COMMENT_HELD);
}

/* ---- acts ---- */

static const struct str bob[] = {STR("bob")};
static const struct str bob_and_cleo[] = {STR("cleo"), STR("bob")};

static struct act purge_of(const struct str *users, uint32_t count)
{
    return (struct act){.what = ACT_PURGE,
                        .at = ACT_AT_USERS,
                        .users = users,
                        .target_count = count,
                        .seconds = -1};
}

static struct act clear(void)
{
    return (struct act){.what = ACT_CLEAR, .seconds = -1};
}

static struct act on_seq(enum act_do what, const uint64_t *seq)
{
    return (struct act){
        .what = what, .at = ACT_AT_SEQS, .seqs = seq, .target_count = 1, .seconds = -1};
}

static struct act on_id(enum act_do what, const struct said *said)
{
    return (struct act){.what = what,
                        .at = ACT_AT_ID,
                        .id = {.at = said->id, .len = COMMENT_ID_LEN},
                        .target_count = 1,
                        .seconds = -1};
}

enum { IDS_MAX = 8 };

struct ids {
    struct str at[IDS_MAX];
    uint32_t count;
};

static void add_id(struct ids *ids, const struct said *said)
{
    assert_true(ids->count < IDS_MAX);
    ids->at[ids->count++] = (struct str){.at = said->id, .len = COMMENT_ID_LEN};
}

static struct act on_ids(enum act_do what, const struct ids *ids)
{
    return (struct act){
        .what = what, .at = ACT_AT_IDS, .ids = ids->at, .target_count = ids->count, .seconds = -1};
}

static void undo(struct desk *desk, const char *stream, uint64_t act)
{
    (void)desk_do(desk, stream, desk_undo_of(act));
}

/* ---- purge, clear ---- */

struct bobs { // one of each kind
    struct said seen, waiting, held, cleos;
    uint64_t hold;
};

static void say_of_each_kind(struct desk *desk, struct bobs *bobs)
{
    *bobs = (struct bobs){.seen = {.stream = "demo", .user = "bob", .cid = "seen"},
                          .waiting = {.stream = "demo", .user = "bob", .cid = "waiting"},
                          .held = {.stream = "demo", .user = "bob", .cid = "held"},
                          .cleos = {.stream = "demo", .user = "cleo", .cid = "cleos"}};
    say(desk, &bobs->seen);
    say(desk, &bobs->held);
    wait_for_somebody(desk, &bobs->waiting);
    wait_for_somebody(desk, &bobs->cleos);
    bobs->hold = desk_do(desk, "demo", on_seq(ACT_HOLD, &bobs->held.seq));
    assert_state(desk, &bobs->held, COMMENT_HELD);
}

static void assert_bobs(struct desk *desk, const struct bobs *bobs, bool are_there)
{
    assert_state(desk, &bobs->seen, are_there ? COMMENT_VISIBLE : COMMENT_DELETED);
    assert_state(desk, &bobs->waiting, are_there ? COMMENT_HELD : COMMENT_DELETED);
    assert_state(desk, &bobs->held, are_there ? COMMENT_HELD : COMMENT_DELETED);
}

void queue_is_purged_with_what_is_seen(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct bobs bobs;
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    const uint64_t purge = desk_do(&desk, "demo", purge_of(bob, 1));
    assert_bobs(&desk, &bobs, false);
    assert_state(&desk, &bobs.cleos, COMMENT_HELD);
    assert_int_equal(desk_refuses(&desk, "demo", on_id(ACT_APPROVE, &bobs.waiting)),
                     ACT_REFUSAL_STATE);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_bobs(&desk, &bobs, false);
    undo(&desk, "demo", purge);
    assert_bobs(&desk, &bobs, true);
    assert_state(&desk, &bobs.cleos, COMMENT_HELD);
    (void)desk_do(&desk, "demo", on_id(ACT_APPROVE, &bobs.waiting));
    (void)desk_do(&desk, "demo", on_id(ACT_APPROVE, &bobs.held));
    assert_state(&desk, &bobs.waiting, COMMENT_VISIBLE);
    assert_state(&desk, &bobs.held, COMMENT_VISIBLE);
    desk_close(&desk);
}

void queue_is_cleared_with_what_is_seen(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct bobs bobs;
    struct said later = {.stream = "demo", .user = "bob", .cid = "later"};
    struct said elsewhere = {.stream = "other", .user = "bob", .cid = "elsewhere"};
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    wait_for_somebody(&desk, &elsewhere);
    const uint64_t cleared = desk_do(&desk, "demo", clear());
    wait_for_somebody(&desk, &later);
    assert_bobs(&desk, &bobs, false);
    assert_state(&desk, &bobs.cleos, COMMENT_DELETED);
    assert_state(&desk, &later, COMMENT_HELD);
    assert_state(&desk, &elsewhere, COMMENT_HELD);
    undo(&desk, "demo", cleared);
    assert_bobs(&desk, &bobs, true);
    assert_state(&desk, &bobs.cleos, COMMENT_HELD);
    desk_close(&desk);
}

void queue_is_purged_in_all_streams(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct bobs bobs;
    struct said elsewhere = {.stream = "other", .user = "bob", .cid = "elsewhere"};
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    wait_for_somebody(&desk, &elsewhere);
    const uint64_t purge = desk_do(&desk, "", purge_of(bob_and_cleo, 2));
    assert_bobs(&desk, &bobs, false);
    assert_state(&desk, &bobs.cleos, COMMENT_DELETED);
    assert_state(&desk, &elsewhere, COMMENT_DELETED);
    undo(&desk, "", purge);
    assert_bobs(&desk, &bobs, true);
    assert_state(&desk, &bobs.cleos, COMMENT_HELD);
    assert_state(&desk, &elsewhere, COMMENT_HELD);
    desk_close(&desk);
}

/* Two acts that both take them, undone in both orders: only the second undo brings them back. */
void queue_is_kept_empty_by_what_is_in_force(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct bobs bobs;
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    struct ids ids = {.count = 0};
    add_id(&ids, &bobs.seen);
    add_id(&ids, &bobs.waiting);
    add_id(&ids, &bobs.held);
    const struct act acts[] = {purge_of(bob, 1), clear(), purge_of(bob_and_cleo, 2),
                               on_ids(ACT_DELETE, &ids)};
    enum { ACTS_TRIED = sizeof(acts) / sizeof(acts[0]) };
    for (uint32_t i = 0; i < ACTS_TRIED * ACTS_TRIED * 2; i++) {
        const uint32_t first = i % ACTS_TRIED, second = i / ACTS_TRIED % ACTS_TRIED;
        if (first == second) {
            continue;
        }
        const uint64_t done[] = {desk_do(&desk, "demo", acts[first]),
                                 desk_do(&desk, "demo", acts[second])};
        const bool is_first_first = i / ACTS_TRIED / ACTS_TRIED == 0;
        assert_bobs(&desk, &bobs, false);
        undo(&desk, "demo", done[is_first_first ? 0 : 1]);
        assert_bobs(&desk, &bobs, false);
        undo(&desk, "demo", done[is_first_first ? 1 : 0]);
        assert_bobs(&desk, &bobs, true);
    }
    desk_close(&desk);
}

/* One by one rejected, and by an act on many: whichever is undone first. */
void queue_is_kept_from_what_one_rejects(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct bobs bobs;
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    for (int order = 0; order < 2; order++) {
        const uint64_t one = desk_do(&desk, "demo", on_id(ACT_REJECT, &bobs.waiting));
        const uint64_t other = desk_do(&desk, "demo", on_id(ACT_REJECT, &bobs.held));
        const uint64_t purge = desk_do(&desk, "demo", purge_of(bob, 1));
        assert_bobs(&desk, &bobs, false);
        undo(&desk, "demo", order == 0 ? purge : one);
        undo(&desk, "demo", other);
        assert_state(&desk, &bobs.waiting, COMMENT_DELETED);
        assert_state(&desk, &bobs.held, order == 0 ? COMMENT_HELD : COMMENT_DELETED);
        undo(&desk, "demo", order == 0 ? one : purge);
        assert_bobs(&desk, &bobs, true);
    }
    desk_close(&desk);
}

/* What held it was undone meanwhile: it is seen once the purge is undone, too. */
void queue_is_left_by_what_nothing_holds(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct bobs bobs;
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    const uint64_t purge = desk_do(&desk, "demo", purge_of(bob, 1));
    undo(&desk, "demo", bobs.hold);
    assert_state(&desk, &bobs.held, COMMENT_DELETED);
    undo(&desk, "demo", purge);
    assert_state(&desk, &bobs.held, COMMENT_VISIBLE);
    const uint64_t hold = desk_do(&desk, "demo", on_seq(ACT_HOLD, &bobs.held.seq));
    const uint64_t rejection = desk_do(&desk, "demo", on_id(ACT_REJECT, &bobs.held));
    const uint64_t back = desk_do(&desk, "demo", on_seq(ACT_RESTORE, &bobs.held.seq));
    assert_state(&desk, &bobs.held, COMMENT_VISIBLE);
    undo(&desk, "demo", rejection);
    assert_state(&desk, &bobs.held, COMMENT_VISIBLE);
    undo(&desk, "demo", back); // what held it holds it again, and nobody rejects it
    assert_state(&desk, &bobs.held, COMMENT_HELD);
    (void)desk_do(&desk, "demo", on_id(ACT_APPROVE, &bobs.held));
    assert_state(&desk, &bobs.held, COMMENT_VISIBLE);
    assert_true(hold < rejection);
    desk_close(&desk);
}

void queue_is_purged_again_when_something_waits(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct said said = {.stream = "demo", .user = "bob", .cid = "c1"};
    struct said other = {.stream = "demo", .user = "bob", .cid = "c2"};
    struct said cleos = {.stream = "demo", .user = "cleo", .cid = "c3"};
    desk_open(&desk, subject->port);
    wait_for_somebody(&desk, &said);
    const uint64_t first = desk_do(&desk, "demo", purge_of(bob, 1));
    wait_for_somebody(&desk, &cleos);
    struct acting again = desk_act_of("demo", purge_of(bob, 1));
    desk_act(&desk, &again);
    assert_int_equal(again.call.end, ACT_DUPLICATE);
    assert_int_equal(again.call.act_n, first);
    wait_for_somebody(&desk, &other);
    const uint64_t second = desk_do(&desk, "demo", purge_of(bob, 1));
    assert_state(&desk, &other, COMMENT_DELETED);
    undo(&desk, "demo", first);
    assert_state(&desk, &said, COMMENT_DELETED); // the second takes it, too
    undo(&desk, "demo", second);
    assert_state(&desk, &said, COMMENT_HELD);
    assert_state(&desk, &other, COMMENT_HELD);
    desk_close(&desk);
}

/* ---- by id ---- */

void queue_is_taken_with_the_feed_by_ids(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct bobs bobs;
    struct ids ids = {.count = 0};
    struct said elsewhere = {.stream = "other", .user = "bob", .cid = "elsewhere"};
    struct said nobodys = {.id = "01J00000000000000000000000"};
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    say_of_each_kind(&desk, &bobs);
    say(&desk, &elsewhere);
    add_id(&ids, &nobodys);
    add_id(&ids, &elsewhere);
    assert_int_equal(desk_refuses(&desk, "demo", on_ids(ACT_DELETE, &ids)), ACT_REFUSAL_NO_COMMENT);
    add_id(&ids, &bobs.waiting);
    add_id(&ids, &bobs.seen);
    add_id(&ids, &bobs.held);
    add_id(&ids, &bobs.seen);
    const uint64_t taken = desk_do(&desk, "demo", on_ids(ACT_DELETE, &ids));
    assert_int_equal(follower.last_kind, EVENT_RETRACT);
    assert_non_null(strstr(follower.last_body, "\"seqs\":[1]"));
    assert_bobs(&desk, &bobs, false);
    assert_state(&desk, &elsewhere, COMMENT_VISIBLE);
    struct acting again = desk_act_of("demo", on_ids(ACT_DELETE, &ids));
    desk_act(&desk, &again);
    assert_int_equal(again.call.end, ACT_DUPLICATE);
    assert_int_equal(again.call.act_n, taken);
    undo(&desk, "demo", taken);
    assert_bobs(&desk, &bobs, true);
    assert_true(desk_do(&desk, "demo", on_ids(ACT_DELETE, &ids)) > taken);
    assert_bobs(&desk, &bobs, false);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void queue_of_one_is_deleted_by_id(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct said said = {.stream = "demo", .user = "bob", .cid = "c1"};
    desk_open(&desk, subject->port);
    wait_for_somebody(&desk, &said);
    const uint64_t taken = desk_do(&desk, "demo", on_id(ACT_DELETE, &said));
    assert_state(&desk, &said, COMMENT_DELETED);
    undo(&desk, "demo", taken);
    assert_state(&desk, &said, COMMENT_HELD);
    assert_int_equal(desk_refuses(&desk, "demo", on_id(ACT_HOLD, &said)), ACT_REFUSAL_STATE);
    assert_int_equal(desk_refuses(&desk, "demo", on_id(ACT_RESTORE, &said)), ACT_REFUSAL_STATE);
    desk_close(&desk);
}

static void assert_waits_again(const struct follower *follower, const struct said *said,
                               uint64_t notices)
{
    assert_int_equal(follower->notices, notices);
    assert_non_null(strstr(follower->last_notice, "{\"type\":\"held\",\"stream\":\"demo\""));
    assert_non_null(strstr(follower->last_notice, said->id));
    assert_non_null(strstr(follower->last_notice, said->cid));
}

/* By whichever act it was rejected, once nothing rejects it any more. */
void queue_tells_who_waits_again(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct bobs bobs;
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    desk_follow(&desk, &follower, "demo");
    const uint64_t one = desk_do(&desk, "demo", on_id(ACT_REJECT, &bobs.waiting));
    assert_int_equal(follower.notices, 1);
    undo(&desk, "demo", one);
    assert_waits_again(&follower, &bobs.waiting, 2);
    const uint64_t other = desk_do(&desk, "demo", on_id(ACT_REJECT, &bobs.held));
    const uint64_t purge = desk_do(&desk, "demo", purge_of(bob, 1));
    assert_int_equal(follower.notices, 4);
    undo(&desk, "demo", other);
    assert_int_equal(follower.notices, 4); // the purge rejects it, too
    undo(&desk, "demo", purge);
    assert_int_equal(follower.notices, 6);
    assert_bobs(&desk, &bobs, true);
    const uint64_t everywhere = desk_do(&desk, "", purge_of(bob, 1));
    undo(&desk, "", everywhere);
    assert_int_equal(follower.notices, 10);
    const uint64_t restore = desk_do(&desk, "demo", on_seq(ACT_RESTORE, &bobs.held.seq));
    assert_int_equal(follower.notices, 10); // its event says so
    undo(&desk, "demo", restore);
    assert_waits_again(&follower, &bobs.held, 11);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* A hold that is back in force finds what removed the comment while it was on screens. */
void queue_has_what_was_removed_while_its_hold_was_lifted(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (int order = 0; order < 2; order++) {
        struct said said = {.stream = "demo", .user = "bob", .cid = order == 0 ? "c1" : "c2"};
        say(&desk, &said);
        (void)desk_do(&desk, "demo", on_seq(ACT_HOLD, &said.seq));
        const uint64_t restore = desk_do(&desk, "demo", on_seq(ACT_RESTORE, &said.seq));
        const uint64_t taker = desk_do(&desk, "demo", order == 0 ? clear() : purge_of(bob, 1));
        assert_state(&desk, &said, COMMENT_DELETED);
        undo(&desk, "demo", order == 0 ? restore : taker);
        assert_state(&desk, &said, order == 0 ? COMMENT_DELETED : COMMENT_VISIBLE);
        undo(&desk, "demo", order == 0 ? taker : restore);
        assert_state(&desk, &said, COMMENT_HELD);
    }
    desk_close(&desk);
}

void queue_is_judged_by_ids(void **state)
{
    static const enum act_do kinds[] = {ACT_REJECT, ACT_APPROVE};
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    struct bobs bobs;
    struct ids ids = {.count = 0};
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    say_of_each_kind(&desk, &bobs);
    add_id(&ids, &bobs.seen); // it was never in the queue
    assert_int_equal(desk_refuses(&desk, "demo", on_ids(ACT_REJECT, &ids)), ACT_REFUSAL_NO_COMMENT);
    add_id(&ids, &bobs.held);
    add_id(&ids, &bobs.waiting);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const uint64_t notices = follower.notices;
        const uint64_t done = desk_do(&desk, "demo", on_ids(kinds[i], &ids));
        const enum comment_state state_now =
            kinds[i] == ACT_REJECT ? COMMENT_DELETED : COMMENT_VISIBLE;
        assert_int_equal(follower.notices, notices + 2); // to each author
        assert_state(&desk, &bobs.seen, COMMENT_VISIBLE);
        assert_state(&desk, &bobs.waiting, state_now);
        assert_state(&desk, &bobs.held, state_now);
        assert_state(&desk, &bobs.cleos, COMMENT_HELD);
        struct acting again = desk_act_of("demo", on_ids(kinds[i], &ids));
        desk_act(&desk, &again);
        assert_int_equal(again.call.act_n, done);
        assert_int_equal(again.call.end, ACT_DUPLICATE);
        if (kinds[i] == ACT_REJECT) {
            undo(&desk, "demo", done);
            assert_bobs(&desk, &bobs, true);
        } else {
            assert_int_equal(desk_refuses(&desk, "demo", desk_undo_of(done)), ACT_REFUSAL_STATE);
        }
    }
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

void queue_is_judged_by_places(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct said said[2] = {{.stream = "demo", .user = "bob", .cid = "c1"},
                           {.stream = "demo", .user = "bob", .cid = "c2"}};
    desk_open(&desk, subject->port);
    say(&desk, &said[0]);
    say(&desk, &said[1]);
    const uint64_t seqs[] = {said[1].seq, said[0].seq, 4711};
    struct act both = on_seq(ACT_HOLD, seqs);
    both.target_count = 3;
    (void)desk_do(&desk, "demo", both);
    both.what = ACT_REJECT;
    const uint64_t rejection = desk_do(&desk, "demo", both);
    assert_state(&desk, &said[0], COMMENT_DELETED);
    assert_state(&desk, &said[1], COMMENT_DELETED);
    undo(&desk, "demo", rejection);
    assert_state(&desk, &said[0], COMMENT_HELD);
    both.what = ACT_APPROVE;
    (void)desk_do(&desk, "demo", both);
    assert_state(&desk, &said[0], COMMENT_VISIBLE);
    assert_state(&desk, &said[1], COMMENT_VISIBLE);
    desk_close(&desk);
}

/* Nothing of the list is done. */
void queue_spares_a_higher_role(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct said said = {.stream = "demo", .user = "bob", .cid = "c1"};
    struct said hosts = {.stream = "demo", .user = "hal", .cid = "c2"};
    struct ids ids = {.count = 0};
    desk_open(&desk, subject->port);
    wait_for_somebody(&desk, &said);
    wait_for_somebody(&desk, &hosts);
    struct post post = desk_post_of("demo", "hal", "c3", "hello");
    post.submit.author.privileged = true;
    post.submit.author.role_bits = ROLE_HOST;
    desk_post(&desk, &post);
    desk_post_done(&post);
    add_id(&ids, &said);
    add_id(&ids, &hosts);
    assert_int_equal(desk_refuses(&desk, "demo", on_ids(ACT_REJECT, &ids)),
                     ACT_REFUSAL_HIGHER_ROLE);
    assert_int_equal(desk_refuses(&desk, "demo", on_ids(ACT_DELETE, &ids)),
                     ACT_REFUSAL_HIGHER_ROLE);
    assert_state(&desk, &said, COMMENT_HELD);
    assert_state(&desk, &hosts, COMMENT_HELD);
    (void)desk_do(&desk, "demo", on_ids(ACT_APPROVE, &ids));
    assert_state(&desk, &hosts, COMMENT_VISIBLE);
    desk_close(&desk);
}

/* ---- around it ---- */

static void post_in_time(struct desk *desk, struct said *said)
{
    struct post post = post_of(said);
    desk_post(desk, &post);
    assert_int_equal(post.submit.state, COMMENT_HELD);
    note_id(said, &post);
    desk_post_done(&post);
}

/* What is undone waits for somebody. */
void queue_clocks_stop_with_the_act(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct said said[] = {{.stream = "demo", .user = "bob", .cid = "c1"},
                          {.stream = "demo", .user = "cleo", .cid = "c2"},
                          {.stream = "demo", .user = "dan", .cid = "c3"}};
    struct ids ids = {.count = 0};
    desk_open(&desk, subject->port);
    (void)desk_do(&desk, "demo",
                  (struct act){.what = ACT_MODE, .value = STR("[\"mods_first\"]"), .seconds = 5});
    for (size_t i = 0; i < 3; i++) {
        post_in_time(&desk, &said[i]);
    }
    add_id(&ids, &said[1]);
    undo(&desk, "demo", desk_do(&desk, "demo", purge_of(bob, 1)));
    undo(&desk, "demo", desk_do(&desk, "demo", on_ids(ACT_DELETE, &ids)));
    subject_pass(subject, 6 * 1000);
    while (state_of(&desk, &said[2]) != COMMENT_VISIBLE) { // what waits is looked at once a second
        subject_pass(subject, 1000);
        desk_sync(&desk);
    }
    assert_state(&desk, &said[0], COMMENT_HELD);
    assert_state(&desk, &said[1], COMMENT_HELD);
    desk_close(&desk);
}

void queue_has_room_once_it_is_rejected(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct embedded_rules rules = subject->rules;
    struct said said = {.stream = "demo", .user = "bob", .cid = "c1"};
    struct said next = {.stream = "demo", .user = "bob", .cid = "c2"};
    rules.held_max = 1;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    wait_for_somebody(&desk, &said);
    struct post full = post_of(&next);
    full.submit.wish = (struct wish){.outcome = OUTCOME_HOLD, .rule = STR("hook")};
    desk_post(&desk, &full);
    assert_int_equal(full.submit.refusal, REFUSAL_OVERLOADED);
    (void)desk_do(&desk, "demo", clear());
    wait_for_somebody(&desk, &next);
    desk_close(&desk);
}

void queue_tells_which_act_emptied_it(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct said said = {.stream = "demo", .user = "bob", .cid = "c1"};
    struct ids ids = {.count = 0};
    desk_open(&desk, subject->port);
    wait_for_somebody(&desk, &said);
    add_id(&ids, &said);
    const struct act acts[] = {purge_of(bob, 1), clear(), on_ids(ACT_DELETE, &ids),
                               on_ids(ACT_REJECT, &ids)};
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        const uint64_t done = desk_do(&desk, "demo", acts[i]);
        struct act appeal = on_id(ACT_APPEAL, &said);
        appeal.value = STR("why?");
        struct acting by_id = desk_act_by("demo", appeal, "bob", ROLE_VIEWER);
        desk_act(&desk, &by_id);
        assert_int_equal(by_id.call.end, ACT_DONE);
        assert_int_equal(by_id.call.against, done);
        struct act named = desk_on_act(ACT_APPEAL, done);
        named.value = STR("why?");
        struct acting by_act = desk_act_by("demo", named, "bob", ROLE_VIEWER);
        desk_act(&desk, &by_act);
        assert_int_equal(by_act.call.end, ACT_DUPLICATE);
        undo(&desk, "demo", done);
    }
    desk_close(&desk);
}

/* What others look at stays in the queue. */
void queue_is_not_taken_from_others(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct bobs bobs;
    struct ids ids = {.count = 0}, claimed = {.count = 0};
    desk_open(&desk, subject->port);
    say_of_each_kind(&desk, &bobs);
    add_id(&ids, &bobs.seen);
    add_id(&ids, &bobs.waiting);
    add_id(&ids, &bobs.held);
    add_id(&claimed, &bobs.cleos);
    add_id(&claimed, &bobs.seen); // it does not wait
    add_id(&claimed, &bobs.waiting);
    struct acting taking = desk_act_of("demo", on_ids(ACT_DELETE, &ids));
    taking.call.claimed = claimed.at;
    taking.call.claimed_count = claimed.count;
    desk_act(&desk, &taking);
    assert_int_equal(taking.call.end, ACT_DONE);
    assert_state(&desk, &bobs.seen, COMMENT_DELETED);
    assert_state(&desk, &bobs.held, COMMENT_DELETED);
    assert_state(&desk, &bobs.waiting, COMMENT_HELD);
    const uint64_t act_n = taking.call.act_n;
    desk_act(&desk, &taking); // what is spared is so still
    assert_int_equal(taking.call.end, ACT_DUPLICATE);
    assert_int_equal(taking.call.act_n, act_n);
    undo(&desk, "demo", act_n);
    assert_bobs(&desk, &bobs, true);
    add_id(&claimed, &bobs.held);
    struct acting judging = desk_act_of("demo", on_seq(ACT_REJECT, &bobs.held.seq));
    judging.call.claimed = claimed.at;
    judging.call.claimed_count = claimed.count;
    desk_act(&desk, &judging);
    assert_int_equal(judging.call.end, ACT_REFUSED);
    assert_int_equal(judging.call.refusal, ACT_REFUSAL_CLAIMED);
    assert_int_equal(judging.call.claim, 3);
    assert_bobs(&desk, &bobs, true);
    judging = desk_act_of("demo", on_ids(ACT_REJECT, &ids)); // what is not claimed is on screens
    judging.call.claimed = claimed.at;
    judging.call.claimed_count = claimed.count;
    desk_act(&desk, &judging);
    assert_int_equal(judging.call.end, ACT_REFUSED);
    assert_int_equal(judging.call.refusal, ACT_REFUSAL_CLAIMED);
    assert_bobs(&desk, &bobs, true);
    desk_close(&desk);
}

/* ---- looked at ---- */

static void look(struct desk *desk, struct moderation_call asked, char *json, size_t size)
{
    asked.stream = STR("demo");
    assert_int_equal(desk_look_up(desk, asked, json, size), ERR_OK);
}

void queue_is_read_in_pages(void **state)
{
    static char json[64 << 10];
    static const char *const cids[] = {"c0", "c1", "c2", "c3", "c4"};
    struct subject *subject = *state;
    struct desk desk;
    struct said said[5];
    char tail[128];
    desk_open(&desk, subject->port);
    for (int i = 0; i < 5; i++) {
        said[i] = (struct said){.stream = "demo", .user = "bob", .cid = cids[i]};
        wait_for_somebody(&desk, &said[i]);
    }
    struct moderation_call page = {.what = MODERATION_HELD, .limit = 2};
    for (int first = 0; first < 5; first += 2) {
        const bool has_more = first + 2 < 5;
        const struct said *last = &said[has_more ? first + 1 : 4];
        look(&desk, page, json, sizeof(json));
        for (int i = 0; i < 5; i++) {
            const bool is_here = i == first || (i == first + 1);
            snprintf(tail, sizeof(tail), "\"id\":\"%s\"", said[i].id);
            assert_int_equal(strstr(json, tail) != NULL, is_here);
        }
        snprintf(tail, sizeof(tail), "\"count\":5,\"cursor\":\"%s\",\"more\":%s", last->id,
                 has_more ? "true" : "false");
        assert_non_null(strstr(json, tail));
        page.id = (struct str){.at = last->id, .len = COMMENT_ID_LEN};
    }
    look(&desk, page, json, sizeof(json));
    assert_non_null(strstr(json, "\"comments\":[],\"count\":5,\"cursor\":\"0"));
    (void)desk_do(&desk, "demo", on_id(ACT_REJECT, &said[1]));
    page.id.at = said[1].id; // it waits no more, and is a place all the same
    look(&desk, page, json, sizeof(json));
    assert_non_null(strstr(json, said[2].id));
    assert_non_null(strstr(json, "\"count\":4,"));
    page.stream = STR("demo");
    page.id = STR("01J00000000000000000000000");
    assert_int_equal(desk_look_up(&desk, page, json, sizeof(json)), ERR_DENIED);
    desk_close(&desk);
}

static enum err waits(struct desk *desk, const char *stream, const char *id)
{
    char json[64];
    const struct moderation_call asked = {
        .what = MODERATION_WAITS, .stream = str_of(stream), .id = str_of(id)};
    return desk_look_up(desk, asked, json, sizeof(json));
}

void queue_knows_who_waits(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct said said[2];
    char seen[COMMENT_ID_LEN + 1] = {0};
    desk_open(&desk, subject->port);
    for (int i = 0; i < 2; i++) {
        said[i] = (struct said){.stream = "demo", .user = "bob", .cid = i == 0 ? "c0" : "c1"};
        wait_for_somebody(&desk, &said[i]);
    }
    struct post post = desk_post_of("demo", "cleo", "c2", "hello");
    desk_post(&desk, &post);
    memcpy(seen, post.submit.id.at, COMMENT_ID_LEN);
    desk_post_done(&post);
    struct post other = desk_post_of("other", "cleo", "c3", "hello");
    desk_post(&desk, &other);
    desk_post_done(&other);
    assert_int_equal(waits(&desk, "demo", said[0].id), ERR_OK);
    (void)desk_do(&desk, "demo", on_id(ACT_APPROVE, &said[0]));
    (void)desk_do(&desk, "demo", on_id(ACT_REJECT, &said[1]));
    assert_int_equal(waits(&desk, "demo", said[0].id), ERR_DENIED);
    assert_int_equal(waits(&desk, "demo", said[1].id), ERR_DENIED);
    assert_int_equal(waits(&desk, "demo", seen), ERR_DENIED);
    assert_int_equal(waits(&desk, "other", said[0].id), ERR_NOT_FOUND);
    assert_int_equal(waits(&desk, "other", seen), ERR_NOT_FOUND);
    assert_int_equal(waits(&desk, "nowhere", seen), ERR_NOT_FOUND);
    assert_int_equal(waits(&desk, "demo", "01J00000000000000000000000"), ERR_NOT_FOUND);
    desk_close(&desk);
}

void queue_is_in_the_raid_view(void **state)
{
    static char json[64 << 10];
    struct subject *subject = *state;
    struct desk desk;
    char user[16], told[512];
    char ids[4][COMMENT_ID_LEN + 1] = {{0}};
    uint64_t seqs[4] = {0};
    desk_open(&desk, subject->port);
    for (int i = 0; i < 4; i++) {
        snprintf(user, sizeof(user), "r%d", i);
        struct post post = desk_post_of("demo", user, "c1", "Buy followers now!!!");
        post.submit.wish.outcome = i % 2 == 0 ? OUTCOME_ALLOW : OUTCOME_HOLD;
        post.submit.wish.rule = STR("hook");
        desk_post(&desk, &post);
        memcpy(ids[i], post.submit.id.at, COMMENT_ID_LEN);
        seqs[i] = post.submit.event->seq;
        desk_post_done(&post);
    }
    (void)desk_do(&desk, "demo", on_seq(ACT_HOLD, &seqs[0]));
    look(&desk, (struct moderation_call){.what = MODERATION_SIMILAR, .limit = 10}, json,
         sizeof(json));
    snprintf(told, sizeof(told),
             "{\"why\":\"text\",\"count\":4,\"waiting\":3,\"seqs\":[1,2],\"ids\":[\"%s\",\"%s\","
             "\"%s\",\"%s\"],\"users\":[\"r2\",\"r0\",\"r1\",\"r3\"],\"comments\":[",
             ids[2], ids[0], ids[1], ids[3]); // those on screens first
    assert_non_null(strstr(json, told));
    assert_non_null(strstr(json, "\"state\":\"held\""));
    assert_non_null(strstr(json, "\"state\":\"visible\""));
    (void)desk_do(&desk, "demo", clear());
    look(&desk, (struct moderation_call){.what = MODERATION_SIMILAR, .limit = 10}, json,
         sizeof(json));
    assert_non_null(strstr(json, "\"groups\":[]"));
    desk_close(&desk);
}
