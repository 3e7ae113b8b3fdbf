// SPDX-License-Identifier: Apache-2.0
/* What a viewer asks for. */
#include "bench/visit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct plan plan = {.host = "h:1", .path = "/p", .run = "r"};

static void assert_asks(const struct visit *visit, const char *expected)
{
    char text[1024];
    struct buf out;
    buf_init_over(&out, text, sizeof(text));
    visit_write(visit, &out);
    assert_true(buf_ok(&out));
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.bytes, expected, out.len);
}

static void test_each_transport(void **state)
{
    (void)state;
    struct visit visit = {.plan = &plan, .epoch = "", .stream = 3, .transport = TRANSPORT_SSE};
    assert_asks(&visit, "GET /p/v1/streams/bench-r-3/events?lane=full HTTP/1.1\r\nHost: h:1\r\n"
                        "Accept: text/event-stream\r\n\r\n");
    visit.transport = TRANSPORT_WS;
    assert_asks(&visit, "GET /p/v1/streams/bench-r-3/ws?lane=full HTTP/1.1\r\nHost: h:1\r\n"
                        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: cm9hciBiZW5jaCBrZXkgIQ==\r\n\r\n");
    visit.transport = TRANSPORT_POLL;
    assert_asks(&visit, "GET /p/v1/streams/bench-r-3/poll?lane=full&wait=0 HTTP/1.1\r\n"
                        "Host: h:1\r\n\r\n");
}

static void test_who_returns_says_where_it_stands_and_what_it_takes(void **state)
{
    (void)state;
    struct visit visit = {.plan = &plan,
                          .epoch = "k3f9",
                          .seq = 7,
                          .transport = TRANSPORT_SSE,
                          .lane = PLAN_LANE_DIGEST,
                          .inflates = true,
                          .waits = true};
    assert_asks(&visit, "GET /p/v1/streams/bench-r-0/events?lane=digest HTTP/1.1\r\nHost: h:1\r\n"
                        "Accept: text/event-stream\r\nLast-Event-ID: k3f9.7\r\n"
                        "Accept-Encoding: gzip\r\n\r\n");
    visit.transport = TRANSPORT_WS;
    assert_asks(&visit, "GET /p/v1/streams/bench-r-0/ws?lane=digest&after=k3f9.7 HTTP/1.1\r\n"
                        "Host: h:1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: cm9hciBiZW5jaCBrZXkgIQ==\r\n"
                        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    visit.transport = TRANSPORT_POLL;
    assert_asks(&visit, "GET /p/v1/streams/bench-r-0/poll?lane=digest&wait=25&after=k3f9.7 "
                        "HTTP/1.1\r\nHost: h:1\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_transport),
        cmocka_unit_test(test_who_returns_says_where_it_stands_and_what_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
