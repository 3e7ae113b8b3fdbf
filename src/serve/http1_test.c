// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "base/mem.h"
#include "net/network.h"
#include "serve/front.h"
#include "serve/http1.h"
#include "serve/server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOST "Host: a.example\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

enum { BIG_BYTES = 1024 * 1024, LATER_MS = 30 };

/* ---- a handler: says what it was asked, at once or later ---- */

static char big[BIG_BYTES];

static void answer_echo(struct exchange *exchange)
{
    const struct request *request = exchange_request(exchange);
    char client[ADDRESS_TEXT_MAX];
    struct buf body;
    buf_init(&body, MEM_OTHER, 64 * 1024);
    buf_add_str(&body, request->method);
    buf_add_byte(&body, ' ');
    buf_add_str(&body, request->path);
    buf_add_str(&body, STR(" from "));
    buf_add_str(&body, address_key(&request->client, client));
    buf_add_str(&body, request->client_is_trusted ? STR(" trusted [") : STR(" ["));
    buf_add_str(&body, request->body);
    buf_add_str(&body, STR("]\n"));
    const struct answer answer = {.status = 200,
                                  .type = STR("text/plain"),
                                  .body = buf_str(&body),
                                  .headers = STR("X-Test: 1\r\n")};
    exchange_answer(exchange, &answer);
    buf_done(&body);
}

struct later {
    struct timer timer;
    struct exchange *exchange;
};

static void on_later(struct timer *timer)
{
    struct later *later = (struct later *)(void *)timer; // its first member
    answer_echo(later->exchange);
    free(later);
}

static void answer_later(struct exchange *exchange)
{
    struct later *later = calloc(1, sizeof(*later));
    struct reactor *reactor = server_reactor(exchange_server(exchange));
    later->exchange = exchange;
    later->timer.fire = on_later;
    wheel_arm(reactor_wheel(reactor), &later->timer, reactor_now_ms(reactor) + LATER_MS);
}

/* How many were asked within one turn of the loop, at most. */
static struct {
    int64_t turn_ms;
    uint32_t count, most;
} asked;

static void note_turn(struct exchange *exchange)
{
    const int64_t now_ms = reactor_now_ms(server_reactor(exchange_server(exchange)));
    asked.count = now_ms == asked.turn_ms ? asked.count + 1 : 1;
    asked.turn_ms = now_ms;
    asked.most = asked.count > asked.most ? asked.count : asked.most;
}

static struct exchange *held;

static void release_held(struct rig *rig)
{
    (void)rig;
    answer_echo(held);
}

static void handle(void *user, struct exchange *exchange)
{
    const struct str path = exchange_request(exchange)->path;
    (void)user;
    note_turn(exchange);
    if (str_eq(path, STR("/later"))) {
        answer_later(exchange);
    } else if (str_eq(path, STR("/held"))) {
        held = exchange;
    } else if (str_eq(path, STR("/big"))) {
        const struct answer answer = {
            .status = 200, .type = STR("text/plain"), .body = {.at = big, .len = sizeof(big)}};
        exchange_answer(exchange, &answer);
    } else if (str_eq(path, STR("/none"))) {
        const struct answer answer = {.status = 204};
        exchange_answer(exchange, &answer);
    } else {
        answer_echo(exchange);
    }
}

static void begin(struct rig *rig)
{
    memset(big, 'x', sizeof(big));
    rig_init(rig);
    rig->options.handle = handle;
}

/* ---- requests and answers ---- */

