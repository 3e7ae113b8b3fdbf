// SPDX-License-Identifier: Apache-2.0
/* The embedded engine when its disk is full, fails, or has flipped a bit; and who may open its
 * folder. */
#include "desk.h"
#include "flaky_disk.h"
#include "subject.h"

#include "base/mem.h"
#include "engine/embedded/store_pages.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static void path_of(const struct subject *subject, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", subject->folder, name);
}

static struct submit post(struct desk *desk, const char *stream, const char *cid)
{
    struct post asked = desk_post_of(stream, "ann", cid, "hello");
    desk_post(desk, &asked);
    const struct submit answer = asked.submit;
    desk_post_done(&asked);
    return answer;
}

static void wait_until_well(const struct subject *subject, struct desk *desk)
{
    const char *reason = NULL;
    while (!embedded_is_well(subject->engine, &reason)) {
        desk_sync(desk);
    }
}

/* ---- a full disk ---- */

static void a_full_disk_refuses_by_name_and_recovers(void **state)
{
    struct subject *subject = *state;
    const struct embedded_rules rules = {.post_user = {.count = 4, .window_ms = 10000}};
    struct desk desk;
    struct follower follower;
    const char *reason = NULL;
    subject_set_rules(subject, &rules);
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(post(&desk, "demo", "c-1").end, SUBMIT_DONE);
    flaky_disk_fail(FLAKY_FULL);
    for (int i = 0; i < 10; i++) { // more than the budget: they cost none
        const struct submit answer = post(&desk, "demo", "c-2");
        assert_int_equal(answer.end, SUBMIT_REFUSED);
        assert_int_equal(answer.refusal, REFUSAL_STORE_DOWN);
    }
    assert_false(embedded_is_well(subject->engine, &reason));
    assert_non_null(strstr(reason, "full"));
    assert_int_equal(post(&desk, "demo", "c-1").end, SUBMIT_DUPLICATE); // reads go on
    struct reading reading = desk_read_newest(&desk, "demo", 10);
    assert_int_equal(reading.read.head, 1);
    read_done(&reading.read);
    assert_int_equal(follower.events, 1);

    flaky_disk_fail(FLAKY_NOTHING);
    struct post asked = desk_post_of("demo", "ann", "c-2", "hello");
    desk_post(&desk, &asked);
    assert_int_equal(asked.submit.end, SUBMIT_DONE);
    assert_int_equal(asked.submit.event->seq, 2);
    assert_int_equal(asked.submit.event->prev, 1);
    assert_int_equal(asked.submit.event->rank, 1);
    assert_int_equal(asked.submit.rate.remaining, 2);
    desk_post_done(&asked);
    assert_true(embedded_is_well(subject->engine, &reason));
    assert_int_equal(follower.events, 2);
    assert_int_equal(follower.out_of_order, 0);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

static void a_full_disk_is_well_again_without_a_post(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const char *reason = NULL;
    desk_open(&desk, subject->port);
    flaky_disk_fail(FLAKY_FULL);
    assert_int_equal(post(&desk, "demo", NULL).refusal, REFUSAL_STORE_DOWN);
    assert_false(embedded_is_well(subject->engine, &reason));
    flaky_disk_fail(FLAKY_NOTHING);
    subject_pass(subject, 2000);
    wait_until_well(subject, &desk);
    desk_close(&desk);
}

/* The ballast is there when this returns. */
static void wait_for_ballast(struct subject *subject, struct desk *desk, const char *path)
{
    while (access(path, F_OK) != 0) {
        subject_pass(subject, 10 * 1000);
        (void)desk_say(desk, "other", "cleo", "a round of the ordering thread");
    }
}

static void acts_go_on_when_the_disk_is_full(void **state)
{
    static const struct str ann[] = {STR("ann")};
    const struct act ban = {
        .what = ACT_BAN, .at = ACT_AT_USERS, .users = ann, .target_count = 1, .seconds = -1};
    struct subject *subject = *state;
    struct desk desk;
    const char *reason = NULL;
    char path[256];
    path_of(subject, "ballast", path);
    desk_open(&desk, subject->port);
    wait_for_ballast(subject, &desk, path);
    const uint64_t seq = desk_say(&desk, "demo", "bob", "a bad word");
    flaky_disk_but_for(path);
    flaky_disk_fail(FLAKY_FULL_BUT_FOR);
    assert_int_equal(post(&desk, "demo", "c-1").refusal, REFUSAL_STORE_DOWN);
    assert_int_equal(access(path, F_OK), 0); // posts do not take it
    (void)desk_do(&desk, "demo", ban);
    (void)desk_do(
        &desk, "demo",
        (struct act){
            .what = ACT_DELETE, .at = ACT_AT_SEQS, .seqs = &seq, .target_count = 1, .seconds = -1});
    flaky_disk_fail(FLAKY_NOTHING);
    subject_pass(subject, 2000);
    wait_until_well(subject, &desk);
    assert_int_equal(access(path, F_OK), 0); // it is had again
    assert_true(embedded_is_well(subject->engine, &reason));
    assert_int_equal(post(&desk, "demo", "c-1").refusal, REFUSAL_BANNED);
    desk_close(&desk);
}

/* ---- a disk that fails ---- */

static void failing_disk(struct subject *subject, enum flaky_fault what)
{
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(post(&desk, "demo", "c-1").end, SUBMIT_DONE);
    flaky_disk_fail(what);
    assert_int_equal(post(&desk, "demo", "c-2").end, SUBMIT_UNKNOWN);
    assert_int_equal(post(&desk, "demo", "c-3").refusal, REFUSAL_STORE_DOWN);
    flaky_disk_fail(FLAKY_NOTHING);
    subject_pass(subject, 2000);
    wait_until_well(subject, &desk);
    const struct submit settled = post(&desk, "demo", "c-2"); // the same cid settles it
    assert_true(settled.end == SUBMIT_DONE || settled.end == SUBMIT_DUPLICATE);
    assert_int_equal(post(&desk, "demo", "c-3").end, SUBMIT_DONE);
    assert_int_equal(post(&desk, "demo", "c-1").end, SUBMIT_DUPLICATE);
    assert_int_equal(desk_count(&desk, "demo", 0, SEQ_MAX).count, 3);
    assert_int_equal(follower.events, 3);
    assert_int_equal(follower.out_of_order, 0);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
    subject_restart(subject);
    desk_open(&desk, subject->port);
    assert_int_equal(desk_count(&desk, "demo", 0, SEQ_MAX).count, 3);
    desk_close(&desk);
}

static void a_failed_sync_is_unknown_and_settled(void **state)
{
    failing_disk(*state, FLAKY_SYNC);
}

static void a_failed_write_is_unknown_and_settled(void **state)
{
    failing_disk(*state, FLAKY_WRITE);
}

/* The store was opened anew: what is known of each stream is read again when it is asked for. */
static void an_act_on_all_finds_who_watches_after_a_fault(void **state)
{
    static const struct str ann[] = {STR("ann")};
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "quiet");
    assert_int_equal(post(&desk, "quiet", "c-1").end, SUBMIT_DONE);
    flaky_disk_fail(FLAKY_SYNC);
    assert_int_equal(post(&desk, "demo", "c-2").end, SUBMIT_UNKNOWN);
    flaky_disk_fail(FLAKY_NOTHING);
    subject_pass(subject, 2000);
    wait_until_well(subject, &desk);
    (void)desk_do(
        &desk, "",
        (struct act){
            .what = ACT_PURGE, .at = ACT_AT_USERS, .users = ann, .target_count = 1, .seconds = -1});
    assert_int_equal(follower.last_kind, EVENT_RETRACT); // before the answer
    assert_int_equal(follower.out_of_order, 0);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* ---- a disk that hangs ---- */

static void a_hanging_disk_holds_up_posts_only(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(post(&desk, "demo", "c-1").end, SUBMIT_DONE);
    struct post slow = desk_post_of("demo", "ann", "c-2", "hello");
    flaky_disk_fail(FLAKY_HANG);
    desk_ask_post(&desk, &slow);
    flaky_disk_wait_for_hang();
    subject_pass(subject, 501);
    assert_int_equal(post(&desk, "demo", "c-3").refusal, REFUSAL_OVERLOADED);
    desk_sync(&desk); // neither joins nor reads wait for the disk
    assert_int_equal(follower.events, 1);
    struct reading reading = desk_read_newest(&desk, "demo", 10); // from memory
    assert_int_equal(reading.read.head, 1);
    read_done(&reading.read);
    reading = desk_read_newest(&desk, "other", 10); // from the store
    assert_int_equal(reading.read.result, ERR_OK);
    read_done(&reading.read);
    assert_int_equal(desk_stream(&desk, STREAM_DO_GET, "demo").head, 1);
    assert_false(slow.is_done);
    flaky_disk_fail(FLAKY_NOTHING);
    desk_wait(&desk, &slow.is_done);
    assert_int_equal(slow.submit.end, SUBMIT_DONE);
    assert_int_equal(follower.events, 2);
    desk_post_done(&slow);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* ---- flipped bits ---- */

static void run_sql(const struct subject *subject, const char *sql)
{
    sqlite3 *db = NULL;
    char path[256];
    path_of(subject, "roar.db", path);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, store_pages_vfs()),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_damaged_row_is_never_served(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    for (int i = 1; i <= 9; i++) {
        char cid[16];
        snprintf(cid, sizeof(cid), "c-%d", i);
        assert_int_equal(post(&desk, "demo", cid).end, SUBMIT_DONE);
    }
    desk_close(&desk);
    subject_stop(subject);
    run_sql(subject, "UPDATE log SET body = replace(body, 'hello', 'hallo') WHERE seq = 5");
    subject_start(subject);
    desk_open(&desk, subject->port);
    struct reading reading = desk_read_after(&desk, "demo", 0, 100);
    assert_int_equal(reading.read.result, ERR_SYS);
    assert_int_equal(reading.read.count, 0);
    reading = desk_read_after(&desk, "demo", 5, 100); // the rest is readable
    assert_int_equal(reading.read.result, ERR_OK);
    assert_int_equal(reading.read.count, 4);
    read_done(&reading.read);
    const struct submit again = post(&desk, "demo", "c-5");
    assert_int_equal(again.end, SUBMIT_REFUSED);
    assert_int_equal(again.refusal, REFUSAL_STORE_DOWN);
    assert_int_equal(post(&desk, "demo", "c-4").end, SUBMIT_DUPLICATE);
    assert_int_equal(post(&desk, "demo", "c-10").end, SUBMIT_DONE);
    desk_close(&desk);
}

/* A copy of the folder as a crash would leave it, with one bit of the WAL flipped. */
static void copy_file(const char *from, const char *to, long flip_at)
{
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    int byte = 0;
    for (long at = 0; (byte = fgetc(in)) != EOF; at++) {
        fputc(at == flip_at ? byte ^ 1 : byte, out);
    }
    fclose(in);
    fclose(out);
}

static void crash(struct subject *subject, long flip_at)
{
    static const char *const names[] = {"roar.db", "roar.db-wal"};
    char kept[2][264];
    char path[2][256];
    for (int i = 0; i < 2; i++) {
        path_of(subject, names[i], path[i]);
        snprintf(kept[i], sizeof(kept[i]), "%s.kept", path[i]);
        copy_file(path[i], kept[i], i == 1 ? flip_at : -1);
    }
    subject_stop(subject);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rename(kept[i], path[i]), 0);
    }
}

