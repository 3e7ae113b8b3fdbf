// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/evidence.h"

#include "base/buf.h"
#include "engine/embedded/held.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/store_streams.h"
#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 400, LONG_TEXT = 6000 };

struct place {
    char folder[64], path[96], wal[112];
    struct store store;
    struct store_identity identity;
    struct store_stream stream;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    struct store_fault fault;
    assert_non_null(place);
    snprintf(place->folder, sizeof(place->folder), "/tmp/roar-evidence-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/roar.db", place->folder);
    snprintf(place->wal, sizeof(place->wal), "%s-wal", place->path);
    assert_int_equal(store_open(&place->store, place->path, STORE_WRITES), ERR_OK);
    assert_int_equal(store_schema_prepare(&place->store, &fault, &place->identity), ERR_OK);
    place->stream = (struct store_stream){.state = STREAM_LIVE, .retention_days = -1};
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char name[128];
    store_close(&place->store);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s%s", place->path, ends[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static size_t count_in(const char *path, const char *text)
{
    struct buf bytes;
    size_t count = 0;
    buf_init(&bytes, MEM_OTHER, SIZE_MAX);
    if (sys_file_read(path, 1 << 30, &bytes) == ERR_OK) {
        const char *at = (const char *)bytes.bytes;
        size_t left = bytes.len;
        const char *found = NULL;
        while (left > 0 && (found = memmem(at, left, text, strlen(text))) != NULL) {
            count++;
            left -= (size_t)(found + 1 - at);
            at = found + 1;
        }
    }
    buf_done(&bytes);
    return count;
}

static void post_all(struct place *place)
{
    char *body = malloc(LONG_TEXT + 64);
    assert_non_null(body);
    assert_int_equal(store_begin_write(&place->store), ERR_OK);
    assert_int_equal(store_streams_add(&place->store, STR("demo"), &place->stream), ERR_OK);
    for (uint64_t n = 1; n <= ROWS; n++) {
        const int len = n % 10 == 0 ? LONG_TEXT : 40; // those have pages of their own
        snprintf(body, LONG_TEXT + 64, "\"id\":\"x\",\"text\":\"very-secret %0*llu very-secret\"",
                 len, (unsigned long long)n);
        const struct store_row row = {.n = n,
                                      .stream = place->stream.id,
                                      .seq = n,
                                      .prev = n - 1,
                                      .segment = 1,
                                      .kind = EVENT_COMMENT,
                                      .user = STR("ann"),
                                      .body = str_of(body)};
        assert_int_equal(store_rows_add(&place->store, &row), ERR_OK);
    }
    const struct held_row held = {.n = ROWS + 1,
                                  .stream = place->stream.id,
                                  .state = COMMENT_DELETED,
                                  .user = STR("ann"),
                                  .body = STR("\"text\":\"very-secret and rejected\"")};
    assert_int_equal(held_add(&place->store, &held, 0), ERR_OK);
    assert_int_equal(store_commit(&place->store), ERR_OK);
    free(body);
}

static void remove_all(struct place *place)
{
    const struct removals_by by = {
        .store = &place->store, .stream = place->stream.id, .act = 1, .wall_ms = 5000};
    assert_int_equal(store_begin_write(&place->store), ERR_OK);
    for (uint64_t seq = 1; seq <= ROWS; seq++) {
        enum comment_state was = 0;
        assert_int_equal(removals_remove(&by, seq, &was), ERR_OK);
    }
    assert_int_equal(store_commit(&place->store), ERR_OK);
}

static void erase_all(struct place *place)
{
    const struct held_stretch all = held_stretch_until(5000);
    uint32_t count = 1;
    assert_int_equal(store_begin_write(&place->store), ERR_OK);
    while (count > 0) {
        assert_int_equal(evidence_erase(&place->store, 5000, 100, &count), ERR_OK);
    }
    assert_int_equal(held_erase(&place->store, &all, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(held_erase(&place->store, &all, &count), ERR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(store_commit(&place->store), ERR_OK);
}

static void what_is_erased_is_in_no_byte_of_the_files(void **state)
{
    struct place *place = *state;
    post_all(place);
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    assert_int_equal(count_in(place->path, "very-secret"), 2 * ROWS + 1);
    remove_all(place);
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    assert_int_equal(count_in(place->path, "very-secret"), 2 * ROWS + 1); // once: as evidence
    erase_all(place);
    assert_int_equal(store_checkpoint(&place->store, true), ERR_OK);
    store_close(&place->store);
    assert_int_equal(count_in(place->path, "very-secret"), 0);
    assert_int_equal(count_in(place->wal, "very-secret"), 0);
}

static void a_text_that_was_changed_is_not_handed_out(void **state)
{
    struct place *place = *state;
    struct evidence_row row;
    post_all(place);
    remove_all(place);
    assert_int_equal(store_exec(&place->store, "UPDATE evidence SET body = 'x' WHERE seq = 7"),
                     ERR_OK);
    assert_int_equal(store_begin_read(&place->store), ERR_OK);
    assert_int_equal(evidence_find(&place->store, place->stream.id, 7, &row), ERR_GONE);
    assert_int_equal(evidence_find(&place->store, place->stream.id, 8, &row), ERR_OK);
    assert_int_equal(evidence_find(&place->store, place->stream.id, ROWS + 9, &row), ERR_NOT_FOUND);
    store_rollback(&place->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_erased_is_in_no_byte_of_the_files, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_text_that_was_changed_is_not_handed_out, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
