// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_pieces.h"

#include "engine/embedded/ordering_rig_test.h"
#include "engine/embedded/store_breaks_test.h"
#include "engine/embedded/store_number_test.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/upkeep.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* More than two pieces, and no whole number of them. */
enum { MANY = 2 * ACT_CASE_PIECE + 3 };

static const struct moment now = {.mono_ms = 1000000, .wall_ms = 1000000};
static const struct embedded_rules rules = {.evidence_days = 30};

static struct ordering_rig rig;
static struct act_pieces pieces;
static struct home home; // whose letters are opened as they come
static struct watch watches[MANY];
static uint64_t seqs[MANY];
static uint32_t answers;
static struct metric counted;
static const struct act_pieces_ways ways = {.bus = &rig.bus, .tail = &rig.tail, .pieces = &counted};

static void open_now(struct home *to, struct letter *letter)
{
    (void)to;
    letter->open(letter);
}

static void on_done(struct call *call)
{
    (void)call;
    answers++;
}

static void on_events(struct watch *watch, struct event *const *events, uint32_t count)
{
    (void)watch;
    (void)events;
    (void)count;
}

static int set_up(void **state)
{
    (void)state;
    answers = 0;
    home = (struct home){.send = open_now};
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

static void post_in(const char *stream)
{
    const struct submit submit = ordering_rig_comment(stream, "ann");
    (void)ordering_rig_post(&rig, &submit);
}

static void post_many(void)
{
    ordering_rig_begin(&rig);
    for (uint32_t i = 0; i < MANY; i++) {
        post_in("demo");
        seqs[i] = i + 1;
    }
    ordering_rig_commit(&rig);
}

/* Its first piece. */
static struct act_verdict act(struct act_call *call, const char *stream, struct act what)
{
    *call = (struct act_call){
        .call = {.home = &home, .done = on_done},
        .stream = str_of(stream),
        .act = what,
        .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_ADMIN},
    };
    ordering_rig_begin(&rig);
    const struct act_verdict verdict = ordering_rig_act(&rig, call);
    ordering_rig_commit(&rig);
    call->end = verdict.end;
    call->act_n = verdict.act_n;
    call->changed = verdict.changed;
    act_pieces_wake(&pieces);
    return verdict;
}

static void wait_for(struct act_call *call)
{
    struct call_queue begun;
    call_queue_init(&begun);
    call_queue_push(&begun, &call->call.letter);
    act_pieces_take(&pieces, &begun);
}

static uint32_t finish(void)
{
    uint32_t steps = 0;
    while (act_pieces_is_due(&pieces, now)) {
        assert_true(steps++ < 100);
        assert_int_equal(act_pieces_step(&pieces, &ways, now), ERR_OK);
    }
    return steps;
}

static int64_t texts(void)
{
    return store_number(&rig.store, "SELECT count(*) FROM log WHERE kind = 1");
}

static struct act removal(enum act_do what)
{
    return (struct act){
        .what = what, .at = ACT_AT_SEQS, .seqs = seqs, .target_count = MANY, .seconds = -1};
}

static struct act undo_of(uint64_t id)
{
    return (struct act){.what = ACT_UNDO, .at = ACT_AT_ACT, .act = id, .seconds = -1};
}

static void who_deletes_thousands_is_answered_when_all_are_gone(void **state)
{
    struct act_call call;
    (void)state;
    post_many();
    const struct act_verdict first = act(&call, "demo", removal(ACT_DELETE));
    assert_int_equal(first.end, ACT_DONE);
    assert_true(first.is_unfinished);
    assert_int_equal(texts(), MANY - ACT_CASE_PIECE);
    wait_for(&call);
    assert_int_equal(act_pieces_step(&pieces, &ways, now), ERR_OK);
    assert_int_equal(texts(), MANY - 2 * ACT_CASE_PIECE);
    assert_int_equal(answers, 0);
    ordering_rig_begin(&rig);
    post_in("demo"); // nobody waits for the end of it
    ordering_rig_commit(&rig);
    (void)finish();
    assert_int_equal(answers, 1);
    assert_int_equal(call.end, ACT_DONE);
    assert_int_equal(texts(), 1);
    assert_true(call.seq > first.seq); // where the last of its events stands
    assert_int_equal(store_number(&rig.store, "SELECT seq FROM acts"), (int64_t)call.seq);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM act_places"), 0);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM audit"), 1);
    /* Each says to moderators whose it is. */
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind NOT IN (1, 8)"),
                     3);
    assert_int_equal(
        store_number(&rig.store,
                     "SELECT count(*) FROM log WHERE instr(staff, '\"by\":\"mod\"') > 0"),
        3);
}

