// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include "api/tickets.h"
#include "rules/comment_text.h"
#include "serve/server_limits.h"
#include "sys/sys.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/roar-config-test-XXXXXX");
    const int fd = mkstemp(path);
    sys_close(fd);
    return fd == -1 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static const char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static const char *some_variables(const char *name)
{
    if (strcmp(name, "ROAR_LIMITS_POST_USER") == 0) {
        return "7/1s";
    }
    return strcmp(name, "ROAR_DATA") == 0 ? "/from/variable" : NULL;
}

static void write_file(const char *text)
{
    assert_int_equal(sys_file_write(path, str_of(text)), ERR_OK);
}

static void assert_says(const struct config *config, enum setting_id id, const char *wanted)
{
    assert_true(str_eq(config_text(config, id), str_of(wanted)));
}

static void assert_usual(const struct config *config, enum setting_id id, uint64_t usual)
{
    assert_int_equal(config_number(config, id), usual);
}

/* Rooms that are told nothing (in tests and by the fuzzers) hold what a server holds by default. */
static void test_defaults_are_what_is_usual(void **state)
{
    (void)state;
    struct config config;
    struct config_fault fault = {.text = ""};
    const struct config_source source = {.variable = no_variable};
    const struct request_limits *request = &server_limits_usual.request;
    const struct ws_limits *ws = &server_limits_usual.ws;
    assert_int_equal(config_load(&source, &config, &fault), ERR_OK);
    assert_usual(&config, SETTING_LIMITS_HEAD_BYTES, request->head_bytes);
    assert_usual(&config, SETTING_LIMITS_FIELDS, request->fields);
    assert_usual(&config, SETTING_LIMITS_FIELD_NAME_BYTES, request->name_bytes);
    assert_usual(&config, SETTING_LIMITS_URL_BYTES, request->url_bytes);
    assert_usual(&config, SETTING_LIMITS_BODY_BYTES, request->body_bytes);
    assert_usual(&config, SETTING_LIMITS_ACT_BYTES, request->long_body_bytes);
    assert_usual(&config, SETTING_LIMITS_WS_MESSAGE_BYTES, ws->message_bytes);
    assert_usual(&config, SETTING_LIMITS_WS_FRAGMENTS, ws->fragments);
    assert_usual(&config, SETTING_LIMITS_WS_CONTROL_FRAMES, ws->control_frames);
    assert_usual(&config, SETTING_LIMITS_WS_BAD_MESSAGES, ws->bad_messages);
    assert_usual(&config, SETTING_DELIVERY_PINGS, ws->pings);
    assert_usual(&config, SETTING_LIMITS_WS_STREAMS, ws->streams);
    assert_usual(&config, SETTING_LIMITS_TEXT_POINTS, comment_text_limits_usual.points);
    assert_usual(&config, SETTING_LIMITS_TEXT_BYTES, comment_text_limits_usual.bytes);
    assert_usual(&config, SETTING_LIMITS_TEXT_LINES, comment_text_limits_usual.lines);
    assert_usual(&config, SETTING_LIMITS_TEXT_MARKS, comment_text_limits_usual.marks);
    assert_usual(&config, SETTING_LIMITS_JSON_DEPTH, JSON_DEPTH_MAX);
    assert_usual(&config, SETTING_LIMITS_JSON_KEYS, JSON_KEYS_MAX);
    assert_usual(&config, SETTING_AUTH_TICKET_TTL_S, tickets_limits_usual.ttl_s);
    assert_usual(&config, SETTING_LIMITS_TICKETS, tickets_limits_usual.open);
    assert_usual(&config, SETTING_LIMITS_TICKETS_USER, tickets_limits_usual.open_user);
    assert_usual(&config, SETTING_LIMITS_TICKETS_ADDRESS, tickets_limits_usual.open_address);
    config_done(&config);
}

static void test_defaults(void **state)
{
    (void)state;
    struct config config;
    struct config_fault fault;
    const struct config_source source = {.variable = no_variable};
    assert_int_equal(config_load(&source, &config, &fault), ERR_OK);
    assert_says(&config, SETTING_LISTEN, "127.0.0.1:8080");
    assert_int_equal(config_number(&config, SETTING_DRAIN_S), 20);
    assert_int_equal(config.values[SETTING_LIMITS_POST_USER].rate.count, 5);
    assert_int_equal(config.values[SETTING_LIMITS_POST_USER].rate.window_ms, 10000);
    assert_int_equal(config.values[SETTING_LIMITS_GUESTS_ADDRESS].rate.count, 60);
    assert_false(config_flag_is_on(&config, SETTING_AUTH_GUESTS));
    config_done(&config);
    const struct config_source dev = {.variable = no_variable, .is_dev = true};
    assert_int_equal(config_load(&dev, &config, &fault), ERR_OK);
    assert_true(config_flag_is_on(&config, SETTING_AUTH_GUESTS));
    config_done(&config);
}

