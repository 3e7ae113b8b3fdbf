// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/bus.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct bus_bounds bounds = {.events_max = BUS_EVENTS_MAX, .bytes_max = BUS_BYTES_MAX};
static const struct bus_bounds narrow = {.events_max = 1, .bytes_max = 1 << 20};

struct box {          // a home whose letters the test opens
    struct home home; // first
    struct letter *first, **last;
    uint32_t letters;
};

struct listener {
    struct watch watch; // first
    uint64_t last, events;
    uint32_t behind;
    uint32_t rows; // that they came in
};

static void on_send(struct home *home, struct letter *letter)
{
    struct box *box = (struct box *)(void *)home;
    letter->next = NULL;
    *box->last = letter;
    box->last = &letter->next;
    box->letters++;
}

static void box_init(struct box *box)
{
    *box = (struct box){.home = {.send = on_send}};
    box->last = &box->first;
}

static void box_open(struct box *box)
{
    struct letter *letter = box->first;
    struct box empty;
    box_init(&empty);
    *box = empty;
    box->last = &box->first;
    while (letter != NULL) {
        struct letter *next = letter->next;
        letter->open(letter);
        letter = next;
    }
}

static void on_events(struct watch *watch, struct event *const *events, uint32_t count)
{
    struct listener *listener = (struct listener *)(void *)watch;
    assert_int_equal(listener->behind, 0); // nothing comes after it was told
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(events[i]->seq, listener->last + 1);
        listener->last = events[i]->seq;
        listener->events++;
    }
    listener->rows++;
}

static void on_behind(struct watch *watch)
{
    ((struct listener *)(void *)watch)->behind++;
}

static void listen(struct bus *bus, struct bus_subs *subs, struct listener *listener,
                   struct box *box)
{
    *listener = (struct listener){
        .watch = {.call = {.home = &box->home}, .on_events = on_events, .on_behind = on_behind}};
    assert_int_equal(bus_add(bus, subs, &listener->watch), ERR_OK);
}

/* One stream and one home, which may have so much unopened. */
static void begin(struct bus *bus, const struct bus_bounds *most, struct bus_subs *subs,
                  struct box *box)
{
    bus_init(bus, most);
    bus_subs_init(subs);
    box_init(box);
}

static void publish(struct bus *bus, struct bus_subs *subs, uint64_t seq)
{
    struct event *event = event_new(STR("\"text\":\"hello\""));
    assert_non_null(event);
    event->seq = seq;
    bus_publish(bus, subs, event);
    event_unref(event);
}

static void a_batch_is_one_letter_a_home(void **state)
{
    (void)state;
    struct bus bus;
    struct bus_subs one, two;
    struct box boxes[2];
    struct listener listeners[3];
    bus_init(&bus, &bounds);
    bus_subs_init(&one);
    bus_subs_init(&two);
    box_init(&boxes[0]);
    box_init(&boxes[1]);
    listen(&bus, &one, &listeners[0], &boxes[0]);
    listen(&bus, &two, &listeners[1], &boxes[0]);
    listen(&bus, &two, &listeners[2], &boxes[1]);
    for (uint64_t seq = 1; seq <= 100; seq++) {
        publish(&bus, &one, seq);
        publish(&bus, &two, seq);
    }
    assert_int_equal(boxes[0].letters, 0);
    bus_flush(&bus);
    assert_int_equal(boxes[0].letters, 1);
    assert_int_equal(boxes[1].letters, 1);
    box_open(&boxes[0]);
    assert_int_equal(listeners[0].events, 100);
    assert_int_equal(listeners[1].events, 100);
    assert_int_equal(listeners[2].events, 0);
    assert_int_equal(listeners[0].rows, 100); // each stood by itself
    bus_remove(&bus, &one, &listeners[0].watch);
    bus_remove(&bus, &two, &listeners[1].watch);
    bus_remove(&bus, &two, &listeners[2].watch);
    bus_remove(&bus, &two, &listeners[2].watch); // off already
    bus_done(&bus);
    box_open(&boxes[1]); // letters may be opened when the bus is gone
    assert_int_equal(listeners[2].events, 100);
    assert_int_equal(listeners[2].rows, 1);
}

static void who_opens_nothing_is_off_and_told(void **state)
{
    (void)state;
    struct bus bus;
    struct bus_subs subs;
    struct box lazy, quick;
    struct listener behind, other;
    begin(&bus, &bounds, &subs, &lazy);
    box_init(&quick);
    listen(&bus, &subs, &behind, &lazy);
    listen(&bus, &subs, &other, &quick);
    for (uint64_t seq = 1; seq <= BUS_EVENTS_MAX + 5000; seq++) {
        publish(&bus, &subs, seq);
        if (seq % 100 == 0) {
            bus_flush(&bus);
            box_open(&quick);
        }
    }
    bus_flush(&bus);
    box_open(&lazy);
    box_open(&quick);
    assert_int_equal(behind.behind, 1);
    assert_int_equal(behind.events, BUS_EVENTS_MAX);
    assert_int_equal(other.behind, 0);
    assert_int_equal(other.events, BUS_EVENTS_MAX + 5000);
    listen(&bus, &subs, &behind, &lazy); // and may watch again: its box is empty
    publish(&bus, &subs, 1);
    bus_flush(&bus);
    box_open(&lazy);
    assert_int_equal(behind.events, 1);
    bus_remove(&bus, &subs, &behind.watch);
    bus_remove(&bus, &subs, &other.watch);
    box_open(&lazy);
    other.last = 0;
    box_open(&quick);
    bus_done(&bus);
}