/* One of them was gone before. */
static void who_deletes_thousands_is_told_how_many_that_changed(void **state)
{
    struct act_call one, call;
    struct act first_of_all = removal(ACT_DELETE);
    (void)state;
    first_of_all.target_count = 1;
    post_many();
    assert_int_equal(act(&one, "demo", first_of_all).changed, 1);
    assert_int_equal(act(&call, "demo", removal(ACT_DELETE)).changed, ACT_CASE_PIECE - 1);
    wait_for(&call);
    (void)finish();
    assert_int_equal(call.changed, MANY - 1);
    assert_int_equal(act(&call, "demo", removal(ACT_RESTORE)).changed, ACT_CASE_PIECE);
    wait_for(&call);
    (void)finish();
    assert_int_equal(call.changed, MANY);
}

static void post_as_host(void)
{
    struct submit submit = ordering_rig_comment("demo", "hal");
    submit.author.role_bits = ROLE_HOST;
    submit.author.privileged = true;
    ordering_rig_begin(&rig);
    (void)ordering_rig_post(&rig, &submit);
    ordering_rig_commit(&rig);
}

static struct act_call by_moderator(struct act what)
{
    return (struct act_call){
        .stream = STR("demo"),
        .act = what,
        .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_MODERATOR},
    };
}

static struct act removal_of(uint32_t count)
{
    struct act what = removal(ACT_DELETE);
    what.target_count = count;
    return what;
}

/* As the batch would that it is asked in. */
static void ask_once(struct act_call *call, struct act_verdict *verdict)
{
    ordering_rig_begin(&rig);
    *verdict = ordering_rig_act(&rig, call);
    ordering_rig_commit(&rig);
    assert_true(verdict->look.count <= call->look.count + ACT_CASE_PIECE);
    call->look = verdict->look;
}

/* How many batches it is asked in. */
static uint32_t ask_until_decided(struct act what, struct act_verdict *verdict)
{
    struct act_call call = by_moderator(what);
    uint32_t asked = 0;
    do {
        ask_once(&call, verdict);
        asked++;
    } while (verdict->look.count > 0);
    return asked;
}

static void whose_thousands_are_is_looked_at_in_pieces_before_one_is_deleted(void **state)
{
    struct act_verdict verdict;
    (void)state;
    post_many();
    post_as_host();
    seqs[MANY - 1] = MANY + 1; // the last of them is the host's
    assert_int_equal(ask_until_decided(removal_of(MANY), &verdict), 3);
    assert_int_equal(verdict.end, ACT_REFUSED);
    assert_int_equal(verdict.refusal, ACT_REFUSAL_HIGHER_ROLE);
    assert_int_equal(texts(), MANY + 1);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM acts"), 0);
    assert_int_equal(ask_until_decided(removal_of(MANY - 1), &verdict), 3);
    assert_int_equal(verdict.end, ACT_DONE);
    assert_true(verdict.is_unfinished);
    assert_int_equal(texts(), MANY + 1 - ACT_CASE_PIECE);
    act_pieces_wake(&pieces);
    (void)finish();
    assert_int_equal(texts(), 2);
}

static void who_asks_again_while_it_is_looked_at_gets_the_same_act(void **state)
{
    struct act_call calls[2] = {by_moderator(removal_of(MANY)), by_moderator(removal_of(MANY))};
    struct act_verdict verdicts[2];
    (void)state;
    post_many();
    do { // each batch takes both
        ask_once(&calls[0], &verdicts[0]);
        ask_once(&calls[1], &verdicts[1]);
    } while (verdicts[0].look.count > 0);
    assert_int_equal(verdicts[0].end, ACT_DONE);
    assert_int_equal(verdicts[1].end, ACT_DUPLICATE);
    assert_int_equal(verdicts[1].act_n, verdicts[0].act_n);
    assert_true(verdicts[1].is_unfinished);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM acts"), 1);
    act_pieces_wake(&pieces);
    (void)finish();
    assert_int_equal(texts(), 0);
}

