// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_wal.h"

#include "engine/embedded/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { COMMITS = 20, HEADER_LEN = 32, FRAME_LEN = 24 + 4096, SECTOR = 512 };
/* The first frame with the edge of a sector behind the 8 bytes that say whether it is a commit. */
enum { DIVIDED = 41, DIVIDED_AT = HEADER_LEN + DIVIDED * FRAME_LEN };

struct place {
    char folder[64];
    char path[96], wal[128], copy[128], index[128];
    struct store store;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    snprintf(place->folder, sizeof(place->folder), "/tmp/roar-wal-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/db", place->folder);
    snprintf(place->wal, sizeof(place->wal), "%s-wal", place->path);
    snprintf(place->index, sizeof(place->index), "%s-shm", place->path);
    snprintf(place->copy, sizeof(place->copy), "%s/copy", place->folder);
    assert_int_equal(store_open(&place->store, place->path, STORE_WRITES), ERR_OK);
    assert_int_equal(store_exec(&place->store, "CREATE TABLE t(a)"), ERR_OK);
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    store_close(&place->store);
    (void)unlink(place->copy);
    (void)unlink(place->wal);
    (void)unlink(place->index);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static void commit(struct place *place, int count)
{
    for (int i = 0; i < count; i++) { // one page each
        assert_int_equal(store_exec(&place->store, "INSERT INTO t VALUES (1)"), ERR_OK);
    }
}

/* The WAL up to `len` bytes, with the bit at `flip_at` flipped; -1: as it is. */
static struct store_wal_verdict scan(const struct place *place, long flip_at, long len)
{
    struct store_wal_verdict verdict;
    (void)unlink(place->copy); // of a file that is emptied some disks sync the new content
    FILE *in = fopen(place->wal, "rb");
    FILE *out = fopen(place->copy, "wb");
    int byte = 0;
    assert_non_null(in);
    assert_non_null(out);
    for (long at = 0; at != len && (byte = fgetc(in)) != EOF; at++) {
        fputc(at == flip_at ? byte ^ 4 : byte, out);
    }
    fclose(in);
    fclose(out);
    assert_int_equal(store_wal_scan(place->copy, &verdict), ERR_OK);
    return verdict;
}

static void a_whole_log_is_well(void **state)
{
    struct place *place = *state;
    struct store_wal_verdict verdict;
    commit(place, COMMITS);
    verdict = scan(place, -1, -1);
    assert_int_equal(verdict.commits, COMMITS);
    assert_int_equal(verdict.lost, 0);
    assert_false(verdict.is_damaged);
}

static void no_log_is_well(void **state)
{
    struct place *place = *state;
    struct store_wal_verdict verdict;
    assert_int_equal(store_wal_scan("/tmp/there-is-no-such-file-wal", &verdict), ERR_OK);
    assert_false(verdict.is_damaged);
    commit(place, 1);
    verdict = scan(place, -1, 7);
    assert_false(verdict.is_damaged);
}

/* Wherever the power went: what is torn off is the end. */
static void a_torn_log_is_well(void **state)
{
    struct place *place = *state;
    commit(place, COMMITS);
    for (long len = 0; len <= HEADER_LEN + COMMITS * FRAME_LEN; len += 1021) {
        const struct store_wal_verdict verdict = scan(place, -1, len);
        const long whole = len < HEADER_LEN ? 0 : (len - HEADER_LEN) / FRAME_LEN;
        assert_int_equal(verdict.commits, whole);
        assert_false(verdict.is_damaged);
    }
}

static void a_flipped_bit_is_damage_also_in_the_last_commit(void **state)
{
    struct place *place = *state;
    commit(place, COMMITS);
    for (long frame = 0; frame < COMMITS; frame++) {
        const long at = HEADER_LEN + frame * FRAME_LEN + 24 + 1000;
        const struct store_wal_verdict verdict = scan(place, at, -1);
        assert_int_equal(verdict.commits, frame);
        assert_int_equal(verdict.bad_offset, HEADER_LEN + frame * FRAME_LEN);
        assert_int_equal(verdict.lost, COMMITS - frame);
        assert_true(verdict.is_damaged);
    }
}

/* Of the header, of a frame's head (its page, its salts, its sum) and of its page. */
static void a_flipped_bit_is_damage_wherever_it_is(void **state)
{
    struct place *place = *state;
    commit(place, COMMITS);
    for (long at = 0; at < HEADER_LEN + FRAME_LEN; at++) {
        assert_true(scan(place, at, -1).is_damaged);
    }
    const long last = HEADER_LEN + (COMMITS - 1) * FRAME_LEN;
    for (long at = last; at < last + 200; at++) {
        assert_true(scan(place, at, -1).is_damaged);
    }
}

/* Frames of the log before this one lie behind its end: they are no loss. */
static void a_log_begun_anew_is_well(void **state)
{
    struct place *place = *state;
    commit(place, COMMITS);
    assert_int_equal(store_checkpoint(&place->store, false), ERR_OK);
    commit(place, 3);
    const struct store_wal_verdict verdict = scan(place, -1, -1);
    assert_int_equal(verdict.commits, 3);
    assert_int_equal(verdict.lost, 0);
    assert_false(verdict.is_damaged);
}

static void read_sector(const struct place *place, long at, uint8_t sector[SECTOR])
{
    FILE *in = fopen(place->wal, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, at, SEEK_SET), 0);
    assert_int_equal(fread(sector, 1, SECTOR, in), SECTOR);
    fclose(in);
}

