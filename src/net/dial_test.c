// SPDX-License-Identifier: Apache-2.0
#include "net/dial.h"

#include "net/listener.h"
#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct caller {
    struct dial dial; // its first member
    struct reactor *reactor;
    int calls, fd;
};

static void on_dialed(struct dial *dial, int fd)
{
    struct caller *caller = (struct caller *)(void *)dial;
    caller->calls++;
    caller->fd = fd;
    reactor_stop(caller->reactor);
}

static struct caller make_caller(void)
{
    struct caller caller = {.dial = {.dialed = on_dialed}, .fd = -2};
    assert_int_equal(reactor_new(&caller.reactor), ERR_OK);
    return caller;
}

static void test_connects(void **state)
{
    (void)state;
    struct caller caller = make_caller();
    struct address here;
    struct sys_endpoint peer;
    int reserved = -1, listening = -1, accepted = -1;
    assert_int_equal(address_parse(STR("127.0.0.1:0"), &here), ERR_OK);
    assert_int_equal(listener_reserve(&here, &reserved), ERR_OK);
    sys_close(reserved);
    struct sys_listen listen = {.at = {.port = here.port}};
    memcpy(listen.at.ip, here.bytes, sizeof(listen.at.ip));
    assert_int_equal(sys_socket_listen(&listen, &listening, &here.port), ERR_OK);
    struct address from;
    assert_int_equal(address_parse(STR("127.0.0.9:0"), &from), ERR_OK);
    assert_int_equal(dial_start(&caller.dial, caller.reactor, &here, &from), ERR_OK);
    reactor_run(caller.reactor);
    assert_int_equal(caller.calls, 1);
    assert_true(caller.fd >= 0);
    assert_int_equal(sys_socket_accept(listening, &accepted, &peer), ERR_OK);
    assert_memory_equal(peer.ip, from.bytes, sizeof(peer.ip));
    sys_close(caller.fd);
    sys_close(accepted);
    sys_close(listening);
    reactor_free(caller.reactor);
}

static void test_tells_a_refusal(void **state)
{
    (void)state;
    struct caller caller = make_caller();
    struct address here;
    int reserved = -1; // bound and not listening: refused
    assert_int_equal(address_parse(STR("127.0.0.1:0"), &here), ERR_OK);
    assert_int_equal(listener_reserve(&here, &reserved), ERR_OK);
    assert_int_equal(dial_start(&caller.dial, caller.reactor, &here, NULL), ERR_OK);
    reactor_run(caller.reactor);
    assert_int_equal(caller.calls, 1);
    assert_int_equal(caller.fd, -1);
    sys_close(reserved);
    reactor_free(caller.reactor);
}

static void test_cancelled_is_never_told(void **state)
{
    (void)state;
    struct caller caller = make_caller();
    struct address here;
    int reserved = -1;
    assert_int_equal(address_parse(STR("127.0.0.1:0"), &here), ERR_OK);
    assert_int_equal(listener_reserve(&here, &reserved), ERR_OK);
    assert_int_equal(dial_start(&caller.dial, caller.reactor, &here, NULL), ERR_OK);
    dial_cancel(&caller.dial);
    dial_cancel(&caller.dial);
    reactor_stop(caller.reactor);
    reactor_run(caller.reactor);
    assert_int_equal(caller.calls, 0);
    sys_close(reserved);
    reactor_free(caller.reactor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connects),
        cmocka_unit_test(test_tells_a_refusal),
        cmocka_unit_test(test_cancelled_is_never_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
