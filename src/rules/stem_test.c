// SPDX-License-Identifier: Apache-2.0
#include "rules/stem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t of(const char *plain)
{
    return stem_of(str_of(plain));
}

static void texts_that_count_have_one_stem(void **state)
{
    (void)state;
    for (int n = 2; n <= 900; n++) {
        char text[32];
        snprintf(text, sizeof(text), "wave %d", n);
        assert_int_equal(of(text), of("wave 1"));
    }
    assert_int_not_equal(of("wave 1"), 0);
    assert_int_equal(of("wave17"), of("wave 1"));
    assert_int_equal(of("2/900 wave!"), of("wave 1"));
    assert_int_equal(of("waaave #3"), of("wave 1"));
    assert_int_not_equal(of("wage 1"), of("wave 1"));
}

static void whom_a_text_is_aimed_at_is_no_part_of_it(void **state)
{
    (void)state;
    const uint64_t stem = of("join my channel now");
    assert_int_not_equal(stem, 0);
    assert_int_equal(of("join my channel now @ann"), stem);
    assert_int_equal(of("@bob_2 @carl join my channel now 17"), stem);
    assert_int_equal(of("@bob"), 0);
    assert_int_not_equal(of("ask me @ mychannel now"), of("ask me")); /* no word follows it */
    assert_int_not_equal(of("ann@example com"), of("ann@other com"));
}

static void a_number_within_a_word_is_of_it(void **state)
{
    (void)state;
    assert_int_not_equal(of("free4you coins"), of("free2you coins"));
    assert_int_equal(of("free4you coins 4"), of("free4you coins"));
}

static void of_what_is_short_or_counts_alone_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(of(""), 0);
    assert_int_equal(of("2 1"), 0);
    assert_int_equal(of("lol 2"), 0);
    assert_int_equal(of("thanks"), 0);
    assert_int_equal(of("thanks @ann"), 0); /* as it would be without */
    assert_int_equal(of("\xFF\xFE 12"), 0);
    assert_int_not_equal(of("волна 2"), 0);
    assert_int_equal(of("волна 2"), of("волна 33"));
}

static void a_long_text_is_its_beginning(void **state)
{
    char text[2 * STEM_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        text[i] = (char)('a' + i % 23);
    }
    text[sizeof(text) - 1] = '\0';
    const uint64_t stem = of(text);
    text[STEM_BYTES_MAX] = 'z';
    assert_int_equal(of(text), stem);
    text[STEM_BYTES_MAX - 1] = 'z';
    assert_int_not_equal(of(text), stem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_count_have_one_stem),
        cmocka_unit_test(whom_a_text_is_aimed_at_is_no_part_of_it),
        cmocka_unit_test(a_number_within_a_word_is_of_it),
        cmocka_unit_test(of_what_is_short_or_counts_alone_there_is_none),
        cmocka_unit_test(a_long_text_is_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
