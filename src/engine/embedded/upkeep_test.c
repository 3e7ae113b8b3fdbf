// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/upkeep.h"

#include "engine/embedded/acts.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/log_tail.h"
#include "engine/embedded/submits.h"
#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DAYS = 30 };
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define START_MS (INT64_C(400) * DAY_MS)

static const struct embedded_rules rules = {.evidence_days = DAYS, .held_max = 10};

static struct store store;
static struct store_identity identity;
static struct ordering ordering;
static struct bus bus;
static struct log_tail tail;
static struct upkeep upkeep;

static struct moment after(int64_t ms)
{
    return (struct moment){.mono_ms = START_MS + ms, .wall_ms = START_MS + ms};
}

static int set_up(void **state)
{
    struct store_fault fault;
    (void)state;
    log_tail_init(&tail, 1, 1 << 20);
    bus_init(&bus, &(struct bus_bounds){.events_max = BUS_EVENTS_MAX, .bytes_max = BUS_BYTES_MAX});
    assert_int_equal(store_open(&store, ":memory:", STORE_WRITES), ERR_OK);
    assert_int_equal(store_schema_prepare(&store, &fault, &identity), ERR_OK);
    assert_int_equal(ordering_open(&ordering, &store, &identity, &rules, after(0)), ERR_OK);
    upkeep_init(&upkeep, &ordering);
    return 0;
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

static struct outlet outlet_at(struct moment now)
{
    return (struct outlet){
        .heads = &ordering.heads, .bus = &bus, .tail = &tail, .mono_ms = now.mono_ms};
}

static void step(struct moment now)
{
    const struct outlet outlet = outlet_at(now);
    assert_int_equal(upkeep_step(&upkeep, &outlet, now), ERR_OK);
}

static uint64_t post_and_delete(const char *text, struct moment now)
{
    struct verdict verdict;
    const struct outlet outlet = outlet_at(now);
    const struct submit submit = {.stream = STR("demo"),
                                  .author = {.id = STR("ann"), .name = STR("Ann")},
                                  .address = STR("address"),
                                  .text = str_of(text),
                                  .media_ms = -1};
    ordering_begin(&ordering);
    assert_int_equal(store_begin_write(&store), ERR_OK);
    assert_int_equal(submits_judge(&ordering, &submit, now, &verdict), ERR_OK);
    assert_int_equal(verdict.end, SUBMIT_DONE);
    const uint64_t seq = verdict.event->seq;
    event_unref(verdict.event);
    struct act_verdict done;
    const struct act_call call = {
        .stream = STR("demo"),
        .act =
            {.what = ACT_DELETE, .at = ACT_AT_SEQS, .seqs = &seq, .target_count = 1, .seconds = -1},
        .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_MODERATOR}};
    assert_int_equal(acts_judge(&ordering, &call, now, &done), ERR_OK);
    assert_int_equal(done.end, ACT_DONE);
    assert_int_equal(store_commit(&store), ERR_OK);
    ordering_settle(&ordering);
    outbox_publish(&ordering.outbox, &outlet);
    return seq;
}

static int64_t texts_kept(void)
{
    sqlite3_stmt *query = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(store.db, "SELECT count(*) FROM evidence", -1, &query, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    const int64_t count = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return count;
}

static void a_removed_text_is_kept_so_many_days_and_no_longer(void **state)
{
    (void)state;
    (void)post_and_delete("the first", after(0));
    (void)post_and_delete("a day later", after(DAY_MS));
    step(after(DAY_MS));
    step(after(DAYS * DAY_MS - 1));
    assert_int_equal(texts_kept(), 2);
    assert_false(upkeep.has_erased);
    step(after(DAYS * DAY_MS + 60000)); // it is looked for once a minute
    assert_int_equal(texts_kept(), 1);
    assert_true(upkeep.has_erased); // so that the WAL is emptied, too
    assert_int_equal(upkeep.erased, 1);
    step(after((DAYS + 1) * DAY_MS + 60000));
    assert_int_equal(texts_kept(), 0);
    assert_int_equal(upkeep.erased, 2);
}

static void many_are_erased_in_pieces_that_follow_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < UPKEEP_ERASED + 1; i++) {
        (void)post_and_delete("one of many", after(i));
    }
    const struct moment then = after((DAYS + 1) * DAY_MS);
    step(then);
    assert_int_equal(texts_kept(), 1);
    assert_true(upkeep_is_due(&upkeep, then));
    step(then);
    assert_int_equal(texts_kept(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_removed_text_is_kept_so_many_days_and_no_longer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_are_erased_in_pieces_that_follow_at_once, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
