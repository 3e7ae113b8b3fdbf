// SPDX-License-Identifier: Apache-2.0
/* A bit flips in a file of a folder at rest: the server refuses to start and names the folder, or
 * serves only what is right: nothing answered is missing without a refusal or a new epoch. */
#include "fault_disk.h"
#include "story.h"

#include "base/log.h"
#include "base/rand.h"
#include "engine/embedded/store_check.h"
#include "engine/embedded/store_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { FLIPS_A_PIECE = 12, PAGE = 4096, HEADER = 100, FILES = 3, POSTS = 90 };

static const char *const names[FILES] = {"roar.db", "roar.db-wal", "roar.db-shm"};

struct bytes {
    uint8_t *at;
    size_t len;
};

static struct story origin, trial;                  // large
static struct bytes stopped[FILES], crashed[FILES]; // the folder after a stop, and after a kill
static uint32_t refused_starts, new_epochs, refusals, unharmed;

static struct bytes take(const char *folder, const char *name)
{
    char path[256];
    struct bytes bytes = {.len = 0};
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return bytes;
    }
    bytes.at = malloc(4 << 20);
    assert_non_null(bytes.at);
    bytes.len = fread(bytes.at, 1, 4 << 20, in);
    fclose(in);
    return bytes;
}

static void put(const char *folder, const char *name, const struct bytes *bytes)
{
    char path[256];
    if (bytes->at == NULL) {
        return;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes->at, 1, bytes->len, out), bytes->len);
    assert_int_equal(fclose(out), 0);
}

static int make_folders(void **state)
{
    (void)state;
    story_begin(&origin);
    assert_true(story_open(&origin));
    for (int i = 0; i < POSTS / 3; i++) {
        story_say(&origin, 3);
    }
    for (int i = 0; i < FILES; i++) {
        crashed[i] = take(origin.subject.folder, names[i]);
    }
    story_close(&origin);
    for (int i = 0; i < FILES; i++) {
        stopped[i] = take(origin.subject.folder, names[i]);
    }
    story_end(&origin);
    return 0;
}

static int free_folders(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        free(crashed[i].at);
        free(stopped[i].at);
    }
    return 0;
}

/* ---- one flip ---- */

/* True: nothing had to be refused. */
static bool ask_all(void)
{
    bool is_all_given = true;
    const bool is_new = !epoch_eq(&trial.epoch, &trial.subject.port->epoch);
    uint32_t given = 0;
    for (uint32_t i = 0; i < trial.count; i++) {
        struct story_post *post = &trial.posts[i];
        struct post asked =
            desk_post_of(post->stream == 0 ? "demo" : "other", "ann", post->cid, post->text);
        desk_post(&trial.desk, &asked);
        const struct submit *answer = &asked.submit;
        if (answer->end == SUBMIT_DUPLICATE) {
            assert_int_equal(answer->event->seq, post->seq);
            given++;
        } else if (!is_new) { // never taken for new
            assert_int_equal(answer->end, SUBMIT_REFUSED);
            assert_int_equal(answer->refusal, REFUSAL_STORE_DOWN);
            is_all_given = false;
        }
        desk_post_done(&asked);
    }
    return is_all_given && (is_new || given == trial.count);
}

static void check_serving(void)
{
    const bool is_new = !epoch_eq(&trial.epoch, &trial.subject.port->epoch);
    const uint64_t damaged_before = store_pages_damaged();
    bool is_all_given = true;
    for (uint32_t i = 0; i < 2; i++) {
        struct reading reading =
            desk_read_after(&trial.desk, i == 0 ? "demo" : "other", 0, READ_LIMIT_MAX);
        if (reading.read.result != ERR_OK) {
            is_all_given = false;
        } else if (!is_new) {
            assert_int_equal(reading.read.count, POSTS / 2); // none is missing without a word
        }
        for (uint32_t j = 0; j < reading.read.count; j++) {
            assert_int_equal(reading.read.events[j]->seq, j + 1);
        }
        read_done(&reading.read);
    }
    story_read(&trial); // each as it was posted
    is_all_given = ask_all() && is_all_given;
    new_epochs += is_new;
    refusals += !is_all_given;
    unharmed += is_all_given && !is_new;
    assert_true(is_all_given || is_new || store_pages_damaged() > damaged_before); // named
}