static void have_removed(struct act_verdict *verdict)
{
    (void)ask_until_decided(removal_of(MANY), verdict);
    assert_int_equal(verdict->end, ACT_DONE);
    act_pieces_wake(&pieces);
    (void)finish();
}

static void one(enum act_do what, uint64_t seq)
{
    struct act_call call;
    const struct act asked = {
        .what = what, .at = ACT_AT_SEQS, .seqs = &seq, .target_count = 1, .seconds = -1};
    assert_int_equal(act(&call, "demo", asked).end, ACT_DONE);
}

static void what_is_in_force_for_all_is_the_same_act_at_once(void **state)
{
    struct act_verdict first, again;
    (void)state;
    post_many();
    have_removed(&first);
    assert_int_equal(ask_until_decided(removal_of(MANY), &again), 1);
    assert_int_equal(again.end, ACT_DUPLICATE);
    assert_int_equal(again.act_n, first.act_n);
}

/* Whether all are as it left them takes a look at each. */
static void what_was_touched_since_is_compared_in_pieces(void **state)
{
    struct act_verdict first, again;
    (void)state;
    post_many();
    have_removed(&first);
    one(ACT_RESTORE, seqs[MANY - 1]);
    one(ACT_DELETE, seqs[MANY - 1]);
    assert_int_equal(ask_until_decided(removal_of(MANY), &again), 3);
    assert_int_equal(again.end, ACT_DUPLICATE);
    assert_int_equal(again.act_n, first.act_n);
    one(ACT_RESTORE, seqs[MANY - 1]);
    /* Three to find the one that is visible, and whose they are from the third on. */
    assert_int_equal(ask_until_decided(removal_of(MANY), &again), 5);
    assert_int_equal(again.end, ACT_DONE);
    assert_true(again.act_n > first.act_n);
    act_pieces_wake(&pieces);
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM removals WHERE act > 0"),
                     2 * MANY - 1);
}

/* It is an act of its own from then on. */
static void what_is_undone_while_it_is_compared_is_done_anew(void **state)
{
    struct act_call call = by_moderator(removal_of(MANY)), undo;
    struct act_verdict first, again;
    (void)state;
    post_many();
    have_removed(&first);
    one(ACT_RESTORE, seqs[0]);
    one(ACT_DELETE, seqs[0]);
    ask_once(&call, &again);
    assert_int_equal(again.look.like, first.act_n);
    (void)act(&undo, "demo", undo_of(first.act_n));
    do {
        ask_once(&call, &again);
    } while (again.look.count > 0);
    assert_int_equal(again.end, ACT_DONE);
    assert_true(again.act_n > undo.act_n);
}

static void a_restore_is_compared_in_pieces_too(void **state)
{
    struct act_verdict removed, restored, again;
    (void)state;
    post_many();
    assert_int_equal(ask_until_decided(removal(ACT_RESTORE), &again), 3);
    assert_int_equal(again.refusal, ACT_REFUSAL_STATE); // all of them are visible
    have_removed(&removed);
    assert_int_equal(ask_until_decided(removal(ACT_RESTORE), &restored), 1);
    act_pieces_wake(&pieces);
    (void)finish();
    assert_int_equal(ask_until_decided(removal(ACT_RESTORE), &again), 3);
    assert_int_equal(again.end, ACT_DUPLICATE);
    assert_int_equal(again.act_n, restored.act_n);
}

/* The last of them is the host's. */
static struct act act_on_many_users(enum act_do what)
{
    static char names[MANY][16];
    static struct str users[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "u%u", i);
        users[i] = str_of(names[i]);
    }
    users[MANY - 1] = STR("hal");
    return (struct act){
        .what = what, .at = ACT_AT_USERS, .users = users, .target_count = MANY, .seconds = -1};
}

