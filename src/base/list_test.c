// SPDX-License-Identifier: Apache-2.0
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    int number;
    struct link link; // in a test's list
};

static void test_keeps_order_and_lets_go(void **state)
{
    (void)state;
    struct link list;
    struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    list_init(&list);
    assert_true(list_is_empty(&list));
    assert_null(list_pop(&list));
    for (int i = 0; i < 3; i++) {
        assert_false(list_holds(&items[i].link));
        list_push(&list, &items[i].link);
        assert_true(list_holds(&items[i].link));
    }
    list_remove(&items[1].link);
    list_remove(&items[1].link); // twice is legal
    assert_int_equal(list_entry(list_pop(&list), struct item, link)->number, 1);
    assert_int_equal(list_entry(list_pop(&list), struct item, link)->number, 3);
    assert_true(list_is_empty(&list));
    assert_false(list_holds(&items[2].link));
}

static void test_takes_all_of_another(void **state)
{
    (void)state;
    struct link list, from;
    struct item items[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    list_init(&list);
    list_init(&from);
    list_push_all(&list, &from);
    assert_true(list_is_empty(&list));
    for (int i = 0; i < 4; i++) {
        list_push(i == 0 ? &list : &from, &items[i].link);
    }
    list_push_all(&list, &from);
    assert_true(list_is_empty(&from));
    list_push_all(&from, &list);
    assert_true(list_is_empty(&list));
    list_remove(&items[2].link);
    for (int i = 0; i < 4; i += i == 1 ? 2 : 1) {
        assert_int_equal(list_entry(list_pop(&from), struct item, link)->number, i);
    }
    assert_true(list_is_empty(&from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keeps_order_and_lets_go),
                                       cmocka_unit_test(test_takes_all_of_another)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
