// SPDX-License-Identifier: Apache-2.0
/* A WebSocket:
 *
 *        ws_conn_open()        peer's Close: the same code back
 *   101 ───────────────▶ OPEN ──────────────────────────────────────────▶ ENDING
 *                          │ ws_conn_close(), goodbye                        ▲
 *                          ├──────────▶ CLOSING ── its Close, or 3 s later ──┤
 *                          │ frames that break the protocol: our Close       │
 *                          └─────────────────────────────────────────────────┘
 *
 * Each joined stream is a viewer of the hub (ws_streams.h), and all share one output (ws_output.h):
 * when the socket is full they are blocked together. Between messages there is no decoder and no
 * buffer. While answers pile up unread, no more questions are read. */
#include "serve/admission.h"
#include "serve/carrier.h"
#include "serve/front.h"
#include "serve/refusal.h"
#include "serve/streaming.h"
#include "serve/ws_handshake.h"
#include "serve/ws_output.h"
#include "serve/ws_streams.h"

enum {
    CLOSE_WAIT_MS = 3000,
    HOLD_BYTES = 16 * 1024, // of waiting answers: above it no more is read
    HANDSHAKE_BYTES_MAX = 8 * 1024,
};

enum ws_state { WS_OPEN, WS_CLOSING, WS_ENDING };

struct ws_conn {
    struct ws_streams streams; // first: ws_streams.h; its output's carrier is ours until `ended`
    void *user;
    struct claims *claims;      // a reference; NULL: anonymous
    struct ws_decoder *decoder; // owned; NULL between messages
    uint32_t pinged_low;        // pinged_ms(), its low half
    uint16_t control_s;         // the second that control_frames counts, its low bits
    uint8_t client[16];         // its address
    bool client_is_trusted;
    uint8_t state; // enum ws_state
    uint8_t pings_unanswered;
    uint8_t control_frames;
    uint8_t bad_messages;
};
_Static_assert(offsetof(struct ws_conn, streams) == 0, "ws_streams.c finds the connection by it");
_Static_assert(sizeof(struct ws_conn) <= 96, "every WebSocket has one: 512 bytes a viewer in all");

static struct carrier *carrier_of(const struct ws_conn *ws)
{
    return ws->streams.output.carrier;
}

/* Mono; CLOSING: when that began. */
static int64_t pinged_ms(const struct ws_conn *ws)
{
    return clock_before_ms(front_now_ms(carrier_of(ws)->server), ws->pinged_low);
}

static const struct ws_ops *ops_of(const struct ws_conn *ws)
{
    return ws->streams.ops;
}

static const struct ws_limits *limits_of(const struct ws_conn *ws)
{
    return &carrier_of(ws)->server->limits.ws;
}

/* ---- the end ---- */

static void end(struct ws_conn *ws)
{
    ws->state = WS_ENDING;
    ws_streams_done(&ws->streams);
    carrier_end(carrier_of(ws));
}

static void begin_closing(struct ws_conn *ws, uint16_t code, struct str reason)
{
    struct server *server = carrier_of(ws)->server;
    ws->state = WS_CLOSING;
    ws_streams_done(&ws->streams);
    ws_output_close(&ws->streams.output, code, reason);
    ws->pinged_low = (uint32_t)front_now_ms(server);
    front_visit_by(carrier_of(ws), pinged_ms(ws) + CLOSE_WAIT_MS);
}

/* Its frames cannot be understood any more, or are too many. */
static void fail(struct ws_conn *ws, uint16_t code, struct str reason)
{
    meter_ws_closed(&carrier_of(ws)->server->meter, code);
    if (ws->state == WS_OPEN) {
        ws_output_close(&ws->streams.output, code, reason);
    }
    end(ws);
}

