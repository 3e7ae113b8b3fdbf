// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_dedupe.h"

#include "base/hash.h"
#include "engine/embedded/store_memory_test.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t HOUR_MS = INT64_C(60) * 60 * 1000;

struct place {
    struct store store;
    struct store_identity identity;
    struct store_dedupe dedupe;
    struct store_stream stream;
    uint64_t next_n;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    store_memory_begin(&place->store, &place->identity);
    assert_int_equal(store_dedupe_open(&place->store, place->identity.hash_key, 0, &place->dedupe),
                     ERR_OK);
    place->stream = (struct store_stream){.state = STREAM_LIVE, .retention_days = -1};
    assert_int_equal(store_streams_add(&place->store, STR("demo"), &place->stream), ERR_OK);
    place->next_n = 1;
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    store_memory_drop(&place->store);
    free(place);
    return 0;
}

static struct store_dedupe_key key_of(const char *cid)
{
    return (struct store_dedupe_key){.stream = STR("demo"), .user = STR("ann"), .cid = str_of(cid)};
}

static uint64_t add_row(struct place *place, const char *cid)
{
    const struct store_row row = {.n = place->next_n,
                                  .stream = place->stream.id,
                                  .seq = place->next_n,
                                  .prev = place->next_n - 1,
                                  .kind = EVENT_COMMENT,
                                  .user = STR("ann"),
                                  .cid = str_of(cid),
                                  .body = STR("\"text\":\"hello\"")};
    assert_int_equal(store_rows_add(&place->store, &row), ERR_OK);
    return place->next_n++;
}

static uint64_t accept(struct place *place, const char *cid)
{
    const struct store_dedupe_key key = key_of(cid);
    const uint64_t n = add_row(place, cid);
    assert_int_equal(store_dedupe_add(&place->store, &place->dedupe, &key, n), ERR_OK);
    return n;
}

static enum err find(struct place *place, const char *cid, uint64_t *ret_n)
{
    const struct store_dedupe_key key = key_of(cid);
    return store_dedupe_find(&place->store, &place->dedupe, &key, ret_n);
}

static void tidy(struct place *place, int64_t mono_ms)
{
    assert_int_equal(store_dedupe_tidy(&place->store, &place->dedupe, place->next_n, mono_ms),
                     ERR_OK);
}

static void what_was_accepted_is_found(void **state)
{
    struct place *place = *state;
    uint64_t n = 0;
    assert_int_equal(find(place, "c-1", &n), ERR_NOT_FOUND);
    const uint64_t first = accept(place, "c-1");
    const uint64_t second = accept(place, "c-2");
    assert_int_equal(find(place, "c-1", &n), ERR_OK);
    assert_int_equal(n, first);
    assert_int_equal(find(place, "c-2", &n), ERR_OK);
    assert_int_equal(n, second);
}

static void put(struct place *place, int64_t hash, uint64_t n)
{
    sqlite3_stmt *query = NULL;
    assert_int_equal(store_ask(&place->store, STORE_DEDUPE_ADD, &query), ERR_OK);
    (void)sqlite3_bind_int64(query, 1, hash);
    (void)sqlite3_bind_int64(query, 2, (int64_t)n);
    assert_int_equal(store_run(&place->store, query), ERR_OK);
}

/* Others' entries stand where ours would: it goes to the next free number and is found there. */
static void equal_hashes_are_not_equal_keys(void **state)
{
    struct place *place = *state;
    const struct str parts[] = {STR("demo"), STR("ann"), STR("c-1")};
    const uint64_t hash = hash_parts(place->identity.hash_key, parts, 3);
    uint64_t n = 0;
    put(place, (int64_t)hash, add_row(place, "another"));
    put(place, (int64_t)(hash + 1), add_row(place, "and another"));
    assert_int_equal(find(place, "c-1", &n), ERR_NOT_FOUND);
    const uint64_t ours = accept(place, "c-1");
    assert_int_equal(find(place, "c-1", &n), ERR_OK);
    assert_int_equal(n, ours);
}

static void a_lost_row_is_refused_not_guessed(void **state)
{
    struct place *place = *state;
    uint64_t n = 0;
    uint64_t count = 0;
    (void)accept(place, "c-1");
    assert_int_equal(store_rows_delete_upto(&place->store, place->stream.id, 1, &count), ERR_OK);
    assert_int_equal(find(place, "c-1", &n), ERR_GONE);
    assert_int_equal(n, 1);
}

static void an_entry_is_kept_for_a_day_of_service(void **state)
{
    struct place *place = *state;
    uint64_t n = 0;
    for (int64_t hour = 0; hour < 24; hour++) {
        tidy(place, hour * HOUR_MS);
        char cid[16];
        snprintf(cid, sizeof(cid), "hour-%d", (int)hour);
        (void)accept(place, cid);
    }
    for (int64_t hour = 24; hour < 120; hour++) {
        tidy(place, hour * HOUR_MS);
        char cid[16];
        snprintf(cid, sizeof(cid), "hour-%d", (int)hour);
        (void)accept(place, cid);
        snprintf(cid, sizeof(cid), "hour-%d", (int)(hour - 24));
        assert_int_equal(find(place, cid, &n), ERR_OK); // just a day old
        assert_true(store_dedupe_oldest_n(&place->dedupe) <= n);
        if (hour >= 49) {
            snprintf(cid, sizeof(cid), "hour-%d", (int)(hour - 49));
            assert_int_equal(find(place, cid, &n), ERR_NOT_FOUND); // and bounded
        }
    }
}

/* A store that is opened for an hour at a time keeps its entries for 24 such hours. */
static void time_stands_still_while_the_store_is_closed(void **state)
{
    struct place *place = *state;
    uint64_t n = 0;
    (void)accept(place, "c-1");
    for (int64_t day = 1; day < 24; day++) {
        const int64_t opened_ms = day * 24 * HOUR_MS;
        assert_int_equal(
            store_dedupe_open(&place->store, place->identity.hash_key, opened_ms, &place->dedupe),
            ERR_OK);
        tidy(place, opened_ms + HOUR_MS);
        assert_int_equal(find(place, "c-1", &n), ERR_OK);
    }
    assert_int_equal(place->dedupe.generation, 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_accepted_is_found),
        TEST(equal_hashes_are_not_equal_keys),
        TEST(a_lost_row_is_refused_not_guessed),
        TEST(an_entry_is_kept_for_a_day_of_service),
        TEST(time_stands_still_while_the_store_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
