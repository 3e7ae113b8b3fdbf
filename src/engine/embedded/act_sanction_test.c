// SPDX-License-Identifier: Apache-2.0
/* Acts on thousands of users, a piece a transaction: what holds between the pieces, and behind the
 * last. */
#include "engine/embedded/act_sanction.h"

#include "engine/embedded/act_pieces.h"
#include "engine/embedded/ordering_rig_test.h"
#include "engine/embedded/store_number_test.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* More than two pieces, and no whole number of them. */
enum { MANY = 2 * ACT_CASE_PIECE + 3, NAME_MAX_BYTES = 16 };

static const struct moment now = {.mono_ms = 1000000, .wall_ms = 1000000};
static const struct embedded_rules rules = {.evidence_days = 30};

static struct ordering_rig rig;
static struct act_pieces pieces;
static struct metric counted;
static const struct act_pieces_ways ways = {.bus = &rig.bus, .tail = &rig.tail, .pieces = &counted};
static char names[MANY][NAME_MAX_BYTES];
static struct str users[MANY]; // in the order in which they have their turns

static int set_up(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "u%06u", i);
        users[i] = str_of(names[i]);
    }
    ordering_rig_open(&rig, &rules, now);
    act_pieces_init(&pieces, &rig.ordering);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ordering_rig_close(&rig);
    return 0;
}

static void restart(void)
{
    ordering_rig_reopen(&rig);
    act_pieces_init(&pieces, &rig.ordering);
}

/* Its first piece. */
static struct act_verdict act(struct act what)
{
    const struct act_call call = {
        .stream = STR("demo"),
        .act = what,
        .by = {.kind = ACTOR_SYSTEM, .id = STR("test"), .role_bits = UINT32_MAX},
    };
    struct act_verdict verdict = {.look = {.count = 1}};
    struct act_call asked = call;
    while (verdict.look.count > 0) {
        ordering_rig_begin(&rig);
        verdict = ordering_rig_act(&rig, &asked);
        ordering_rig_commit(&rig);
        asked.look = verdict.look;
    }
    act_pieces_wake(&pieces);
    return verdict;
}

static void step(void)
{
    assert_int_equal(act_pieces_step(&pieces, &ways, now), ERR_OK);
}

static uint32_t finish(void)
{
    uint32_t steps = 0;
    while (act_pieces_is_due(&pieces, now)) {
        assert_true(steps++ < 100);
        step();
    }
    return steps;
}

static struct act on_all(enum act_do what, int64_t seconds)
{
    return (struct act){
        .what = what, .at = ACT_AT_USERS, .users = users, .target_count = MANY, .seconds = seconds};
}

static struct act on_one(enum act_do what, uint32_t user)
{
    return (struct act){
        .what = what, .at = ACT_AT_USERS, .users = &users[user], .target_count = 1, .seconds = -1};
}

static struct act undo_of(uint64_t id)
{
    return (struct act){.what = ACT_UNDO, .at = ACT_AT_ACT, .act = id, .seconds = -1};
}

static struct sanctions_found found(uint32_t user)
{
    struct head *head = NULL;
    ordering_rig_begin(&rig);
    assert_int_equal(ordering_find(&rig.ordering, STR("demo"), &head), ERR_OK);
    ordering_rig_commit(&rig);
    return sanctions_find(&rig.ordering.sanctions, head->row.id, users[user], now.mono_ms);
}

static int64_t rows(void)
{
    return store_number(&rig.store, "SELECT count(*) FROM sanctions");
}

static int64_t places(void)
{
    return store_number(&rig.store, "SELECT count(*) FROM act_places");
}

static void thousands_are_banned_and_let_go_in_pieces(void **state)
{
    (void)state;
    const struct act_verdict ban = act(on_all(ACT_BAN, -1));
    assert_true(ban.is_unfinished);
    assert_int_equal(rows(), ACT_CASE_PIECE);
    assert_true(found(0).ban != 0 && found(MANY - 1).ban == 0);
    assert_int_equal(finish(), 3); // the last finds none
    assert_int_equal(rows(), MANY);
    assert_int_equal(found(MANY - 1).ban, ban.act_n);
    const struct act_verdict undo = act(undo_of(ban.act_n));
    assert_true(undo.is_unfinished);
    assert_int_equal(rows(), MANY - ACT_CASE_PIECE);
    (void)finish();
    assert_int_equal(rows(), 0);
    assert_int_equal(found(MANY - 1).ban, 0);
    assert_int_equal(places(), 0);
}

