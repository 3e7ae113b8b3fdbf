// SPDX-License-Identifier: Apache-2.0
#include "app/event_source.h"

#include "app/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char seen[256];

/* Appends the event and a bar. */
static void note(void *user, struct str data)
{
    (void)user;
    const size_t len = strlen(seen);
    snprintf(seen + len, sizeof(seen) - len, "%.*s|", STR_ARG(data));
}

/* However the bytes are split, the events are the same. */
static void assert_events(const char *text, const char *wanted, const char *id)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        struct event_source source;
        event_source_init(&source);
        seen[0] = '\0';
        for (size_t at = 0; at < strlen(text); at += step) {
            const size_t left = strlen(text) - at;
            const struct str part = {.at = text + at, .len = left < step ? left : step};
            assert_int_equal(event_source_feed(&source, part, note, NULL), ERR_OK);
        }
        assert_string_equal(seen, wanted);
        assert_string_equal(source.id, id);
        event_source_done(&source);
    }
}

static void test_reads_events_however_they_are_split(void **state)
{
    (void)state;
    assert_events("data: a\n\n", "a|", "");
    assert_events("id: k.1\ndata: {}\n\nid: k.2\ndata:x\n\n", "{}|x|", "k.2");
    assert_events("data: a\r\n\r\ndata: b\r\rdata: c\n\n", "a|b|c|", "");
    assert_events(": heartbeat\n\n\ndata: a\ndata: b\n\n", "a\nb|", "");
    assert_events("event: x\ndata\n\nunknown: y\n\n", "|", "");
    assert_events("data: half", "", "");
}

static void test_keeps_id_and_retry_over_a_restart(void **state)
{
    (void)state;
    struct event_source source;
    event_source_init(&source);
    seen[0] = '\0';
    assert_int_equal(
        event_source_feed(&source, STR("retry: 2731\n\nid: k.7\ndata: a\n\ndata: h"), note, NULL),
        ERR_OK);
    event_source_restart(&source);
    assert_int_equal(event_source_feed(&source, STR("\n\ndata: b\n\n"), note, NULL), ERR_OK);
    assert_string_equal(seen, "a|b|");
    assert_string_equal(source.id, "k.7");
    assert_int_equal(source.retry_ms, 2731);
    event_source_done(&source);
}

static void test_is_bounded(void **state)
{
    (void)state;
    static char much[EVENT_SOURCE_BYTES_MAX + 1];

    struct event_source source;
    event_source_init(&source);
    memset(much, 'x', sizeof(much));
    assert_int_equal(
        event_source_feed(&source, (struct str){.at = much, .len = sizeof(much)}, note, NULL),
        ERR_LIMIT);
    event_source_done(&source);
}

static void test_a_terminal_gets_no_orders(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, MEM_OTHER, 1000);
    terminal_write(&out, STR("h\xc3\xa9 \x1b[2J\n\x7f\xc2\x9b"
                             "2J \xe2\x80\xae\xff \xf0\x9f\x98\x80"));
    assert_true(
        str_eq(buf_str(&out), STR("h\xc3\xa9 \\u001b[2J\\u000a\\u007f\\u009b2J \\u202e\\u00ff "
                                  "\xf0\x9f\x98\x80")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_events_however_they_are_split),
        cmocka_unit_test(test_keeps_id_and_retry_over_a_restart),
        cmocka_unit_test(test_is_bounded),
        cmocka_unit_test(test_a_terminal_gets_no_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
