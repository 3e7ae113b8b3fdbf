// SPDX-License-Identifier: Apache-2.0
#include "serve/front.h"
#include "serve/reader_rig.h"
#include "serve/streaming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* ---- a handler: /sse reads "demo", anything else is answered ---- */

static void refused(struct exchange *exchange, enum viewer_refusal why)
{
    const struct answer answer = {.status = why == VIEWER_NO_STREAM ? 404 : 503};
    exchange_answer(exchange, &answer);
}

static void handle(void *user, struct exchange *exchange)
{
    const struct reader_rig *bench = user;
    const struct str path = exchange_request(exchange)->path;
    const struct join join = {.stream = STR("demo"), .tail = 50, .identity = 9};
    const struct reader reader = {.claims = bench->claims,
                                  .cors_headers = STR("Access-Control-Allow-Origin: x\r\n")};
    if (str_eq(path, STR("/sse"))) {
        sse_reader_open(exchange, &join, &reader, refused);
    } else {
        const struct answer answer = {.status = 200, .type = STR("text/plain"), .body = path};
        exchange_answer(exchange, &answer);
    }
}

static void begin(struct reader_rig *bench)
{
    reader_rig_init(bench);
    bench->rig.options.handle = handle;
}

static struct client read_along(struct reader_rig *bench)
{
    struct client client = client_open(&bench->rig);
    client_say(&client, GET("/sse"));
    client_until(&client, "\"type\":\"hello\"");
    client_until(&client, "\n\n");
    return client;
}

static void expect_event(struct client *client, uint64_t seq)
{
    char id[64];
    snprintf(id, sizeof(id), "id: k3f9.%llu\ndata: {\"type\":\"comment\"", (unsigned long long)seq);
    client_until(client, id);
}