static void test_a_flag_beats_the_variable_beats_the_file(void **state)
{
    (void)state;
    struct config config, again;
    struct config_fault fault;
    const struct config_flag flags[] = {{SETTING_DATA, "/from/flag"}, {SETTING_WORKERS, "3"}};
    const struct config_source source = {
        .file = path, .variable = some_variables, .flags = flags, .flag_count = 2};
    write_file(
        "data = \"/from/file\"\nworkers = 1\n[limits]\npost_user = \"1/1s\"\n"
        "post_stream = \"0\"\n[http]\norigins = [\"https://a.example\", 'https://b.example']\n"
        "[auth]\nquery_token = true\n");
    assert_int_equal(config_load(&source, &config, &fault), ERR_OK);
    assert_says(&config, SETTING_DATA, "/from/flag");
    assert_int_equal(config_number(&config, SETTING_WORKERS), 3);
    assert_int_equal(config.values[SETTING_LIMITS_POST_USER].rate.count, 7);
    assert_int_equal(config.values[SETTING_LIMITS_POST_STREAM].rate.count, 0);
    assert_true(config_flag_is_on(&config, SETTING_AUTH_QUERY_TOKEN));
    struct str rest = config_text(&config, SETTING_HTTP_ORIGINS);
    struct str item;
    assert_true(setting_next_item(&rest, &item));
    assert_true(str_eq(item, STR("https://a.example")));
    assert_true(setting_next_item(&rest, &item));
    assert_true(str_eq(item, STR("https://b.example")));
    assert_false(setting_next_item(&rest, &item));
    write_file("data = \"/changed\"\n[log]\nlevel = \"warn\"");
    assert_int_equal(config_load(&source, &again, &fault), ERR_OK);
    assert_true(config_agrees(&config, &again, SETTING_DATA));
    assert_false(config_agrees(&config, &again, SETTING_LOG_LEVEL));
    config_done(&config);
    config_done(&again);
}

static void test_what_is_wrong_is_named_by_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *word;
    } rows[] = {
        {"\nlissten = \"x\"", ":2:1:", "did you mean listen?"},
        {"[limits]\npost_usr = \"1/1s\"", ":2:1:", "limits.post_user"},
        {"[nowhere]\nx = 1", ":2:1:", "nowhere.x"},
        {"post_user = \"1/1s\"", ":1:1:", "limits.post_user"},
        {"workers = \"1\"", ":1:11:", "number"},
        {"workers = 999", ":1:11:", "from 0 to 256"},
        {"listen = 8080", ":1:10:", "string"},
        {"[http]\norigins = \"x\"", ":2:11:", "array"},
        {"[auth]\nguests = \"yes\"", ":2:10:", "true or false"},
        {"[auth]\nread = \"nobody\"", ":2:8:", "anyone|token"},
        {"[limits]\n post_user = \"lots\"", ":2:14:", "5/10s"},
        {"engine = \"redis\"", ":1:10:", "embedded"},
        {"workers = 1\nworkers = 1", ":2:11:", "second time"},
        {"workers 1", ":1:9:", "="},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config config;
        struct config_fault fault = {.text = ""};
        const struct config_source source = {.file = path, .variable = no_variable};
        write_file(rows[i].text);
        assert_int_equal(config_load(&source, &config, &fault), ERR_PROTO);
        if (strncmp(fault.text, path, strlen(path)) != 0 ||
            strstr(fault.text, rows[i].place) == NULL || strstr(fault.text, rows[i].word) == NULL) {
            fail_msg("%s gives %s", rows[i].text, fault.text);
        }
    }
}

static void test_bad_flags_files_and_memory(void **state)
{
    (void)state;
    struct config config;
    struct config_fault fault;
    const struct config_flag flag = {SETTING_LIMITS_TEXT_POINTS, "0"};
    const struct config_source bad_flag = {
        .variable = no_variable, .flags = &flag, .flag_count = 1};
    assert_int_equal(config_load(&bad_flag, &config, &fault), ERR_PROTO);
    assert_non_null(strstr(fault.text, "--limits-text-points should be"));
    const struct config_source no_file = {.file = "/no/such/file", .variable = no_variable};
    assert_int_equal(config_load(&no_file, &config, &fault), ERR_SYS);
    assert_non_null(strstr(fault.text, "/no/such/file: No such file"));
    const struct config_source source = {.file = path, .variable = no_variable};
    write_file("[http]\norigins = [\"https://a.example\"]");
    for (uint64_t n = 1; n < 200; n++) {
        mem_fail_after(n);
        const enum err err = config_load(&source, &config, &fault);
        mem_fail_after(0);
        if (err == ERR_OK) {
            config_done(&config);
        }
    }
}

static void test_names_of_all_kinds(void **state)
{
    (void)state;
    for (int id = 0; id < SETTINGS; id++) {
        char flag[SETTING_NAME_MAX], variable[SETTING_NAME_MAX];
        enum setting_id found = SETTINGS;
        setting_write_flag(&setting_table[id], flag);
        setting_write_variable(&setting_table[id], variable);
        assert_int_equal(setting_find_flag(str_of(flag), &found), ERR_OK);
        assert_int_equal(found, id);
        assert_int_equal(strncmp(variable, "ROAR_", 5), 0);
        assert_non_null(setting_table[id].help);
    }
    char variable[SETTING_NAME_MAX];
    setting_write_variable(&setting_table[SETTING_LIMITS_POST_USER], variable);
    assert_string_equal(variable, "ROAR_LIMITS_POST_USER");
    assert_null(setting_nearest(STR("completely different")));
    assert_string_equal(setting_nearest(STR("post-user")), "limits.post_user");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_defaults_are_what_is_usual),
        CASE(test_defaults),
        CASE(test_a_flag_beats_the_variable_beats_the_file),
        CASE(test_what_is_wrong_is_named_by_place),
        CASE(test_bad_flags_files_and_memory),
        CASE(test_names_of_all_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
