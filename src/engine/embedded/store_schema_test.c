// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_schema.h"

#include "engine/embedded/store_breaks_test.h"
#include "engine/embedded/store_number_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct place {
    struct store store;
    struct store_fault fault;
    struct store_identity identity;
};

static void open_empty(struct place *place)
{
    *place = (struct place){.identity = {.hash_key = 0}};
    assert_int_equal(store_open(&place->store, ":memory:", STORE_WRITES), ERR_OK);
}

static enum err prepare(struct place *place)
{
    return store_schema_prepare(&place->store, &place->fault, &place->identity);
}

static void a_log_is_made_once(void **state)
{
    struct place place;
    struct store_identity again;
    (void)state;
    open_empty(&place);
    assert_int_equal(prepare(&place), ERR_OK);
    assert_int_equal(strlen(place.identity.epoch.text), 8);
    assert_int_equal(store_schema_prepare(&place.store, &place.fault, &again), ERR_OK);
    assert_true(epoch_eq(&again.epoch, &place.identity.epoch));
    assert_int_equal(again.hash_key, place.identity.hash_key);
    assert_int_equal(again.id_key, place.identity.id_key);
    store_close(&place.store);
}

/* What broke off left nothing: the next try makes all of it. */
static void wherever_making_breaks_off_nothing_is_half_made(void **state)
{
    (void)state;
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        uint64_t tried = 0;
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n = store_breaks_next(n), tried++) {
            struct place place;
            struct store_breaks breaks;
            open_empty(&place);
            store_breaks_arm(&breaks, &place.store, what, n);
            const enum err err = prepare(&place);
            has_broken = store_breaks_disarm(&breaks, &place.store);
            assert_true(err == ERR_OK || has_broken);
            if (err != ERR_OK) {
                assert_int_equal(err, ERR_SYS);
                assert_string_equal(place.fault.text, ""); // it is not the file's
                assert_int_equal(place.identity.hash_key, 0);
            }
            assert_int_equal(prepare(&place), ERR_OK);
            store_close(&place.store);
        }
        assert_true(tried > 50);
    }
}

/* A file of format 2 as the roar before wrote it, with a stream and a comment. */
static void open_format_2(struct place *place)
{
    static const char *const takes_back[] = {
        "DROP TABLE acts",
        "DROP TABLE act_places",
        "DROP TABLE reach",
        "DROP TABLE lifted",
        "DROP TABLE rejections",
        "DROP TABLE lifted_from",
        "DROP TABLE audit",
        "DROP TABLE sanctions",
        "DROP TABLE ranks",
        "DROP TABLE removals",
        "DROP TABLE sweeps",
        "DROP TABLE carried",
        "DROP TABLE young",
        "DROP INDEX log_acts",
        "DROP INDEX log_removed",
        "DROP INDEX log_shadows",
        "DROP INDEX log_shadows_of",
        "CREATE INDEX log_acts ON log(stream, seq) WHERE kind <> 1",
        "DROP TABLE evidence",
        "DROP TABLE held",
        "ALTER TABLE streams DROP COLUMN rules",
        "ALTER TABLE log DROP COLUMN staff",
    };
    open_empty(place);
    assert_int_equal(prepare(place), ERR_OK);
    for (size_t i = 0; i < sizeof(takes_back) / sizeof(takes_back[0]); i++) {
        assert_int_equal(store_exec(&place->store, takes_back[i]), ERR_OK);
    }
    assert_int_equal(store_exec(&place->store, "INSERT INTO streams VALUES "
                                               "(1, 'demo', 1, -1, 7, 0, 0, 0);"
                                               "INSERT INTO log VALUES "
                                               "(1, 1, 1, 0, 7, 1, 0, 0, 1, 'ann', '', '', 0);"
                                               "PRAGMA user_version = 2"),
                     ERR_OK);
}

static void a_log_of_the_format_before_grows_and_keeps_what_it_has(void **state)
{
    struct place place;
    (void)state;
    open_format_2(&place);
    const struct store_identity before = place.identity;
    assert_int_equal(prepare(&place), ERR_OK);
    assert_true(epoch_eq(&place.identity.epoch, &before.epoch));
    assert_int_equal(store_number(&place.store, "PRAGMA user_version"), 6);
    assert_int_equal(store_number(&place.store, "SELECT count(*) FROM log WHERE user = 'ann'"), 1);
    assert_int_equal(store_number(&place.store, "SELECT count(*) FROM streams WHERE rules = ''"),
                     1);
    assert_int_equal(store_number(&place.store, "SELECT count(*) FROM held"), 0);
    store_close(&place.store);
}

static void a_log_of_format_3_has_who_did_what_from_now_on(void **state)
{
    struct place place;
    (void)state;
    open_empty(&place);
    assert_int_equal(prepare(&place), ERR_OK);
    assert_int_equal(store_exec(&place.store, "ALTER TABLE log DROP COLUMN staff;"
                                              "DROP TABLE act_places;"
                                              "DROP TABLE reach;"
                                              "DROP TABLE lifted;"
                                              "DROP TABLE rejections;"
                                              "DROP TABLE lifted_from;"
                                              "DROP INDEX held_off; DROP INDEX sanctions_warned;"
                                              "DROP INDEX sweeps_user;"
                                              "INSERT INTO log VALUES "
                                              "(1, 1, 1, 0, 7, 2, 0, 0, 1, '', '', '', 0);"
                                              "PRAGMA user_version = 3"),
                     ERR_OK);
    assert_int_equal(prepare(&place), ERR_OK);
    assert_int_equal(store_number(&place.store, "PRAGMA user_version"), 6);
    assert_int_equal(store_number(&place.store, "SELECT count(*) FROM log WHERE staff = ''"), 1);
    store_close(&place.store);
}

