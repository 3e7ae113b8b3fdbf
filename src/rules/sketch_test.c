// SPDX-License-Identifier: Apache-2.0
#include "rules/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static bool is_near(const char *a, const char *b)
{
    struct sketch of_a, of_b;
    sketch_draw(str_of(a), &of_a);
    sketch_draw(str_of(b), &of_b);
    return sketch_is_near(&of_a, &of_b);
}

static void what_differs_in_a_few_letters_is_near(void **state)
{
    (void)state;
    assert_true(
        is_near("join my channel for free coins 4711", "join my channel for free coins 9308"));
    assert_true(is_near("this streamer is a fraud lol", "this streamer is such a fraud"));
    assert_true(is_near("xqz buy followers at my page now", "buy followers at my page now jjw"));
    assert_true(is_near("buy  followers!!! at my paaaage", "buy followers at my page"));
    assert_true(is_near("подпишись на мой канал быстро 1", "подпишись на мой канал быстро два"));
}

static void what_says_something_else_is_not(void **state)
{
    (void)state;
    assert_false(is_near("join my channel for free coins", "what a goal, did you see that"));
    assert_false(is_near("i think he will win this one", "i think the music is too loud"));
    assert_false(is_near("good morning from brazil", "good evening from the north of spain"));
}

static void what_is_short_is_near_nothing(void **state)
{
    (void)state;
    assert_false(is_near("hello", "hello"));
    assert_false(is_near("", ""));
    assert_false(is_near("!!! ??? ... --- !!! ???", "!!! ??? ... --- !!! ???"));
    assert_true(is_near("abcdefghijkl", "abcdefghijkl"));
}

/* A stream of four thousand different texts has no two that are near. */
static void those_that_have_nothing_in_common_are_never_near(void **state)
{
    enum { TEXTS = 600 };
    static struct sketch sketches[TEXTS];
    uint32_t seed = 1;
    (void)state;
    for (int i = 0; i < TEXTS; i++) {
        char text[41] = "";
        for (size_t k = 0; k < sizeof(text) - 1; k++) {
            seed = seed * 1664525 + 1013904223;
            text[k] = (char)('a' + (seed >> 24) % 26);
        }
        sketch_draw(str_of(text), &sketches[i]);
        for (int k = 0; k < i; k++) {
            assert_false(sketch_is_near(&sketches[i], &sketches[k]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_in_a_few_letters_is_near),
        cmocka_unit_test(what_says_something_else_is_not),
        cmocka_unit_test(what_is_short_is_near_nothing),
        cmocka_unit_test(those_that_have_nothing_in_common_are_never_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
