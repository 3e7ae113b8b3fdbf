// SPDX-License-Identifier: Apache-2.0
#include "bench/dialect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const names[] = {"nchan", "centrifugo", "mercure", "nats", "socketio"};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static struct plan plan_of(const char *name)
{
    return (struct plan){
        .host = "h:1", .run = "0a0b0c0d", .bytes = 300, .peer = dialect_find(name)};
}

/* Decodes what a form has encoded. */
static void decode(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '%' && i + 2 < text.len) {
            const char digits[3] = {text.at[i + 1], text.at[i + 2], '\0'};
            buf_add_byte(out, (uint8_t)strtoul(digits, NULL, 16));
            i += 2;
        } else {
            buf_add_byte(out, (uint8_t)text.at[i]);
        }
    }
}

static void test_what_is_posted_is_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        const struct plan plan = plan_of(names[i]);
        struct buf request, plain;
        uint64_t due_us = 0, number = 0;
        assert_non_null(plan.peer);
        buf_init(&request, MEM_OTHER, 64 * 1024);
        buf_init(&plain, MEM_OTHER, 64 * 1024);
        dialect_write_post(&plan, 7, 123456789, &request);
        assert_true(buf_ok(&request));
        decode(buf_str(&request), &plain);
        struct str text = buf_str(&plain);
        assert_true(dialect_next(&plan, &text, &due_us, &number));
        assert_int_equal(due_us, 123456789);
        assert_int_equal(number, 7);
        assert_false(dialect_next(&plan, &text, &due_us, &number));
        buf_done(&request);
        buf_done(&plain);
    }
}

static void test_a_message_has_the_bytes_that_were_asked_for(void **state)
{
    (void)state;
    const struct plan plan = plan_of("nchan");
    struct buf request;
    buf_init(&request, MEM_OTHER, 64 * 1024);
    dialect_write_post(&plan, 7, 123456789, &request);
    const struct str text = buf_str(&request);
    const char *body = memmem(text.at, text.len, "\r\n\r\n", 4);
    assert_non_null(body);
    assert_int_equal(text.len - (size_t)(body + 4 - text.at), 300);
    assert_non_null(memmem(text.at, text.len, "Content-Length: 300\r\n", 21));
    buf_done(&request);
}

static void test_several_messages_in_one_text(void **state)
{
    (void)state;
    const struct plan plan = plan_of("nats");
    struct str text = STR("MSG s 1 9\r\n{\"cid\":\"b0a0b0c0d-5-0\"}\r\n{\"cid\":\"bffffffff-6-1\"}"
                          "{\"cid\":\"b0a0b0c0d-7-2\",\"text\":\"\"}");
    uint64_t due_us = 0, number = 9;
    assert_true(dialect_next(&plan, &text, &due_us, &number));
    assert_int_equal(number, 0);
    assert_true(dialect_next(&plan, &text, &due_us, &number));
    assert_int_equal(due_us, 7);
    assert_int_equal(number, 2);
    assert_false(dialect_next(&plan, &text, &due_us, &number));
}

static void test_greetings_fit_a_short_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        const struct plan plan = plan_of(names[i]);
        struct buf greeting;
        buf_init(&greeting, MEM_OTHER, 1024);
        dialect_write_greeting(&plan, &greeting);
        assert_true(buf_ok(&greeting) && greeting.len <= 125);
        buf_done(&greeting);
    }
}

static void test_a_reader_takes_up_where_it_was(void **state)
{
    (void)state;
    const struct plan plan = plan_of("nchan");
    struct buf request;
    buf_init(&request, MEM_OTHER, 1024);
    dialect_write_read(&plan, TRANSPORT_SSE, STR("12:0"), &request);
    assert_true(str_has_prefix(buf_str(&request), STR("GET /sub/bench-0a0b0c0d HTTP/1.1\r\n")));
    assert_non_null(memmem(request.bytes, request.len, "Last-Event-ID: 12:0\r\n", 21));
    assert_true(dialect_speaks(plan.peer, TRANSPORT_WS));
    assert_false(dialect_speaks(plan.peer, TRANSPORT_POLL));
    assert_null(dialect_find("pigeon"));
    buf_done(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_posted_is_recognised),
        cmocka_unit_test(test_a_message_has_the_bytes_that_were_asked_for),
        cmocka_unit_test(test_several_messages_in_one_text),
        cmocka_unit_test(test_greetings_fit_a_short_frame),
        cmocka_unit_test(test_a_reader_takes_up_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