static void write_sector(const struct place *place, long at, const uint8_t sector[SECTOR])
{
    FILE *out = fopen(place->wal, "r+b");
    assert_non_null(out);
    assert_int_equal(fseek(out, at, SEEK_SET), 0);
    assert_int_equal(fwrite(sector, 1, SECTOR, out), SECTOR);
    fclose(out);
}

/* The power cut left the old sector: a commit of the log before this one, with this one's salts. */
static void a_commit_torn_amid_the_head_of_an_older_one_is_well(void **state)
{
    struct place *place = *state;
    const long at = DIVIDED_AT + 8 - SECTOR;
    uint8_t older[SECTOR];
    assert_int_equal(at % SECTOR, 0);
    commit(place, DIVIDED + 1);
    read_sector(place, at, older);
    assert_int_equal(store_checkpoint(&place->store, false), ERR_OK);
    assert_int_equal(store_exec(&place->store, "INSERT INTO t VALUES (randomblob(400000))"),
                     ERR_OK); // some hundred pages
    write_sector(place, at, older);
    const struct store_wal_verdict verdict = scan(place, -1, -1);
    assert_int_equal(verdict.bad_offset, DIVIDED_AT - FRAME_LEN);
    assert_int_equal(verdict.commits, 0);
    assert_int_equal(verdict.lost, 1);
    assert_false(verdict.is_damaged);
}

/* Its head is divided, and it matches its sum. */
static void a_commit_with_a_divided_head_is_lost_behind_damage(void **state)
{
    struct place *place = *state;
    commit(place, DIVIDED + 1);
    const struct store_wal_verdict verdict = scan(place, DIVIDED_AT - 1000, -1);
    assert_int_equal(verdict.commits, DIVIDED - 1);
    assert_int_equal(verdict.lost, 2);
    assert_true(verdict.is_damaged);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_whole_log_is_well),
        TEST(no_log_is_well),
        TEST(a_torn_log_is_well),
        TEST(a_flipped_bit_is_damage_also_in_the_last_commit),
        TEST(a_flipped_bit_is_damage_wherever_it_is),
        TEST(a_log_begun_anew_is_well),
        TEST(a_commit_torn_amid_the_head_of_an_older_one_is_well),
        TEST(a_commit_with_a_divided_head_is_lost_behind_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
