// SPDX-License-Identifier: Apache-2.0
#include "hub/view.h"

#include "base/mem.h"
#include "base/must.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { HELD_MAX = 4, SHOWN = 5, HEARD = 20 };

/* Of a log in which what stands behind SHOWN is hidden from all but its author. */
static struct event *hidden(uint64_t seq)
{
    struct event *event = event_new(STR("x"));
    must(event != NULL);
    event->kind = EVENT_COMMENT;
    event->flags = EVENT_FLAG_SHADOW;
    event->user_hash = 1;
    event->seq = seq;
    event->prev = SHOWN;
    return event;
}

/* The log was read before `bound`, back to `first`. */
static void take_older(struct stream *stream, uint64_t first, uint64_t bound, bool more)
{
    struct read read = {.from = READ_BEFORE, .bound = bound, .more = more};
    const uint64_t count = bound - first;
    read.events = mem_new(MEM_EVENT, (count + 1) * sizeof(struct event *));
    must(read.events != NULL);
    for (; read.count < count; read.count++) {
        read.events[read.count] = hidden(first + read.count);
    }
    view_split_older(stream, &read);
    tail_check(&stream->shadowed);
    read_done(&read);
}

static int begin(void **state)
{
    static struct stream stream;
    stream = (struct stream){.newest = SHOWN};
    tail_init(&stream.shadowed, HELD_MAX, 1 << 20, HEARD);
    *state = &stream;
    return 0;
}

static int end(void **state)
{
    view_done(*state);
    return 0;
}

static void a_log_that_holds_nothing_is_held(void **state)
{
    struct stream *stream = *state;
    tail_init(&stream->shadowed, HELD_MAX, 1 << 20, 0);
    take_older(stream, 1, 1, false);
    assert_true(stream->shadowed.is_whole);
}

/* Retention took all that was asked for; what lies between is there, and was never read. */
static void what_lies_between_an_empty_read_and_what_is_held_is_not(void **state)
{
    struct stream *stream = *state;
    take_older(stream, HEARD - 1, HEARD + 1, true);
    take_older(stream, 10, 10, false);
    assert_int_equal(stream->shadowed.count, 2);
    assert_false(tail_covers(&stream->shadowed, 10));
    assert_true(tail_covers(&stream->shadowed, HEARD - 2));
    take_older(stream, HEARD - 1, HEARD - 1, false); // these meet
    assert_true(tail_covers(&stream->shadowed, 10));
}

static void what_does_not_fit_is_not_held(void **state)
{
    struct stream *stream = *state;
    take_older(stream, HEARD - 1, HEARD + 1, true);
    take_older(stream, 10, HEARD - 1, true);
    assert_int_equal(stream->shadowed.count, HELD_MAX);
    assert_true(tail_covers(&stream->shadowed, HEARD - HELD_MAX));
    assert_false(tail_covers(&stream->shadowed, HEARD - HELD_MAX - 1));
    take_older(stream, 10, HEARD - HELD_MAX + 1, true); // nothing fits any more
    assert_true(tail_covers(&stream->shadowed, HEARD - HELD_MAX));
    assert_false(tail_covers(&stream->shadowed, HEARD - HELD_MAX - 1));
    assert_false(stream->shadowed.is_whole);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        EACH(a_log_that_holds_nothing_is_held),
        EACH(what_lies_between_an_empty_read_and_what_is_held_is_not),
        EACH(what_does_not_fit_is_not_held),
    };
#undef EACH
    return cmocka_run_group_tests(tests, NULL, NULL);
}
