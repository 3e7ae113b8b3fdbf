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

/* `write` of an event with words for staff. */
static void assert_written(void (*write)(struct buf *out, const struct event *event),
                           const char *is)
{
    struct buf out, staff;
    buf_init(&out, MEM_OTHER, 512);
    buf_init(&staff, MEM_OTHER, 256);
    event_write_staff(&staff, STR("mo"), STR("say \"}\""), STR("a81"));
    struct event *event = event_new_with_staff(STR("\"seqs\":[1]"), buf_str(&staff));
    assert_non_null(event);
    event->kind = EVENT_RETRACT;
    event->seq = 2;
    event->prev = 1;
    write(&out, event);
    assert_true(str_eq(buf_str(&out), str_of(is)));
    buf_done(&out);
    buf_done(&staff);
    event_unref(event);
}

static void write_plain(struct buf *out, const struct event *event)
{
    event_write(out, event, STR("s"), event->prev);
}

static void write_for_staff(struct buf *out, const struct event *event)
{
    event_write_for_staff(out, event, STR("s"));
}

static void write_copy(struct buf *out, const struct event *event)
{
    struct event *told = event_for_staff(event);
    assert_non_null(told);
    assert_int_equal(told->staff_len, 0);
    event_write(out, told, STR("s"), told->prev);
    event_unref(told);
}

static void write_copy_of_copy(struct buf *out, const struct event *event)
{
    struct event *copy = event_with_prev(event, 0);
    assert_non_null(copy);
    event_write_for_staff(out, copy, STR("s"));
    event_unref(copy);
}

static void write_stripped(struct buf *out, const struct event *event)
{
    buf_add_byte(out, '[');
    event_write_for_staff(out, event, STR("s"));
    buf_add_byte(out, ',');
    event_write_for_staff(out, event, STR("s"));
    buf_add_byte(out, ']');
    event_strip_staff(out->bytes, out->len);
}

static void who_did_it_is_written_for_staff_alone(void **state)
{
    (void)state;
#define HEAD "{\"type\":\"retract\",\"stream\":\"s\",\"seq\":2,\"prev\":"
#define STAFF ",\"by\":\"mo\",\"reason\":\"say \\\"}\\\"\",\"act\":\"a81\""
#define SPACES "                                           "
    _Static_assert(sizeof(SPACES) == sizeof(STAFF), "as many bytes");
    assert_written(write_plain, HEAD "1,\"seqs\":[1]}");
    assert_written(write_for_staff, HEAD "1,\"seqs\":[1]" STAFF "}");
    assert_written(write_copy, HEAD "1,\"seqs\":[1]" STAFF "}");
    assert_written(write_copy_of_copy, HEAD "0,\"seqs\":[1]" STAFF "}");
    assert_written(write_stripped,
                   "[" HEAD "1,\"seqs\":[1]}" SPACES "," HEAD "1,\"seqs\":[1]}" SPACES "]");
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

/* Own ones before it move it on in its second, and out of its digest. */
static void who_has_own_ones_before_it_sees_it_behind_them(void **state)
{
    static const struct {
        uint16_t rank;
        uint8_t place;
        struct event_own own;
        uint16_t rank_seen;
        bool digests;
    } cases[] = {{0, 0, {0, 0}, 0, true},
                 {0, 4, {0, 0}, 0, true},
                 {3, 2, {1, 2}, 4, true},
                 {3, 2, {1, 3}, 4, false},
                 {0, 0, {0, EVENT_DIGEST_OTHERS}, 0, false},
                 {0, 0, {0, UINT32_MAX}, 0, false},
                 {UINT16_MAX - 1, 0, {1, 1}, UINT16_MAX, true},
                 {UINT16_MAX, 0, {UINT32_MAX, 0}, UINT16_MAX, true}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct event *event = event_new(STR("x"));
        assert_non_null(event);
        event->kind = EVENT_COMMENT;
        event->rank = cases[i].rank;
        event->flags = (uint8_t)(EVENT_FLAG_SHADOW | EVENT_FLAG_DIGEST |
                                 cases[i].place << EVENT_DIGEST_PLACE_SHIFT);
        assert_int_equal(event_rank_behind(event, cases[i].own), cases[i].rank_seen);
        assert_int_equal(event_digests_behind(event, cases[i].own), cases[i].digests);
        event_put_behind(event, cases[i].own);
        assert_int_equal(event->rank, cases[i].rank_seen);
        assert_int_equal(event_digests_behind(event, (struct event_own){.in_second = 0}),
                         cases[i].digests);
        assert_int_equal(event->flags & EVENT_FLAG_SHADOW, EVENT_FLAG_SHADOW);
        event_put_behind(event, (struct event_own){.in_window = EVENT_DIGEST_OTHERS});
        assert_int_equal(event->flags, EVENT_FLAG_SHADOW);
        event_unref(event);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_written_whole),
        cmocka_unit_test(an_event_without_a_body_is_valid),
        cmocka_unit_test(who_did_it_is_written_for_staff_alone),
        cmocka_unit_test(the_last_reference_frees_it),
        cmocka_unit_test(who_has_own_ones_before_it_sees_it_behind_them),
        cmocka_unit_test(no_memory_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
