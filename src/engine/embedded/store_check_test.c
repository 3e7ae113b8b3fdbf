// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_check.h"

#include "engine/embedded/store_breaks_test.h"
#include "engine/embedded/store_pages.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_streams.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 6 };

struct place {
    char folder[64], path[128], lock[128];
    struct store store; // of the test
    struct store_identity identity;
    struct store_check_found found;
    char why[STORE_CHECK_TEXT_MAX];
};

static char told[STORE_CHECK_TEXT_MAX]; // the last damage

static void on_damage(const struct store_check *check, const char *text)
{
    (void)check;
    snprintf(told, sizeof(told), "%s", text);
}

static void on_progress(const struct store_check *check, const char *what, uint64_t done,
                        uint64_t total)
{
    (void)check;
    assert_non_null(what);
    assert_true(done <= total);
}

static const struct store_check check = {.on_damage = on_damage, .on_progress = on_progress};

/* A log of one stream; its rows have no cid and are acts, so that they need no id. */
static void make_log(struct place *place, const char *path)
{
    struct store_fault fault;
    struct store_stream stream = {.state = STREAM_LIVE, .retention_days = -1};
    assert_int_equal(store_open(&place->store, path, STORE_WRITES), ERR_OK);
    assert_int_equal(store_schema_prepare(&place->store, &fault, &place->identity), ERR_OK);
    assert_int_equal(store_begin_write(&place->store), ERR_OK);
    assert_int_equal(store_streams_add(&place->store, STR("demo"), &stream), ERR_OK);
    for (uint64_t n = 1; n <= ROWS; n++) {
        const struct store_row row = {.n = n,
                                      .stream = stream.id,
                                      .seq = n,
                                      .prev = n - 1,
                                      .kind = EVENT_STREAM,
                                      .body = STR("\"state\":\"live\"")};
        assert_int_equal(store_rows_add(&place->store, &row), ERR_OK);
    }
    assert_int_equal(store_commit(&place->store), ERR_OK);
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    snprintf(place->folder, sizeof(place->folder), "/tmp/roar-check-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/roar.db", place->folder);
    snprintf(place->lock, sizeof(place->lock), "%s/lock", place->folder);
    told[0] = '\0';
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char path[160];
    static const char *const more[] = {"-wal", "-shm", "-journal", ""};
    store_close(&place->store);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", place->path, more[i]);
        (void)unlink(path);
    }
    (void)rmdir(place->path);
    (void)unlink(place->lock);
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static enum err go_through(struct place *place, bool renew_epoch)
{
    return store_check_folder(&check, place->folder, renew_epoch, &place->found, place->why);
}

static void a_whole_log_is_well(void **state)
{
    struct place *place = *state;
    make_log(place, place->path);
    store_close(&place->store); // its rows lie in the WAL
    assert_int_equal(go_through(place, false), ERR_OK);
    assert_int_equal(place->found.damages, 0);
    assert_int_equal(place->found.rows, ROWS);
    assert_int_equal(place->found.streams, 1);
    assert_true(place->found.pages > 0);
    assert_true(epoch_eq(&place->found.epoch, &place->identity.epoch));
}

static void a_new_epoch_is_there_at_the_next_start(void **state)
{
    struct place *place = *state;
    struct store_fault fault;
    struct store_identity after;
    make_log(place, place->path);
    store_close(&place->store);
    assert_int_equal(go_through(place, true), ERR_OK);
    assert_false(epoch_eq(&place->found.epoch, &place->identity.epoch));
    assert_int_equal(store_open(&place->store, place->path, STORE_WRITES), ERR_OK);
    assert_int_equal(store_schema_prepare(&place->store, &fault, &after), ERR_OK);
    assert_true(epoch_eq(&after.epoch, &place->found.epoch));
}

static void what_holds_no_log_is_told_apart(void **state)
{
    struct place *place = *state;
    char folder[STORE_PATH_MAX + 1];
    assert_int_equal(go_through(place, false), ERR_NOT_FOUND);
    assert_int_equal(access(place->lock, F_OK), -1); // it leaves nothing behind
    memset(folder, 'x', sizeof(folder) - 1);
    folder[sizeof(folder) - 1] = '\0';
    assert_int_equal(store_check_folder(&check, folder, false, &place->found, place->why), ERR_SYS);
    assert_non_null(strstr(place->why, "too long"));
}

static void what_cannot_be_had_says_why(void **state)
{
    struct place *place = *state;
    make_log(place, place->path);
    store_close(&place->store);
    assert_int_equal(mkdir(place->lock, 0700), 0);
    assert_int_equal(go_through(place, false), ERR_SYS);
    assert_non_null(strstr(place->why, place->lock));
    assert_int_equal(rmdir(place->lock), 0);
    assert_int_equal(go_through(place, false), ERR_OK);
}