static void what_lifts_from_thousands_is_undone_in_pieces(void **state)
{
    (void)state;
    const uint64_t ban = act(on_all(ACT_BAN, -1)).act_n;
    (void)finish();
    const struct act_verdict unban = act(on_all(ACT_UNBAN, -1));
    assert_true(unban.is_unfinished);
    assert_int_equal(rows(), MANY - ACT_CASE_PIECE);
    (void)finish();
    assert_int_equal(rows(), 0);
    assert_int_equal(store_number(&rig.store, "SELECT lifted_by FROM acts WHERE id = 1"),
                     unban.act_n);
    assert_true(act(undo_of(unban.act_n)).is_unfinished);
    assert_int_equal(rows(), ACT_CASE_PIECE);
    (void)finish();
    assert_int_equal(rows(), MANY);
    assert_int_equal(found(MANY - 1).ban, ban);
    assert_int_equal(store_number(&rig.store, "SELECT lifted_by FROM acts WHERE id = 1"), 0);
}

static void what_one_act_lifts_of_many_is_put_back_in_pieces(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        (void)act(on_one(ACT_BAN, i));
    }
    const struct act_verdict unban = act(on_all(ACT_UNBAN, -1));
    (void)finish();
    assert_int_equal(rows(), 0);
    assert_true(act(undo_of(unban.act_n)).is_unfinished);
    assert_in_range(rows(), 1, ACT_CASE_PIECE);
    (void)finish();
    assert_int_equal(rows(), MANY);
}

static void a_ban_goes_on_after_a_restart(void **state)
{
    (void)state;
    const uint64_t ban = act(on_all(ACT_BAN, -1)).act_n;
    restart();
    (void)finish();
    assert_int_equal(rows(), MANY);
    assert_int_equal(found(MANY - 1).ban, ban);
    (void)act(on_all(ACT_TIMEOUT, 60));
    restart();
    (void)finish();
    assert_int_equal(found(MANY - 1).timeout_left_ms, 60 * 1000);
}

/* The longer one is on each until the shorter one is. */
static void a_timeout_takes_anothers_place_user_by_user(void **state)
{
    (void)state;
    (void)act(on_all(ACT_TIMEOUT, 60));
    (void)finish();
    const struct act_verdict shorter = act(on_all(ACT_TIMEOUT, 30));
    assert_int_equal(rows(), MANY);
    assert_int_equal(found(0).timeout_left_ms, 30 * 1000);
    assert_int_equal(found(MANY - 1).timeout_left_ms, 60 * 1000);
    (void)act(undo_of(shorter.act_n)); // before its end
    (void)finish();
    assert_int_equal(rows(), 0);
    assert_int_equal(places(), 0);
    (void)act(on_all(ACT_TIMEOUT, 60));
    (void)act(on_all(ACT_TIMEOUT, 30)); // before the end of the one before
    (void)finish();
    assert_int_equal(rows(), MANY);
    assert_int_equal(found(MANY - 1).timeout_left_ms, 30 * 1000);
}

/* The undo has lifted the ban, and goes on to its end by that; undoing the unban bans nobody. */
static void what_is_lifted_amid_an_undo_ends_it_no_sooner(void **state)
{
    (void)state;
    const uint64_t ban = act(on_all(ACT_BAN, -1)).act_n;
    (void)finish();
    (void)act(undo_of(ban));
    const struct act rest = {.what = ACT_UNBAN,
                             .at = ACT_AT_USERS,
                             .users = &users[ACT_CASE_PIECE],
                             .target_count = MANY - ACT_CASE_PIECE,
                             .seconds = -1};
    const uint64_t unban = act(rest).act_n;
    assert_int_equal(rows(), MANY - 2 * ACT_CASE_PIECE);
    (void)finish();
    assert_int_equal(rows(), 0);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM act_places"), 0);
    (void)act(undo_of(unban));
    (void)finish();
    assert_int_equal(rows(), 0);
}