static void a_log_of_format_4_keeps_how_far_acts_got_from_now_on(void **state)
{
    struct place place;
    (void)state;
    open_empty(&place);
    assert_int_equal(prepare(&place), ERR_OK);
    assert_int_equal(store_exec(&place.store, "DROP TABLE reach;"
                                              "DROP TABLE rejections;"
                                              "DROP TABLE lifted_from;"
                                              "DROP INDEX held_off; DROP INDEX sanctions_warned;"
                                              "INSERT INTO lifted VALUES (1, 2, 3, 4);"
                                              "PRAGMA user_version = 4"),
                     ERR_OK);
    assert_int_equal(prepare(&place), ERR_OK);
    assert_int_equal(store_number(&place.store, "PRAGMA user_version"), 6);
    assert_int_equal(store_number(&place.store, "SELECT count(*) FROM reach"), 0);
    assert_int_equal(store_number(&place.store, "SELECT count(*) FROM lifted"), 1);
    store_close(&place.store);
}

static void wherever_growing_breaks_off_it_is_still_the_format_before(void **state)
{
    (void)state;
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n = store_breaks_next(n)) {
            struct place place;
            struct store_breaks breaks;
            open_format_2(&place);
            store_breaks_arm(&breaks, &place.store, what, n);
            const enum err err = prepare(&place);
            has_broken = store_breaks_disarm(&breaks, &place.store);
            assert_true(err == ERR_OK || has_broken);
            const int64_t version = store_number(&place.store, "PRAGMA user_version");
            const int64_t grown = store_number(
                &place.store, "SELECT count(*) FROM sqlite_schema WHERE name = 'held'");
            assert_int_equal(version, grown == 1 ? 6 : 2);
            assert_int_equal(prepare(&place), ERR_OK);
            store_close(&place.store);
        }
    }
}

static void wherever_a_new_epoch_breaks_off_it_is_the_old_or_the_new(void **state)
{
    struct place place;
    (void)state;
    open_empty(&place);
    assert_int_equal(prepare(&place), ERR_OK);
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n = store_breaks_next(n)) {
            const struct store_identity before = place.identity;
            struct store_identity renewed = before;
            struct store_breaks breaks;
            store_breaks_arm(&breaks, &place.store, what, n);
            const enum err err = store_schema_renew_epoch(&place.store, &renewed);
            has_broken = store_breaks_disarm(&breaks, &place.store);
            assert_true(err == ERR_OK || has_broken);
            assert_int_equal(epoch_eq(&renewed.epoch, &before.epoch), err != ERR_OK);
            assert_int_equal(prepare(&place), ERR_OK);
            assert_int_equal(place.identity.hash_key, before.hash_key);
            if (err == ERR_OK) {
                assert_true(epoch_eq(&place.identity.epoch, &renewed.epoch));
            }
        }
    }
    store_close(&place.store);
}

static void what_every_log_has_is_missed(void **state)
{
    static const char *const harms[] = {
        "DELETE FROM meta WHERE name = 'epoch'",
        "UPDATE meta SET value = NULL WHERE name = 'epoch'",
        "UPDATE meta SET value = '' WHERE name = 'epoch'",
        "UPDATE meta SET value = 'longer-than-any-epoch-may-be-longer' WHERE name = 'epoch'",
        "DELETE FROM meta WHERE name = 'hash_key'",
        "DELETE FROM meta WHERE name = 'id_key'",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
        struct place place;
        open_empty(&place);
        assert_int_equal(prepare(&place), ERR_OK);
        place.store.failure = SQLITE_OK;
        assert_int_equal(store_exec(&place.store, harms[i]), ERR_OK);
        assert_int_equal(prepare(&place), ERR_PROTO);
        assert_non_null(strstr(place.fault.text, "damaged"));
        store_close(&place.store);
    }
}

static void another_programs_file_and_a_later_format_are_left_alone(void **state)
{
    static const struct {
        const char *sql, *told;
    } files[] = {
        {"CREATE TABLE t(a)", "another program"},
        {"PRAGMA application_id = 7", "another program"},
        {"PRAGMA user_version = 1", "another program"},
        {"PRAGMA application_id = 0x526f6172; PRAGMA user_version = 1", "no released"},
        {"PRAGMA application_id = 0x526f6172; PRAGMA user_version = 7", "format 7"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct place place;
        open_empty(&place);
        assert_int_equal(store_exec(&place.store, files[i].sql), ERR_OK);
        assert_int_equal(prepare(&place), ERR_PROTO);
        assert_non_null(strstr(place.fault.text, files[i].told));
        assert_int_equal(store_exec(&place.store, "SELECT * FROM meta"), ERR_SYS); // none was made
        store_close(&place.store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_made_once),
        cmocka_unit_test(wherever_making_breaks_off_nothing_is_half_made),
        cmocka_unit_test(a_log_of_the_format_before_grows_and_keeps_what_it_has),
        cmocka_unit_test(a_log_of_format_3_has_who_did_what_from_now_on),
        cmocka_unit_test(a_log_of_format_4_keeps_how_far_acts_got_from_now_on),
        cmocka_unit_test(wherever_growing_breaks_off_it_is_still_the_format_before),
        cmocka_unit_test(wherever_a_new_epoch_breaks_off_it_is_the_old_or_the_new),
        cmocka_unit_test(what_every_log_has_is_missed),
        cmocka_unit_test(another_programs_file_and_a_later_format_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
