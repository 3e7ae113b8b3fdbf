// SPDX-License-Identifier: Apache-2.0
#include "serve/front.h"
#include "serve/reader_rig.h"
#include "serve/streaming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FIN = 0x80, TEXT = 0x81, BINARY = 0x82, CLOSE = 0x88, PING = 0x89, PONG = 0x8A };

/* ---- a handler: /echo echoes; /ws does what one word says: +name joins, -name leaves, bad is a
 * bad message, bye closes ---- */

static void on_joined(struct ws_conn *ws, struct str stream)
{
    struct buf text;
    buf_init(&text, MEM_OTHER, 256);
    buf_add_str(&text, STR("joined "));
    buf_add_str(&text, stream);
    ws_conn_send(ws, buf_str(&text));
    buf_done(&text);
}

static void on_refused(struct ws_conn *ws, struct str stream, enum viewer_refusal why)
{
    (void)stream;
    ws_conn_send(ws, why == VIEWER_NO_STREAM ? STR("no stream") : STR("refused"));
}

static void say_err(struct ws_conn *ws, enum err err)
{
    if (err != ERR_OK) {
        ws_conn_send(ws, str_of(err_name(err)));
    }
}

static void on_word(struct ws_conn *ws, struct str text)
{
    const struct str rest = {.at = text.at + 1, .len = text.len - 1};
    if (text.at[0] == '+') {
        const struct join join = {.stream = rest, .tail = 50, .identity = 3};
        say_err(ws, ws_conn_join(ws, &join));
    } else if (text.at[0] == '-') {
        const enum err err = ws_conn_leave(ws, rest);
        say_err(ws, err);
        ws_conn_send(ws, err == ERR_OK ? STR("left") : STR("?"));
    } else if (str_eq(text, STR("only"))) {
        ws_conn_send(ws, ws_conn_stream(ws));
    } else if (str_eq(text, STR("bye"))) {
        ws_conn_close(ws, 4000, STR("as asked"));
    } else if (str_eq(text, STR("bad"))) {
        ws_conn_bad_message(ws);
    } else if (str_eq(text, STR("sign in"))) {
        const struct reader_rig *bench = ws_conn_user(ws);
        ws_conn_set_claims(ws, bench->claims);
        ws_conn_send(ws, STR("signed in"));
    } else {
        ws_conn_send(ws, text);
    }
}

static void on_text(struct ws_conn *ws, struct str text)
{
    ws_conn_send(ws, text);
}

static void on_binary(struct ws_conn *ws, struct str bytes)
{
    ws_conn_send_binary(ws, bytes);
}

static void on_closed(struct ws_conn *ws)
{
    (void)ws;
}

enum { ECHO_BYTES_MAX = 16 * 1024 * 1024 };

static void handle(void *user, struct exchange *exchange)
{
    static const struct ws_ops echo = {.message = on_text,
                                       .binary = on_binary,
                                       .joined = on_joined,
                                       .refused = on_refused,
                                       .closed = on_closed,
                                       .message_bytes_max = ECHO_BYTES_MAX};
    static const struct ws_ops words = {
        .message = on_word, .joined = on_joined, .refused = on_refused, .closed = on_closed};
    const struct reader_rig *bench = user;
    const bool is_echo = str_eq(exchange_request(exchange)->path, STR("/echo"));
    const struct reader reader = {.claims = is_echo ? NULL : bench->claims};
    struct ws_conn *ws = NULL;
    const enum err err = ws_conn_open(exchange, &reader, is_echo ? &echo : &words, user, &ws);
    assert_int_equal(err == ERR_OK, ws != NULL);
}

static void begin(struct reader_rig *bench)
{
    reader_rig_init(bench);
    bench->rig.options.handle = handle;
}

static void say(struct client *client, const char *text)
{
    reader_rig_say(client, TEXT, str_of(text));
}

static struct client join_demo(struct reader_rig *bench)
{
    struct client client = reader_rig_ws(bench, "/ws");
    say(&client, "+demo");
    reader_rig_hear_text(&client, "\"type\":\"hello\"");
    return client;
}

