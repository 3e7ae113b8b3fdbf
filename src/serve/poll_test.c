// SPDX-License-Identifier: Apache-2.0
#include "serve/reader_rig.h"
#include "serve/streaming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a handler: /<wait> polls "demo" behind its query's seq, for so many milliseconds ---- */

static void found(struct exchange *exchange, const struct poll_found *found)
{
    struct buf body;
    buf_init(&body, MEM_OTHER, 4096);
    buf_addf(&body, "%zu events up to %llu", found->count, (unsigned long long)found->cursor.seq);
    buf_addf(&body, "%s.", found->resync ? " resync" : "");
    const struct answer answer = {.status = 200, .type = STR("text/plain"), .body = buf_str(&body)};
    exchange_answer(exchange, &answer);
    buf_done(&body);
}

static void refused(struct exchange *exchange, enum viewer_refusal why)
{
    const struct answer answer = {.status = why == VIEWER_STORE_DOWN ? 503 : 404};
    exchange_answer(exchange, &answer);
}

static void handle(void *user, struct exchange *exchange)
{
    static const struct poll_ops ops = {.found = found, .refused = refused};
    const struct request *request = exchange_request(exchange);
    struct join join = {.stream = STR("demo"), .tail = 50, .limit = 500};
    struct poll_options options = {.ops = &ops};
    uint64_t wait_ms = 0;
    (void)user;
    const struct str path = {.at = request->path.at + 1, .len = request->path.len - 1};
    assert_true(str_to_u64(path, POLL_WAIT_MS_MAX, &wait_ms));
    options.wait_ms = (uint32_t)wait_ms;
    join.has_cursor = str_to_u64(request->query, SEQ_MAX, &join.cursor.seq);
    poll_open(exchange, &join, &options);
}

static void begin(struct reader_rig *bench)
{
    reader_rig_init(bench);
    bench->rig.options.handle = handle;
    reader_rig_start(bench);
}

static void ask(struct client *client, unsigned wait_ms, uint64_t after)
{
    char text[128];
    snprintf(text, sizeof(text), "GET /%u?%llu HTTP/1.1\r\nHost: a\r\n\r\n", wait_ms,
             (unsigned long long)after);
    client_say(client, text);
}

static void expect(struct client *client, size_t count, uint64_t upto)
{
    char text[64];
    snprintf(text, sizeof(text), "%zu events up to %llu.", count, (unsigned long long)upto);
    client_until(client, "\r\n\r\n");
    assert_string_equal(client_until(client, "."), text);
}

static void what_is_there_is_answered_at_once(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    const uint64_t first = reader_rig_commit(&bench);
    const uint64_t second = reader_rig_commit(&bench);
    struct client client = client_open(&bench.rig);
    ask(&client, POLL_WAIT_MS_MAX, 0);
    expect(&client, 2, second);
    ask(&client, POLL_WAIT_MS_MAX, first);
    expect(&client, 1, second);
    ask(&client, 0, second);
    expect(&client, 0, second);
    client_close(&client);
    reader_rig_stop(&bench);
}

static void the_next_event_ends_the_wait(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    const uint64_t first = reader_rig_commit(&bench);
    struct client waiting = client_open(&bench.rig);
    struct client other = client_open(&bench.rig);
    ask(&waiting, POLL_WAIT_MS_MAX, first);
    ask(&other, 0, first); // its answer says that the first is being waited for
    expect(&other, 0, first);
    expect(&waiting, 1, reader_rig_commit(&bench));
    client_close(&waiting);
    client_close(&other);
    reader_rig_stop(&bench);
}

static void the_wait_ends_by_itself(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    const uint64_t first = reader_rig_commit(&bench);
    struct client client = client_open(&bench.rig);
    ask(&client, 60, first);
    expect(&client, 0, first);
    ask(&client, 60, first);
    expect(&client, 0, first);
    client_close(&client);
    reader_rig_stop(&bench);
}

static void who_goes_while_waiting_is_forgotten(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    const uint64_t first = reader_rig_commit(&bench);
    for (int i = 0; i < 20; i++) {
        struct client client = client_open(&bench.rig);
        ask(&client, POLL_WAIT_MS_MAX, first);
        client_reset(&client);
    }
    struct client shut = client_open(&bench.rig); // half closed: answered without waiting
    ask(&shut, POLL_WAIT_MS_MAX, first);
    client_shut(&shut);
    expect(&shut, 0, first);
    client_rest(&shut);
    client_close(&shut);
    reader_rig_stop(&bench);
}

static void a_drain_ends_the_wait(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    const uint64_t first = reader_rig_commit(&bench);
    struct client waiting = client_open(&bench.rig);
    struct client other = client_open(&bench.rig);
    ask(&waiting, POLL_WAIT_MS_MAX, first);
    ask(&other, 0, first);
    expect(&other, 0, first);
    rig_drain_begin(&bench.rig, RIG_PATIENCE_MS);
    expect(&waiting, 0, first);
    client_rest(&waiting);
    rig_drain_end(&bench.rig);
    client_close(&waiting);
    client_close(&other);
    reader_rig_stop(&bench);
}

static void a_refused_wait_is_answered(void **state)
{
    struct reader_rig bench;
    (void)state;
    reader_rig_init(&bench);
    bench.rig.options.handle = handle;
    bench.engine.watch_fails = ERR_SYS;
    reader_rig_start(&bench);
    struct client client = client_open(&bench.rig);
    ask(&client, POLL_WAIT_MS_MAX, 0);
    client_until(&client, "HTTP/1.1 503 ");
    client_close(&client);
    reader_rig_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_answered_at_once),
        cmocka_unit_test(the_next_event_ends_the_wait),
        cmocka_unit_test(the_wait_ends_by_itself),
        cmocka_unit_test(who_goes_while_waiting_is_forgotten),
        cmocka_unit_test(a_drain_ends_the_wait),
        cmocka_unit_test(a_refused_wait_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