static void a_flipped_bit_in_the_wal_changes_the_epoch(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const struct epoch before = subject->port->epoch;
    char path[256];
    struct stat wal;
    desk_open(&desk, subject->port);
    for (int i = 0; i < 100; i++) {
        (void)desk_say(&desk, "demo", "ann", "hello");
    }
    desk_close(&desk);
    path_of(subject, "roar.db-wal", path);
    assert_int_equal(stat(path, &wal), 0);
    assert_true(wal.st_size > 100 * 4096);
    crash(subject, wal.st_size / 2);
    subject_start(subject);
    assert_false(epoch_eq(&subject->port->epoch, &before));
    desk_open(&desk, subject->port);
    const uint64_t kept = desk_count(&desk, "demo", 0, SEQ_MAX).count;
    assert_in_range(kept, 1, 99);
    assert_int_equal(desk_say(&desk, "demo", "ann", "a new life"), kept + 1);
    desk_close(&desk);
    path_of(subject, "roar.db-wal.damaged", path);
    assert_int_equal(stat(path, &wal), 0);
}

static void a_crash_does_not_change_the_epoch(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    const struct epoch before = subject->port->epoch;
    desk_open(&desk, subject->port);
    for (int i = 0; i < 100; i++) {
        (void)desk_say(&desk, "demo", "ann", "hello");
    }
    desk_close(&desk);
    crash(subject, -1);
    subject_start(subject);
    assert_true(epoch_eq(&subject->port->epoch, &before));
    desk_open(&desk, subject->port);
    assert_int_equal(desk_count(&desk, "demo", 0, SEQ_MAX).count, 100);
    desk_close(&desk);
}