static void a_wal_that_cannot_be_read_is_named(void **state)
{
    struct place *place = *state;
    char wal[160];
    make_log(place, place->path);
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    store_close(&place->store);
    snprintf(wal, sizeof(wal), "%s-wal", place->path);
    (void)unlink(wal);
    assert_int_equal(mkdir(wal, 0700), 0); // is opened and not read
    assert_int_equal(go_through(place, true), ERR_OK);
    assert_int_equal(place->found.damages, 1);
    assert_string_equal(place->found.epoch.text, "");
    assert_int_equal(rmdir(wal), 0);
    assert_int_equal(go_through(place, false), ERR_OK);
    assert_int_equal(place->found.damages, 0);
}

static void a_folder_of_a_server_is_left_alone(void **state)
{
    struct place *place = *state;
    make_log(place, place->path);
    store_close(&place->store);
    const int fd = open(place->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(go_through(place, false), ERR_EXISTS);
    assert_int_equal(place->found.pages, 0);
    assert_int_equal(close(fd), 0);
}

static void what_is_no_log_is_named(void **state)
{
    struct place *place = *state;
    char text[3 * STORE_PAGES_BYTES];
    FILE *file = fopen(place->path, "wb");
    assert_non_null(file);
    memset(text, 'x', sizeof(text));
    assert_int_equal(fwrite(text, 1, sizeof(text), file), sizeof(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(go_through(place, true), ERR_OK);
    assert_int_equal(place->found.pages, 3);
    assert_int_equal(place->found.damages, 1 + 3); // what SQLite says, and each page
    assert_string_equal(place->found.epoch.text, "");
}

static void a_later_format_is_named(void **state)
{
    struct place *place = *state;
    make_log(place, place->path);
    assert_int_equal(store_exec(&place->store, "PRAGMA user_version = 99"), ERR_OK);
    store_close(&place->store);
    assert_int_equal(go_through(place, true), ERR_OK);
    assert_int_equal(place->found.damages, 1);
    assert_non_null(strstr(told, "format 99"));
}

static void the_end_of_the_file_that_is_no_page_is_survived(void **state)
{
    struct place *place = *state;
    make_log(place, place->path);
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    store_close(&place->store);
    assert_int_equal(truncate(place->path, 3 * STORE_PAGES_BYTES + 100), 0);
    assert_int_equal(go_through(place, false), ERR_OK);
    assert_true(place->found.damages > 0);
}

/* Of more than can be told one by one, all are counted. */
static void damages_past_telling_are_counted(void **state)
{
    struct place *place = *state;
    enum { LOST = STORE_CHECK_DAMAGES_MAX + 10 };
    make_log(place, place->path);
    assert_int_equal(
        store_exec(&place->store,
                   "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1010) "
                   "INSERT INTO dedupe_0(key, n) SELECT n, n + 100 FROM c"),
        ERR_OK);
    store_close(&place->store);
    assert_int_equal(go_through(place, false), ERR_OK);
    assert_int_equal(place->found.damages, LOST);
    assert_non_null(strstr(told, "a retry names row"));
}

/* Either it is told that it broke off, or all was gone through. */
static void wherever_it_breaks_off_it_says_so(void **state)
{
    struct place *place = *state;
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        uint64_t tried = 0;
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n = store_breaks_next(n), tried++) {
            struct store_check_found found = {.pages = 0};
            struct store_breaks breaks;
            make_log(place, ":memory:");
            store_breaks_arm(&breaks, &place->store, what, n);
            store_check_contents(&check, &place->store, &place->identity, &found);
            has_broken = store_breaks_disarm(&breaks, &place->store);
            store_close(&place->store);
            assert_true(found.damages > 0 || (found.rows == ROWS && found.streams == 1));
            assert_true(has_broken || found.damages == 0);
        }
        assert_true(tried > 50);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_whole_log_is_well),
        TEST(a_new_epoch_is_there_at_the_next_start),
        TEST(what_holds_no_log_is_told_apart),
        TEST(what_cannot_be_had_says_why),
        TEST(a_wal_that_cannot_be_read_is_named),
        TEST(a_folder_of_a_server_is_left_alone),
        TEST(what_is_no_log_is_named),
        TEST(a_later_format_is_named),
        TEST(the_end_of_the_file_that_is_no_page_is_survived),
        TEST(damages_past_telling_are_counted),
        TEST(wherever_it_breaks_off_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
