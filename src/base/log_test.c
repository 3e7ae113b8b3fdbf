// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static char text[2 * LOG_LINE_MAX];

/* What stderr gets between the two. */
static int kept_stderr, pipe_fds[2];

static void listen_in(void)
{
    assert_int_equal(pipe(pipe_fds), 0);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
}

static const char *heard(void)
{
    assert_true(dup2(kept_stderr, STDERR_FILENO) >= 0);
    close(kept_stderr);
    close(pipe_fds[1]);
    const ssize_t len = read(pipe_fds[0], text, sizeof(text) - 1);
    close(pipe_fds[0]);
    assert_true(len >= 0);
    text[len] = '\0';
    return text;
}

/* The one line heard, which is one JSON object. */
static json_t *heard_object(void)
{
    const char *line = heard();
    const char *end = strchr(line, '\n');
    assert_non_null(end);
    assert_int_equal(end[1], '\0');
    json_t *object = json_loads(line, JSON_ALLOW_NUL, NULL);
    assert_non_null(object);
    return object;
}

static void test_a_line_is_an_object(void **state)
{
    (void)state;
    listen_in();
    log_line(LOG_WARN, "listening", LOG_STR("addr", STR("127.0.0.1:1")), LOG_I64("n", -3));
    json_t *object = heard_object();
    assert_string_equal(json_string_value(json_object_get(object, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(object, "msg")), "listening");
    assert_string_equal(json_string_value(json_object_get(object, "addr")), "127.0.0.1:1");
    assert_int_equal(json_integer_value(json_object_get(object, "n")), -3);
    assert_int_equal(json_string_length(json_object_get(object, "at")), 24);
    json_decref(object);
}

static void test_any_byte_leaves_it_one_object(void **state)
{
    (void)state;
    char bytes[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    listen_in();
    log_line(LOG_INFO, "bytes", LOG_STR("all", ((struct str){.at = bytes, .len = 256})),
             LOG_STR("some", STR("\"\\\r\n\t\0 \xc3\xa9 \xed\xa0\x80 \xf0\x9f\x98\x80 \xe2\x82")));
    json_t *object = heard_object();
    assert_int_equal(json_object_size(object), 5);
    const json_t *some = json_object_get(object, "some");
    const char wanted[] = "\"\\\r\n\t\0 \xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
                          "\xf0\x9f\x98\x80 \xef\xbf\xbd\xef\xbf\xbd";
    assert_int_equal(json_string_length(some), sizeof(wanted) - 1);
    assert_memory_equal(json_string_value(some), wanted, sizeof(wanted) - 1);
    json_decref(object);
}

static void test_what_is_too_long_is_cut_and_marked(void **state)
{
    (void)state;
    static char quotes[3 * LOG_LINE_MAX];

    memset(quotes, '"', sizeof(quotes));
    const struct str much = {.at = quotes, .len = sizeof(quotes)};
    listen_in();
    log_line(LOG_ERROR, "much", LOG_STR("a", much), LOG_STR("b", much), LOG_STR("c", much),
             LOG_STR("d", much), LOG_STR("e", much));
    json_t *object = heard_object();
    assert_true(strlen(text) <= LOG_LINE_MAX);
    assert_true(json_is_true(json_object_get(object, "cut")));
    assert_non_null(json_object_get(object, "a"));
    json_decref(object);
}

static void test_below_the_level_nothing_is_written(void **state)
{
    (void)state;
    enum log_level level = LOG_INFO;
    listen_in();
    log_line(LOG_DEBUG, "unheard", LOG_I64("n", 1));
    assert_true(log_level_parse(STR("error"), &level));
    log_set_level(level);
    log_line(LOG_WARN, "unheard", LOG_I64("n", 2));
    log_set_level(LOG_DEBUG);
    log_line(LOG_DEBUG, "heard", LOG_I64("n", 3));
    log_set_level(LOG_INFO);
    json_t *object = heard_object();
    assert_string_equal(json_string_value(json_object_get(object, "msg")), "heard");
    json_decref(object);
    assert_false(log_level_parse(STR("loud"), &level));
}

static void what_comes_again_and_again_is_told_once_a_minute(void **state)
{
    (void)state;
    struct log_pace pace = {.untold = 0};
    assert_int_equal(log_pace_count(&pace, 5), 1); // the first time
    assert_int_equal(log_pace_count(&pace, 6), 0);
    assert_int_equal(log_pace_count(&pace, 5 + LOG_PACE_MS - 1), 0);
    assert_int_equal(log_pace_count(&pace, 5 + LOG_PACE_MS), 3);
    assert_int_equal(log_pace_count(&pace, 5 + LOG_PACE_MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_an_object),
        cmocka_unit_test(test_any_byte_leaves_it_one_object),
        cmocka_unit_test(test_what_is_too_long_is_cut_and_marked),
        cmocka_unit_test(test_below_the_level_nothing_is_written),
        cmocka_unit_test(what_comes_again_and_again_is_told_once_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
