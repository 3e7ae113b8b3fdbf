// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/welcome.h"

#include "engine/embedded/acts.h"
#include "engine/embedded/store_number_test.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/submits.h"
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

static struct store store;
static struct store_identity identity;
static struct ordering ordering;
static struct bus bus;
static struct log_tail tail;
static struct home home;
static struct watch watch;
static struct metric damaged;

static int set_up(void **state)
{
    struct store_fault fault;
    (void)state;
    watch = (struct watch){.call = {.home = &home}, .stream = STR("demo")};
    log_tail_init(&tail, 1, 1 << 20);
    bus_init(&bus, &(struct bus_bounds){.events_max = BUS_EVENTS_MAX, .bytes_max = BUS_BYTES_MAX});
    assert_int_equal(store_open(&store, ":memory:", STORE_WRITES), ERR_OK);
    assert_int_equal(store_schema_prepare(&store, &fault, &identity), ERR_OK);
    assert_int_equal(ordering_open(&ordering, &store, &identity, &rules, now), ERR_OK);
    return 0;
}

static void forget(void)
{
    event_unref(watch.settings);
    for (int i = 0; i < PINS_MAX; i++) {
        event_unref(watch.pins[i]);
    }
    struct head *head = heads_peek(&ordering.heads, STR("demo"));
    bus_remove(&bus, &head->subs, &watch);
    heads_idle(&ordering.heads, head);
}

static int tear_down(void **state)
{
    (void)state;
    ordering_close(&ordering);
    bus_done(&bus);
    store_close(&store);
    log_tail_done(&tail);
    return 0;
}

static void begin(void)
{
    ordering_begin(&ordering);
    assert_int_equal(store_begin_write(&store), ERR_OK);
}

static void commit(void)
{
    const struct outlet outlet = {
        .heads = &ordering.heads, .bus = &bus, .tail = &tail, .mono_ms = now.mono_ms};
    assert_int_equal(store_commit(&store), ERR_OK);
    ordering_settle(&ordering);
    outbox_publish(&ordering.outbox, &outlet);
}

static void post(const char *user)
{
    struct verdict verdict;
    const struct submit submit = {.stream = STR("demo"),
                                  .author = {.id = str_of(user), .name = STR("A name")},
                                  .address = STR("address"),
                                  .text = STR("secret"),
                                  .media_ms = -1};
    begin();
    assert_int_equal(submits_judge(&ordering, &submit, now, &verdict), ERR_OK);
    assert_int_equal(verdict.end, SUBMIT_DONE);
    commit();
    event_unref(verdict.event);
}

static void act(struct act what)
{
    struct act_verdict verdict;
    const struct act_call call = {
        .stream = STR("demo"),
        .act = what,
        .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_ADMIN},
    };
    begin();
    assert_int_equal(acts_judge(&ordering, &call, now, &verdict), ERR_OK);
    assert_int_equal(verdict.end, ACT_DONE);
    commit();
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
    assert_int_equal(store_number(&store, "SELECT count(*) FROM sweeps"), SWEEPS);
}

static enum err put_on(void)
{
    const struct welcome welcome = {
        .ordering = &ordering, .bus = &bus, .tail = &tail, .damaged = &damaged};
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
    assert_null(store.queries[STORE_SWEEPS]); // it was never asked for
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
    assert_null(store.queries[STORE_SWEEPS]);
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
    begin();
    assert_int_equal(store_rows_delete_upto(&store, 1, 1, &rows), ERR_OK);
    commit();
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