static void expect_event(struct client *client, uint64_t seq)
{
    char text[64];
    snprintf(text, sizeof(text), "\"seq\":%llu,", (unsigned long long)seq);
    reader_rig_hear_text(client, text);
}

/* ---- the handshake ---- */

#define WS(method, version, fields) method " /ws " version "\r\nHost: a\r\n" fields "\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"
#define UP "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"

static void the_handshake_is_checked(void **state)
{
    struct reader_rig bench;
    (void)state;
    static const struct {
        const char *request, *status, *line;
    } rows[] = {
        {WS("GET", "HTTP/1.1", UP KEY V13), "HTTP/1.1 101 ",
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"},
        {WS("GET", "HTTP/1.1", UP KEY V13 "Sec-WebSocket-Protocol: x, roar.v1\r\n"),
         "HTTP/1.1 101 ", "Sec-WebSocket-Protocol: roar.v1\r\n"},
        {WS("GET", "HTTP/1.1", KEY V13), "HTTP/1.1 426 ", "Upgrade: websocket\r\n"},
        {WS("GET", "HTTP/1.1", "Upgrade: websocket\r\n" KEY V13), "HTTP/1.1 426 ", ""},
        {WS("GET", "HTTP/1.1", UP KEY), "HTTP/1.1 426 ", "Sec-WebSocket-Version: 13\r\n"},
        {WS("GET", "HTTP/1.1", UP KEY "Sec-WebSocket-Version: 8\r\n"), "HTTP/1.1 426 ", ""},
        {WS("GET", "HTTP/1.1", UP V13), "HTTP/1.1 400 ", ""},
        {WS("GET", "HTTP/1.1", UP V13 "Sec-WebSocket-Key: short\r\n"), "HTTP/1.1 400 ", ""},
        {WS("GET", "HTTP/1.1", UP KEY KEY V13), "HTTP/1.1 400 ", ""},
        {WS("GET", "HTTP/1.0", UP KEY V13), "HTTP/1.1 400 ", ""},
        {WS("DELETE", "HTTP/1.1", UP KEY V13), "HTTP/1.1 405 ", "Allow: GET\r\n"},
    };
    begin(&bench);
    reader_rig_start(&bench);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client = client_open(&bench.rig);
        client_say(&client, rows[i].request);
        const char *head = client_until(&client, "\r\n\r\n");
        assert_ptr_equal(strstr(head, rows[i].status), head);
        assert_non_null(strstr(head, rows[i].line));
        client_close(&client);
    }
    reader_rig_stop(&bench);
}

/* ---- frames ---- */

static void what_is_said_is_echoed(void **state)
{
    struct reader_rig bench;
    struct str payload;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = reader_rig_ws(&bench, "/echo");
    say(&client, "hello");
    assert_int_equal(reader_rig_hear(&client, &payload), TEXT);
    assert_true(str_eq(payload, STR("hello")));
    reader_rig_say(&client, BINARY, STR("\xff\0\x01"));
    assert_int_equal(reader_rig_hear(&client, &payload), BINARY);
    assert_true(str_eq(payload, STR("\xff\0\x01")));
    reader_rig_say(&client, 1, STR("frag"));
    reader_rig_say(&client, PING, STR("between"));
    reader_rig_say(&client, FIN, STR("ment"));
    assert_int_equal(reader_rig_hear(&client, &payload), PONG);
    assert_true(str_eq(payload, STR("between")));
    assert_int_equal(reader_rig_hear(&client, &payload), TEXT);
    assert_true(str_eq(payload, STR("fragment")));
    reader_rig_say(&client, CLOSE,
                   STR("\x03\xe8"
                       "bye"));
    reader_rig_hear_close(&client, 1000);
    assert_string_equal(client_rest(&client), "");
    client_close(&client);
    reader_rig_stop(&bench);
}

static void a_large_message_comes_back_whole(void **state)
{
    struct reader_rig bench;
    struct str payload;
    static char large[1500 * 1000];
    (void)state;
    memset(large, 'x', sizeof(large));
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = reader_rig_ws(&bench, "/echo");
    reader_rig_say(&client, TEXT, (struct str){.at = large, .len = sizeof(large)});
    say(&client, "after");
    assert_int_equal(reader_rig_hear(&client, &payload), TEXT);
    assert_int_equal(payload.len, sizeof(large));
    assert_memory_equal(payload.at, large, sizeof(large));
    assert_int_equal(reader_rig_hear(&client, &payload), TEXT);
    assert_true(str_eq(payload, STR("after")));
    client_close(&client);
    reader_rig_stop(&bench);
}