static void who_thousands_are_is_looked_at_in_pieces(void **state)
{
    static const enum act_do kinds[] = {ACT_PURGE, ACT_BAN};
    struct act_verdict verdict;
    (void)state;
    post_as_host();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct act what = act_on_many_users(kinds[i]);
        assert_int_equal(ask_until_decided(what, &verdict), 3);
        assert_int_equal(verdict.refusal, ACT_REFUSAL_HIGHER_ROLE);
        assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM acts"), i);
        what.target_count--;
        assert_int_equal(ask_until_decided(what, &verdict), 3);
        assert_int_equal(verdict.end, ACT_DONE);
    }
    act_pieces_wake(&pieces);
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM sweeps"), MANY - 1);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM sanctions"), MANY - 1);
}

static void what_was_begun_is_finished_after_a_restart(void **state)
{
    struct act_call call;
    (void)state;
    post_many();
    const struct act_verdict removed = act(&call, "demo", removal(ACT_DELETE));
    restart();
    (void)finish();
    assert_int_equal(texts(), 0);
    assert_int_equal(answers, 0); // who asked is gone
    (void)act(&call, "demo", removal(ACT_RESTORE));
    restart();
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM removals WHERE act > 0"), 0);
    (void)act(&call, "demo", undo_of(call.act_n)); // the delete is in force still
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM removals WHERE act > 0"), MANY);
    assert_int_equal(store_number(&rig.store, "SELECT max(act) FROM removals"),
                     (int64_t)removed.act_n);
}

static void what_is_undone_before_its_end_is_not_gone_on_with(void **state)
{
    struct act_call call, undo;
    (void)state;
    post_many();
    const struct act_verdict removed = act(&call, "demo", removal(ACT_DELETE));
    wait_for(&call);
    (void)act(&undo, "demo", undo_of(removed.act_n));
    (void)finish();
    assert_int_equal(answers, 1); // it was done, and undone
    assert_int_equal(texts(), MANY - ACT_CASE_PIECE);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM act_places"), 0);
}

/* A shadow that comes amid its pieces hides what is posted since. */
static void what_an_undo_shows_is_decided_when_it_is_done(void **state)
{
    struct str users[] = {STR("ann")};
    const struct act shadow = {
        .what = ACT_SHADOW, .at = ACT_AT_USERS, .users = users, .target_count = 1, .seconds = -1};
    struct act_call call;
    (void)state;
    const struct act_verdict first = act(&call, "demo", shadow);
    post_many();
    (void)act(&call, "demo", undo_of(first.act_n));
    (void)act(&call, "demo", shadow);
    (void)finish();
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM lifted"), 0); // nothing waits
}

static void watch_many(void)
{
    char name[32];
    for (uint32_t i = 0; i < MANY; i++) {
        struct head *head = NULL;
        snprintf(name, sizeof(name), "stream-%u", i);
        assert_int_equal(ordering_find(&rig.ordering, str_of(name), &head), ERR_OK);
        watches[i] = (struct watch){.call = {.home = &home}, .on_events = on_events};
        assert_int_equal(bus_add(&rig.bus, &head->subs, &watches[i]), ERR_OK);
        heads_watched(&rig.ordering.heads, head);
    }
}

static void unwatch_many(void)
{
    char name[32];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "stream-%u", i);
        struct head *head = heads_peek(&rig.ordering.heads, str_of(name));
        bus_remove(&rig.bus, &head->subs, &watches[i]);
        heads_idle(&rig.ordering.heads, head);
    }
}

static void who_asks_again_before_its_end_waits_for_it_too(void **state)
{
    static const struct str users[] = {STR("ann")};
    struct act_call calls[2];
    char name[32];
    const struct act purge = {
        .what = ACT_PURGE, .at = ACT_AT_USERS, .users = users, .target_count = 1, .seconds = -1};
    (void)state;
    ordering_rig_begin(&rig);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "stream-%u", i);
        post_in(name);
    }
    ordering_rig_commit(&rig);
    watch_many();
    assert_true(act(&calls[0], "", purge).is_unfinished);
    const struct act_verdict again = act(&calls[1], "", purge);
    assert_int_equal(again.end, ACT_DUPLICATE);
    assert_true(again.is_unfinished);
    assert_int_equal(again.act_n, calls[0].act_n);
    wait_for(&calls[0]);
    wait_for(&calls[1]);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind <> 1"),
                     ACT_CASE_PIECE);
    (void)finish();
    assert_int_equal(answers, 2);
    /* Each stream that is watched was told, once. */
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log WHERE kind <> 1"), MANY);
    assert_int_equal(
        store_number(&rig.store, "SELECT count(DISTINCT stream) FROM log WHERE kind <> 1"), MANY);
    unwatch_many();
}