static void what_came_since_is_not_lifted(void **state)
{
    (void)state;
    (void)act(on_all(ACT_BAN, -1));
    (void)finish();
    (void)act(on_all(ACT_UNBAN, -1));
    const uint64_t since = act(on_one(ACT_BAN, MANY - 1)).act_n;
    (void)finish();
    assert_int_equal(rows(), 1);
    assert_int_equal(found(MANY - 1).ban, since);
}

/* All who were banned yet are let go: those whose turn comes are banned all the same. */
static void a_ban_is_not_over_before_its_end(void **state)
{
    struct act some = on_all(ACT_UNBAN, -1);
    (void)state;
    some.target_count = ACT_CASE_PIECE;
    const uint64_t ban = act(on_all(ACT_BAN, -1)).act_n;
    (void)act(some);
    assert_int_equal(rows(), 0);
    (void)finish();
    assert_int_equal(rows(), MANY - ACT_CASE_PIECE);
    assert_int_equal(found(MANY - 1).ban, ban);
}

static void a_shadow_on_thousands_is_undone_before_what_it_hid_is_shown(void **state)
{
    (void)state;
    const uint64_t shadow = act(on_all(ACT_SHADOW, -1)).act_n;
    (void)finish();
    ordering_rig_begin(&rig);
    struct submit submit = ordering_rig_comment("demo", names[MANY - 1]);
    (void)ordering_rig_post(&rig, &submit);
    ordering_rig_commit(&rig);
    (void)act(undo_of(shadow));
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind = 1"), 1);
    (void)finish();
    assert_int_equal(rows(), 0);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind = 1"), 0);
}

static void post_as(uint32_t user)
{
    const struct submit submit = ordering_rig_comment("demo", names[user]);
    ordering_rig_begin(&rig);
    (void)ordering_rig_post(&rig, &submit);
    ordering_rig_commit(&rig);
}

/* Whose turn has not come is shadowed still, and nothing else would ever show it. */
static void what_a_shadow_hides_amid_its_undo_is_shown_too(void **state)
{
    (void)state;
    const uint64_t shadow = act(on_all(ACT_SHADOW, -1)).act_n;
    (void)finish();
    (void)act(undo_of(shadow));
    post_as(MANY - 1);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE flags & 4"), 1);
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind = 1"), 0);
}

static void what_another_shadow_hides_amid_an_undo_stays_hidden(void **state)
{
    (void)state;
    const uint64_t shadow = act(on_all(ACT_SHADOW, -1)).act_n;
    (void)finish();
    (void)act(undo_of(shadow));
    const uint64_t another = act(on_one(ACT_SHADOW, 0)).act_n; // off it, and under the next
    post_as(0);
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind = 1"), 1);
    (void)act(undo_of(another));
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind = 1"), 0);
}

static void all_who_are_warned_can_acknowledge(void **state)
{
    struct act warning = on_all(ACT_WARN, -1);
    (void)state;
    warning.value = STR("mind your words");
    const struct act_verdict warn = act(warning);
    assert_true(warn.is_unfinished);
    (void)finish();
    assert_int_equal(rows(), MANY);
    assert_int_equal(found(MANY - 1).warn, warn.act_n);
    assert_int_equal(places(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(thousands_are_banned_and_let_go_in_pieces),
        TEST(what_lifts_from_thousands_is_undone_in_pieces),
        TEST(what_one_act_lifts_of_many_is_put_back_in_pieces),
        TEST(a_ban_goes_on_after_a_restart),
        TEST(a_timeout_takes_anothers_place_user_by_user),
        TEST(what_is_lifted_amid_an_undo_ends_it_no_sooner),
        TEST(what_came_since_is_not_lifted),
        TEST(a_ban_is_not_over_before_its_end),
        TEST(a_shadow_on_thousands_is_undone_before_what_it_hid_is_shown),
        TEST(what_a_shadow_hides_amid_its_undo_is_shown_too),
        TEST(what_another_shadow_hides_amid_an_undo_stays_hidden),
        TEST(all_who_are_warned_can_acknowledge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