static void broken_frames_end_it(void **state)
{
    struct reader_rig bench;
    (void)state;
    static const struct {
        int head;
        struct str payload;
        int code;
    } rows[] = {
        {0xC1, {"x", 1}, 1002},         // a reserved bit
        {0x83, {"x", 1}, 1002},         // a reserved opcode
        {0x80, {"x", 1}, 1002},         // a continuation of nothing
        {0x09, {"x", 1}, 1002},         // a fragmented ping
        {BINARY, {"x", 1}, 1003},       // binary where none is spoken
        {TEXT, {"\xff", 1}, 1007},      // no UTF-8
        {CLOSE, {"\x03", 1}, 1002},     // half a code
        {CLOSE, {"\x03\xed", 2}, 1002}, // 1005 is never sent
        {CLOSE, {"\x03\xe8\xff", 3}, 1007},
        {CLOSE, {"", 0}, 1005},
        {CLOSE, {"\x0f\xa0", 2}, 4000},
    };
    begin(&bench);
    reader_rig_start(&bench);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client = reader_rig_ws(&bench, "/ws");
        reader_rig_say(&client, rows[i].head, rows[i].payload);
        reader_rig_hear_close(&client, rows[i].code);
        assert_string_equal(client_rest(&client), "");
        client_close(&client);
    }
    struct client client = reader_rig_ws(&bench, "/ws"); // not masked
    client_send(&client, STR("\x81\x01x"));
    reader_rig_hear_close(&client, 1002);
    client_close(&client);
    client = reader_rig_ws(&bench, "/ws"); // says it is 64 KiB
    client_send(&client, STR("\x81\xff\0\0\0\0\0\x01\0\0\x01\x02\x03\x04"));
    reader_rig_hear_close(&client, 1009);
    client_close(&client);
    reader_rig_stop(&bench);
}

static void floods_end_it(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = reader_rig_ws(&bench, "/ws");
    for (int i = 0; i < 60; i++) {
        reader_rig_say(&client, PONG, STR("x"));
    }
    reader_rig_hear_close(&client, 1008);
    client_close(&client);

    client = reader_rig_ws(&bench, "/ws");
    for (int i = 0; i < 9; i++) {
        say(&client, "bad");
    }
    say(&client, "still here");
    reader_rig_hear_text(&client, "still here");
    say(&client, "bad");
    reader_rig_hear_close(&client, 1008);
    reader_rig_say(&client, CLOSE, STR("\x03\xf0"));
    assert_string_equal(client_rest(&client), "");
    client_close(&client);
    reader_rig_stop(&bench);
}

/* ---- streams ---- */

static void several_streams_share_a_connection(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = join_demo(&bench);
    say(&client, "+demo");
    reader_rig_hear_text(&client, err_name(ERR_EXISTS));
    say(&client, "only");
    reader_rig_hear_text(&client, "demo");
    say(&client, "+other");
    reader_rig_hear_text(&client, "joined other");
    reader_rig_hear_text(&client, "\"stream\":\"other\"");
    const uint64_t seq = reader_rig_commit(&bench); // the fake engine has it in both
    expect_event(&client, seq);
    expect_event(&client, seq);
    say(&client, "-demo");
    reader_rig_hear_text(&client, "left");
    say(&client, "-demo");
    reader_rig_hear_text(&client, err_name(ERR_NOT_FOUND));
    expect_event(&client, reader_rig_commit(&bench));
    say(&client, "only");
    reader_rig_hear_text(&client, "other");
    client_close(&client);
    reader_rig_stop(&bench);
}

static void a_full_socket_blocks_and_goes_on(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = join_demo(&bench);
    reader_rig_flood(&bench, 400); // 4 MB that nobody reads yet: a gap, then what comes next
    reader_rig_hear_text(&client, "\"type\":\"gap\"");
    expect_event(&client, reader_rig_commit(&bench));
    say(&client, "well");
    reader_rig_hear_text(&client, "well");
    client_close(&client);
    reader_rig_stop(&bench);
}