static void who_fell_behind_follows_until_it_is_back_or_leaves(void **state)
{
    (void)state;
    struct bus bus;
    struct bus_subs subs;
    struct box lazy, quick;
    struct listener behind, other;
    begin(&bus, &narrow, &subs, &lazy);
    box_init(&quick);
    listen(&bus, &subs, &behind, &lazy);
    listen(&bus, &subs, &other, &quick);
    publish(&bus, &subs, 1);
    bus_flush(&bus);
    box_open(&quick);
    publish(&bus, &subs, 2);
    bus_flush(&bus);
    box_open(&quick);
    bus_remove(&bus, &subs, &other.watch);
    assert_false(bus_is_watched(&subs));
    assert_true(bus_is_followed(&subs));
    listen(&bus, &subs, &other, &quick); // another's watch is not its own
    bus_remove(&bus, &subs, &other.watch);
    assert_true(bus_is_followed(&subs));
    box_open(&lazy);
    listen(&bus, &subs, &behind, &lazy);
    bus_remove(&bus, &subs, &behind.watch);
    assert_false(bus_is_followed(&subs));
    listen(&bus, &subs, &behind, &lazy);
    publish(&bus, &subs, 1);
    publish(&bus, &subs, 2);
    bus_flush(&bus);
    assert_true(bus_is_followed(&subs));
    bus_remove(&bus, &subs, &behind.watch); // off already, and leaves
    assert_false(bus_is_followed(&subs));
    box_open(&lazy);
    bus_done(&bus);
}

static uint32_t homes_asked(struct bus *bus)
{
    struct bus_home_walk walk = bus_homes(bus);
    uint32_t count = 0;
    while (bus_next_home(&walk) != NULL) {
        count++;
    }
    return count;
}

/* It sends what it has until it knows: each act that comes by waits for it. */
static void who_fell_behind_is_asked_until_it_was_told(void **state)
{
    (void)state;
    struct bus bus;
    struct bus_subs subs;
    struct box box;
    struct listener listener;
    begin(&bus, &narrow, &subs, &box);
    assert_int_equal(homes_asked(&bus), 0);
    listen(&bus, &subs, &listener, &box);
    assert_int_equal(homes_asked(&bus), 1);
    publish(&bus, &subs, 1);
    publish(&bus, &subs, 2);
    bus_flush(&bus);
    assert_false(bus_is_watched(&subs));
    for (int acts = 0; acts < 3; acts++) {
        assert_int_equal(homes_asked(&bus), 1);
    }
    box_open(&box);
    assert_int_equal(listener.behind, 1);
    assert_int_equal(homes_asked(&bus), 0);
    bus_done(&bus);
}

static void on_notices(struct watch *watch, struct notice *const *notices, uint32_t count)
{
    (void)notices;
    ((struct listener *)(void *)watch)->events += count;
}

/* No log has it, so that it is known to be missing is all there is. */
static void what_is_not_sent_to_who_is_behind_is_counted(void **state)
{
    (void)state;
    struct bus bus;
    struct bus_subs subs;
    struct box box;
    struct listener listener;
    struct metric unsent = {.kind = METRIC_COUNTER};
    struct notice *notice = notice_new(STR("{}"));
    begin(&bus, &narrow, &subs, &box);
    bus.unsent = &unsent;
    listen(&bus, &subs, &listener, &box);
    listener.watch.on_notices = on_notices;
    bus_notify(&bus, &subs, notice);
    assert_int_equal(metric_value(&unsent), 0);
    bus_notify_homes(&bus, notice); // its box is full
    assert_int_equal(metric_value(&unsent), 1);
    bus_notify(&bus, &subs, notice); // it falls behind
    assert_int_equal(metric_value(&unsent), 2);
    bus_notify(&bus, &subs, notice);
    bus_flush(&bus);
    box_open(&box);
    assert_int_equal(listener.behind, 1);
    bus_notify_homes(&bus, notice); // it knows, and is not back
    assert_int_equal(metric_value(&unsent), 4);
    listen(&bus, &subs, &listener, &box);
    listener.watch.on_notices = on_notices;
    bus_notify_homes(&bus, notice);
    bus_flush(&bus);
    box_open(&box);
    assert_int_equal(metric_value(&unsent), 4);
    assert_int_equal(listener.events, 1);
    bus_remove(&bus, &subs, &listener.watch);
    notice_unref(notice);
    bus_done(&bus);
}

static void being_behind_is_told_without_memory(void **state)
{
    (void)state;
    struct bus bus;
    struct bus_subs subs;
    struct box box;
    struct listener listener;
    begin(&bus, &bounds, &subs, &box);
    listen(&bus, &subs, &listener, &box);
    publish(&bus, &subs, 1);
    for (uint64_t seq = 2; bus_is_watched(&subs); seq++) {
        struct event *event = event_new(STR(""));
        assert_non_null(event);
        assert_true(seq < 100);
        event->seq = seq;
        mem_fail_after(1); // the letter that has to grow cannot
        bus_publish(&bus, &subs, event);
        mem_fail_after(0);
        event_unref(event);
    }
    bus_flush(&bus);
    box_open(&box);
    assert_int_equal(listener.behind, 1);
    assert_true(listener.events >= 1);
    bus_done(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_one_letter_a_home),
        cmocka_unit_test(who_opens_nothing_is_off_and_told),
        cmocka_unit_test(who_fell_behind_follows_until_it_is_back_or_leaves),
        cmocka_unit_test(who_fell_behind_is_asked_until_it_was_told),
        cmocka_unit_test(what_is_not_sent_to_who_is_behind_is_counted),
        cmocka_unit_test(being_behind_is_told_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
