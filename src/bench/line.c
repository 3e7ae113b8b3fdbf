// SPDX-License-Identifier: Apache-2.0
#include "bench/line.h"

#include "base/must.h"
#include "sys/sys.h"

#include <stddef.h>

enum { STATUS_UPGRADED = 101, NO_BODY_UPGRADE = 2 };

static struct line *line_of(struct conn *conn)
{
    return (struct line *)(void *)((char *)conn - offsetof(struct line, conn));
}

/* ---- the parser ---- */

/* Stops the parser when its owner has had enough. */
static int verdict(const struct line *line)
{
    return line->is_ending ? -1 : HPE_OK;
}

static int on_head(llhttp_t *parser)
{
    struct line *line = parser->data;
    line->is_raw = parser->status_code == STATUS_UPGRADED;
    line->ops->answered(line, parser->status_code);
    if (line->is_ending) {
        return -1;
    }
    return line->is_raw ? NO_BODY_UPGRADE : HPE_OK;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct line *line = parser->data;
    line->ops->body(line, (struct str){.at = at, .len = len});
    return verdict(line);
}

static int on_whole(llhttp_t *parser)
{
    struct line *line = parser->data;
    if (!line->is_raw) {
        line->ops->whole(line);
    }
    return verdict(line);
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_whole,
};

/* Bytes through the parser, or past it. False: it broke, or its owner has had enough. */
static bool take(struct line *line, struct str bytes)
{
    if (!line->is_raw) {
        const enum llhttp_errno fault = llhttp_execute(&line->parser, bytes.at, bytes.len);
        if (fault == HPE_OK) {
            return !line->is_ending;
        }
        if (fault != HPE_PAUSED_UPGRADE || line->is_ending) {
            return false;
        }
        const char *rest = llhttp_get_error_pos(&line->parser);
        bytes = (struct str){.at = rest, .len = bytes.len - (size_t)(rest - bytes.at)};
    }
    if (bytes.len > 0) {
        line->ops->body(line, bytes);
    }
    return !line->is_ending;
}

/* ---- the connection ---- */

static void tell_ended(struct line *line)
{
    line_close(line);
    line->ops->ended(line);
}

static void on_received(struct conn *conn, struct str bytes)
{
    struct line *line = line_of(conn);
    line->in_callback = true;
    const bool goes_on = take(line, bytes);
    line->in_callback = false;
    if (!goes_on) {
        tell_ended(line);
    }
}

static void on_writable(struct conn *conn)
{
    (void)conn; // what it kept is sent
}

static void on_over(struct conn *conn)
{
    tell_ended(line_of(conn));
}

static void on_dialed(struct dial *dial, int fd)
{
    static const struct conn_ops ops = {
        .received = on_received, .writable = on_writable, .half_closed = on_over, .ended = on_over};

    struct line *line = (struct line *)(void *)((char *)dial - offsetof(struct line, dial));
    line->state = LINE_CLOSED;
    if (fd == -1 || conn_init(&line->conn, line->reactor, &ops, fd) != ERR_OK) {
        line->ops->ended(line);
        return;
    }
    line->state = LINE_OPEN;
    line->ops->opened(line);
}

/* ---- what its owner says ---- */

void line_init(struct line *line, struct reactor *reactor, const struct line_ops *ops)
{
    *line = (struct line){.reactor = reactor, .ops = ops};
}

enum err line_open(struct line *line, const struct address *to, const struct address *from)
{
    must(line->state == LINE_CLOSED && !line->in_callback);
    line->is_ending = false;
    line->is_raw = false;
    line->to = to;
    line->dial.dialed = on_dialed;
    llhttp_init(&line->parser, HTTP_RESPONSE, &settings);
    line->parser.data = line;
    TRY(dial_start(&line->dial, line->reactor, to, from));
    line->state = LINE_DIALING;
    return ERR_OK;
}

enum err line_send(struct line *line, struct str bytes)
{
    return line->state == LINE_OPEN ? conn_send(&line->conn, bytes) : ERR_CLOSED;
}

void line_end(struct line *line)
{
    if (line->in_callback) {
        line->is_ending = true;
    } else if (line->state != LINE_CLOSED) {
        tell_ended(line);
    }
}

void line_close(struct line *line)
{
    must(!line->in_callback);
    if (line->state == LINE_OPEN) {
        conn_done(&line->conn);
    } else if (line->state == LINE_DIALING) {
        dial_cancel(&line->dial);
    }
    line->state = LINE_CLOSED;
}

void line_reset(struct line *line)
{
    if (line->state == LINE_OPEN) {
        sys_socket_reset_on_close(line->conn.source.fd);
    }
    line_close(line);
}