static void goodbye(struct ws_conn *ws, enum goaway_reason reason)
{
    static const struct {
        uint16_t code;
        struct str reason;
    } closes[] = {
        [GOAWAY_DRAIN] = {WS_CLOSE_AWAY, {"drain", 5}},
        [GOAWAY_EXPIRED] = {WS_CLOSE_TOKEN_EXPIRED, {"token expired", 13}},
        [GOAWAY_SLOW] = {WS_CLOSE_STALLED, {"read nothing", 12}},
        [GOAWAY_REPLACED] = {WS_CLOSE_REPLACED, {"replaced", 8}},
    };
    struct buf json;
    buf_init(&json, MEM_CONN, 512);
    goaway_write(&json, reason, front_goaway(carrier_of(ws)->server, reason));
    ws_output_data(&ws->streams.output, WS_TEXT, buf_str(&json));
    buf_done(&json);
    if (reason == GOAWAY_SLOW) { // what it does not read cannot be waited for
        ws_output_close(&ws->streams.output, closes[reason].code, closes[reason].reason);
        ws_streams_done(&ws->streams);
        ws->state = WS_ENDING;
        carrier_cut(carrier_of(ws));
    } else {
        begin_closing(ws, closes[reason].code, closes[reason].reason);
    }
}

/* ---- what it receives ---- */

static void on_peer_close(struct ws_conn *ws, const struct ws_message *message)
{
    if (ws->state == WS_OPEN) {
        ws_output_close(&ws->streams.output, message->close_code, STR_NONE);
    }
    end(ws);
}

/* False: too many in this second. */
static bool count_control(struct ws_conn *ws)
{
    const uint16_t now_s = (uint16_t)(front_now_ms(carrier_of(ws)->server) / 1000);
    if (now_s != ws->control_s) {
        ws->control_s = now_s;
        ws->control_frames = 0;
    }
    return ++ws->control_frames <= limits_of(ws)->control_frames;
}

static void on_control(struct ws_conn *ws, const struct ws_message *message)
{
    if (message->opcode == WS_CLOSE) {
        on_peer_close(ws, message);
    } else if (!count_control(ws)) {
        fail(ws, WS_CLOSE_POLICY, STR("too many control frames"));
    } else if (message->opcode == WS_PING && ws->state == WS_OPEN) {
        ws_output_control(&ws->streams.output, WS_PONG, message->payload);
    }
}

static void on_message(struct ws_conn *ws, const struct ws_message *message)
{
    if (message->opcode >= WS_CLOSE) {
        on_control(ws, message);
    } else if (ws->state != WS_OPEN) {
        return; // between our Close and its own
    } else if (message->opcode == WS_TEXT) {
        ops_of(ws)->message(ws, message->payload);
    } else {
        ops_of(ws)->binary(ws, message->payload);
    }
}

static enum err begin_decoding(struct ws_conn *ws)
{
    ws->decoder = mem_new(MEM_CONN, sizeof(*ws->decoder));
    if (ws->decoder == NULL) {
        return ERR_NOMEM;
    }
    ws_decoder_init(ws->decoder);
    ws->decoder->allow_deflate = ws->streams.output.deflates;
    ws->decoder->allow_binary = ops_of(ws)->binary != NULL;
    ws->decoder->message_max = limits_of(ws)->message_bytes;
    ws->decoder->fragments_max = limits_of(ws)->fragments;
    if (ops_of(ws)->message_bytes_max > 0) {
        ws->decoder->message_max = ops_of(ws)->message_bytes_max;
        ws->decoder->fragments_max = UINT32_MAX;
    }
    return ERR_OK;
}

static void drop_decoder(struct ws_conn *ws)
{
    if (ws->decoder != NULL) {
        ws_decoder_done(ws->decoder);
        mem_free(MEM_CONN, ws->decoder);
        ws->decoder = NULL;
    }
}

static bool is_between_messages(const struct ws_decoder *decoder)
{
    return decoder->head_len == 0 && !decoder->in_payload && decoder->message_opcode == 0;
}

static void decode_all(struct ws_conn *ws, struct str input)
{
    struct ws_message message;
    enum ws_close wrong;
    while (ws->state != WS_ENDING) {
        const enum err err = ws_decode(ws->decoder, &input, &message, &wrong);
        if (err == ERR_AGAIN) {
            return;
        }
        if (err == ERR_NOMEM) {
            carrier_cut(carrier_of(ws));
            return;
        }
        if (err != ERR_OK) {
            fail(ws, (uint16_t)wrong, STR_NONE);
            return;
        }
        on_message(ws, &message);
    }
}

