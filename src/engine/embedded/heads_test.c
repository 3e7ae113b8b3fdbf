// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/heads.h"

#include "base/mem.h"
#include "engine/embedded/store_memory_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct place {
    struct store store;
    struct heads heads;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    store_memory_begin(&place->store, NULL);
    heads_init(&place->heads, 1);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    heads_done(&place->heads);
    store_memory_drop(&place->store);
    free(place);
    return 0;
}

static struct head *find(struct place *place, const char *name)
{
    struct head *head = NULL;
    uint64_t n = 0;
    assert_int_equal(heads_find(&place->heads, &place->store, str_of(name), &head, &n), ERR_OK);
    return head;
}

static void a_batch_that_fails_leaves_no_trace(void **state)
{
    struct place *place = *state;
    struct head *head = find(place, "demo");
    assert_int_equal(head->row.id, 0);
    heads_touch(&place->heads, head);
    head->end.seq = 5;
    heads_settle(&place->heads);
    heads_touch(&place->heads, head);
    head->end.seq = 6;
    head->row.id = 77;
    heads_touch(&place->heads, head); // again in the same batch: what was before it counts
    head->end.seq = 7;
    heads_rollback(&place->heads);
    assert_int_equal(head->end.seq, 5);
    assert_int_equal(head->row.id, 0);
    heads_rollback(&place->heads);
    assert_int_equal(head->end.seq, 5);
}

static void idle_heads_are_bounded(void **state)
{
    struct place *place = *state;
    struct head *watched = find(place, "watched");
    heads_watched(&place->heads, watched);
    (void)find(place, "first");
    for (int i = 0; i < HEADS_IDLE_MAX + 100; i++) {
        char name[32];
        snprintf(name, sizeof(name), "s%d", i);
        (void)find(place, name);
    }
    (void)find(place, "first"); // lately used
    heads_trim(&place->heads);
    assert_int_equal(place->heads.by_name.count, HEADS_IDLE_MAX + 1);
    assert_non_null(heads_peek(&place->heads, STR("first")));
    assert_null(heads_peek(&place->heads, STR("s0")));
    assert_ptr_equal(heads_peek(&place->heads, STR("watched")), watched);
    heads_idle(&place->heads, watched);
    heads_trim(&place->heads);
    assert_int_equal(place->heads.by_name.count, HEADS_IDLE_MAX);
}

static void a_stale_head_is_read_again(void **state)
{
    struct place *place = *state;
    struct head *head = find(place, "demo");
    head->end.seq = 9; // what the store does not know
    assert_ptr_equal(find(place, "demo"), head);
    assert_int_equal(head->end.seq, 9);
    heads_stale(&place->heads);
    assert_ptr_equal(find(place, "demo"), head); // its watches hold on to it
    assert_int_equal(head->end.seq, 0);
}

static void without_memory_there_is_no_head(void **state)
{
    struct place *place = *state;
    struct head *head = NULL;
    uint64_t n = 0;
    mem_fail_after(1);
    assert_int_equal(heads_find(&place->heads, &place->store, STR("demo"), &head, &n), ERR_NOMEM);
    mem_fail_after(2);
    assert_int_equal(heads_find(&place->heads, &place->store, STR("demo"), &head, &n), ERR_NOMEM);
    mem_fail_after(0);
    assert_int_equal(place->heads.by_name.count, 0);
    assert_non_null(find(place, "demo"));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_that_fails_leaves_no_trace),
        TEST(idle_heads_are_bounded),
        TEST(a_stale_head_is_read_again),
        TEST(without_memory_there_is_no_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
