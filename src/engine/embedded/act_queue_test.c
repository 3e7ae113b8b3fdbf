// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_queue.h"

#include "engine/embedded/act_pieces.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/ordering_rig_test.h"
#include "engine/embedded/rejections.h"
#include "engine/embedded/store_number_test.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/submits.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* More than two pieces, and no whole number of them. */
enum { MANY = 2 * ACT_CASE_PIECE + 3 };

static const struct moment now = {.mono_ms = 1000000, .wall_ms = 1000000};
static const struct embedded_rules rules = {.evidence_days = 30};
static const struct str ann[] = {STR("ann")};

static struct ordering_rig rig;
static struct act_pieces pieces;
static struct metric counted;
static char texts[MANY][COMMENT_ID_LEN];
static struct str ids[MANY];
static const struct act_pieces_ways ways = {.bus = &rig.bus, .tail = &rig.tail, .pieces = &counted};

static int set_up(void **state)
{
    (void)state;
    ordering_rig_open(&rig, &rules, now);
    act_pieces_init(&pieces, &rig.ordering);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    act_pieces_give_up(&pieces);
    ordering_rig_close(&rig);
    return 0;
}

static void restart(void)
{
    ordering_rig_reopen(&rig);
    act_pieces_init(&pieces, &rig.ordering);
}

/* Held; its id is the i-th. */
static void post_to_wait(const char *stream, const char *user, uint32_t i)
{
    struct verdict verdict;
    struct submit submit = ordering_rig_comment(stream, user);
    submit.wish = (struct wish){.outcome = OUTCOME_HOLD, .rule = STR("hook")};
    assert_int_equal(submits_judge(&rig.ordering, &submit, now, &verdict), ERR_OK);
    assert_int_equal(verdict.state, COMMENT_HELD);
    event_unref(verdict.event);
    struct comment_id id;
    comment_id_write(rig.identity.id_key, rig.ordering.next_n - 1, now.wall_ms, &id);
    memcpy(texts[i], id.text, COMMENT_ID_LEN);
    ids[i] = (struct str){.at = texts[i], .len = COMMENT_ID_LEN};
}

static void fill_queue(void)
{
    ordering_rig_begin(&rig);
    for (uint32_t i = 0; i < MANY; i++) {
        post_to_wait("demo", "ann", i);
    }
    ordering_rig_commit(&rig);
}

static int64_t waiting(void)
{
    return store_number(&rig.store, "SELECT count(*) FROM held WHERE state = 2");
}

static int64_t rejections(void)
{
    return store_number(&rig.store, "SELECT count(*) FROM rejections");
}

static int64_t unfinished(void)
{
    return store_number(&rig.store, "SELECT count(*) FROM act_places");
}

static struct act_call call_of(const char *stream, struct act what)
{
    return (struct act_call){
        .stream = str_of(stream),
        .act = what,
        .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_ADMIN},
    };
}

/* Its first piece. */
static struct act_verdict act(const char *stream, struct act what)
{
    struct act_call call = call_of(stream, what);
    struct act_verdict verdict;
    do {
        ordering_rig_begin(&rig);
        verdict = ordering_rig_act(&rig, &call);
        ordering_rig_commit(&rig);
        call.look = verdict.look;
    } while (verdict.look.count > 0);
    assert_int_equal(verdict.end, ACT_DONE);
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
    for (; unfinished() > 0; steps++) {
        assert_true(steps < 100);
        step();
    }
    return steps;
}

static struct act purge(void)
{
    return (struct act){
        .what = ACT_PURGE, .at = ACT_AT_USERS, .users = ann, .target_count = 1, .seconds = -1};
}

static struct act clear(void)
{
    return (struct act){.what = ACT_CLEAR, .seconds = -1};
}

static struct act on_ids(enum act_do what)
{
    return (struct act){
        .what = what, .at = ACT_AT_IDS, .ids = ids, .target_count = MANY, .seconds = -1};
}

static struct act undo_of(uint64_t id)
{
    return (struct act){.what = ACT_UNDO, .at = ACT_AT_ACT, .act = id, .seconds = -1};
}

static void thousands_leave_the_queue_and_come_back_in_pieces(void **state)
{
    const struct act acts[] = {purge(), clear(), on_ids(ACT_DELETE), on_ids(ACT_REJECT)};
    (void)state;
    fill_queue();
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        const struct act_verdict verdict = act("demo", acts[i]);
        assert_int_equal(waiting(), MANY - ACT_CASE_PIECE);
        assert_true(verdict.is_unfinished);
        restart();
        step();
        assert_int_equal(waiting(), MANY - 2 * ACT_CASE_PIECE);
        restart();
        (void)finish();
        assert_int_equal(waiting(), 0);
        assert_int_equal(rejections(), MANY);
        (void)act("demo", undo_of(verdict.act_n));
        assert_int_equal(waiting(), ACT_CASE_PIECE);
        restart();
        (void)finish();
        assert_int_equal(waiting(), MANY);
        assert_int_equal(rejections(), 0);
    }
}