/* ---- ends ---- */

static void an_end_of_ours_waits_for_theirs(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_start(&bench);
    struct client client = join_demo(&bench);
    say(&client, "bye");
    reader_rig_hear_close(&client, 4000);
    say(&client, "too late");
    reader_rig_say(&client, CLOSE, STR("\x0f\xa0"));
    assert_string_equal(client_rest(&client), "");
    client_close(&client);
    reader_rig_stop(&bench);
}

static void goodbyes_have_their_codes(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    bench.rig.limits.conns_user_max = 1;
    reader_rig_sign_in(&bench, "ann", 3600 * 1000);
    reader_rig_start(&bench);
    struct client first = join_demo(&bench);
    struct client second = join_demo(&bench);
    reader_rig_hear_text(&first, "\"reason\":\"replaced\"");
    reader_rig_hear_close(&first, 4003);
    rig_drain_begin(&bench.rig, RIG_PATIENCE_MS);
    reader_rig_hear_text(&second, "\"reason\":\"drain\"");
    reader_rig_hear_close(&second, 1001);
    reader_rig_say(&second, CLOSE, STR("\x03\xe9"));
    client_close(&first);
    client_close(&second);
    rig_drain_end(&bench.rig);
    reader_rig_stop(&bench);
}

static void a_token_runs_out_unless_renewed(void **state)
{
    struct reader_rig bench;
    (void)state;
    begin(&bench);
    reader_rig_sign_in(&bench, "ann", 600);
    reader_rig_start(&bench);
    struct client renewing = reader_rig_ws(&bench, "/ws");
    struct client client = reader_rig_ws(&bench, "/ws");
    say(&client, "here");
    reader_rig_hear_text(&client, "here");
    reader_rig_sign_in(&bench, "ann", 3600 * 1000);
    say(&renewing, "sign in");
    reader_rig_hear_text(&renewing, "signed in");
    reader_rig_hear_text(&client, "\"reason\":\"token_expired\"");
    reader_rig_hear_close(&client, 4001);
    say(&renewing, "still here");
    reader_rig_hear_text(&renewing, "still here");
    client_close(&client);
    client_close(&renewing);
    reader_rig_stop(&bench);
}

static void who_answers_no_ping_is_dead(void **state)
{
    struct reader_rig bench;
    struct str payload;
    (void)state;
    begin(&bench);
    bench.rig.options.ping_ms = 60;
    reader_rig_start(&bench);
    struct client client = reader_rig_ws(&bench, "/ws");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(reader_rig_hear(&client, &payload), PING);
        reader_rig_say(&client, PONG, payload);
    }
    assert_int_equal(reader_rig_hear(&client, &payload), PING);
    assert_int_equal(reader_rig_hear(&client, &payload), PING);
    assert_string_equal(client_rest(&client), "");
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
    struct client stalled = join_demo(&bench);
    struct client healthy = join_demo(&bench);
    while (!reader_rig_told_goaway(&bench, GOAWAY_SLOW)) {
        char seq[64];
        snprintf(seq, sizeof(seq), "\"seq\":%llu,",
                 (unsigned long long)reader_rig_commit_large(&bench));
        reader_rig_hear_text(&healthy, seq);
    }
    client_close(&healthy);
    client_rest(&stalled);
    client_close(&stalled);
    reader_rig_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handshake_is_checked),
        cmocka_unit_test(what_is_said_is_echoed),
        cmocka_unit_test(a_large_message_comes_back_whole),
        cmocka_unit_test(broken_frames_end_it),
        cmocka_unit_test(floods_end_it),
        cmocka_unit_test(several_streams_share_a_connection),
        cmocka_unit_test(a_full_socket_blocks_and_goes_on),
        cmocka_unit_test(an_end_of_ours_waits_for_theirs),
        cmocka_unit_test(goodbyes_have_their_codes),
        cmocka_unit_test(a_token_runs_out_unless_renewed),
        cmocka_unit_test(who_answers_no_ping_is_dead),
        cmocka_unit_test(who_reads_nothing_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