static void take_bare_pong(struct ws_conn *ws)
{
    const struct ws_message pong = {.opcode = WS_PONG};
    on_control(ws, &pong);
}

static void on_received(struct carrier *carrier, struct str bytes)
{
    struct ws_conn *ws = carrier->rider;
    if (ws->state == WS_ENDING) {
        return;
    }
    ws->pings_unanswered = 0;
    if (ws->decoder == NULL && ws_is_bare_pong(bytes)) { // all that idle readers say
        take_bare_pong(ws);
        return;
    }
    if (ws->decoder == NULL && begin_decoding(ws) != ERR_OK) {
        carrier_cut(carrier);
        return;
    }
    decode_all(ws, bytes);
    if (is_between_messages(ws->decoder)) {
        drop_decoder(ws);
    }
    if (ws->state == WS_OPEN && ws_output_waiting_bytes(&ws->streams.output) > HOLD_BYTES) {
        carrier_hold(carrier, true);
    }
}

/* ---- what else the carrier says ---- */

static void on_writable(struct carrier *carrier)
{
    struct ws_conn *ws = carrier->rider;
    if (ws->state != WS_ENDING && ws_output_go_on(&ws->streams.output)) {
        carrier_hold(carrier, false);
        ws_streams_writable(&ws->streams);
    }
}

static void on_half_closed(struct carrier *carrier)
{
    end(carrier->rider); // without a Close: it is just gone
}

/* False: it answers no more. A stuck one is not asked: the stall has its own measure. */
static bool ping(struct ws_conn *ws, int64_t now_ms)
{
    const struct server *server = carrier_of(ws)->server;
    if (now_ms - pinged_ms(ws) < server->ping_ms || ws_output_is_stuck(&ws->streams.output)) {
        return true;
    }
    if (ws->pings_unanswered >= limits_of(ws)->pings) {
        return false;
    }
    ws->pings_unanswered++;
    ws->pinged_low = (uint32_t)now_ms;
    meter_count(&carrier_of(ws)->server->meter, METER_PINGS, 1);
    ws_output_control(&ws->streams.output, WS_PING, STR_NONE);
    return true;
}

/* A stuck one is not pinged: that it takes bytes is its sign of life. Who was not asked owes no
 * answer, however long we slept ourselves. */
static int64_t silent_ms(const struct ws_conn *ws, int64_t now_ms)
{
    if (ws_output_is_stuck(&ws->streams.output)) {
        return carrier_silent_ms(carrier_of(ws));
    }
    return ws->pings_unanswered == 0 ? 0 : now_ms - carrier_heard_ms(carrier_of(ws));
}

/* When anything can have become of it; of what waits for an answer, when it is missed. */
static void plan_visit(struct ws_conn *ws, int64_t now_ms)
{
    struct carrier *carrier = carrier_of(ws);
    const struct server *server = carrier->server;
    if (ws_output_is_stuck(&ws->streams.output)) {
        front_visit_by(carrier, now_ms + server->visit_ms);
        return;
    }
    const int64_t missed_ms = carrier_heard_ms(carrier) + server->ttl_ms;
    if (ws->pings_unanswered > 0 && missed_ms > now_ms) {
        front_visit_by(carrier, missed_ms);
    }
    front_visit_by(carrier, pinged_ms(ws) + server->ping_ms);
    front_visit_by(carrier, now_ms + server->stall_ms); // it may be stuck by then
}

static void visit_open(struct ws_conn *ws, int64_t now_ms)
{
    if (!front_look_at_token(carrier_of(ws), ws->claims)) {
        goodbye(ws, GOAWAY_EXPIRED);
        return;
    }
    if (ws_output_is_stuck(&ws->streams.output) &&
        front_has_stalled(carrier_of(ws), ws_output_moved_ms(&ws->streams.output))) {
        goodbye(ws, GOAWAY_SLOW);
        return;
    }
    ws_streams_beat(&ws->streams, front_is_there(carrier_of(ws), silent_ms(ws, now_ms)));
    if (ping(ws, now_ms)) {
        plan_visit(ws, now_ms);
    } else {
        carrier_cut(carrier_of(ws));
    }
}

