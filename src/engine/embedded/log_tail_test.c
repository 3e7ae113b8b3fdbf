// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/log_tail.h"

#include "base/mem.h"
#include "wire/removal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct event *make(uint64_t seq, size_t body_len)
{
    char body[4096];
    memset(body, 'x', sizeof(body));
    struct event *event = event_new((struct str){.at = body, .len = body_len});
    assert_non_null(event);
    event->kind = EVENT_COMMENT;
    event->seq = seq;
    event->prev = seq - 1;
    return event;
}

static void append(struct log_tail *tail, const char *stream, uint64_t seq, size_t body_len)
{
    struct event *event = make(seq, body_len);
    log_tail_append(tail, str_of(stream), event, 0);
    event_unref(event);
}

static void wake(struct log_tail *tail, struct str stream, uint64_t head, uint64_t ground)
{
    const struct log_tail_place place = {.head = head, .public_head = head, .ground = ground};
    log_tail_wake(tail, stream, &place);
}

static struct read after(const char *stream, uint64_t bound)
{
    return (struct read){.stream = str_of(stream),
                         .from = READ_AFTER,
                         .bound = bound,
                         .upto = SEQ_MAX,
                         .limit = READ_LIMIT_MAX,
                         .kinds = UINT32_MAX};
}

static bool holds_after(struct log_tail *tail, const char *stream, uint64_t bound)
{
    struct read read = after(stream, bound);
    const bool answered = log_tail_read(tail, &read) == LOG_TAIL_WHOLE;
    for (uint32_t i = 0; i < read.count; i++) {
        assert_int_equal(read.events[i]->seq, bound + 1 + i);
    }
    read_done(&read);
    return answered;
}

static void what_is_not_whole_is_left_to_the_store(void **state)
{
    (void)state;
    struct log_tail tail;
    log_tail_init(&tail, 1, 1 << 20);
    assert_false(holds_after(&tail, "demo", 0));
    wake(&tail, STR("demo"), 40, 0);
    assert_true(holds_after(&tail, "demo", 40));
    assert_true(holds_after(&tail, "demo", 99)); // beyond the newest there is nothing
    assert_false(holds_after(&tail, "demo", 39));
    append(&tail, "demo", 41, 100);
    assert_true(holds_after(&tail, "demo", 40));
    struct count_call count = {.stream = STR("demo"), .after = 10, .upto = SEQ_MAX};
    assert_int_equal(log_tail_count(&tail, &count), LOG_TAIL_WHOLE);
    assert_int_equal(count.count, 31);
    log_tail_set_ahead(&tail, true);
    assert_int_equal(log_tail_count(&tail, &count), LOG_TAIL_AHEAD);
    assert_true(log_tail_is_ahead(&tail));
    log_tail_set_ahead(&tail, false);
    assert_false(log_tail_is_ahead(&tail));
    assert_int_equal(log_tail_count(&tail, &count), LOG_TAIL_WHOLE);
    log_tail_done(&tail);
}

static void a_stream_keeps_its_newest(void **state)
{
    (void)state;
    struct log_tail tail;
    log_tail_init(&tail, 1, 64 << 20);
    for (uint64_t seq = 1; seq <= 3000; seq++) {
        append(&tail, "small", seq, 100);
        append(&tail, "large", seq, 4000);
    }
    assert_true(holds_after(&tail, "small", 3000 - LOG_TAIL_EVENTS_MAX + 100));
    assert_false(holds_after(&tail, "small", 3000 - LOG_TAIL_EVENTS_MAX - 1));
    assert_true(holds_after(&tail, "large", 3000 - 120));
    assert_false(holds_after(&tail, "large", 3000 - 140)); // 512 KiB of 4,000 bytes
    log_tail_done(&tail);
}