static void on_behind(struct watch *watch)
{
    (void)watch;
}

/* Its viewers are still there: what their home holds is sent on once it has read what it missed. */
static void who_fell_behind_is_told_of_an_act_on_all_streams(void **state)
{
    static const char told[] = "SELECT count(*) FROM log WHERE kind = 2";
    const struct act clear = {.what = ACT_CLEAR, .at = ACT_AT_NOTHING, .seconds = -1};
    struct watch watch = {.call = {.home = &home}, .on_events = on_events, .on_behind = on_behind};
    struct act_call call;
    struct head *head = NULL;
    (void)state;
    bus_done(&rig.bus);
    bus_init(&rig.bus, &(struct bus_bounds){.events_max = 0}); // whatever comes is too much
    ordering_rig_begin(&rig);
    post_in("demo");
    post_in("alone");
    assert_int_equal(ordering_find(&rig.ordering, STR("demo"), &head), ERR_OK);
    assert_int_equal(bus_add(&rig.bus, &head->subs, &watch), ERR_OK);
    heads_watched(&rig.ordering.heads, head);
    ordering_rig_commit(&rig);
    assert_false(bus_is_watched(&head->subs));
    (void)act(&call, "", clear);
    assert_int_equal(store_number(&rig.store, told), 1); // where nobody is, the sweep tells
    ordering_rig_begin(&rig);
    post_in("demo");
    ordering_rig_commit(&rig);
    bus_remove(&rig.bus, &head->subs, &watch); // it is gone for good
    (void)act(&call, "", clear);
    assert_int_equal(store_number(&rig.store, told), 1);
}

/* Who resumes after the restart has comments of those on the screen. */
static void those_left_by_a_restart_are_told_when_the_sweep_comes_by(void **state)
{
    static const char told[] = "SELECT count(*) FROM log WHERE kind = 2";
    static char names[MANY][16];
    static struct str users[MANY];
    struct watch watch = {.call = {.home = &home}, .on_events = on_events};
    struct act_call call;
    struct head *head = NULL;
    struct upkeep upkeep;
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "user-%04u", i);
        users[i] = str_of(names[i]);
    }
    const struct act purge = {
        .what = ACT_PURGE, .at = ACT_AT_USERS, .users = users, .target_count = MANY, .seconds = -1};
    const struct submit submit = ordering_rig_comment("demo", names[MANY - 1]);
    ordering_rig_begin(&rig);
    (void)ordering_rig_post(&rig, &submit);
    ordering_rig_commit(&rig);
    assert_int_equal(ordering_find(&rig.ordering, STR("demo"), &head), ERR_OK);
    assert_int_equal(bus_add(&rig.bus, &head->subs, &watch), ERR_OK);
    heads_watched(&rig.ordering.heads, head);
    assert_true(act(&call, "", purge).is_unfinished);
    bus_remove(&rig.bus, &head->subs, &watch);
    heads_idle(&rig.ordering.heads, head);
    restart();
    (void)finish(); // nobody follows
    assert_int_equal(store_number(&rig.store, told), ACT_CASE_PIECE);
    const struct outlet outlet = ordering_rig_outlet(&rig);
    upkeep_init(&upkeep, &rig.ordering);
    do {
        assert_int_equal(upkeep_step(&upkeep, &outlet, now), ERR_OK);
    } while (upkeep_has_more(&upkeep));
    assert_int_equal(store_number(&rig.store, told), ACT_CASE_PIECE + 1);
}

