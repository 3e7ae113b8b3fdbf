// SPDX-License-Identifier: Apache-2.0
#include "serve/http_reply.h"

#include "net/conn.h"
#include "serve/meter.h"

static enum err keep_rest(const struct http_reply_to *to, struct str rest,
                          struct http_reply **ret_reply)
{
    struct http_reply *reply = mem_new(MEM_CONN, sizeof(*reply));
    if (reply == NULL) {
        return ERR_NOMEM;
    }
    reply->conn = to->conn;
    reply->meter = to->meter;
    buf_init(&reply->rest, MEM_CONN, HTTP_REPLY_BYTES_MAX);
    buf_add_str(&reply->rest, rest);
    if (!buf_ok(&reply->rest)) {
        http_reply_free(reply);
        return ERR_NOMEM;
    }
    *ret_reply = reply;
    return ERR_AGAIN;
}

enum err http_reply_send(const struct http_reply_to *to, const struct answer *answer,
                         struct http_reply **ret_reply)
{
    const bool has_body = !to->is_head && http_answer_has_body(answer->status);
    struct str body = has_body ? answer->body : STR_NONE;
    struct buf out;
    buf_init(&out, MEM_CONN, HTTP_REPLY_HEAD_BYTES_MAX);
    http_answer_write(&out, answer, &to->line);
    if (body.len <= HTTP_REPLY_WHOLE_BYTES_MAX) {
        buf_add_str(&out, body);
        body = STR_NONE;
    }
    meter_answer(to->meter, answer->status);
    meter_count(to->meter, METER_SENT_BYTES, (int64_t)out.len);
    const enum err err = buf_ok(&out) ? conn_send(to->conn, buf_str(&out)) : ERR_NOMEM;
    buf_done(&out);
    if (err != ERR_OK || body.len == 0) {
        return err;
    }
    const size_t sent = conn_try_send(to->conn, (const uint8_t *)body.at, body.len);
    meter_count(to->meter, METER_SENT_BYTES, (int64_t)sent);
    if (sent == body.len) {
        return ERR_OK;
    }
    return keep_rest(to, (struct str){.at = body.at + sent, .len = body.len - sent}, ret_reply);
}

enum err http_reply_go_on(struct http_reply *reply, bool *ret_moved)
{
    const size_t len = reply->rest.len - reply->rest_at;
    const size_t sent = conn_try_send(reply->conn, reply->rest.bytes + reply->rest_at, len);
    meter_count(reply->meter, METER_SENT_BYTES, (int64_t)sent);
    reply->rest_at += sent;
    *ret_moved = sent > 0;
    return sent == len ? ERR_OK : ERR_AGAIN;
}

void http_reply_free(struct http_reply *reply)
{
    if (reply != NULL) {
        buf_done(&reply->rest);
        mem_free(MEM_CONN, reply);
    }
}