/* Of 5,000 users with long names, or as many ids, the audit has the hash. */
static void whom_a_long_act_names_is_in_the_audit_by_its_hash(void **state)
{
    static char names[ACT_TARGETS_MAX][ACT_USER_BYTES_MAX + 1];
    static struct str users[ACT_TARGETS_MAX];
    (void)state;
    for (uint32_t i = 0; i < ACT_TARGETS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "%0128u", i);
        users[i] = str_of(names[i]);
    }
    (void)act("demo", (struct act){.what = ACT_PURGE,
                                   .at = ACT_AT_USERS,
                                   .users = users,
                                   .target_count = ACT_TARGETS_MAX,
                                   .seconds = -1});
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM audit WHERE "
                                              "instr(entry, '\"target\":\"sha256:') > 0"),
                     1);
}

static void thousands_take_their_places_in_pieces(void **state)
{
    (void)state;
    fill_queue();
    const struct act_verdict verdict = act("demo", on_ids(ACT_APPROVE));
    assert_int_equal(waiting(), MANY - ACT_CASE_PIECE);
    restart();
    (void)finish();
    assert_int_equal(waiting(), 0);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind = 1"), MANY);
    assert_int_equal(store_number(&rig.store, "SELECT seq FROM acts ORDER BY id DESC LIMIT 1"),
                     MANY);
    assert_true(verdict.seq < MANY);
}

/* An approval is not undone: what it showed is held again by the same ids. */
static void thousands_that_were_approved_wait_again(void **state)
{
    (void)state;
    fill_queue();
    (void)act("demo", on_ids(ACT_APPROVE));
    (void)finish();
    (void)act("demo", on_ids(ACT_HOLD));
    restart();
    (void)finish();
    assert_int_equal(waiting(), MANY);
    (void)act("demo", on_ids(ACT_APPROVE));
    (void)finish();
    assert_int_equal(waiting(), 0);
}

/* A clear of all streams, of which nobody watches one. */
static void all_streams_are_gone_through(void **state)
{
    char name[16];
    (void)state;
    ordering_rig_begin(&rig);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "s%u", i % 5);
        post_to_wait(name, i % 7 == 0 ? "bob" : "ann", i);
    }
    ordering_rig_commit(&rig);
    const int64_t bobs = store_number(&rig.store, "SELECT count(*) FROM held WHERE user = 'bob'");
    const struct act_verdict purged = act("", purge());
    (void)finish();
    assert_int_equal(waiting(), bobs);
    const struct act_verdict cleared = act("", clear());
    (void)finish();
    assert_int_equal(waiting(), 0);
    (void)act("", undo_of(purged.act_n));
    (void)finish();
    assert_int_equal(waiting(), 0);
    (void)act("", undo_of(cleared.act_n));
    (void)finish();
    assert_int_equal(waiting(), MANY);
}

/* The rules' holds are undone, the clear of all is next: each takes its place in its own stream. */
static void where_a_log_is_damaged_what_comes_back_waits(void **state)
{
    static const char *const names[] = {"damaged", "well"};
    (void)state;
    ordering_rig_begin(&rig);
    for (uint32_t i = 0; i < 2; i++) {
        const struct submit submit = ordering_rig_comment(names[i], "bob");
        (void)ordering_rig_post(&rig, &submit);
        post_to_wait(names[i], "ann", i);
    }
    ordering_rig_commit(&rig);
    const struct act_verdict cleared = act("", clear());
    (void)finish();
    for (uint32_t i = 0; i < 2; i++) {
        char query[80];
        snprintf(query, sizeof(query), "SELECT act FROM held ORDER BY n LIMIT 1 OFFSET %u", i);
        (void)act(names[i], undo_of((uint64_t)store_number(&rig.store, query)));
    }
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log"), 2);
    assert_int_equal(store_exec(&rig.store, "UPDATE log SET sum = sum + 1 WHERE n = 1"), ERR_OK);
    restart();
    (void)act("", undo_of(cleared.act_n));
    (void)finish();
    assert_int_equal(waiting(), 1);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE user = 'ann'"), 1);
    assert_int_equal(store_number(&rig.store, "SELECT stream FROM log WHERE user = 'ann'"),
                     store_number(&rig.store, "SELECT id FROM streams WHERE name = 'well'"));
}

static void what_is_undone_before_its_end_goes_no_further(void **state)
{
    const struct act acts[] = {purge(), on_ids(ACT_REJECT)};
    (void)state;
    fill_queue();
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        const struct act_verdict verdict = act("demo", acts[i]);
        (void)act("demo", undo_of(verdict.act_n));
        (void)finish();
        assert_int_equal(waiting(), MANY);
        assert_int_equal(rejections(), 0);
    }
}

