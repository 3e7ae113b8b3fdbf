// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct option_kind kinds[] = {
    {.name = "role", .has_value = true}, {.name = "json"}, {.name = "help"}, {.name = NULL}};
static const struct options_spec spec = {.kinds = kinds, .words_min = 1, .words_max = 2};

static enum err read_line(const struct options_spec *how, char *line, struct options *options,
                          char why[OPTIONS_WHY_MAX])
{
    char *args[16];
    int count = 0;
    char *rest = NULL;
    for (char *arg = strtok_r(line, " ", &rest); arg != NULL; arg = strtok_r(NULL, " ", &rest)) {
        args[count++] = arg;
    }
    args[count] = NULL;
    return options_read(how, args, options, why);
}

static void test_takes_options_and_words_in_any_order(void **state)
{
    (void)state;
    struct options options;
    char why[OPTIONS_WHY_MAX];
    char short_help[] = "-h";
    assert_int_equal(read_line(&spec, short_help, &options, why), ERR_OK);
    assert_true(options_has(&options, "help"));
    char line[] = "a --role x --json --role=y -- --b";
    assert_int_equal(read_line(&spec, line, &options, why), ERR_OK);
    assert_int_equal(options.word_count, 2);
    assert_string_equal(options.words[0], "a");
    assert_string_equal(options.words[1], "--b");
    assert_true(options_has(&options, "json"));
    assert_false(options_has(&options, "help"));
    assert_string_equal(options_value(&options, "role"), "y");
    uint32_t at = 0;
    assert_string_equal(options_next(&options, "role", &at), "x");
    assert_string_equal(options_next(&options, "role", &at), "y");
    assert_null(options_next(&options, "role", &at));
}

static void test_an_empty_variable_says_nothing(void **state)
{
    (void)state;
    struct options options;
    char why[OPTIONS_WHY_MAX];
    char without[] = "a";
    char with[] = "a --role=";
    assert_int_equal(read_line(&spec, without, &options, why), ERR_OK);
    assert_int_equal(unsetenv("ROAR_TEST_ROLE"), 0);
    assert_null(options_value_or(&options, "role", "ROAR_TEST_ROLE"));
    assert_int_equal(setenv("ROAR_TEST_ROLE", "", 1), 0);
    assert_null(options_value_or(&options, "role", "ROAR_TEST_ROLE"));
    assert_int_equal(setenv("ROAR_TEST_ROLE", "x", 1), 0);
    assert_string_equal(options_value_or(&options, "role", "ROAR_TEST_ROLE"), "x");
    assert_int_equal(read_line(&spec, with, &options, why), ERR_OK);
    assert_string_equal(options_value_or(&options, "role", "ROAR_TEST_ROLE"), ""); // that is said
}

static void test_takes_every_setting_where_asked(void **state)
{
    (void)state;
    const struct options_spec with = {.kinds = kinds, .takes_settings = true};
    struct options options;
    char why[OPTIONS_WHY_MAX];
    char line[] = "--workers 2 --auth-guests --limits-post-user=1/1s --auth-query-token=false";
    assert_int_equal(read_line(&with, line, &options, why), ERR_OK);
    assert_string_equal(options_value(&options, "workers"), "2");
    assert_string_equal(options_value(&options, "auth-guests"), "true");
    assert_string_equal(options_value(&options, "limits-post-user"), "1/1s");
    assert_false(options_has(&options, "auth-query-token"));
    char typo[] = "--limit-post-user 1/1s";
    assert_int_equal(read_line(&with, typo, &options, why), ERR_PROTO);
    assert_non_null(strstr(why, "did you mean --limits-post-user?"));
}

static void test_refuses_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *line, *word;
    } rows[] = {{"", "missing"},           {"a b c", "too many"},  {"a --role", "needs a value"},
                {"a --nope", "no option"}, {"a -x", "two dashes"}, {"a --roles=x", "no option"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options options;
        char why[OPTIONS_WHY_MAX] = "";
        char line[64];
        strncpy(line, rows[i].line, sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        assert_int_equal(read_line(&spec, line, &options, why), ERR_PROTO);
        assert_non_null(strstr(why, rows[i].word));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_options_and_words_in_any_order),
        cmocka_unit_test(test_an_empty_variable_says_nothing),
        cmocka_unit_test(test_takes_every_setting_where_asked),
        cmocka_unit_test(test_refuses_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