static void the_longest_unused_goes_first(void **state)
{
    (void)state;
    struct log_tail tail;
    char name[16];
    log_tail_init(&tail, 1, 100 * 1300);
    for (int i = 0; i < 90; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        append(&tail, name, 1, 1000);
    }
    assert_true(holds_after(&tail, "s0", 0)); // used: no longer the first to go
    for (int i = 90; i < 150; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        append(&tail, name, 1, 1000);
    }
    assert_true(tail.bytes <= tail.bytes_max);
    assert_true(holds_after(&tail, "s0", 0));
    assert_false(holds_after(&tail, "s1", 0));
    assert_true(holds_after(&tail, "s149", 0));
    log_tail_done(&tail);
}

static void streams_without_events_are_bounded_too(void **state)
{
    (void)state;
    struct log_tail tail;
    char name[16];
    log_tail_init(&tail, 1, 1 << 16);
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        wake(&tail, str_of(name), 7, 0);
    }
    assert_true(tail.bytes <= tail.bytes_max);
    assert_in_range(tail.by_name.count, 100, 1000);
    assert_false(holds_after(&tail, "s0", 7));
    assert_true(holds_after(&tail, "s9999", 7));
    log_tail_forget(&tail);
    assert_int_equal(tail.bytes, 0);
    log_tail_done(&tail);
}

static void a_read_from_the_store_fills_it_backwards(void **state)
{
    (void)state;
    struct log_tail tail;
    struct event *events[10];
    log_tail_init(&tail, 1, 1 << 20);
    wake(&tail, STR("demo"), 20, 5);
    append(&tail, "demo", 21, 10);
    for (uint64_t i = 0; i < 10; i++) {
        events[i] = make(13 + i, 10); // 13..22: reaches beyond the floor, as a later read may
    }
    log_tail_fill(&tail, STR("demo"), &(struct log_tail_find){.events = events, .count = 10});
    assert_true(holds_after(&tail, "demo", 12));
    assert_false(holds_after(&tail, "demo", 11));
    log_tail_fill(&tail, STR("demo"),
                  &(struct log_tail_find){.events = events, .count = 3}); // none missing
    assert_false(holds_after(&tail, "demo", 11));
    log_tail_expire(&tail, STR("demo"), 15);
    struct read read = after("demo", 0); // nothing older is kept: the answer is whole
    assert_int_equal(log_tail_read(&tail, &read), LOG_TAIL_WHOLE);
    assert_int_equal(read.count, 6);
    assert_int_equal(read.events[0]->seq, 16);
    assert_int_equal(read.oldest, 16);
    read_done(&read);
    for (int i = 0; i < 10; i++) {
        event_unref(events[i]);
    }
    log_tail_done(&tail);
}

static struct event *comment(uint64_t seq, const char *user)
{
    char body[128];
    const int len = snprintf(body, sizeof(body), "\"id\":\"x\",\"user\":{\"id\":\"%s\"}", user);
    struct event *event = event_new((struct str){.at = body, .len = (size_t)len});
    assert_non_null(event);
    event->kind = EVENT_COMMENT;
    event->seq = seq;
    event->prev = seq - 1;
    return event;
}

static void expect_kinds(struct log_tail *tail, const char *stream, const uint8_t kinds[4])
{
    struct read read = after(stream, 0);
    assert_int_equal(log_tail_read(tail, &read), LOG_TAIL_WHOLE);
    assert_int_equal(read.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(read.events[i]->seq, i + 1);
        assert_int_equal(read.events[i]->kind, kinds[i]);
        assert_true(kinds[i] != EVENT_REMOVED || read.events[i]->body_len == 0);
    }
    read_done(&read);
}