static void flip(struct bytes files[FILES], int file, size_t at, unsigned bit)
{
    story_begin(&trial);
    memcpy(trial.posts, origin.posts, sizeof(trial.posts));
    trial.count = origin.count;
    trial.epoch = origin.epoch;
    files[file].at[at] ^= (uint8_t)(1U << bit);
    for (int i = 0; i < FILES; i++) {
        put(trial.subject.folder, names[i], &files[i]);
    }
    files[file].at[at] ^= (uint8_t)(1U << bit);
    if (story_open(&trial)) {
        check_serving();
    } else {
        refused_starts++;
    }
    story_end(&trial);
}

static void sweep(struct bytes files[FILES], int file, size_t piece)
{
    struct rand rand;
    rand_init(&rand, 7);
    refused_starts = new_epochs = refusals = unharmed = 0;
    for (size_t at = 0; at < HEADER && at < files[file].len; at++) {
        flip(files, file, at, (unsigned)rand_below(&rand, 8));
    }
    for (size_t from = 0; from + piece <= files[file].len; from += piece) {
        for (int i = 0; i < FLIPS_A_PIECE; i++) {
            flip(files, file, from + rand_below(&rand, piece), (unsigned)rand_below(&rand, 8));
        }
    }
    print_message("%s: %u starts refused, %u new epochs, %u with refusals, %u unharmed\n",
                  names[file], (unsigned)refused_starts, (unsigned)new_epochs, (unsigned)refusals,
                  (unsigned)unharmed);
}

static void a_flipped_bit_in_any_page_is_never_served(void **state)
{
    (void)state;
    sweep(stopped, 0, PAGE);
    assert_true(refused_starts > 0 && refusals > 0);
    assert_int_equal(new_epochs, 0);
}

static void a_flipped_bit_in_the_wal_is_told(void **state)
{
    (void)state;
    sweep(crashed, 1, (size_t)PAGE * 16);
    assert_true(new_epochs > 0);
    assert_int_equal(unharmed, 0);
}

static void a_flipped_bit_in_the_wal_index_harms_nothing(void **state)
{
    (void)state;
    sweep(crashed, 2, PAGE);
    assert_int_equal(refused_starts + new_epochs + refusals, 0);
}

/* ---- the WAL's middle, while the server runs ---- */

static void a_wal_damaged_under_a_running_server_is_found_by_its_checkpoint(void **state)
{
    char path[256];
    const char *reason = NULL;
    (void)state;
    story_begin(&trial);
    assert_true(story_open(&trial));
    story_say(&trial, 40);
    snprintf(path, sizeof(path), "%s/roar.db-wal", trial.subject.folder);
    FILE *wal = fopen(path, "r+b");
    assert_non_null(wal);
    assert_int_equal(fseek(wal, -3000, SEEK_END), 0);
    const int byte = fgetc(wal);
    assert_int_equal(fseek(wal, -3000, SEEK_END), 0);
    assert_int_equal(fputc(byte ^ 16, wal), byte ^ 16);
    assert_int_equal(fclose(wal), 0);
    for (int i = 0; i < 10 && embedded_is_well(trial.subject.engine, &reason); i++) {
        story_tick(&trial);
    }
    assert_false(embedded_is_well(trial.subject.engine, &reason));
    story_tick(&trial);
    story_read(&trial); // refused, or right
    story_close(&trial);
    if (story_open(&trial)) { // what it held is lost: another life, told as one
        assert_false(epoch_eq(&trial.epoch, &trial.subject.port->epoch));
    }
    story_end(&trial);
}

/* ---- roar check ---- */