static void on_visited(struct carrier *carrier, int64_t now_ms)
{
    struct ws_conn *ws = carrier->rider;
    if (ws->state == WS_OPEN) {
        visit_open(ws, now_ms);
    } else if (now_ms - pinged_ms(ws) >= CLOSE_WAIT_MS) {
        end(ws);
    } else {
        front_visit_by(carrier, pinged_ms(ws) + CLOSE_WAIT_MS);
    }
}

static void on_drained(struct carrier *carrier)
{
    struct ws_conn *ws = carrier->rider;
    if (ws->state == WS_OPEN) {
        goodbye(ws, GOAWAY_DRAIN);
    }
}

static void on_replaced(struct carrier *carrier)
{
    struct ws_conn *ws = carrier->rider;
    if (ws->state == WS_OPEN) {
        goodbye(ws, GOAWAY_REPLACED);
    }
}

static void on_ended(struct carrier *carrier)
{
    struct ws_conn *ws = carrier->rider;
    ws->state = WS_ENDING;
    ws_streams_done(&ws->streams);
    meter_count(&carrier->server->meter, METER_CONNS_WS, -1);
    ops_of(ws)->closed(ws);
    drop_decoder(ws);
    ws_output_done(&ws->streams.output);
    claims_unref(ws->claims);
    pool_free(&carrier->server->ws_conns, ws);
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

/* ---- the beginning ---- */

static enum err refuse(struct exchange *exchange, const struct problem *problem,
                       struct buf *headers, struct str cors)
{
    buf_add_str(headers, cors);
    refusal_answer(exchange, problem, buf_str(headers));
    return ERR_PROTO;
}

static enum err out_of_memory(struct exchange *exchange)
{
    const struct problem problem = {
        .code = PROBLEM_OVERLOADED,
        .retry_after_ms = front_refusal_retry_ms(exchange->server, PROBLEM_OVERLOADED)};
    admission_return(exchange);
    refusal_answer(exchange, &problem, STR_NONE);
    return ERR_NOMEM;
}

void ws_conn_pool_init(struct pool *pool)
{
    pool_init(pool, MEM_CONN, sizeof(struct ws_conn));
}

static struct ws_conn *make(struct exchange *exchange, const struct reader *reader,
                            const struct ws_ops *ops, void *user)
{
    struct ws_conn *ws = pool_new(&exchange->server->ws_conns);
    if (ws == NULL) {
        return NULL;
    }
    const int64_t now_ms = front_now_ms(exchange->server);
    ws->user = user;
    ws->claims = reader->claims == NULL ? NULL : claims_ref(reader->claims);
    ws->pinged_low = (uint32_t)now_ms;
    memcpy(ws->client, exchange->request->client.bytes, sizeof(ws->client));
    ws->client_is_trusted = exchange->request->client_is_trusted;
    ws_streams_init(&ws->streams, ops, exchange->carrier);
    return ws;
}

/* Takes the exchange over: it is gone, whatever comes of it. */
static enum err take_over(struct exchange *exchange, struct buf *headers, struct ws_conn *ws)
{
    struct server *server = exchange->server;
    const struct answer head = {.status = 101, .headers = buf_str(headers)};
    if (ws->claims != NULL) { // before the answer, so that who came first is the oldest
        front_identify(carrier_of(ws), ws->claims->sub);
    }
    carrier_ride(exchange, &head, &riding, ws);
    meter_count(&server->meter, METER_CONNS_WS, 1);
    if (ws->claims != NULL) {
        (void)front_look_at_token(carrier_of(ws), ws->claims); // if it has run out: a visit says so
    }
    return ERR_OK;
}

enum err ws_conn_open(struct exchange *exchange, const struct reader *reader,
                      const struct ws_ops *ops, void *user, struct ws_conn **ret_ws)
{
    struct buf headers;
    struct problem problem;
    bool deflates = false;
    if (exchange->carrier == NULL) {
        exchange_free(exchange);
        return ERR_CLOSED;
    }
    buf_init(&headers, MEM_CONN, HANDSHAKE_BYTES_MAX);
    enum err err = ws_handshake_check(exchange->request, &headers, &problem);
    if (err == ERR_OK && exchange->server->compress) {
        err = ws_handshake_agree(exchange->request, &headers, &deflates, &problem);
    }
    if (err == ERR_PROTO) {
        err = refuse(exchange, &problem, &headers, reader->cors_headers);
    } else if (err != ERR_OK) {
        err = out_of_memory(exchange);
    } else if (!admission_grant(exchange, reader->cors_headers)) {
        err = ERR_LIMIT;
    } else {
        struct ws_conn *ws = make(exchange, reader, ops, user);
        err = ws == NULL ? out_of_memory(exchange) : take_over(exchange, &headers, ws);
        if (err == ERR_OK) {
            ws->streams.output.deflates = deflates;
            *ret_ws = ws;
        }
    }
    buf_done(&headers);
    return err;
}

/* ---- what api/ asks of it ---- */

void *ws_conn_user(struct ws_conn *ws)
{
    return ws->user;
}

struct server *ws_conn_server(struct ws_conn *ws)
{
    return carrier_of(ws)->server;
}

void ws_conn_client(const struct ws_conn *ws, struct address *ret_client, bool *ret_trusted)
{
    *ret_client = (struct address){.port = 0};
    memcpy(ret_client->bytes, ws->client, sizeof(ws->client));
    *ret_trusted = ws->client_is_trusted;
}

void ws_conn_let_go(struct ws_conn *ws)
{
    if (ws->state == WS_OPEN) {
        goodbye(ws, GOAWAY_SLOW);
    }
}

struct claims *ws_conn_claims(struct ws_conn *ws)
{
    return ws->claims;
}

void ws_conn_set_claims(struct ws_conn *ws, struct claims *claims)
{
    struct claims *before = ws->claims;
    ws->claims = claims_ref(claims);
    claims_unref(before);
    if (ws->state == WS_OPEN) {
        front_identify(carrier_of(ws), claims->sub);
        (void)front_look_at_token(carrier_of(ws), claims);
        if (ws_streams_recognize(&ws->streams, claims) != ERR_OK) {
            carrier_cut(carrier_of(ws)); // it would be shown what is not its own
        }
    }
}

void ws_conn_send(struct ws_conn *ws, struct str json)
{
    if (ws->state == WS_OPEN) {
        ws_output_data(&ws->streams.output, WS_TEXT, json);
    }
}

void ws_conn_send_binary(struct ws_conn *ws, struct str bytes)
{
    if (ws->state == WS_OPEN) {
        ws_output_data(&ws->streams.output, WS_BINARY, bytes);
    }
}

enum err ws_conn_join(struct ws_conn *ws, const struct join *join)
{
    return ws->state == WS_OPEN ? ws_streams_join(&ws->streams, join) : ERR_CLOSED;
}

enum err ws_conn_leave(struct ws_conn *ws, struct str stream)
{
    return ws_streams_leave(&ws->streams, stream);
}

struct str ws_conn_denied(struct ws_conn *ws)
{
    return ws_streams_denied(&ws->streams, ws->claims);
}

enum err ws_conn_change_lane(struct ws_conn *ws, struct str stream, enum lane lane)
{
    return ws_streams_change_lane(&ws->streams, stream, lane);
}

void ws_conn_identify(struct ws_conn *ws, uint64_t identity)
{
    ws_streams_identify(&ws->streams, identity);
}

struct str ws_conn_stream(struct ws_conn *ws)
{
    return ws_streams_only(&ws->streams);
}

void ws_conn_close(struct ws_conn *ws, uint16_t code, struct str reason)
{
    if (ws->state == WS_OPEN) {
        begin_closing(ws, code, reason);
    }
}

void ws_conn_bad_message(struct ws_conn *ws)
{
    struct meter *meter = &carrier_of(ws)->server->meter;
    meter_count(meter, METER_WS_BAD_MESSAGES, 1);
    if (++ws->bad_messages == limits_of(ws)->bad_messages) {
        meter_ws_closed(meter, WS_CLOSE_POLICY);
        ws_conn_close(ws, WS_CLOSE_POLICY, STR("too many messages that cannot be understood"));
    }
}