static void a_reader_gets_hello_then_events(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    const uint64_t before = reader_rig_commit(&bench);
    struct client client = client_open(&bench.rig);
    client_say(&client, GET("/sse"));
    const char *head = client_until(&client, "\r\n\r\n");
    assert_non_null(strstr(head, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Type: text/event-stream; charset=utf-8\r\n"));
    assert_non_null(strstr(head, "\r\nCache-Control: no-cache, no-transform\r\n"));
    assert_non_null(strstr(head, "\r\nX-Accel-Buffering: no\r\n"));
    assert_non_null(strstr(head, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(head, "\r\nAccess-Control-Allow-Origin: x\r\n"));
    assert_null(strstr(head, "Content-Length"));
    assert_string_equal(client_until(&client, "retry: "), "retry: ");
    client_until(&client, "data: {\"type\":\"hello\"");
    expect_event(&client, before);
    expect_event(&client, reader_rig_commit(&bench));
    expect_event(&client, reader_rig_commit(&bench));
    client_close(&client);
    reader_rig_stop(&bench);
}

static void head_says_what_get_would(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = client_open(&bench.rig);
    client_say(&client, "HEAD /sse HTTP/1.1\r\nHost: a\r\n\r\n");
    const char *head = client_rest(&client);
    assert_non_null(strstr(head, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Type: text/event-stream; charset=utf-8\r\n"));
    assert_null(strstr(head, "retry:"));
    client_close(&client);
    reader_rig_stop(&bench);
}

static void a_quiet_stream_still_says_a_line(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    bench.rig.options.line_ms = 60;
    reader_rig_start(&bench);
    struct client client = read_along(&bench);
    client_until(&client, "\n:\n\n");
    client_until(&client, ":\n\n");
    client_close(&client);
    reader_rig_stop(&bench);
}

static void a_token_that_runs_out_ends_the_reading(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_sign_in(&bench, "ann", 600);
    reader_rig_start(&bench);
    struct client client = read_along(&bench);
    client_until(&client, "retry: ");
    client_until(&client, "data: {\"type\":\"goaway\",\"retry_ms\":");
    assert_non_null(strstr(client_rest(&client), "\"reason\":\"token_expired\"}\n\n"));
    client_close(&client);
    reader_rig_stop(&bench);
}

static void who_reads_nothing_is_let_go(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    bench.rig.options.stall_ms = 300;
    reader_rig_start(&bench);
    struct client stalled = read_along(&bench);
    struct client healthy = read_along(&bench);
    /* One at a time: of a flood the ring may forget so much that the kernel takes the rest. */
    while (!reader_rig_told_goaway(&bench, GOAWAY_SLOW)) {
        expect_event(&healthy, reader_rig_commit_large(&bench));
    }
    client_rest(&stalled); // the server closed it
    expect_event(&healthy, reader_rig_commit(&bench));
    client_close(&stalled);
    client_close(&healthy);
    reader_rig_stop(&bench);
}

static void a_fin_ends_the_reading(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = read_along(&bench);
    client_shut(&client);
    client_rest(&client);
    client_close(&client);
    reader_rig_stop(&bench);
}

static void what_is_said_behind_the_request_is_bounded(void **state)
{
    struct reader_rig bench;
    static char junk[20000];
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = read_along(&bench);
    client_say(&client, GET("/ignored"));
    expect_event(&client, reader_rig_commit(&bench));
    client_send(&client, (struct str){.at = junk, .len = sizeof(junk)});
    client_rest(&client);
    client_close(&client);
    reader_rig_stop(&bench);
}

static void a_refused_join_is_answered(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    bench.engine.watch_fails = ERR_NOT_FOUND;
    bench.rig.limits.viewers_max = 1;
    reader_rig_start(&bench);
    struct client client = client_open(&bench.rig);
    client_say(&client, GET("/sse"));
    client_until(&client, "HTTP/1.1 404 ");
    struct client another = client_open(&bench.rig); // the first does not count as a viewer
    client_say(&another, GET("/sse"));
    client_until(&another, "HTTP/1.1 404 ");
    client_close(&another);
    client_say(&client, GET("/sse") GET("/next"));
    client_until(&client, "HTTP/1.1 404 ");
    client_until(&client, "/next");
    client_close(&client);
    reader_rig_stop(&bench);
}

static void a_full_node_says_so(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    bench.rig.limits.viewers_max = 1;
    reader_rig_start(&bench);
    struct client inside = read_along(&bench);
    struct client outside = client_open(&bench.rig);
    client_say(&outside, GET("/sse"));
    const char *head = client_until(&outside, "\r\n\r\n");
    assert_non_null(strstr(head, "HTTP/1.1 503 "));
    const char *retry = strstr(head, "\r\nRetry-After: ");
    assert_non_null(retry);
    assert_in_range(strtol(retry + 15, NULL, 10), 5, 10); // spread
    client_until(&outside, "\"code\":\"full\"");
    expect_event(&inside, reader_rig_commit(&bench));
    client_close(&inside);
    client_close(&outside);
    reader_rig_stop(&bench);
}

static void a_reactor_whose_files_are_taken_says_so(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    bench.rig.options.carriers_max = 1;
    reader_rig_start(&bench);
    struct client inside = read_along(&bench);
    struct client outside = client_open(&bench.rig);
    client_say(&outside, GET("/sse"));
    client_until(&outside, "HTTP/1.1 503 ");
    client_until(&outside, "\"code\":\"full\"");
    expect_event(&inside, reader_rig_commit(&bench));
    client_close(&inside);
    client_close(&outside);
    reader_rig_stop(&bench);
}

static void the_oldest_of_a_user_is_replaced(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    bench.rig.limits.conns_user_max = 2;
    reader_rig_sign_in(&bench, "ann", 3600 * 1000);
    reader_rig_start(&bench);
    struct client first = read_along(&bench);
    struct client second = read_along(&bench);
    struct client third = read_along(&bench);
    client_until(&first, "\"type\":\"goaway\"");
    assert_non_null(strstr(client_rest(&first), "\"reason\":\"replaced\""));
    struct client fourth = read_along(&bench);
    assert_non_null(strstr(client_rest(&second), "\"reason\":\"replaced\""));
    const uint64_t seq = reader_rig_commit(&bench);
    expect_event(&third, seq);
    expect_event(&fourth, seq);
    client_close(&first);
    client_close(&second);
    client_close(&third);
    client_close(&fourth);
    reader_rig_stop(&bench);
}

static void a_drain_says_goodbye(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = read_along(&bench);
    rig_drain_begin(&bench.rig, RIG_PATIENCE_MS);
    client_until(&client, "retry: ");
    client_until(&client, "data: {\"type\":\"goaway\",\"retry_ms\":");
    assert_non_null(strstr(client_rest(&client), "\"reason\":\"drain\""));
    rig_drain_end(&bench.rig);
    client_close(&client);
    reader_rig_stop(&bench);
}

static void readers_come_and_go_at_any_moment(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    for (int i = 0; i < 50; i++) {
        struct client client = client_open(&bench.rig);
        client_say(&client, GET("/sse"));
        client_reset(&client);
        reader_rig_commit(&bench);
    }
    struct client client = read_along(&bench);
    expect_event(&client, reader_rig_commit(&bench));
    client_close(&client);
    reader_rig_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_gets_hello_then_events),
        cmocka_unit_test(head_says_what_get_would),
        cmocka_unit_test(a_quiet_stream_still_says_a_line),
        cmocka_unit_test(a_token_that_runs_out_ends_the_reading),
        cmocka_unit_test(who_reads_nothing_is_let_go),
        cmocka_unit_test(a_fin_ends_the_reading),
        cmocka_unit_test(what_is_said_behind_the_request_is_bounded),
        cmocka_unit_test(a_refused_join_is_answered),
        cmocka_unit_test(a_full_node_says_so),
        cmocka_unit_test(a_reactor_whose_files_are_taken_says_so),
        cmocka_unit_test(the_oldest_of_a_user_is_replaced),
        cmocka_unit_test(a_drain_says_goodbye),
        cmocka_unit_test(readers_come_and_go_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
