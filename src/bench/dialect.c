// SPDX-License-Identifier: Apache-2.0
#include "bench/dialect.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { MARK_BYTES_MAX = 32, MESSAGE_BYTES_MAX = 8 * 1024 };

/* How each of them is set up: bench/peers/. */
static const struct dialect dialects[] = {
    {.name = "nchan",
     .sse_path = "/sub/$",
     .ws_path = "/sub/$",
     .resumes = true,
     .post_path = "/pub/$"},
    {.name = "centrifugo",
     .sse_path = "/connection/uni_sse?cf_connect=%7B%22subs%22%3A%7B%22$%22%3A%7B%7D%7D%7D",
     .ws_path = "/connection/websocket",
     .greeting = "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"$\"}}",
     .ready = "\"id\":2",
     .ping = "{}",
     .pong = "{}",
     .post_path = "/api/publish",
     .post_head = "X-API-Key: bench\r\n",
     .before = "{\"channel\":\"$\",\"data\":",
     .behind = "}"},
    {.name = "mercure",
     .sse_path = "/.well-known/mercure?topic=$",
     .post_path = "/.well-known/mercure",
     .before = "topic=$&data=",
     .behind = "",
     .is_form = true},
    {.name = "nats", // posts go through bench/peers/nats.mjs
     .ws_path = "/",
     .greeting = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB $ 1\r\nPING\r\n",
     .ready = "PONG",
     .ping = "PING\r\n",
     .pong = "PONG\r\n",
     .post_path = "/publish/$"},
    {.name = "socketio",
     .ws_path = "/socket.io/?EIO=4&transport=websocket",
     .greeting = "40",
     .ready = "40{",
     .ping = "2",
     .pong = "3",
     .post_path = "/publish/$"},
};

const struct dialect *dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (strcmp(dialects[i].name, name) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}

void dialect_names(struct buf *out)
{
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        buf_addf(out, "%s%s", i == 0 ? "" : ", ", dialects[i].name);
    }
}

bool dialect_speaks(const struct dialect *dialect, enum transport transport)
{
    switch (transport) {
    case TRANSPORT_SSE:
        return dialect->sse_path != NULL;
    case TRANSPORT_WS:
        return dialect->ws_path != NULL;
    case TRANSPORT_POLL:
    case TRANSPORTS:
        break;
    }
    return false;
}

/* A text of the row, with the stream's name where "$" stands. */
static void write_filled(const struct plan *plan, const char *text, struct buf *out)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '$') {
            buf_addf(out, "bench-%s", plan->run);
        } else {
            buf_add_byte(out, (uint8_t)*text);
        }
    }
}

/* ---- reading ---- */

void dialect_write_read(const struct plan *plan, enum transport transport, struct str last_id,
                        struct buf *out)
{
    const bool is_ws = transport == TRANSPORT_WS;
    buf_addf(out, "GET %s", plan->path);
    write_filled(plan, is_ws ? plan->peer->ws_path : plan->peer->sse_path, out);
    buf_addf(out, " HTTP/1.1\r\nHost: %s\r\n", plan->host);
    if (is_ws) {
        buf_add_str(out, STR("Connection: Upgrade\r\nUpgrade: websocket\r\n"
                             "Sec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: cm9hciBiZW5jaCBrZXkgIQ==\r\n"));
    } else {
        buf_add_str(out, STR("Accept: text/event-stream\r\n"));
    }
    if (last_id.len > 0) {
        buf_addf(out, "Last-Event-ID: %.*s\r\n", STR_ARG(last_id));
    }
    buf_add_str(out, STR("\r\n"));
}

void dialect_write_greeting(const struct plan *plan, struct buf *out)
{
    write_filled(plan, plan->peer->greeting, out);
}

/* ---- posting ---- */

static void write_message(const struct plan *plan, uint64_t number, int64_t due_us, struct buf *out)
{
    buf_addf(out, "{\"type\":\"comment\",\"cid\":\"b%s-%" PRIi64 "-%" PRIu64 "\",\"seq\":%" PRIu64,
             plan->run, due_us, number, number + 1);
    buf_add_str(out, STR(",\"text\":\""));
    for (uint32_t i = 0; out->len + 2 < plan->bytes && buf_ok(out); i++) {
        buf_add_byte(out, i % 6 == 5 ? ' ' : (uint8_t)('a' + (number + i) % 26));
    }
    buf_add_str(out, STR("\"}"));
}

static void write_encoded(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (isalnum((unsigned char)text.at[i])) {
            buf_add_byte(out, (uint8_t)text.at[i]);
        } else {
            buf_addf(out, "%%%02X", (unsigned char)text.at[i]);
        }
    }
}

static void write_body(const struct plan *plan, uint64_t number, int64_t due_us, struct buf *out)
{
    struct buf message;
    buf_init(&message, MEM_OTHER, MESSAGE_BYTES_MAX);
    write_message(plan, number, due_us, &message);
    write_filled(plan, plan->peer->before, out);
    if (plan->peer->is_form) {
        write_encoded(buf_str(&message), out);
    } else {
        buf_add_str(out, buf_str(&message));
    }
    write_filled(plan, plan->peer->behind, out);
    buf_done(&message);
}

void dialect_write_post(const struct plan *plan, uint64_t number, int64_t due_us, struct buf *out)
{
    const struct dialect *peer = plan->peer;
    struct buf body;
    buf_init(&body, MEM_OTHER, 4 * MESSAGE_BYTES_MAX);
    write_body(plan, number, due_us, &body);
    buf_addf(out, "POST %s", plan->path);
    write_filled(plan, peer->post_path, out);
    buf_addf(out, " HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s",
             plan->host, peer->is_form ? "application/x-www-form-urlencoded" : "application/json",
             body.len, peer->post_head == NULL ? "" : peer->post_head);
    if (plan->token_count > 0) {
        buf_addf(out, "Authorization: Bearer %.*s\r\n", STR_ARG(plan->tokens[0]));
    }
    buf_add_str(out, STR("\r\n"));
    buf_add_str(out, buf_str(&body));
    buf_done(&body);
}

/* ---- what comes back ---- */

bool dialect_next(const struct plan *plan, struct str *text, uint64_t *ret_due_us,
                  uint64_t *ret_number)
{
    char mark[MARK_BYTES_MAX];
    const int len = snprintf(mark, sizeof(mark), "\"b%s-", plan->run);
    const char *at = text->len == 0 ? NULL : memmem(text->at, text->len, mark, (size_t)len);
    if (at == NULL) {
        return false;
    }
    struct str rest = {.at = at + len, .len = text->len - (size_t)(at + len - text->at)};
    const struct str due = str_cut(rest, '-', &rest);
    const struct str number = str_cut(rest, '"', &rest);
    *text = rest;
    return str_to_u64(due, INT64_MAX, ret_due_us) && str_to_u64(number, INT64_MAX, ret_number);
}
