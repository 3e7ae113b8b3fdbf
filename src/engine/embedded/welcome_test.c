// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/welcome.h"

#include "engine/embedded/ordering_rig_test.h"
#include "engine/embedded/store_number_test.h"
#include "engine/embedded/store_rows.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SWEEPS = 50 };

static const struct moment now = {.mono_ms = 1000000, .wall_ms = 1000000};
static const struct embedded_rules rules = {.evidence_days = 30};

static struct ordering_rig rig;
static struct home home;
static struct watch watch;
static struct metric damaged;

static int set_up(void **state)
{
    (void)state;
    watch = (struct watch){.call = {.home = &home}, .stream = STR("demo")};
    ordering_rig_open(&rig, &rules, now);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ordering_rig_close(&rig);
    return 0;
}

static void forget(void)
{
    event_unref(watch.settings);
    for (int i = 0; i < PINS_MAX; i++) {
        event_unref(watch.pins[i]);
    }
    struct head *head = heads_peek(&rig.ordering.heads, STR("demo"));
    bus_remove(&rig.bus, &head->subs, &watch);
    heads_idle(&rig.ordering.heads, head);
}

static void post(const char *user)
{
    const struct submit submit = ordering_rig_comment("demo", user);
    ordering_rig_begin(&rig);
    (void)ordering_rig_post(&rig, &submit);
    ordering_rig_commit(&rig);
}

static void act(struct act what)
{
    const struct act_call call = {
        .stream = STR("demo"),
        .act = what,
        .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_ADMIN},
    };
    ordering_rig_begin(&rig);
    assert_int_equal(ordering_rig_act(&rig, &call).end, ACT_DONE);
    ordering_rig_commit(&rig);
}

static void pin(uint64_t seq)
{
    act((struct act){
        .what = ACT_PIN, .at = ACT_AT_SEQS, .seqs = &seq, .target_count = 1, .seconds = -1});
}

static void purge(const char *name)
{
    const struct str user = str_of(name);
    act((struct act){
        .what = ACT_PURGE, .at = ACT_AT_USERS, .users = &user, .target_count = 1, .seconds = -1});
}

static void purge_others(void)
{
    char name[16];
    for (int i = 0; i < SWEEPS; i++) {
        snprintf(name, sizeof(name), "u%d", i);
        purge(name);
    }
    assert_int_equal(store_number(&rig.store, "SELECT count(*) FROM sweeps"), SWEEPS);
}

static enum err put_on(void)
{
    const struct welcome welcome = {
        .ordering = &rig.ordering, .bus = &rig.bus, .tail = &rig.tail, .damaged = &damaged};
    return welcome_put_on(&welcome, &watch, now.wall_ms);
}

static bool pin_holds(int i, const char *text)
{
    const struct event *event = watch.pins[i];
    assert_non_null(event);
    return memmem(event->body, event->body_len, text, strlen(text)) != NULL;
}

static void where_nothing_is_pinned_no_sweep_is_read(void **state)
{
    (void)state;
    post("ann");
    purge_others();
    assert_int_equal(put_on(), ERR_OK);
    assert_int_equal(watch.head, 1 + SWEEPS);
    assert_null(watch.pins[0]);
    assert_null(rig.store.queries[STORE_SWEEPS]); // it was never asked for
    forget();
}

static void what_is_pinned_is_told_as_the_sweeps_of_its_author_leave_it(void **state)
{
    (void)state;
    post("ann");
    post("bob");
    pin(1);
    pin(2);
    purge_others();
    purge("bob");
    assert_int_equal(put_on(), ERR_OK);
    assert_true(pin_holds(0, "secret"));
    assert_false(pin_holds(1, "secret"));
    assert_null(watch.pins[2]);
    assert_null(rig.store.queries[STORE_SWEEPS]);
    forget();
}

/* It may be anybody's: retention takes a comment before what carries it. */
static void what_is_pinned_and_expired_is_told_as_all_sweeps_leave_it(void **state)
{
    uint64_t rows = 0;
    (void)state;
    post("bob");
    post("ann");
    pin(1);
    purge("bob");
    ordering_rig_begin(&rig);
    assert_int_equal(store_rows_delete_upto(&rig.store, 1, 1, &rows), ERR_OK);
    ordering_rig_commit(&rig);
    assert_int_equal(put_on(), ERR_OK);
    assert_false(pin_holds(0, "secret"));
    forget();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(where_nothing_is_pinned_no_sweep_is_read),
        TEST(what_is_pinned_is_told_as_the_sweeps_of_its_author_leave_it),
        TEST(what_is_pinned_and_expired_is_told_as_all_sweeps_leave_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