/* Nobody posted there yet: each is told once, and has its row by that. */
static void streams_that_are_empty_are_told_in_pieces_too(void **state)
{
    struct act_call call;
    const struct act slow = {.what = ACT_SLOW, .at = ACT_AT_NOTHING, .seconds = 20};
    (void)state;
    watch_many();
    assert_true(act(&call, "", slow).is_unfinished);
    wait_for(&call);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM streams"), ACT_CASE_PIECE);
    (void)finish();
    assert_int_equal(answers, 1);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log"), MANY);
    assert_int_equal(
        store_number(&rig.store, "SELECT count(DISTINCT stream) FROM log WHERE seq = 1"), MANY);
    unwatch_many();
}

static void of_streams_that_are_empty_a_clear_asks_the_store_nothing(void **state)
{
    struct act_call call;
    const struct act clear = {.what = ACT_CLEAR, .at = ACT_AT_NOTHING, .seconds = -1};
    (void)state;
    watch_many();
    assert_int_equal(act(&call, "", clear).end, ACT_DONE);
    (void)finish();
    assert_null(rig.store.queries[STORE_ROW_UPTO]); // it was never asked for
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM log"), 0);
    unwatch_many();
}

/* Comments it has not come to are visible still. */
static void what_is_removed_again_before_its_end_is_the_same_act(void **state)
{
    struct act_call call, again;
    (void)state;
    post_many();
    const struct act_verdict removed = act(&call, "demo", removal(ACT_DELETE));
    const struct act_verdict second = act(&again, "demo", removal(ACT_DELETE));
    assert_int_equal(second.end, ACT_DUPLICATE);
    assert_true(second.is_unfinished);
    assert_int_equal(second.act_n, removed.act_n);
    wait_for(&again);
    (void)finish();
    assert_int_equal(answers, 1);
    assert_int_equal(texts(), 0);
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM acts"), 1);
    const struct act_verdict restored = act(&call, "demo", removal(ACT_RESTORE));
    assert_int_equal(act(&again, "demo", removal(ACT_RESTORE)).act_n, restored.act_n);
}

static void who_waits_is_told_unknown_when_a_piece_fails(void **state)
{
    struct store_breaks breaks;
    struct act_call call;
    (void)state;
    post_many();
    (void)act(&call, "demo", removal(ACT_DELETE));
    wait_for(&call);
    store_breaks_arm(&breaks, &rig.store, STORE_BREAKS_STEPPING, 5);
    assert_int_not_equal(act_pieces_step(&pieces, &ways, now), ERR_OK);
    assert_true(store_breaks_disarm(&breaks, &rig.store));
    assert_int_equal(answers, 1);
    assert_int_equal(call.end, ACT_UNKNOWN);
    assert_int_equal(texts(), MANY - ACT_CASE_PIECE);
    assert_false(act_pieces_is_due(&pieces, now));
    pieces.next_ms = now.mono_ms; // later
    (void)finish();
    assert_int_equal(texts(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_deletes_thousands_is_answered_when_all_are_gone),
        TEST(who_deletes_thousands_is_told_how_many_that_changed),
        TEST(whose_thousands_are_is_looked_at_in_pieces_before_one_is_deleted),
        TEST(who_asks_again_while_it_is_looked_at_gets_the_same_act),
        TEST(what_is_in_force_for_all_is_the_same_act_at_once),
        TEST(what_was_touched_since_is_compared_in_pieces),
        TEST(what_is_undone_while_it_is_compared_is_done_anew),
        TEST(a_restore_is_compared_in_pieces_too),
        TEST(who_thousands_are_is_looked_at_in_pieces),
        TEST(what_was_begun_is_finished_after_a_restart),
        TEST(what_is_undone_before_its_end_is_not_gone_on_with),
        TEST(what_an_undo_shows_is_decided_when_it_is_done),
        TEST(who_asks_again_before_its_end_waits_for_it_too),
        TEST(who_fell_behind_is_told_of_an_act_on_all_streams),
        TEST(those_left_by_a_restart_are_told_when_the_sweep_comes_by),
        TEST(streams_that_are_empty_are_told_in_pieces_too),
        TEST(of_streams_that_are_empty_a_clear_asks_the_store_nothing),
        TEST(what_is_removed_again_before_its_end_is_the_same_act),
        TEST(who_waits_is_told_unknown_when_a_piece_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
