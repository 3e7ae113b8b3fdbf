// SPDX-License-Identifier: Apache-2.0
#include "api/debug_api.h"

#include "api/ask.h"
#include "api/respond.h"
#include "serve/streaming.h"

enum { ECHO_BYTES_MAX = 16 * 1024 * 1024 }; // the largest message of the public suites

void debug_api_echo(struct ask *ask)
{
    const struct str type = request_field(ask->request, "content-type");
    respond_bytes(ask->exchange,
                  &(struct answer){.status = 200,
                                   .type = type.len > 0 ? type : STR("application/octet-stream"),
                                   .body = ask->request->body});
}

static void on_text(struct ws_conn *ws, struct str text)
{
    ws_conn_send(ws, text);
}

static void on_binary(struct ws_conn *ws, struct str bytes)
{
    ws_conn_send_binary(ws, bytes);
}

static void on_joined(struct ws_conn *ws, struct str stream)
{
    (void)ws, (void)stream; // it joins none
}

static void on_refused(struct ws_conn *ws, struct str stream, enum viewer_refusal why)
{
    (void)ws, (void)stream, (void)why;
}

static void on_closed(struct ws_conn *ws)
{
    (void)ws; // nothing was kept for it
}

void debug_api_ws(struct ask *ask)
{
    static const struct ws_ops ops = {
        .message = on_text,
        .binary = on_binary,
        .joined = on_joined,
        .refused = on_refused,
        .closed = on_closed,
        .message_bytes_max = ECHO_BYTES_MAX,
    };
    const struct reader reader = {0};
    struct ws_conn *ws = NULL;
    const enum err err = ws_conn_open(ask->exchange, &reader, &ops, NULL, &ws);
    (void)err; // it answered itself
}
