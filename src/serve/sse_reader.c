// SPDX-License-Identifier: Apache-2.0
/* A reader by Server-Sent Events:
 *
 *   sse_reader_open() ─▶ joining ──open──▶ riding ──goodbye, FIN, cut──▶ ended: freed
 *                           └─refuse, gone, drained─▶ freed
 *
 * It keeps no bytes: the hub hands it a place in a ring, the connection takes what it takes. One
 * clock, moved_ms, says when bytes last went (or could have gone): the heartbeat line and the stall
 * are both measured from it. */
#include "serve/streaming.h"

#include "hub/encoding.h"
#include "serve/admission.h"
#include "serve/carrier.h"
#include "serve/front.h"
#include "serve/refusal.h"
#include "wire/accept_encoding.h"
#include "wire/deflater.h"
#include "wire/sse.h"
#include "wire/stored.h"

enum {
    IGNORED_BYTES_MAX = 16 * 1024, // what a client may say behind its request
    HEADERS_BYTES_MAX = 32 * 1024,
    NEVER_MS = -1000000000, // long ago
};

/* What it needs until `open`. */
struct sse_request {
    struct exchange *exchange; // owned
    void (*refused)(struct exchange *exchange, enum viewer_refusal why);
    size_t cors_len;
    char cors[];
};

struct sse_reader {
    struct viewer viewer; // first
    union {
        struct carrier *carrier;     // is_open: borrowed until `ended`
        struct sse_request *request; // before: owned
    };
    struct claims *claims; // a reference; NULL: anonymous
    int64_t moved_ms;      // mono: bytes last went, or the socket could take them
    int64_t asked_ms;      // mono: presence was last asked
    uint32_t ignored_bytes;
    bool is_open;
    bool gzips;     // frozen
    bool has_begun; // bytes of its stream went, so the gzip stream's head did
};
_Static_assert(sizeof(struct sse_reader) <= 136, "every viewer has one: 512 bytes a viewer in all");

static struct sse_reader *of_viewer(struct viewer *viewer)
{
    return list_entry(viewer, struct sse_reader, viewer);
}

static void free_reader(struct server *server, struct sse_reader *reader)
{
    if (!reader->is_open) {
        mem_free(MEM_VIEWER, reader->request);
    }
    claims_unref(reader->claims);
    pool_free(&server->sse_readers, reader);
}

static struct str cors_of(const struct sse_request *request)
{
    return (struct str){.at = request->cors, .len = request->cors_len};
}

/* ---- goodbye ---- */

static bool is_stuck(const struct sse_reader *reader)
{
    return reader->viewer.blocked || carrier_waiting_bytes(reader->carrier) > 0;
}

/* Bytes of its own, as its stream has them. */
static void code(const struct sse_reader *reader, struct buf *out, struct str bytes)
{
    if (!reader->gzips) {
        buf_add_str(out, bytes);
        return;
    }
    if (!reader->has_begun) {
        buf_add_str(out, DEFLATER_GZIP_HEAD);
    }
    stored_write(out, bytes);
}

static void goodbye(struct sse_reader *reader, enum goaway_reason reason)
{
    struct carrier *carrier = reader->carrier;
    struct server *server = carrier->server;
    const uint32_t retry_ms = front_goaway(server, reason);
    struct buf json;
    struct buf out;
    struct buf coded;
    viewer_leave(server->hub, &reader->viewer);
    buf_init(&json, MEM_VIEWER, 512);
    buf_init(&out, MEM_VIEWER, 1024);
    goaway_write(&json, reason, retry_ms);
    sse_write_retry(&out, retry_ms);
    sse_write(&out, STR_NONE, buf_str(&json));
    buf_init(&coded, MEM_VIEWER, 2048);
    code(reader, &coded, buf_str(&out));
    if (reason == GOAWAY_SLOW) { // what it does not read cannot be waited for
        carrier_try_send(carrier, coded.bytes, coded.len);
        carrier_cut(carrier);
    } else {
        carrier_send(carrier, buf_str(&coded));
        carrier_end(carrier);
    }
    buf_done(&json);
    buf_done(&out);
    buf_done(&coded);
}

/* ---- what the carrier says ---- */

static void on_received(struct carrier *carrier, struct str bytes)
{
    struct sse_reader *reader = carrier->rider;
    reader->ignored_bytes += (uint32_t)bytes.len;
    if (reader->ignored_bytes > IGNORED_BYTES_MAX) {
        carrier_cut(carrier);
    }
}

static void on_writable(struct carrier *carrier)
{
    struct sse_reader *reader = carrier->rider;
    reader->moved_ms = front_now_ms(carrier->server);
    viewer_writable(carrier->server->hub, &reader->viewer);
}

static void on_half_closed(struct carrier *carrier)
{
    struct sse_reader *reader = carrier->rider;
    viewer_leave(carrier->server->hub, &reader->viewer);
    carrier_end(carrier);
}