static void what_is_redacted_is_removed_and_is_not_read_back_in(void **state)
{
    (void)state;
    struct log_tail tail;
    const uint64_t seqs[] = {2};
    const struct removal some = {.of = REMOVAL_SEQS, .seqs = seqs, .count = 1};
    const struct removal anns = {.of = REMOVAL_USER, .user = STR("ann"), .upto = 3};
    struct event *events[4];
    log_tail_init(&tail, 1, 1 << 20);
    for (uint64_t seq = 1; seq <= 4; seq++) {
        events[seq - 1] = comment(seq, seq == 2 ? "bob" : "ann");
        log_tail_append(&tail, STR("demo"), events[seq - 1], 0);
        log_tail_append(&tail, STR("other"), events[seq - 1], 0);
    }
    const uint64_t before = log_tail_redactions(&tail);
    log_tail_redact(&tail, STR("demo"), &some);
    expect_kinds(&tail, "demo", (uint8_t[]){1, 8, 1, 1});
    expect_kinds(&tail, "other", (uint8_t[]){1, 1, 1, 1});
    log_tail_redact(&tail, STR_NONE, &anns);
    expect_kinds(&tail, "demo", (uint8_t[]){8, 8, 8, 1});
    expect_kinds(&tail, "other", (uint8_t[]){8, 1, 8, 1});

    log_tail_forget(&tail);
    wake(&tail, STR("demo"), 4, 0);
    struct log_tail_find found = {.events = events, .count = 4, .redactions = before};
    log_tail_fill(&tail, STR("demo"), &found); // it was read before
    assert_false(holds_after(&tail, "demo", 0));
    found.redactions = log_tail_redactions(&tail);
    log_tail_fill(&tail, STR("demo"), &found);
    assert_true(holds_after(&tail, "demo", 0));
    log_tail_drop(&tail, STR("demo"));
    assert_false(holds_after(&tail, "demo", 3));
    log_tail_wake(&tail, STR("demo"), &(struct log_tail_place){.head = 4, .public_head = 4});
    log_tail_fill(&tail, STR("demo"), &found); // it was read before
    assert_false(holds_after(&tail, "demo", 0));
    for (size_t i = 0; i < 4; i++) {
        event_unref(events[i]);
    }
    log_tail_done(&tail);
}

static void redacting_without_memory_forgets_rather_than_lies(void **state)
{
    (void)state;
    for (uint64_t fails = 1; fails <= 2; fails++) {
        struct log_tail tail;
        const struct removal all = {.of = REMOVAL_ALL, .upto = 9};
        log_tail_init(&tail, 1, 1 << 20);
        for (uint64_t seq = 1; seq <= 2; seq++) {
            struct event *event = comment(seq, "ann");
            log_tail_append(&tail, STR("demo"), event, 0);
            event_unref(event);
        }
        mem_fail_after(fails);
        log_tail_redact(&tail, STR("demo"), &all);
        mem_fail_after(0);
        assert_false(holds_after(&tail, "demo", 0));
        log_tail_done(&tail);
    }
}

static void without_memory_it_does_not_lie(void **state)
{
    (void)state;
    struct log_tail tail;
    log_tail_init(&tail, 1, 1 << 20);
    for (uint64_t n = 1; n <= 5; n++) {
        log_tail_forget(&tail);
        append(&tail, "demo", 1, 10);
        for (uint64_t seq = 2; seq <= 9; seq++) {
            struct event *event = make(seq, 10);
            mem_fail_after(seq == 8 ? n : 0);
            log_tail_append(&tail, STR("demo"), event, 0);
            mem_fail_after(0);
            event_unref(event);
        }
        struct read read = after("demo", 8);
        if (log_tail_read(&tail, &read) != LOG_TAIL_NONE) {
            assert_int_equal(read.head, 9);
            assert_int_equal(read.count, 1);
        }
        read_done(&read);
    }
    log_tail_done(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_whole_is_left_to_the_store),
        cmocka_unit_test(a_stream_keeps_its_newest),
        cmocka_unit_test(the_longest_unused_goes_first),
        cmocka_unit_test(streams_without_events_are_bounded_too),
        cmocka_unit_test(a_read_from_the_store_fills_it_backwards),
        cmocka_unit_test(what_is_redacted_is_removed_and_is_not_read_back_in),
        cmocka_unit_test(redacting_without_memory_forgets_rather_than_lies),
        cmocka_unit_test(without_memory_it_does_not_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