/* ---- who may open it ---- */

static enum err try_open(const struct subject *subject, struct embedded_fault *fault)
{
    const struct embedded_options options = {.data = str_of(subject->folder),
                                             .clock = &subject->clock.clock,
                                             .readers = 1,
                                             .posts_waiting_max = 16,
                                             .post_wait_ms_max = 500};
    struct embedded *engine = NULL;
    const enum err err = embedded_open(&options, &engine, fault);
    if (err == ERR_OK) {
        embedded_close(engine);
    }
    return err;
}

static void a_folder_has_one_owner(void **state)
{
    struct subject *subject = *state;
    struct embedded_fault fault;
    assert_int_equal(try_open(subject, &fault), ERR_EXISTS);
    assert_non_null(strstr(fault.text, subject->folder));
    assert_non_null(strstr(fault.text, "lock"));
}

static int read_number(void *user, int count, char **values, char **names)
{
    (void)names;
    assert_int_equal(count, 1);
    *(int *)user = atoi(values[0]);
    return 0;
}

/* Of the file as it is now. */
static int format_of(const struct subject *subject)
{
    char path[256];
    sqlite3 *db = NULL;
    int format = 0;
    path_of(subject, "roar.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version", read_number, &format, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return format;
}

static void a_newer_file_is_refused(void **state)
{
    struct subject *subject = *state;
    struct embedded_fault fault;
    char sql[80];
    subject_stop(subject);
    snprintf(sql, sizeof(sql), "PRAGMA application_id = 0x526f6172; PRAGMA user_version = %d",
             format_of(subject));
    run_sql(subject, "PRAGMA user_version = 99");
    assert_int_equal(try_open(subject, &fault), ERR_PROTO);
    assert_non_null(strstr(fault.text, "roar.db"));
    assert_non_null(strstr(fault.text, "99"));
    run_sql(subject, "PRAGMA user_version = 1; PRAGMA application_id = 7");
    assert_int_equal(try_open(subject, &fault), ERR_PROTO);
    assert_non_null(strstr(fault.text, "another program"));
    run_sql(subject, sql);
    subject_start(subject);
}

static void what_is_no_database_is_refused(void **state)
{
    struct subject *subject = *state;
    struct embedded_fault fault;
    char path[256];
    subject_stop(subject);
    path_of(subject, "roar.db", path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        fputs("this is no database", file);
    }
    fclose(file);
    assert_int_equal(try_open(subject, &fault), ERR_PROTO);
    assert_non_null(strstr(fault.text, "roar.db"));
    assert_int_equal(unlink(path), 0);
    subject_start(subject);
}

/* ---- retention ---- */

/* The turn of the ordering thread behind the first is over when the second is answered. */
static void let_it_turn(struct desk *desk)
{
    for (int i = 0; i < 2; i++) {
        struct follower follower;
        desk_follow(desk, &follower, "nobody-posts-here");
        desk_unfollow(desk, &follower);
    }
}

static void a_shorter_retention_takes_effect_at_once(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    desk_open(&desk, subject->port);
    (void)desk_say(&desk, "demo", "ann", "of days ago");
    for (int day = 0; day < 4; day++) { // a retry may not name it any more
        subject_pass(subject, INT64_C(25) * 60 * 60 * 1000);
        let_it_turn(&desk);
    }
    (void)desk_say(&desk, "demo", "ann", "of now");
    assert_int_equal(desk_count(&desk, "demo", 0, SEQ_MAX).count, 2);
    assert_int_equal(desk_put(&desk, "demo", 1, 0).result, ERR_OK);
    let_it_turn(&desk); // and no time passes
    assert_int_equal(desk_count(&desk, "demo", 0, SEQ_MAX).count, 1);
    desk_close(&desk);
}

/* ---- bounds ---- */

enum { WAITING_MAX = 16, ASKED = 200 };

static void who_would_wait_too_long_is_told(void **state)
{
    struct subject *subject = *state;
    struct post *posts = calloc(ASKED, sizeof(*posts));
    struct desk desk;
    uint32_t done = 0;
    uint32_t overloaded = 0;
    subject->posts_waiting_max = WAITING_MAX;
    subject_restart(subject);
    desk_open(&desk, subject->port);
    for (int i = 0; i < ASKED; i++) {
        posts[i] = desk_post_of("demo", "ann", NULL, "hello");
        desk_ask_post(&desk, &posts[i]);
    }
    for (int i = 0; i < ASKED; i++) {
        desk_wait(&desk, &posts[i].is_done);
        done += posts[i].submit.end == SUBMIT_DONE;
        overloaded += posts[i].submit.refusal == REFUSAL_OVERLOADED;
        desk_post_done(&posts[i]);
    }
    assert_int_equal(done + overloaded, ASKED);
    assert_true(done >= WAITING_MAX);
    assert_true(overloaded > 0);
    assert_int_equal(desk_count(&desk, "demo", 0, SEQ_MAX).count, done);
    free(posts);
    desk_close(&desk);
}

/* A home that opens no letters is told once that it is behind, and what it was sent is whole. */
static void who_opens_no_letters_is_told_once(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct desk lazy;
    struct follower follower;
    char text[2001];
    memset(text, 'x', 2000);
    text[2000] = '\0';
    desk_open(&desk, subject->port);
    desk_open(&lazy, subject->port);
    desk_follow(&lazy, &follower, "demo");
    for (int i = 0; i < 5008; i += WAITING_MAX) {
        struct post posts[WAITING_MAX];
        for (int j = 0; j < WAITING_MAX; j++) {
            posts[j] = desk_post_of("demo", "ann", NULL, text);
            desk_ask_post(&desk, &posts[j]);
        }
        for (int j = 0; j < WAITING_MAX; j++) {
            desk_wait(&desk, &posts[j].is_done);
            desk_post_done(&posts[j]);
        }
    }
    desk_sync(&lazy);
    assert_int_equal(follower.behind, 1); // and is off: nothing has to be taken back
    assert_int_equal(follower.out_of_order, 0);
    assert_in_range(follower.last, 1000, 5007);
    desk_follow(&lazy, &follower, "demo");
    assert_int_equal(follower.watch.head, 5008);
    (void)desk_say(&desk, "demo", "ann", "again");
    desk_sync(&lazy);
    assert_int_equal(follower.last, 5009);
    desk_unfollow(&lazy, &follower);
    desk_close(&lazy);
    desk_close(&desk);
}

static void memory_that_fails_loses_nothing(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    uint64_t accepted = 0;
    desk_open(&desk, subject->port);
    for (uint64_t n = 1; n < 60; n++) {
        mem_fail_after(n % 20 + 1);
        accepted += post(&desk, n % 2 == 0 ? "demo" : "other", NULL).end == SUBMIT_DONE;
        mem_fail_after(0);
    }
    const uint64_t kept =
        desk_count(&desk, "demo", 0, SEQ_MAX).count + desk_count(&desk, "other", 0, SEQ_MAX).count;
    assert_int_equal(kept, accepted);
    assert_true(accepted > 0);
    desk_close(&desk);
}

static int tear_down(void **state)
{
    flaky_disk_fail(FLAKY_NOTHING);
    return subject_tear_down(state);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, subject_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_refuses_by_name_and_recovers),
        TEST(a_full_disk_is_well_again_without_a_post),
        TEST(acts_go_on_when_the_disk_is_full),
        TEST(a_failed_sync_is_unknown_and_settled),
        TEST(a_failed_write_is_unknown_and_settled),
        TEST(an_act_on_all_finds_who_watches_after_a_fault),
        TEST(a_hanging_disk_holds_up_posts_only),
        TEST(a_damaged_row_is_never_served),
        TEST(a_flipped_bit_in_the_wal_changes_the_epoch),
        TEST(a_crash_does_not_change_the_epoch),
        TEST(a_folder_has_one_owner),
        TEST(a_newer_file_is_refused),
        TEST(what_is_no_database_is_refused),
        TEST(a_shorter_retention_takes_effect_at_once),
        TEST(who_would_wait_too_long_is_told),
        TEST(who_opens_no_letters_is_told_once),
        TEST(memory_that_fails_loses_nothing),
    };
    flaky_disk_install();
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
