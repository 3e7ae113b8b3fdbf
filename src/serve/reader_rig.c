// SPDX-License-Identifier: Apache-2.0
#include "serve/reader_rig.h"

#include "serve/front.h"
#include "sys/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECRET STR("a secret of at least thirty-two bytes")

static int64_t on_turn(struct turn_hook *hook, int64_t mono_ms)
{
    struct reader_rig *bench = list_entry(hook, struct reader_rig, hook);
    const int64_t wish_ms = hub_turn(bench->hub, mono_ms);
    while (fake_engine_step(&bench->engine)) {
    }
    return wish_ms;
}

void reader_rig_init(struct reader_rig *bench)
{
    *bench = (struct reader_rig){.hook = {.turn = on_turn}};
    rig_init(&bench->rig);
    fake_engine_init(&bench->engine, 11);
}

void reader_rig_start(struct reader_rig *bench)
{
    const struct hub_options options = {.port = &bench->engine.port,
                                        .home = reactor_home(bench->rig.reactor),
                                        .seed = 5,
                                        .resume_max = 1000,
                                        .merge_ms = 1,
                                        .merge_max_ms = 2,
                                        .presence_ttl_ms = 30000,
                                        .presence_beat_ms = 10000,
                                        .ring_bytes_max = 1024 * 1024};
    assert_int_equal(hub_new(&options, &bench->hub), ERR_OK);
    bench->rig.options.hub = bench->hub;
    bench->rig.options.user = bench;
    reactor_hook(bench->rig.reactor, &bench->hook);
    rig_start(&bench->rig);
}

static void on_closed(void *user)
{
    sem_post(&((struct reader_rig *)user)->closed);
}

static void close_all(struct rig *rig)
{
    struct reader_rig *bench = (struct reader_rig *)(void *)rig; // its first member
    server_free(rig->server);
    rig->server = NULL;
    hub_close(bench->hub, on_closed, bench);
}

void reader_rig_stop(struct reader_rig *bench)
{
    assert_int_equal(sem_init(&bench->closed, 0, 0), 0);
    rig_run(&bench->rig, close_all);
    rig_await(&bench->closed);
    rig_stop(&bench->rig);
    hub_free(bench->hub);
    fake_engine_done(&bench->engine);
    claims_unref(bench->claims);
}

void reader_rig_sign_in(struct reader_rig *bench, const char *sub, int64_t left_ms)
{
    struct jwt_keys *keys;
    struct buf token;
    enum jwt_fault fault;
    const int64_t now_ms = clock_wall_ms(sys_clock());
    const struct jwt_grant grant = {
        .sub = str_of(sub), .iat_s = now_ms / 1000, .exp_s = (now_ms + left_ms + 999) / 1000};
    assert_int_equal(jwt_keys_new(&keys), ERR_OK);
    assert_int_equal(jwt_keys_add_secret(keys, SECRET), ERR_OK);
    buf_init(&token, MEM_OTHER, 4096);
    assert_int_equal(jwt_sign(SECRET, &grant, &token), ERR_OK);
    claims_unref(bench->claims);
    assert_int_equal(jwt_verify(keys, buf_str(&token), now_ms / 1000, &bench->claims, &fault),
                     ERR_OK);
    buf_done(&token);
    jwt_keys_free(keys);
}

static void commit(struct rig *rig)
{
    struct reader_rig *bench = (struct reader_rig *)(void *)rig; // its first member
    fake_engine_commit(&bench->engine, EVENT_COMMENT, reactor_now_ms(rig->reactor));
    bench->seq = fake_engine_head(&bench->engine);
}

uint64_t reader_rig_commit(struct reader_rig *bench)
{
    rig_run(&bench->rig, commit);
    return bench->seq;
}

static void commit_large(struct rig *rig)
{
    struct reader_rig *bench = (struct reader_rig *)(void *)rig; // its first member
    fake_engine_commit_sized(&bench->engine, EVENT_COMMENT, reactor_now_ms(rig->reactor), 10000);
    bench->seq = fake_engine_head(&bench->engine);
}

uint64_t reader_rig_commit_large(struct reader_rig *bench)
{
    rig_run(&bench->rig, commit_large);
    return bench->seq;
}

void reader_rig_flood(struct reader_rig *bench, int count)
{
    for (int i = 0; i < count; i++) {
        rig_run(&bench->rig, commit_large);
    }
}

bool reader_rig_told_goaway(struct reader_rig *bench, int reason)
{
    return metric_value(&bench->rig.server->meter.metrics[METER_GOAWAY_DRAIN + reason]) > 0;
}

/* ---- a WebSocket client ---- */

struct client reader_rig_ws(struct reader_rig *bench, const char *path)
{
    struct client client = client_open(&bench->rig);
    client_say(&client, "GET ");
    client_say(&client, path);
    client_say(&client, " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    assert_non_null(strstr(client_until(&client, "\r\n\r\n"), "HTTP/1.1 101 "));
    return client;
}

void reader_rig_say(struct client *client, int head, struct str payload)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    struct buf frame;
    buf_init(&frame, MEM_OTHER, payload.len + 16);
    buf_add_byte(&frame, (uint8_t)head);
    if (payload.len < 126) {
        buf_add_byte(&frame, (uint8_t)(0x80 | payload.len));
    } else {
        const bool is_long = payload.len > UINT16_MAX;
        buf_add_byte(&frame, is_long ? 0xFF : 0xFE);
        for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) {
            buf_add_byte(&frame, (uint8_t)((uint64_t)payload.len >> shift));
        }
    }
    buf_add(&frame, mask, sizeof(mask));
    for (size_t i = 0; i < payload.len; i++) {
        buf_add_byte(&frame, (uint8_t)((uint8_t)payload.at[i] ^ mask[i % 4]));
    }
    assert_true(buf_ok(&frame));
    client_send(client, buf_str(&frame));
    buf_done(&frame);
}

int reader_rig_hear(struct client *client, struct str *ret_payload)
{
    const struct str start = client_take(client, 2);
    const int head = (uint8_t)start.at[0];
    uint64_t len = (uint8_t)start.at[1];
    const size_t more = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (more > 0) {
        const struct str rest = client_take(client, more);
        len = 0;
        for (size_t i = 0; i < more; i++) {
            len = len << 8 | (uint8_t)rest.at[i];
        }
    }
    *ret_payload = client_take(client, len);
    return head;
}

void reader_rig_hear_close(struct client *client, int code)
{
    struct str payload;
    int head = reader_rig_hear(client, &payload);
    while (head != 0x88) {
        head = reader_rig_hear(client, &payload);
    }
    const int got = payload.len < 2 ? 1005 : (uint8_t)payload.at[0] << 8 | (uint8_t)payload.at[1];
    assert_int_equal(got, code);
}

void reader_rig_hear_text(struct client *client, const char *word)
{
    struct str payload;
    char *text = NULL;
    bool found = false;
    while (!found) {
        const int head = reader_rig_hear(client, &payload);
        assert_int_not_equal(head, 0x88);
        text = mem_copy_text(MEM_OTHER, payload.at, payload.len);
        assert_non_null(text);
        found = head == 0x81 && strstr(text, word) != NULL;
        mem_free(MEM_OTHER, text);
    }
}