static void an_answer_says_what_it_is(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client, GET("/hello?x=1"));
    const char *head = client_until(&client, "\r\n\r\n");
    assert_non_null(strstr(head, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(head, "\r\nDate: "));
    assert_non_null(strstr(head, " GMT\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Length: 29\r\n"));
    assert_non_null(strstr(head, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(head, "\r\nX-Test: 1\r\n"));
    assert_null(strstr(head, "Connection:"));
    assert_string_equal(client_until(&client, "\n"), "GET /hello from 127.0.0.1 []\n");

    client_say(&client, "HEAD /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_non_null(strstr(client_until(&client, "\r\n\r\n"), "\r\nContent-Length: 30\r\n"));
    client_say(&client, GET("/none"));
    head = client_until(&client, "\r\n\r\n"); // no body of HEAD came before it
    assert_ptr_equal(strstr(head, "HTTP/1.1 204 No Content\r\n"), head);
    assert_null(strstr(head, "Content-Length"));

    client_say(&client, "GET /bye HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    const char *rest = client_rest(&client);
    assert_non_null(strstr(rest, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(rest, "GET /bye"));
    client_close(&client);
    rig_stop(&rig);
}

static void http_1_0_is_answered_and_closed(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client, "GET /old HTTP/1.0\r\n\r\n");
    const char *rest = client_rest(&client);
    assert_non_null(strstr(rest, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(rest, "GET /old"));
    client_close(&client);
    rig_stop(&rig);
}

static void pipelined_answers_keep_their_order(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client,
               GET("/later") GET("/2") "POST /3 HTTP/1.1\r\n" HOST
                                       "Content-Length: 2\r\n\r\nhi" GET("/later") GET("/5"));
    assert_non_null(strstr(client_until(&client, "]\n"), "GET /later"));
    assert_non_null(strstr(client_until(&client, "]\n"), "GET /2"));
    assert_non_null(strstr(client_until(&client, "]\n"), "POST /3 from 127.0.0.1 [hi]"));
    assert_non_null(strstr(client_until(&client, "]\n"), "GET /later"));
    assert_non_null(strstr(client_until(&client, "]\n"), "GET /5"));

    for (int i = 0; i < 3000; i++) { // far more than is kept: back-pressure, not loss
        client_say(&client, GET("/many"));
    }
    for (int i = 0; i < 3000; i++) {
        client_until(&client, "GET /many from 127.0.0.1 []\n");
    }
    client_close(&client);
    rig_stop(&rig);
}

static void a_long_pipeline_takes_turns_with_others(void **state)
{
    enum { PIPELINED = 3000 };
    struct rig rig;
    struct buf all;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    asked.most = 0;
    buf_init(&all, MEM_OTHER, 1 << 20);
    for (int i = 0; i < PIPELINED; i++) {
        if (i == REQUESTS_PER_TICK - 1 || i == 1000) { // one that waits for its reader is its last
            buf_add_str(&all, STR(GET("/big")));
        }
        buf_addf(&all, "GET /p%d HTTP/1.1\r\n" HOST "\r\n", i);
    }
    struct client client = client_open(&rig);
    client_send(&client, buf_str(&all));
    for (int i = 0; i < PIPELINED; i++) {
        char text[32];
        snprintf(text, sizeof(text), "GET /p%d from", i);
        (void)client_until(&client, text);
    }
    assert_true(asked.most > 1 && asked.most <= REQUESTS_PER_TICK);
    buf_done(&all);
    client_close(&client);
    rig_stop(&rig);
}

static void a_large_answer_waits_for_its_reader(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client, GET("/big") GET("/after"));
    client_until(&client, "\r\n\r\n");
    const struct str body = client_take(&client, BIG_BYTES);
    assert_memory_equal(body.at, big, BIG_BYTES);
    assert_non_null(strstr(client_until(&client, "]\n"), "GET /after"));
    client_close(&client);
    rig_stop(&rig);
}

static void a_half_closed_peer_gets_its_answers(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client, GET("/later") GET("/2"));
    client_shut(&client);
    const char *rest = client_rest(&client);
    assert_non_null(strstr(rest, "GET /later"));
    assert_non_null(strstr(rest, "GET /2"));
    client_close(&client);

    client = client_open(&rig); // within a request: told, then closed
    client_say(&client, "GET /half HTT");
    client_shut(&client);
    assert_non_null(strstr(client_rest(&client), "HTTP/1.1 400 "));
    client_close(&client);

    client = client_open(&rig); // between requests: closed
    client_shut(&client);
    assert_string_equal(client_rest(&client), "");
    client_close(&client);
    rig_stop(&rig);
}

static void a_client_that_goes_leaves_its_exchange(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    for (int i = 0; i < 20; i++) {
        struct client client = client_open(&rig);
        client_say(&client, GET("/later") GET("/later"));
        client_reset(&client);
    }
    struct client client = client_open(&rig);
    client_say(&client, GET("/later"));
    assert_non_null(strstr(client_until(&client, "]\n"), "GET /later"));
    client_close(&client);
    rig_stop(&rig);
}

static void expectations_are_met_or_refused(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client,
               "POST /e HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_string_equal(client_until(&client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client_say(&client, "ok");
    assert_non_null(strstr(client_until(&client, "]\n"), "[ok]"));
    client_say(&client, "POST /e HTTP/1.1\r\n" HOST "Expect: tea\r\nContent-Length: 2\r\n\r\n");
    assert_non_null(strstr(client_rest(&client), "HTTP/1.1 417 "));
    client_close(&client);
    rig_stop(&rig);
}

/* ---- refusals ---- */

static void after_a_refusal_nothing_more_is_read(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client, GET("/1") "GET / HTTP/1.1\r\nHost : x\r\n\r\n" GET("/3"));
    const char *rest = client_rest(&client);
    assert_non_null(strstr(rest, "GET /1"));
    assert_non_null(strstr(rest, "HTTP/1.1 400 Bad Request\r\n"));
    assert_non_null(strstr(rest, "\r\nContent-Type: application/problem+json\r\n"));
    assert_non_null(strstr(rest, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(rest, "\"code\":\"bad_request\""));
    assert_null(strstr(rest, "GET /3"));
    client_close(&client);
    rig_stop(&rig);
}

static void the_slow_are_told_and_closed(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig.options.head_ms = 60;
    rig.options.request_ms = 120;
    rig.options.idle_ms = 100;
    rig_start(&rig);

    struct client client = client_open(&rig);
    client_say(&client, "GET / HTTP/1.1\r\n");
    assert_non_null(strstr(client_rest(&client), "HTTP/1.1 408 "));
    client_close(&client);

    client = client_open(&rig); // the head in time, the body not
    client_say(&client, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhe");
    assert_non_null(strstr(client_rest(&client), "HTTP/1.1 408 "));
    client_close(&client);

    client = client_open(&rig); // never a word
    assert_string_equal(client_rest(&client), "");
    client_close(&client);

    client = client_open(&rig); // a word, and no more
    client_say(&client, GET("/1"));
    assert_non_null(strstr(client_rest(&client), "GET /1"));
    client_close(&client);
    rig_stop(&rig);
}

static void an_address_has_its_share(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig.limits.conns_address_max = 2;
    rig_start(&rig);
    struct client first = client_open(&rig);
    struct client second = client_open(&rig);
    client_say(&first, GET("/1"));
    client_until(&first, "]\n");
    client_say(&second, GET("/2"));
    client_until(&second, "]\n");
    struct client third = client_open(&rig);
    client_say(&third, GET("/3"));
    const char *rest = client_rest(&third);
    assert_non_null(strstr(rest, "HTTP/1.1 429 Too Many Requests\r\n"));
    const char *retry = strstr(rest, "\r\nRetry-After: ");
    assert_non_null(retry);
    assert_in_range(strtol(retry + 15, NULL, 10), 5, 10); // spread
    assert_non_null(strstr(rest, "\"code\":\"conns_address\""));
    client_close(&third);
    client_say(&second, GET("/still"));
    assert_non_null(strstr(client_until(&second, "]\n"), "GET /still"));
    client_close(&first);
    client_close(&second);
    rig_stop(&rig);
}

static void a_trusted_proxy_speaks_for_its_clients(void **state)
{
    struct rig rig;
    struct network trusted[2];
    (void)state;
    begin(&rig);
    assert_int_equal(network_parse(STR("127.0.0.0/8"), &trusted[0]), ERR_OK);
    assert_int_equal(network_parse(STR("10.0.0.0/8"), &trusted[1]), ERR_OK);
    rig.options.trusted_proxies = trusted;
    rig.options.trusted_proxy_count = 2;
    rig.limits.conns_address_max = 1; // the proxy itself is not counted
    rig_start(&rig);
    struct client other = client_open(&rig);
    struct client client = client_open(&rig);
    static const struct {
        const char *fields, *says;
    } rows[] = {
        {"", "from 127.0.0.1 trusted ["},
        {"X-Forwarded-For: 192.0.2.7\r\n", "from 192.0.2.7 ["},
        {"X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3\r\n", "from 192.0.2.7 ["},
        {"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.1.2.3\r\n", "from 192.0.2.7 ["},
        {"X-Forwarded-For: 10.9.9.9,10.1.2.3\r\n", "from 10.9.9.9 trusted ["},
        {"X-Forwarded-For: 192.0.2.7, junk, 10.1.2.3\r\n", "from 10.1.2.3 ["},
        {"X-Forwarded-For: 192.0.2.7,\r\n", "from 127.0.0.1 ["},
        {"X-Forwarded-For: :80\r\n", "from 127.0.0.1 ["},
        {"X-Forwarded-For: 192.0.2.7:4711, 10.1.2.3:80\r\n", "from 192.0.2.7 ["},
        {"X-Forwarded-For: [2001:db8::1]:4711\r\n", "from 2001:db8::/64 ["},
        {"X-Forwarded-For: 2001:db8::1\r\n", "from 2001:db8::/64 ["},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        client_say(&client, "GET / HTTP/1.1\r\n" HOST);
        client_say(&client, rows[i].fields);
        client_say(&client, "\r\n");
        const char *said = client_until(&client, "]\n");
        if (strstr(said, rows[i].says) == NULL) {
            print_error("row %zu: %s\n", i, said);
            fail();
        }
    }
    client_close(&client);
    client_close(&other);
    rig_stop(&rig);
}

/* Whatever of it could not be had; the next one is served. */
static void who_cannot_be_held_is_closed_and_counted(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    for (uint64_t n = 1; n <= 2; n++) { // the connection and its talk
        mem_fail_after(n);
        struct client client = client_open(&rig);
        assert_string_equal(client_rest(&client), "");
        assert_false(mem_fail_is_due());
        client_close(&client);
        assert_int_equal(metric_value(&rig.server->meter.metrics[METER_UNHELD]), n);
    }
    struct client client = client_open(&rig);
    client_say(&client, GET("/first"));
    client_until(&client, "]\n");
    client_close(&client);
    rig_stop(&rig);
}

/* What is asked once the drain has begun is refused. */
static const char *expect_draining(struct client *client)
{
    const char *rest = client_rest(client);
    assert_non_null(strstr(rest, "HTTP/1.1 503 "));
    assert_non_null(strstr(rest, "\r\nRetry-After: "));
    assert_non_null(strstr(rest, "\"code\":\"draining\""));
    return rest;
}

static void a_drain_lets_requests_finish(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig.options.parting_ms = 1;
    rig_start(&rig);
    struct client idle = client_open(&rig);
    client_say(&idle, GET("/1"));
    client_until(&idle, "]\n");
    struct client busy = client_open(&rig);
    client_say(&busy, "POST /slow HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                      "Content-Length: 2\r\n\r\n");
    client_until(&busy, "\r\n\r\n"); // the server has it in hand
    struct client queue = client_open(&rig);
    client_say(&queue, GET("/first") GET("/held") GET("/behind"));
    client_until(&queue, "]\n"); // the next is in hand, the last behind it
    rig_drain_begin(&rig, RIG_PATIENCE_MS);
    rig_run(&rig, release_held);
    assert_string_equal(client_rest(&idle), "");
    struct client late = client_open(&rig);
    client_say(&late, GET("/late"));
    (void)expect_draining(&late);
    client_say(&busy, "ok");
    const char *rest = client_rest(&busy);
    assert_non_null(strstr(rest, "[ok]"));
    assert_non_null(strstr(rest, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(client_until(&queue, "]\n"), "GET /held"));
    assert_null(strstr(expect_draining(&queue), "/behind"));
    client_close(&queue);
    rig_drain_end(&rig);
    client_close(&idle);
    client_close(&busy);
    client_close(&late);
    rig_stop(&rig);
}

static void a_drain_tells_who_asks_again(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig.options.parting_ms = RIG_PATIENCE_MS;
    rig_start(&rig);
    struct client client = client_open(&rig);
    client_say(&client, GET("/1"));
    client_until(&client, "]\n");
    struct client silent = client_open(&rig);
    client_say(&silent, GET("/2"));
    client_until(&silent, "]\n");
    rig_drain_begin(&rig, RIG_PATIENCE_MS);
    struct client late = client_open(&rig);
    client_say(&late, GET("/late"));
    (void)expect_draining(&late);
    client_say(&client, GET("/3"));
    (void)expect_draining(&client);
    client_close(&silent);
    rig_drain_end(&rig);
    client_close(&client);
    client_close(&late);
    rig_stop(&rig);
}

static void a_drain_cuts_what_is_left(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    rig_start(&rig);
    struct client stuck = client_open(&rig);
    client_say(&stuck, "POST /never HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                       "Content-Length: 2\r\n\r\n");
    client_until(&stuck, "\r\n\r\n");
    rig_drain_begin(&rig, 50);
    rig_drain_end(&rig);
    assert_string_equal(client_rest(&stuck), "");
    client_close(&stuck);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_says_what_it_is),
        cmocka_unit_test(http_1_0_is_answered_and_closed),
        cmocka_unit_test(pipelined_answers_keep_their_order),
        cmocka_unit_test(a_long_pipeline_takes_turns_with_others),
        cmocka_unit_test(a_large_answer_waits_for_its_reader),
        cmocka_unit_test(a_half_closed_peer_gets_its_answers),
        cmocka_unit_test(a_client_that_goes_leaves_its_exchange),
        cmocka_unit_test(expectations_are_met_or_refused),
        cmocka_unit_test(after_a_refusal_nothing_more_is_read),
        cmocka_unit_test(the_slow_are_told_and_closed),
        cmocka_unit_test(an_address_has_its_share),
        cmocka_unit_test(a_trusted_proxy_speaks_for_its_clients),
        cmocka_unit_test(who_cannot_be_held_is_closed_and_counted),
        cmocka_unit_test(a_drain_lets_requests_finish),
        cmocka_unit_test(a_drain_tells_who_asks_again),
        cmocka_unit_test(a_drain_cuts_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