static void write_line(struct sse_reader *reader, int64_t now_ms)
{
    uint8_t bytes[32];
    struct buf line;
    if (!reader->has_begun) { // the hub has more to say first
        return;
    }
    buf_init_over(&line, bytes, sizeof(bytes));
    code(reader, &line, STR(":\n\n"));
    const size_t sent = carrier_try_send(reader->carrier, bytes, line.len);
    reader->moved_ms = now_ms;
    meter_count(&reader->carrier->server->meter, METER_LINES, 1);
    if (sent > 0) {
        viewer_sent_own(&reader->viewer);
    }
    if (sent > 0 && sent < line.len) {
        carrier_send(reader->carrier,
                     (struct str){.at = (const char *)bytes + sent, .len = line.len - sent});
    }
}

/* Bytes in flight that nobody acknowledges: the peer is away. Who was sent nothing since all was
 * acknowledged need not be asked. False: it has been away for so long that it is let go. */
static bool ask_presence(struct sse_reader *reader, int64_t now_ms)
{
    struct server *server = reader->carrier->server;
    const int64_t silent_ms = carrier_silent_ms(reader->carrier);
    if (silent_ms >= server->stall_ms && silent_ms >= server->ttl_ms) {
        return false;
    }
    reader->asked_ms = silent_ms == 0 ? now_ms : NEVER_MS; // again at the next visit
    viewer_beats(server->hub, &reader->viewer, front_is_there(reader->carrier, silent_ms));
    return true;
}

/* It is asked before it is sent a line: behind it, that line would be on its way. */
static void on_visited(struct carrier *carrier, int64_t now_ms)
{
    struct sse_reader *reader = carrier->rider;
    const struct server *server = carrier->server;
    if (!front_look_at_token(carrier, reader->claims)) {
        goodbye(reader, GOAWAY_EXPIRED);
        return;
    }
    const bool stuck = is_stuck(reader);
    if (stuck && front_has_stalled(carrier, reader->moved_ms)) {
        goodbye(reader, GOAWAY_SLOW);
        return;
    }
    if (now_ms - reader->asked_ms >= server->line_ms && !ask_presence(reader, now_ms)) {
        carrier_cut(carrier);
        return;
    }
    if (!stuck && now_ms - reader->moved_ms >= server->line_ms) {
        write_line(reader, now_ms);
    }
    const int64_t due_ms = reader->moved_ms + (stuck ? server->stall_ms : server->line_ms);
    front_visit_by(carrier, due_ms > now_ms ? due_ms : now_ms + server->visit_ms);
    if (reader->asked_ms != NEVER_MS) { // else front_is_there() has planned when
        front_visit_by(carrier, reader->asked_ms + server->line_ms);
    }
    front_visit_by(carrier, now_ms + server->stall_ms); // it may be stuck by then
}

static void on_drained(struct carrier *carrier)
{
    goodbye(carrier->rider, GOAWAY_DRAIN);
}

static void on_replaced(struct carrier *carrier)
{
    goodbye(carrier->rider, GOAWAY_REPLACED);
}

static void on_ended(struct carrier *carrier)
{
    struct sse_reader *reader = carrier->rider;
    struct server *server = carrier->server;
    viewer_leave(server->hub, &reader->viewer);
    meter_count(&server->meter, METER_CONNS_SSE, -1);
    meter_count(&server->meter, METER_VIEWERS_SSE, -1);
    free_reader(server, reader);
}

static const struct rider_ops riding = {
    .received = on_received,
    .writable = on_writable,
    .half_closed = on_half_closed,
    .visited = on_visited,
    .drained = on_drained,
    .replaced = on_replaced,
    .ended = on_ended,
};

/* ---- what the hub says ---- */

#define SSE_TYPE "text/event-stream; charset=utf-8"
#define SSE_HEADERS                                                                                \
    "Cache-Control: no-cache, no-transform\r\nVary: Accept-Encoding\r\nX-Accel-Buffering: no\r\n"

static bool can_gzip(const struct exchange *exchange)
{
    const struct str takes = request_field(exchange->request, "accept-encoding");
    return exchange->server->compress && accept_encoding_takes(takes, STR("gzip"));
}

static void head_lines(struct buf *headers, bool gzips, struct str cors)
{
    buf_init(headers, MEM_CONN, HEADERS_BYTES_MAX);
    buf_add_str(headers, STR(SSE_HEADERS));
    if (gzips) {
        buf_add_str(headers, STR("Content-Encoding: gzip\r\n"));
    }
    buf_add_str(headers, cors);
}

