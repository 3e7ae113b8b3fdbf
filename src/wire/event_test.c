// SPDX-License-Identifier: Apache-2.0
#include "wire/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_event_is_written_whole(void **state)
{
    struct buf out;

    (void)state;
    struct event *event = event_new(STR("\"id\":\"01J\",\"text\":\"hi\""));
    assert_non_null(event);
    event->kind = EVENT_COMMENT;
    event->seq = 4072;
    event->prev = 4071;
    buf_init(&out, MEM_OTHER, 256);
    event_write(&out, event, STR("demo"), 4000);
    assert_true(str_eq(buf_str(&out),
                       STR("{\"type\":\"comment\",\"stream\":\"demo\",\"seq\":4072,\"prev\":4000,"
                           "\"id\":\"01J\",\"text\":\"hi\"}")));
    buf_done(&out);
    event_unref(event);
}

static void an_event_without_a_body_is_valid(void **state)
{
    struct buf out;

    (void)state;
    struct event *event = event_new(STR_NONE);
    assert_non_null(event);
    event->kind = EVENT_REMOVED;
    event->seq = 2;
    buf_init(&out, MEM_OTHER, 256);
    event_write(&out, event, STR("s"), 1);
    assert_true(
        str_eq(buf_str(&out), STR("{\"type\":\"removed\",\"stream\":\"s\",\"seq\":2,\"prev\":1}")));
    buf_done(&out);
    event_unref(event);
}

static void the_last_reference_frees_it(void **state)
{
    (void)state;
    const uint64_t before = mem_held_bytes(MEM_EVENT);
    struct event *event = event_new(STR("\"a\":1"));
    assert_non_null(event);
    assert_ptr_equal(event_ref(event), event);
    event_unref(event);
    assert_true(mem_held_bytes(MEM_EVENT) > before);
    event_unref(event);
    assert_int_equal(mem_held_bytes(MEM_EVENT), before);
    event_unref(NULL);
}

static void no_memory_is_null(void **state)
{
    (void)state;
    mem_fail_after(1);
    assert_null(event_new(STR("x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_written_whole),
        cmocka_unit_test(an_event_without_a_body_is_valid),
        cmocka_unit_test(the_last_reference_frees_it),
        cmocka_unit_test(no_memory_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
