// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/reach_keeper.h"

#include "engine/embedded/housekeeping.h"
#include "engine/embedded/store_acts.h"
#include "engine/embedded/store_number_test.h"
#include "engine/embedded/store_reach.h"
#include "engine/embedded/store_schema.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* An act has a page of its own. */
enum { COUNT = 5, DAMAGED = 3, VALUE_BYTES = 3000, MANY = 2000 };

struct place {
    char folder[64], path[128];
    struct store store;
    struct store_identity identity;
    struct reach_keeper keeper;
    struct reach_keep keeps[COUNT + 1]; // the last is of an act that is not there
    uint32_t answered;
};

static struct place *answered_in;

static void send_now(struct home *home, struct letter *letter)
{
    (void)home;
    letter->open(letter);
}

static struct home home = {.send = send_now};

static void on_kept(struct call *call)
{
    (void)call;
    answered_in->answered++;
}

static void fill(struct place *place)
{
    struct store_fault fault;
    char value[VALUE_BYTES];
    assert_int_equal(store_open(&place->store, place->path, STORE_WRITES), ERR_OK);
    assert_int_equal(store_schema_prepare(&place->store, &fault, &place->identity), ERR_OK);
    assert_int_equal(store_begin_write(&place->store), ERR_OK);
    for (int i = 0; i < COUNT; i++) {
        memset(value, 'a' + i, sizeof(value));
        struct store_act act = {.what = ACT_BAN,
                                .key = (uint64_t)i,
                                .value = {.at = value, .len = sizeof(value)},
                                .seconds = -1};
        assert_int_equal(store_acts_add(&place->store, &act), ERR_OK);
        place->keeps[i].act = act.id;
    }
    assert_int_equal(store_commit(&place->store), ERR_OK);
    place->keeps[COUNT].act = place->keeps[COUNT - 1].act + 1;
    for (uint32_t i = 0; i <= COUNT; i++) {
        place->keeps[i].figures.viewers = i + 1;
        place->keeps[i].call = (struct call){.home = &home, .done = on_kept};
    }
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    snprintf(place->folder, sizeof(place->folder), "/tmp/roar-keeper-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/roar.db", place->folder);
    reach_keeper_init(&place->keeper);
    fill(place);
    answered_in = place;
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    store_close(&place->store);
    static const char *const more[] = {"-wal", "-shm", ""};
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        char path[160];
        snprintf(path, sizeof(path), "%s%s", place->path, more[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static void hand_over_all(struct place *place)
{
    for (int i = 0; i <= COUNT; i++) {
        reach_keeper_hand_over(&place->keeper, &home, &place->keeps[i]);
    }
}

static bool is_kept(struct place *place, int i)
{
    struct reach_figures figures;
    assert_int_equal(store_begin_read(&place->store), ERR_OK);
    const enum err err = store_reach_get(&place->store, place->keeps[i].act, &figures);
    store_rollback(&place->store);
    return err == ERR_OK && figures.viewers == place->keeps[i].figures.viewers;
}

static void one_that_is_not_there_keeps_nobody_waiting(void **state)
{
    struct place *place = *state;
    hand_over_all(place);
    assert_int_equal(reach_keeper_step(&place->keeper, &place->store, COUNT), ERR_OK);
    assert_int_equal(place->answered, COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(place->keeps[i].result, ERR_OK);
        assert_true(is_kept(place, i));
    }
    assert_int_equal(place->keeps[COUNT].result, ERR_NOT_FOUND);
    assert_false(is_kept(place, COUNT));
}

/* The file's, where the value of the act stands. */
static void damage(struct place *place, int i)
{
    char found[VALUE_BYTES], wanted[VALUE_BYTES];
    memset(wanted, 'a' + i, sizeof(wanted));
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    store_close(&place->store);
    const int fd = open(place->path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t at = -1;
    do {
        at++;
        assert_int_equal(pread(fd, found, sizeof(found), at), sizeof(found));
    } while (memcmp(found, wanted, sizeof(found)) != 0);
    assert_int_equal(pwrite(fd, "!", 1, at + VALUE_BYTES / 2), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(store_open(&place->store, place->path, STORE_WRITES), ERR_OK);
}

static void a_damaged_act_keeps_nobody_waiting(void **state)
{
    struct place *place = *state;
    damage(place, DAMAGED);
    hand_over_all(place);
    assert_int_equal(reach_keeper_step(&place->keeper, &place->store, COUNT), ERR_OK);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(place->keeps[i].result, i == DAMAGED ? ERR_GONE : ERR_OK);
        assert_int_equal(is_kept(place, i), i != DAMAGED);
    }
}

/* Of so many other streams that what is kept takes many pages; `keeps` are of the first and the
 * last of them. */
static void keep_many(struct place *place)
{
    struct store_act act = {.id = MANY, .what = ACT_BAN, .key = MANY, .seconds = -1};
    assert_int_equal(store_begin_write(&place->store), ERR_OK);
    assert_int_equal(store_acts_add(&place->store, &act), ERR_OK);
    assert_int_equal(
        store_exec(&place->store,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
                   "INSERT INTO reach SELECT i, i, 0, 0, 0, 0, 0, 0, 0, 0 FROM n"),
        ERR_OK);
    assert_int_equal(store_commit(&place->store), ERR_OK);
    place->keeps[1].act = MANY;
}

static void damage_page(struct place *place, int64_t page, int64_t bytes)
{
    char byte = 0;
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    store_close(&place->store);
    const int fd = open(place->path, O_RDWR | O_CLOEXEC);
    const off_t at = (page - 1) * bytes + bytes / 2;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(store_open(&place->store, place->path, STORE_WRITES), ERR_OK);
}

static void a_damaged_page_is_the_affair_of_who_comes_upon_it(void **state)
{
    struct place *place = *state;
    keep_many(place);
    const int64_t page =
        store_number(&place->store, "SELECT pageno FROM dbstat WHERE name = 'reach' "
                                    "AND pagetype = 'leaf' ORDER BY path");
    damage_page(place, page, store_number(&place->store, "PRAGMA page_size"));
    for (int first = 0; first < 2; first++) { // whoever stands before the other
        reach_keeper_hand_over(&place->keeper, &home, &place->keeps[first]);
        reach_keeper_hand_over(&place->keeper, &home, &place->keeps[1 - first]);
        assert_int_equal(reach_keeper_step(&place->keeper, &place->store, COUNT), ERR_OK);
        assert_int_equal(place->keeps[0].result, ERR_GONE);
        assert_int_equal(place->keeps[1].result, ERR_OK);
        assert_true(is_kept(place, 1));
    }
    assert_int_equal(place->answered, 4);
}

/* Else the turn would fail with each attempt, and what makes room would not come about. */
static void a_full_disk_is_left_alone(void **state)
{
    const struct embedded_rules rules = {.held_max = 1};
    const struct moment now = {.mono_ms = 1000, .wall_ms = 1000};
    static struct ordering ordering;
    static struct log_tail tail;
    static struct bus bus;
    static struct engine_metrics metrics;
    struct housekeeping keeping;
    struct place *place = *state;
    engine_metrics_add(&metrics);
    log_tail_init(&tail, 1, 1 << 20);
    bus_init(&bus, &(struct bus_bounds){.events_max = BUS_EVENTS_MAX, .bytes_max = BUS_BYTES_MAX});
    assert_int_equal(ordering_open(&ordering, &place->store, &place->identity, &rules, now),
                     ERR_OK);
    housekeeping_init(&keeping, &ordering, &tail, &bus, &metrics);
    keeping.reach = &place->keeper;
    for (int is_full = 1; is_full >= 0; is_full--) {
        keeping.is_full = is_full != 0;
        hand_over_all(place);
        assert_int_equal(housekeeping_turn(&keeping, now), ERR_OK);
        assert_int_equal(place->keeps[0].result, is_full ? ERR_SYS : ERR_OK);
        assert_int_equal(is_kept(place, 0), !is_full);
    }
    ordering_close(&ordering);
    engine_metrics_remove(&metrics);
    bus_done(&bus);
    log_tail_done(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        TEST(one_that_is_not_there_keeps_nobody_waiting),
        TEST(a_damaged_act_keeps_nobody_waiting),
        TEST(a_damaged_page_is_the_affair_of_who_comes_upon_it),
        TEST(a_full_disk_is_left_alone),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
