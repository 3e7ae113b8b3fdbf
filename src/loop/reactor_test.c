// SPDX-License-Identifier: Apache-2.0
#include "loop/reactor.h"

#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct reactor *reactor;

static int setup(void **state)
{
    (void)state;
    return reactor_new(&reactor) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    reactor_free(reactor);
    return 0;
}

struct end { // of a socket pair
    struct source source;
    struct end *other;
    uint32_t seen; // READY_ bits
    unsigned calls;
    bool unwatch_both;
};

static void open_pair(struct end ends[2], void (*ready)(struct source *source, uint32_t events))
{
    int fds[2];
    assert_int_equal(sys_socket_pair(fds), ERR_OK);
    for (int i = 0; i < 2; i++) {
        ends[i] = (struct end){.source = {.fd = fds[i], .ready = ready}, .other = &ends[1 - i]};
    }
}

static void close_pair(struct end ends[2])
{
    sys_close(ends[0].source.fd);
    sys_close(ends[1].source.fd);
}

static void read_and_stop(struct source *source, uint32_t events)
{
    struct end *end = (struct end *)(void *)source;
    char bytes[16];
    size_t len = 0;
    end->seen |= events;
    if (events & READY_IN && sys_socket_read(source->fd, bytes, sizeof(bytes), &len) == ERR_OK) {
        assert_int_equal(len, 4);
        reactor_stop(reactor);
    }
}

static void test_tells_a_source_what_came(void **state)
{
    (void)state;
    struct end ends[2];
    size_t len = 0;
    open_pair(ends, read_and_stop);
    assert_int_equal(reactor_watch(reactor, &ends[0].source), ERR_OK);
    assert_int_equal(sys_socket_write(ends[1].source.fd, "ping", 4, &len), ERR_OK);
    reactor_run(reactor);
    assert_true(ends[0].seen & READY_OUT);
    reactor_unwatch(reactor, &ends[0].source);
    close_pair(ends);
}

static void note_and_stop(struct source *source, uint32_t events)
{
    struct end *end = (struct end *)(void *)source;
    end->seen |= events;
    end->calls++;
    if (events & READY_HANGUP) {
        reactor_stop(reactor);
    }
}

static void test_tells_a_hang_up(void **state)
{
    (void)state;
    struct end ends[2];
    open_pair(ends, note_and_stop);
    assert_int_equal(reactor_watch(reactor, &ends[0].source), ERR_OK);
    sys_close(ends[1].source.fd);
    ends[1].source.fd = -1;
    reactor_run(reactor);
    assert_true(ends[0].seen & READY_HANGUP);
    reactor_unwatch(reactor, &ends[0].source);
    close_pair(ends);
}

static void unwatch_both(struct source *source, uint32_t events)
{
    struct end *end = (struct end *)(void *)source;
    (void)events;
    end->calls++;
    reactor_unwatch(reactor, &end->source);
    reactor_unwatch(reactor, &end->other->source);
    reactor_stop(reactor);
}

static void test_a_source_unwatched_in_the_same_turn_is_not_told(void **state)
{
    (void)state;
    struct end ends[2];
    open_pair(ends, unwatch_both);
    assert_int_equal(reactor_watch(reactor, &ends[0].source), ERR_OK);
    assert_int_equal(reactor_watch(reactor, &ends[1].source), ERR_OK); // both can be written
    reactor_run(reactor);
    assert_int_equal(ends[0].calls + ends[1].calls, 1);
    close_pair(ends);
}

static void count_to_three(struct source *source, uint32_t events)
{
    struct end *end = (struct end *)(void *)source;
    assert_true(events & READY_IN);
    end->calls++;
    if (end->calls < 3) {
        reactor_rewatch(reactor, source);
    } else {
        reactor_stop(reactor);
    }
}

static void test_rewatch_tells_again_what_is_still_true(void **state)
{
    (void)state;
    struct end ends[2];
    size_t len = 0;
    open_pair(ends, count_to_three);
    assert_int_equal(sys_socket_write(ends[1].source.fd, "left", 4, &len), ERR_OK);
    assert_int_equal(reactor_watch(reactor, &ends[0].source), ERR_OK);
    reactor_run(reactor);
    assert_int_equal(ends[0].calls, 3);
    reactor_unwatch(reactor, &ends[0].source);
    close_pair(ends);
}

static int order[8];
static int order_len;

static void open_letter(struct letter *letter)
{
    (void)letter;
    order[order_len++] = 1;
}

static void fire(struct timer *timer)
{
    (void)timer;
    order[order_len++] = 2;
}

struct ender {
    struct turn_hook hook;
    unsigned turns;
};

static int64_t end_of_turn(struct turn_hook *hook, int64_t mono_ms)
{
    struct ender *ender = (struct ender *)(void *)hook;
    assert_true(mono_ms == reactor_now_ms(reactor));
    ender->turns++;
    if (order_len == 2) {
        order[order_len++] = 3;
        reactor_stop(reactor);
    }
    return INT64_MAX;
}

static void test_a_turn_has_its_order(void **state)
{
    (void)state;
    struct letter letter = {.open = open_letter};
    struct timer timer = {.fire = fire};
    struct ender ender = {.hook = {.turn = end_of_turn}};
    order_len = 0;
    reactor_hook(reactor, &ender.hook);
    wheel_arm(reactor_wheel(reactor), &timer, reactor_now_ms(reactor));
    home_send(reactor_home(reactor), &letter);
    reactor_run(reactor);
    assert_int_equal(order_len, 3);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[2], 3);
    reactor_unhook(reactor, &ender.hook);
}

struct wisher {
    struct turn_hook hook;
    int64_t first_ms;
    unsigned turns;
};

static int64_t wish(struct turn_hook *hook, int64_t mono_ms)
{
    struct wisher *wisher = (struct wisher *)(void *)hook;
    if (wisher->turns++ == 0) {
        wisher->first_ms = mono_ms;
    }
    if (mono_ms >= wisher->first_ms + 30) {
        reactor_stop(reactor);
    }
    return wisher->first_ms + 30;
}

static void test_a_hook_gets_the_turn_it_wishes_for(void **state)
{
    (void)state;
    struct wisher wisher = {.hook = {.turn = wish}};
    reactor_hook(reactor, &wisher.hook);
    reactor_run(reactor);
    assert_in_range(wisher.turns, 2, 10); // it slept in between
    reactor_unhook(reactor, &wisher.hook);
}

static void stop_from_afar(void *user)
{
    struct letter *letter = user;
    home_send(reactor_home(reactor), letter);
    reactor_stop(reactor);
}

static void test_stopped_by_another_thread_it_opens_its_letters_first(void **state)
{
    (void)state;
    struct sys_thread thread;
    struct letter letter = {.open = open_letter};
    order_len = 0;
    assert_int_equal(sys_thread_start(&thread, "stopper", stop_from_afar, &letter), ERR_OK);
    reactor_run(reactor);
    sys_thread_join(&thread);
    assert_int_equal(order_len, 1);
    assert_int_equal(reactor_letters(reactor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tells_a_source_what_came, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tells_a_hang_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_source_unwatched_in_the_same_turn_is_not_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_rewatch_tells_again_what_is_still_true, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_turn_has_its_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_hook_gets_the_turn_it_wishes_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_by_another_thread_it_opens_its_letters_first,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
