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

/* At `at_ms`, of the author or of somebody else, whose is everybody's. */
static struct event *comment_at(uint64_t seq, int64_t at_ms, bool is_hidden)
{
    struct event *event = hidden(seq);
    event->at_ms = at_ms;
    event->flags = is_hidden ? EVENT_FLAG_SHADOW : 0;
    return event;
}

static void take(struct tail *tail, uint64_t seq, int64_t at_ms)
{
    struct event *event = comment_at(seq, at_ms, tail->count_max == HELD_MAX);
    tail_push(tail, event);
    event_unref(event);
}

/* What is not held may have taken places in the window that is read. */
static void places_are_known_from_the_next_window_on(void **state)
{
    struct stream *stream = *state;
    tail_init(&stream->tail, HELD_MAX + 1, 1 << 20, HEARD);
    assert_true(view_knows_places(stream, 1, HEARD)); // nothing is to be read
    take(&stream->tail, HEARD + 1, 3100);
    take(&stream->shadowed, HEARD + 2, 3200);
    take(&stream->tail, HEARD + 3, 5900);
    assert_false(view_knows_places(stream, 1, HEARD));
    assert_false(view_knows_places(stream, 1, HEARD + 2));
    take(&stream->tail, HEARD + 4, 6000);
    assert_true(view_knows_places(stream, 1, HEARD + 3));
    assert_false(view_knows_places(stream, 1, HEARD + 2));
    stream->shadowed.is_whole = true;
    assert_true(view_knows_places(stream, 1, HEARD));
    tail_done(&stream->tail);
}

/* Though what was read before it is not held, as everybody is shown it. */
static void places_are_known_from_where_it_was_read_on(void **state)
{
    struct stream *stream = *state;
    tail_init(&stream->tail, 2, 1 << 20, HEARD);
    take(&stream->tail, HEARD + 1, 3100);
    assert_false(view_knows_places(stream, 1, HEARD));
    take_older(stream, HEARD - 1, HEARD + 1, true); // of the window before
    assert_true(view_knows_places(stream, 1, HEARD));
    for (uint64_t i = 0; i < HELD_MAX; i++) {
        take(&stream->shadowed, HEARD + 2 + i, 3200);
    }
    assert_true(view_knows_places(stream, 1, HEARD)); // those of this one are held
    take(&stream->shadowed, HEARD + 6, 3300);
    assert_false(view_knows_places(stream, 1, HEARD));
    take(&stream->tail, HEARD + 7, 6000);
    assert_true(view_knows_places(stream, 1, HEARD + 6));
    tail_done(&stream->tail);
}

static void expect_own(struct event_own own, uint32_t in_second, uint32_t in_window)
{
    assert_int_equal(own.in_second, in_second);
    assert_int_equal(own.in_window, in_window);
}

static void what_is_theirs_alone_takes_places_of_its_second_and_window(void **state)
{
    static const int64_t at_ms[] = {3000, 3900, 4000, 5999, 6000};
    struct stream *stream = *state;
    struct event *events[5];
    struct view_count count;
    for (uint64_t i = 0; i < 5; i++) {
        events[i] = comment_at(HEARD + 1 + i, at_ms[i], true);
    }
    tail_init(&stream->shadowed, 5, 1 << 20, HEARD);
    for (int i = 0; i < 5; i++) {
        tail_push(&stream->shadowed, events[i]);
    }
    view_count_begin(&count, stream, 1, events[0]);
    expect_own(view_count_take(&count, events[0]), 0, 0);
    expect_own(view_count_take(&count, events[1]), 1, 1);
    expect_own(view_count_take(&count, events[2]), 0, 2);
    expect_own(view_count_take(&count, events[3]), 0, 3);
    expect_own(view_count_take(&count, events[4]), 0, 0);
    view_count_begin(&count, stream, 1, events[2]); // in the middle
    expect_own(view_count_take(&count, events[2]), 0, 2);
    view_count_begin(&count, stream, 2, events[2]); // another's view
    expect_own(view_count_take(&count, events[2]), 0, 0);
    for (int i = 0; i < 5; i++) {
        event_unref(events[i]);
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        EACH(a_log_that_holds_nothing_is_held),
        EACH(what_lies_between_an_empty_read_and_what_is_held_is_not),
        EACH(what_does_not_fit_is_not_held),
        EACH(places_are_known_from_the_next_window_on),
        EACH(places_are_known_from_where_it_was_read_on),
        EACH(what_is_theirs_alone_takes_places_of_its_second_and_window),
    };
#undef EACH
    return cmocka_run_group_tests(tests, NULL, NULL);
}