/* Two acts on all of them, the first undone while the second is on its way. */
static void pieces_of_acts_and_undos_meet(void **state)
{
    (void)state;
    fill_queue();
    const struct act_verdict first = act("demo", purge());
    (void)finish();
    const struct act_verdict second = act("demo", clear());
    step();
    (void)act("demo", undo_of(first.act_n));
    (void)finish();
    assert_int_equal(waiting(), 0);
    (void)act("demo", undo_of(second.act_n));
    const struct act_verdict third = act("demo", purge()); // amid it
    (void)finish();
    assert_int_equal(waiting(), 0);
    (void)act("demo", undo_of(third.act_n));
    (void)finish();
    assert_int_equal(waiting(), MANY);
}

static void what_somebody_approves_meanwhile_stays(void **state)
{
    (void)state;
    fill_queue();
    const struct act_verdict verdict = act("demo", purge());
    (void)act("demo", (struct act){.what = ACT_APPROVE,
                                   .at = ACT_AT_ID,
                                   .id = ids[MANY - 1],
                                   .target_count = 1,
                                   .seconds = -1});
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM held WHERE state = 1"), 1);
    (void)act("demo", undo_of(verdict.act_n));
    (void)finish();
    assert_int_equal(waiting(), MANY - 1);
}

static void no_clock_runs_from_the_first_piece_on(void **state)
{
    const struct act acts[] = {purge(), clear(), on_ids(ACT_DELETE), on_ids(ACT_REJECT)};
    (void)state;
    fill_queue();
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        struct held_row row;
        int64_t at_ms = 0;
        uint64_t n = 0;
        assert_int_equal(comment_id_parse(rig.identity.id_key, ids[MANY - 1], &n, &at_ms), ERR_OK);
        ordering_rig_begin(&rig);
        assert_int_equal(held_find(&rig.store, n, &row), ERR_OK);
        row.due_ms = 2000000;
        assert_int_equal(held_add(&rig.store, &row, UINT64_MAX), ERR_OK);
        ordering_rig_commit(&rig);
        const struct act_verdict verdict = act("demo", acts[i]);
        assert_true(waiting() > 0);
        assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM held WHERE due > 0"), 0);
        (void)finish();
        (void)act("demo", undo_of(verdict.act_n));
        (void)finish();
    }
}

/* What is erased does not come back, and what is forgotten leaves nothing. */
static void what_is_erased_is_not_undone(void **state)
{
    const struct held_stretch all = held_stretch_until(now.wall_ms);
    uint32_t count = 0;
    (void)state;
    fill_queue();
    const struct act_verdict verdict = act("demo", purge());
    (void)finish();
    ordering_rig_begin(&rig);
    assert_int_equal(held_erase(&rig.store, &all, &count), ERR_OK);
    assert_int_equal(count, HELD_AT_ONCE);
    assert_int_equal(held_forget(&rig.store, &all, 2, &count), ERR_OK);
    assert_int_equal(count, 1);
    ordering_rig_commit(&rig);
    assert_int_equal(rejections(), MANY - 1);
    (void)act("demo", undo_of(verdict.act_n));
    (void)finish();
    assert_int_equal(waiting(), MANY - HELD_AT_ONCE);
    assert_int_equal(rejections(), 0);
}

/* As a log of format 5 has them: the act alone names what it rejected. */
static void rejections_of_a_log_from_before_are_found(void **state)
{
    struct store_fault fault;
    (void)state;
    fill_queue();
    struct act one = {
        .what = ACT_REJECT, .at = ACT_AT_ID, .id = ids[0], .target_count = 1, .seconds = -1};
    const struct act_verdict first = act("demo", one);
    one.id = ids[1];
    const struct act_verdict second = act("demo", one);
    (void)act("demo", undo_of(second.act_n));
    ordering_rig_begin(&rig);
    assert_int_equal(store_exec(&rig.store, "DROP TABLE rejections;"
                                            "DROP TABLE lifted_from;"
                                            "DROP INDEX held_off; DROP INDEX sanctions_warned;"
                                            "PRAGMA user_version = 5"),
                     ERR_OK);
    ordering_rig_commit(&rig);
    assert_int_equal(store_schema_prepare(&rig.store, &fault, &rig.identity), ERR_OK);
    assert_int_equal(rejections(), 1);
    (void)act("demo", undo_of(first.act_n));
    assert_int_equal(waiting(), MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(thousands_leave_the_queue_and_come_back_in_pieces),
        TEST(whom_a_long_act_names_is_in_the_audit_by_its_hash),
        TEST(thousands_take_their_places_in_pieces),
        TEST(thousands_that_were_approved_wait_again),
        TEST(all_streams_are_gone_through),
        TEST(where_a_log_is_damaged_what_comes_back_waits),
        TEST(what_is_undone_before_its_end_goes_no_further),
        TEST(pieces_of_acts_and_undos_meet),
        TEST(what_somebody_approves_meanwhile_stays),
        TEST(no_clock_runs_from_the_first_piece_on),
        TEST(what_is_erased_is_not_undone),
        TEST(rejections_of_a_log_from_before_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