static void count_damage(const struct store_check *check, const char *text)
{
    assert_true(strstr(text, "roar.db") == text);
    (*(uint32_t *)check->user)++;
}

static void no_progress(const struct store_check *check, const char *what, uint64_t done,
                        uint64_t total)
{
    (void)check;
    (void)what;
    assert_true(done <= total);
}

static uint32_t check_folder(struct bytes files[FILES])
{
    uint32_t told = 0;
    char why[STORE_CHECK_TEXT_MAX];
    struct store_check_found found;
    const struct store_check check = {
        .on_damage = count_damage, .on_progress = no_progress, .user = &told};
    story_begin(&trial);
    for (int i = 0; i < FILES; i++) {
        put(trial.subject.folder, names[i], &files[i]);
    }
    assert_int_equal(store_check_folder(&check, trial.subject.folder, false, &found, why), ERR_OK);
    assert_int_equal(found.damages, told);
    if (told == 0) {
        assert_int_equal(found.rows, POSTS);
        assert_int_equal(found.streams, 2);
    }
    story_end(&trial);
    return told;
}

static void the_check_finds_every_flipped_bit(void **state)
{
    struct rand rand;
    (void)state;
    rand_init(&rand, 11);
    assert_int_equal(check_folder(stopped), 0);
    assert_int_equal(check_folder(crashed), 0);
    for (int i = 0; i < 200; i++) {
        struct bytes *files = i % 2 == 0 ? stopped : crashed;
        struct bytes *file = &files[i % 2];
        const size_t at = rand_below(&rand, file->len);
        const uint8_t mask = (uint8_t)(1U << rand_below(&rand, 8));
        file->at[at] ^= mask;
        const uint32_t told = check_folder(files);
        file->at[at] ^= mask;
        if (told == 0) {
            fail_msg("%s: bit at %u is not found", names[i % 2], (unsigned)at);
        }
    }
}

/* Each page is whole and they do not agree: what page sums cannot see. */
static void the_check_finds_what_does_not_agree(void **state)
{
    static const char *const harms[] = {
        "DELETE FROM log WHERE stream = 1 AND seq = 7",
        "DELETE FROM log WHERE stream = 1 AND seq = (SELECT max(seq) FROM log WHERE stream = 1)",
        "UPDATE log SET body = replace(body, 'comment', 'comnent') WHERE n = 9",
        "DELETE FROM dedupe_0 WHERE n = 11",
        "UPDATE dedupe_0 SET n = 900 WHERE n = 12",
        "UPDATE streams SET ground_seq = 2 WHERE id = 2",
        "DELETE FROM streams WHERE id = 2",
        "DELETE FROM meta WHERE name = 'generation'",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
        char path[256];
        sqlite3 *db = NULL;
        struct bytes files[FILES] = {{.at = NULL}};
        story_begin(&trial);
        put(trial.subject.folder, names[0], &stopped[0]);
        snprintf(path, sizeof(path), "%s/roar.db", trial.subject.folder);
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, store_pages_vfs()),
                         SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, harms[i], NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        files[0] = take(trial.subject.folder, names[0]);
        story_end(&trial);
        if (check_folder(files) == 0) {
            fail_msg("not found: %s", harms[i]);
        }
        free(files[0].at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_in_any_page_is_never_served),
        cmocka_unit_test(a_flipped_bit_in_the_wal_is_told),
        cmocka_unit_test(a_flipped_bit_in_the_wal_index_harms_nothing),
        cmocka_unit_test(a_wal_damaged_under_a_running_server_is_found_by_its_checkpoint),
        cmocka_unit_test(the_check_finds_every_flipped_bit),
        cmocka_unit_test(the_check_finds_what_does_not_agree),
    };
    log_set_level(getenv("ROAR_FAULTS_LOG") == NULL ? LOG_ERROR + 1 : LOG_DEBUG);
    fault_disk_install();
    return cmocka_run_group_tests_name("damage", tests, make_folders, free_folders);
}