static void on_open(struct viewer *viewer)
{
    struct sse_reader *reader = of_viewer(viewer);
    struct exchange *exchange = reader->request->exchange;
    struct server *server = exchange->server;
    struct buf headers;
    head_lines(&headers, reader->gzips, cors_of(reader->request));
    const struct answer head = {.status = 200, .type = STR(SSE_TYPE), .headers = buf_str(&headers)};
    reader->moved_ms = front_now_ms(server);
    reader->asked_ms = reader->moved_ms;
    mem_free(MEM_VIEWER, reader->request);
    reader->carrier = exchange->carrier;
    reader->is_open = true;
    exchange->news = NULL;
    if (reader->claims != NULL) { // before the answer, so that who came first is the oldest
        front_identify(reader->carrier, reader->claims->sub);
    }
    carrier_ride(exchange, &head, &riding, reader);
    buf_done(&headers);
    meter_count(&server->meter, METER_CONNS_SSE, 1);
    meter_count(&server->meter, METER_VIEWERS_SSE, 1);
    if (reader->claims != NULL) {
        (void)front_look_at_token(reader->carrier,
                                  reader->claims); // if it ran out: a visit says so
    }
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct sse_reader *reader = of_viewer(viewer);
    const struct sse_request *request = reader->request;
    struct exchange *exchange = request->exchange;
    void (*refused)(struct exchange * exchange, enum viewer_refusal why) = request->refused;
    exchange->news = NULL;
    admission_return(exchange);
    free_reader(exchange->server, reader);
    refused(exchange, why);
}

static size_t on_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    struct sse_reader *reader = of_viewer(viewer);
    reader->moved_ms = front_now_ms(reader->carrier->server);
    const size_t sent = carrier_try_send(reader->carrier, bytes, len);
    reader->has_begun = reader->has_begun || sent > 0;
    return sent;
}

static void on_keep(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    carrier_send(of_viewer(viewer)->carrier, (struct str){.at = (const char *)bytes, .len = len});
}

static void on_cut(struct viewer *viewer)
{
    goodbye(of_viewer(viewer), GOAWAY_SLOW);
}

static uint64_t user_of(const struct viewer *viewer)
{
    const struct sse_reader *reader = (const struct sse_reader *)(const void *)viewer;
    return viewer_user_hash(reader->carrier->server->hub, reader->claims->sub);
}

static const struct viewer_ops viewer_ops = {
    .open = on_open,
    .refuse = on_refuse,
    .cut = on_cut,
    .user = user_of,
    .write = on_write,
    .keep = on_keep,
};

/* ---- before it opens ---- */

static void on_news(struct exchange *exchange, enum exchange_news news)
{
    struct sse_reader *reader = exchange->taker;
    struct server *server = exchange->server;
    if (news == EXCHANGE_HALF_CLOSED) { // who says no more will not read for long: as when it reads
        carrier_cut(exchange->carrier); // EXCHANGE_GONE follows
        return;
    }
    viewer_leave(exchange->server->hub, &reader->viewer);
    if (news == EXCHANGE_GONE) {
        exchange_free(exchange);
    } else {
        const struct problem problem = {.code = PROBLEM_DRAINING,
                                        .retry_after_ms = front_drain_retry_ms(exchange->server)};
        refusal_answer(exchange, &problem, cors_of(reader->request));
    }
    free_reader(server, reader);
}

void sse_reader_pool_init(struct pool *pool)
{
    pool_init(pool, MEM_VIEWER, sizeof(struct sse_reader));
}

static enum err make(struct server *server, const struct reader *who,
                     struct sse_reader **ret_reader)
{
    const struct str cors = who->cors_headers;
    struct sse_reader *reader = pool_new(&server->sse_readers);
    struct sse_request *request = mem_new(MEM_VIEWER, sizeof(*request) + cors.len);
    if (reader == NULL || request == NULL) {
        pool_free(&server->sse_readers, reader);
        mem_free(MEM_VIEWER, request);
        return ERR_NOMEM;
    }
    if (cors.len > 0) {
        memcpy(request->cors, cors.at, cors.len);
    }
    request->cors_len = cors.len;
    reader->request = request;
    reader->claims = who->claims == NULL ? NULL : claims_ref(who->claims);
    *ret_reader = reader;
    return ERR_OK;
}

/* HEAD asks what GET would say, not for the stream. */
static void answer_head(struct exchange *exchange, struct str cors)
{
    struct buf headers;
    head_lines(&headers, can_gzip(exchange), cors);
    const struct answer answer = {
        .status = 200, .type = STR(SSE_TYPE), .headers = buf_str(&headers), .close = true};
    exchange_answer(exchange, &answer);
    buf_done(&headers);
}

void sse_reader_open(struct exchange *exchange, const struct join *join,
                     const struct reader *reader,
                     void (*refused)(struct exchange *exchange, enum viewer_refusal why))
{
    struct server *server = exchange->server;
    struct sse_reader *made;
    if (str_eq(exchange->request->method, STR("HEAD"))) {
        answer_head(exchange, reader->cors_headers);
        return;
    }
    if (!admission_grant(exchange, reader->cors_headers)) {
        return;
    }
    if (make(server, reader, &made) != ERR_OK) {
        admission_return(exchange);
        refused(exchange, VIEWER_OVERLOADED);
        return;
    }
    made->request->exchange = exchange;
    made->request->refused = refused;
    exchange->taker = made;
    exchange->news = on_news;
    struct join by_sse = *join;
    made->gzips = can_gzip(exchange);
    by_sse.encoding = made->gzips ? &encoding_sse_gzip : &encoding_sse;
    by_sse.retry_ms = front_retry_ms(server);
    viewer_join(server->hub, &made->viewer, &viewer_ops, &by_sse);
}
