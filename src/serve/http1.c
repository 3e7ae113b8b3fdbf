// SPDX-License-Identifier: Apache-2.0
/* Input runs through pump(): it takes requests off what has come as long as none is under way. What
 * it cannot take yet is the backlog; when that is full the connection is paused, and the rest waits
 * in the kernel. An answer given from inside a handler only changes the state: the loop in pump()
 * goes on with the next request, so a long pipeline does not nest. */
#include "serve/http1.h"

#include "base/must.h"
#include "net/conn.h"
#include "serve/exchange.h"
#include "serve/forwarded.h"
#include "serve/front.h"
#include "serve/http_reply.h"
#include "serve/intake.h"
#include "serve/refusal.h"
#include "sys/sys.h"

#include <stdio.h>

enum {
    UNWANTED_MAX = 256,            // refused newcomers that are waited for; more are cut at once
    WAITING_BYTES_MAX = 64 * 1024, // answers not yet taken; above it no next request is read
};

enum http1_state {
    HTTP1_IDLE,
    HTTP1_READING,
    HTTP1_BUSY,
    HTTP1_ANSWERING,
    HTTP1_RIDDEN,
    HTTP1_CLOSING,
    HTTP1_GONE,
    HTTP1_STATES,
};

/* Input that came too early. */
struct backlog {
    struct buf bytes;
    struct timer poke;   // the rider that took over has not seen it yet, or others had their turn
    struct http1 *http1; // it owns this
};

/* What only requests and answers need: a ridden connection has one while it has a backlog. */
struct talk {
    struct address peer;       // frozen
    struct backlog *backlog;   // owned; NULL: none
    struct intake *intake;     // owned; NULL unless READING
    struct exchange *exchange; // borrowed; NULL unless BUSY
    struct http_reply *reply;  // owned; NULL unless ANSWERING
    int64_t began_ms;          // the turn that `begun` counts
    uint32_t begun;            // requests, in that turn
    uint8_t refusal;           // enum problem_code; PROBLEM_CODES: welcome
    bool close_after;          // ANSWERING: then close
};

struct http1 {
    struct carrier carrier;
    struct conn conn;
    struct talk *talk; // owned; RIDDEN: NULL but while there is a backlog
    uint8_t state;     // enum http1_state
    bool is_newcomer;  // came while the server drains
    bool is_unwanted;  // was refused when it came
    bool pumping;      // pump() is on the stack
    bool half_closed;  // the peer will say no more
    bool held;         // by the rider
};
_Static_assert(sizeof(struct http1) <= 160, "every viewer has one: 512 bytes a viewer in all");

static void pump(struct http1 *http1, struct str fresh);

static struct http1 *http1_of(struct carrier *carrier)
{
    return (struct http1 *)(void *)carrier; // its first member
}

static const struct http1 *http1_of_const(const struct carrier *carrier)
{
    return (const struct http1 *)(const void *)carrier;
}

static struct http1 *of_conn(struct conn *conn)
{
    return list_entry(conn, struct http1, conn);
}

static void become(struct http1 *http1, enum http1_state state)
{
    static const unsigned next[HTTP1_STATES] = {
        [HTTP1_IDLE] =
            1U << HTTP1_READING | 1U << HTTP1_ANSWERING | 1U << HTTP1_CLOSING | 1U << HTTP1_GONE,
        [HTTP1_READING] =
            1U << HTTP1_BUSY | 1U << HTTP1_ANSWERING | 1U << HTTP1_CLOSING | 1U << HTTP1_GONE,
        [HTTP1_BUSY] = 1U << HTTP1_IDLE | 1U << HTTP1_ANSWERING | 1U << HTTP1_RIDDEN |
                       1U << HTTP1_CLOSING | 1U << HTTP1_GONE,
        [HTTP1_ANSWERING] = 1U << HTTP1_IDLE | 1U << HTTP1_CLOSING | 1U << HTTP1_GONE,
        [HTTP1_RIDDEN] = 1U << HTTP1_CLOSING | 1U << HTTP1_GONE,
        [HTTP1_CLOSING] = 1U << HTTP1_GONE,
    };
    must(next[http1->state] & 1U << state);
    http1->state = (uint8_t)state;
}

/* ---- ends ---- */

static void drop_intake(struct http1 *http1)
{
    if (http1->talk != NULL) {
        intake_free(http1->talk->intake);
        http1->talk->intake = NULL;
    }
}

static struct backlog *backlog_of(const struct http1 *http1)
{
    return http1->talk == NULL ? NULL : http1->talk->backlog;
}

static void drop_talk(struct http1 *http1)
{
    drop_intake(http1);
    if (http1->talk != NULL) {
        http_reply_free(http1->talk->reply);
        mem_free(MEM_CONN, http1->talk);
        http1->talk = NULL;
    }
}

static void drop_backlog(struct http1 *http1)
{
    struct backlog *backlog = backlog_of(http1);
    if (backlog != NULL) {
        wheel_cancel(reactor_wheel(http1->carrier.server->reactor), &backlog->poke);
        buf_done(&backlog->bytes);
        mem_free(MEM_CONN, backlog);
        http1->talk->backlog = NULL;
    }
    if (http1->state == HTTP1_RIDDEN) {
        drop_talk(http1);
    }
}

/* It is on its way out: nobody is told to replace it, and its place is free. */
static void stop_counting(struct carrier *carrier)
{
    sweep_remove(&carrier->entry);
    if (carrier->server->census != NULL) {
        census_leave_reader(carrier->server->census, &carrier->seat);
    }
}

static void cut(struct carrier *carrier)
{
    struct http1 *http1 = http1_of(carrier);
    struct server *server = carrier->server;
    if (http1->state == HTTP1_GONE) {
        return;
    }
    become(http1, HTTP1_GONE);
    conn_done(&http1->conn);
    stop_counting(carrier);
    list_remove(&carrier->link);
    list_push(&server->gone, &carrier->link);
    wheel_arm(reactor_wheel(server->reactor), &server->burial, front_now_ms(server));
}

static void end(struct carrier *carrier)
{
    struct http1 *http1 = http1_of(carrier);
    if (http1->state == HTTP1_CLOSING || http1->state == HTTP1_GONE) {
        return;
    }
    become(http1, HTTP1_CLOSING);
    stop_counting(carrier);
    drop_intake(http1);
    conn_finish(&http1->conn);
}

void http1_bury(struct carrier *carrier)
{
    struct http1 *http1 = http1_of(carrier);
    struct server *server = carrier->server;
    struct exchange *exchange = http1->talk == NULL ? NULL : http1->talk->exchange;
    if (exchange != NULL) {
        exchange->carrier = NULL;
        if (exchange->news != NULL) {
            exchange->news(exchange, EXCHANGE_GONE);
        }
    }
    if (carrier->riding != NULL) {
        carrier->riding->ended(carrier);
    } else {
        meter_count(&server->meter, METER_CONNS_HTTP, -1);
    }
    if (server->census != NULL) {
        census_leave(server->census, &carrier->seat);
    }
    drop_backlog(http1);
    drop_talk(http1);
    list_remove(&carrier->link);
    server->carrier_count--;
    server->newcomer_count -= http1->is_newcomer ? 1U : 0U;
    server->unwanted_count -= http1->is_unwanted ? 1U : 0U;
    pool_free(&server->http1s, http1);
}

/* ---- out ---- */

static void answered(struct http1 *http1)
{
    if (http1->talk->close_after) {
        end(&http1->carrier);
        return;
    }
    become(http1, HTTP1_IDLE);
    sweep_add(&http1->carrier.server->idle, &http1->carrier.entry);
}

static void send_answer(struct http1 *http1, const struct answer *answer, bool is_head)
{
    struct server *server = http1->carrier.server;
    const struct http_reply_to to = {
        .conn = &http1->conn,
        .meter = &server->meter,
        .is_head = is_head,
        .line = {.date = front_date(server), .close = http1->talk->close_after},
    };
    const enum err err = http_reply_send(&to, answer, &http1->talk->reply);
    if (err == ERR_OK) {
        answered(http1);
    } else if (err == ERR_AGAIN) {
        become(http1, HTTP1_ANSWERING);
        sweep_add(&server->idle, &http1->carrier.entry);
    } else {
        cut(&http1->carrier);
    }
}

/* The socket takes again; a client that takes nothing for idle_ms is cut. */
static void answer_on(struct http1 *http1)
{
    bool moved = false;
    const enum err err = http_reply_go_on(http1->talk->reply, &moved);
    if (moved) {
        sweep_add(&http1->carrier.server->idle, &http1->carrier.entry);
    }
    if (err == ERR_OK) {
        http_reply_free(http1->talk->reply);
        http1->talk->reply = NULL;
        answered(http1);
    }
}

static void on_answer(struct carrier *carrier, const struct exchange *exchange,
                      const struct answer *answer)
{
    struct http1 *http1 = http1_of(carrier);
    http1->talk->exchange = NULL;
    if (http1->state != HTTP1_BUSY) {
        return; // gone, and not yet buried
    }
    /* What came behind it before a drain is told of the drain, then closed. */
    http1->talk->close_after = !exchange->keep_alive || answer->close ||
                               (carrier->server->draining && backlog_of(http1) == NULL);
    send_answer(http1, answer, str_eq(exchange->request->method, STR("HEAD")));
    if (!http1->pumping) {
        pump(http1, STR_NONE);
    }
}

static void on_poke(struct timer *timer)
{
    struct http1 *http1 = list_entry(timer, struct backlog, poke)->http1;
    if (http1->talk != NULL) {
        http1->talk->begun = 0;
    }
    pump(http1, STR_NONE);
}

static void on_ride(struct carrier *carrier, const struct answer *head)
{
    struct http1 *http1 = http1_of(carrier);
    struct server *server = carrier->server;
    http1->talk->exchange = NULL;
    meter_count(&server->meter, METER_CONNS_HTTP, -1);
    if (http1->state != HTTP1_BUSY) {
        return;
    }
    become(http1, HTTP1_RIDDEN);
    rota_plan(&server->visits, &carrier->entry, front_now_ms(server)); // it plans on from there
    const struct http_reply_to to = {
        .conn = &http1->conn,
        .meter = &server->meter,
        .line = {.date = front_date(server), .close = head->status != 101, .is_endless = true},
    };
    const enum err err = http_reply_send(&to, head, &http1->talk->reply);
    if (backlog_of(http1) == NULL) {
        drop_talk(http1);
    }
    if (err != ERR_OK) {
        cut(carrier);
    } else if (!http1->pumping && backlog_of(http1) != NULL) {
        wheel_arm(reactor_wheel(server->reactor), &backlog_of(http1)->poke, front_now_ms(server));
    }
}

/* Answers what never became an exchange, and closes. */
static void refuse(struct http1 *http1, const struct problem *problem)
{
    const bool is_head = http1->talk->intake != NULL &&
                         str_has_prefix(buf_str(&http1->talk->intake->reader.head), STR("HEAD "));
    struct refusal refusal;
    meter_refusal(&http1->carrier.server->meter, problem->code);
    refusal_init(&refusal, problem, STR_NONE);
    http1->talk->close_after = true;
    send_answer(http1, &refusal.answer, is_head);
    refusal_done(&refusal);
}

static void refuse_fault(struct http1 *http1, enum problem_code code, const char *detail)
{
    const struct problem problem = {.code = code, .detail = str_of(detail)};
    refuse(http1, &problem);
}

/* What the reader found: what is wrong, or of what there is too much. */
static void refuse_request(struct http1 *http1, const struct http_fault *fault)
{
    char detail[96];
    if (fault->most == 0) {
        refuse_fault(http1, fault->code, fault->detail);
        return;
    }
    (void)snprintf(detail, sizeof(detail), "too many %s: %u at most", fault->detail, fault->most);
    refuse_fault(http1, fault->code, detail);
}

/* ---- in ---- */

static void on_late(struct intake *intake)
{
    refuse_fault(intake->owner, PROBLEM_TIMEOUT, "the request did not arrive in time");
}

static enum err begin(struct http1 *http1)
{
    TRY(intake_new(http1->carrier.server, &http1->talk->intake));
    http1->talk->intake->late = on_late;
    http1->talk->intake->owner = http1;
    sweep_remove(&http1->carrier.entry);
    become(http1, HTTP1_READING);
    return ERR_OK;
}

static enum err dispatch(struct http1 *http1)
{
    struct server *server = http1->carrier.server;
    struct exchange *exchange = mem_new(MEM_CONN, sizeof(*exchange));
    if (exchange == NULL) {
        return ERR_NOMEM;
    }
    const struct http_message message = http_reader_give(&http1->talk->intake->reader);
    drop_intake(http1);
    *exchange = (struct exchange){.request = message.request,
                                  .head = message.head,
                                  .body = message.body,
                                  .server = server,
                                  .carrier = &http1->carrier,
                                  .keep_alive = message.keep_alive};
    http1->talk->begun++;
    exchange->request->peer = http1->talk->peer;
    forwarded_resolve(server, exchange->request);
    http1->talk->exchange = exchange;
    become(http1, HTTP1_BUSY);
    server->handle(server->user, exchange);
    return ERR_OK;
}

static void send_continue(struct http1 *http1)
{
    const struct answer answer = {.status = 100};
    const struct http_reply_to to = {.conn = &http1->conn,
                                     .meter = &http1->carrier.server->meter,
                                     .line = {.date = front_date(http1->carrier.server)}};
    if (http_reply_send(&to, &answer, &http1->talk->reply) != ERR_OK) {
        cut(&http1->carrier);
    }
}

/* One step of reading: IDLE or READING, and there is input. */
static void read_some(struct http1 *http1, struct str *input)
{
    if (http1->state == HTTP1_IDLE && http1->carrier.server->draining) {
        http1->talk->refusal = PROBLEM_DRAINING;
    }
    if (http1->talk->refusal != PROBLEM_CODES) {
        const struct problem problem = {
            .code = http1->talk->refusal,
            .retry_after_ms = front_refusal_retry_ms(http1->carrier.server, http1->talk->refusal)};
        refuse(http1, &problem);
        return;
    }
    if (http1->state == HTTP1_IDLE && begin(http1) != ERR_OK) {
        cut(&http1->carrier);
        return;
    }
    struct http_reader *reader = &http1->talk->intake->reader;
    enum err err = http_reader_take(reader, input);
    if (err == ERR_AGAIN) {
        if (intake_wants_continue(http1->talk->intake)) {
            send_continue(http1);
        }
        return;
    }
    if (err == ERR_PROTO) {
        refuse_request(http1, &reader->fault);
        return;
    }
    if (err == ERR_OK) {
        err = dispatch(http1);
    }
    if (err != ERR_OK) {
        cut(&http1->carrier);
    }
}

static bool may_read(const struct http1 *http1)
{
    return (http1->state == HTTP1_IDLE || http1->state == HTTP1_READING) &&
           conn_waiting_bytes(&http1->conn) <= WAITING_BYTES_MAX;
}

static bool reads_on(const struct http1 *http1)
{
    return may_read(http1) && http1->talk->begun < REQUESTS_PER_TICK;
}

/* A pipeline must not hold up who else is on this reactor. */
static void count_turn(struct http1 *http1)
{
    const int64_t now_ms = front_now_ms(http1->carrier.server);
    if (http1->talk != NULL && http1->talk->began_ms != now_ms) {
        http1->talk->began_ms = now_ms;
        http1->talk->begun = 0;
    }
}

static void give_way(struct http1 *http1)
{
    struct server *server = http1->carrier.server;
    if (may_read(http1) && http1->talk->begun >= REQUESTS_PER_TICK && backlog_of(http1) != NULL) {
        wheel_arm(reactor_wheel(server->reactor), &backlog_of(http1)->poke,
                  front_now_ms(server) + 1);
    }
}

static enum err keep_input(struct http1 *http1, struct str input)
{
    struct backlog *backlog = backlog_of(http1);
    if (http1->talk == NULL) { // a ridden one that is held
        http1->talk = mem_new(MEM_CONN, sizeof(*http1->talk));
        if (http1->talk == NULL) {
            return ERR_NOMEM;
        }
    }
    if (backlog == NULL) {
        backlog = mem_new(MEM_CONN, sizeof(*backlog));
        if (backlog == NULL) {
            return ERR_NOMEM;
        }
        backlog->http1 = http1;
        backlog->poke.fire = on_poke;
        buf_init(&backlog->bytes, MEM_CONN, BACKLOG_BYTES_MAX + CONN_READ_BYTES);
        http1->talk->backlog = backlog;
    }
    buf_add_str(&backlog->bytes, input);
    return buf_ok(&backlog->bytes) ? ERR_OK : ERR_NOMEM;
}

/* Takes what it can of `input`, which is the backlog or, when there is none, fresh. */
static void take(struct http1 *http1, struct str *input)
{
    while (input->len > 0 && reads_on(http1)) {
        read_some(http1, input);
    }
    if (input->len > 0 && http1->state == HTTP1_RIDDEN && !http1->held) {
        http1->carrier.riding->received(&http1->carrier, *input);
        input->len = 0;
    }
    if (http1->state == HTTP1_CLOSING || http1->state == HTTP1_GONE) {
        input->len = 0;
    }
}

/* After the input was taken: is more wanted, or was that all? */
static void settle(struct http1 *http1)
{
    const size_t kept = backlog_of(http1) == NULL ? 0 : backlog_of(http1)->bytes.len;
    if (http1->held || kept >= BACKLOG_BYTES_MAX) {
        conn_pause(&http1->conn);
    } else {
        conn_resume(&http1->conn);
    }
    if (http1->half_closed && kept == 0 && http1->state == HTTP1_IDLE) {
        end(&http1->carrier);
    } else if (http1->half_closed && kept == 0 && http1->state == HTTP1_READING) {
        refuse_fault(http1, PROBLEM_BAD_REQUEST, "the connection ended within the request");
    }
}

static void pump(struct http1 *http1, struct str fresh)
{
    const bool has_backlog = backlog_of(http1) != NULL;
    if (has_backlog && keep_input(http1, fresh) != ERR_OK) {
        cut(&http1->carrier);
        return;
    }
    struct str input = has_backlog ? buf_str(&backlog_of(http1)->bytes) : fresh;
    count_turn(http1);
    http1->pumping = true;
    take(http1, &input);
    http1->pumping = false;
    if (http1->state == HTTP1_CLOSING || http1->state == HTTP1_GONE) {
        drop_backlog(http1);
        return;
    }
    if (has_backlog && input.len == 0) {
        drop_backlog(http1);
    } else if (has_backlog) {
        buf_drop(&backlog_of(http1)->bytes, backlog_of(http1)->bytes.len - input.len);
    } else if (input.len > 0 && keep_input(http1, input) != ERR_OK) {
        cut(&http1->carrier);
        return;
    }
    give_way(http1);
    settle(http1);
}

/* ---- what the connection says ---- */

static void on_received(struct conn *conn, struct str bytes)
{
    pump(of_conn(conn), bytes);
}

static void on_writable(struct conn *conn)
{
    struct http1 *http1 = of_conn(conn);
    if (http1->state == HTTP1_RIDDEN) {
        http1->carrier.riding->writable(&http1->carrier);
        return;
    }
    if (http1->state == HTTP1_ANSWERING) {
        answer_on(http1);
    }
    if (may_read(http1)) {
        pump(http1, STR_NONE);
    }
}

static void on_half_closed(struct conn *conn)
{
    struct http1 *http1 = of_conn(conn);
    http1->half_closed = true;
    if (http1->state == HTTP1_RIDDEN) {
        http1->carrier.riding->half_closed(&http1->carrier);
    } else if (http1->state == HTTP1_BUSY && http1->talk->exchange->news != NULL) {
        http1->talk->exchange->news(http1->talk->exchange, EXCHANGE_HALF_CLOSED);
    } else {
        settle(http1);
    }
}

static void on_ended(struct conn *conn)
{
    cut(&of_conn(conn)->carrier);
}

static const struct conn_ops conn_ops = {
    .received = on_received,
    .writable = on_writable,
    .half_closed = on_half_closed,
    .ended = on_ended,
};

/* ---- what a carrier can ---- */

static enum err on_send(struct carrier *carrier, struct str bytes)
{
    meter_count(&carrier->server->meter, METER_SENT_BYTES, (int64_t)bytes.len);
    return conn_send(&http1_of(carrier)->conn, bytes);
}

static size_t on_try_send(struct carrier *carrier, const uint8_t *bytes, size_t len)
{
    const size_t sent = conn_try_send(&http1_of(carrier)->conn, bytes, len);
    meter_count(&carrier->server->meter, METER_SENT_BYTES, (int64_t)sent);
    return sent;
}

static size_t on_waiting_bytes(const struct carrier *carrier)
{
    return conn_waiting_bytes(&http1_of_const(carrier)->conn);
}

static uint32_t on_silent_ms(struct carrier *carrier)
{
    return conn_silent_ms(&http1_of(carrier)->conn);
}

static uint32_t on_passed_ms(struct carrier *carrier)
{
    return conn_passed_ms(&http1_of(carrier)->conn);
}

static int64_t on_heard_ms(const struct carrier *carrier)
{
    return conn_received_ms(&http1_of_const(carrier)->conn);
}

static void on_hold(struct carrier *carrier, bool held)
{
    struct http1 *http1 = http1_of(carrier);
    if (http1->held == held || http1->state != HTTP1_RIDDEN) {
        return;
    }
    http1->held = held;
    if (held) {
        conn_pause(&http1->conn);
    } else {
        conn_resume(&http1->conn);
    }
}

void http1_dismiss(struct carrier *carrier)
{
    if (http1_of(carrier)->state == HTTP1_IDLE) {
        end(carrier);
    }
}

/* The next request of whom an answer just left may be on its way: closed now, they would read of a
 * reset what a 503 tells better, when to come back. */
static void part(struct http1 *http1)
{
    struct server *server = http1->carrier.server;
    const int64_t answered_ms = http1->carrier.entry.due_ms - server->idle_ms;
    if (front_now_ms(server) - answered_ms < server->parting_ms) {
        sweep_add(&server->parting, &http1->carrier.entry);
    } else {
        end(&http1->carrier);
    }
}

static void on_drain(struct carrier *carrier)
{
    struct http1 *http1 = http1_of(carrier);
    if (http1->state == HTTP1_RIDDEN) {
        carrier->riding->drained(carrier);
    } else if (http1->state == HTTP1_BUSY && http1->talk->exchange->news != NULL) {
        http1->talk->exchange->news(http1->talk->exchange, EXCHANGE_DRAINING);
    } else if (http1->state == HTTP1_IDLE) {
        part(http1);
    }
}

static const struct carrier_ops carrier_ops = {
    .answer = on_answer,
    .ride = on_ride,
    .send = on_send,
    .try_send = on_try_send,
    .waiting_bytes = on_waiting_bytes,
    .silent_ms = on_silent_ms,
    .passed_ms = on_passed_ms,
    .heard_ms = on_heard_ms,
    .hold = on_hold,
    .end = end,
    .cut = cut,
    .drain = on_drain,
};

/* ---- life ---- */

void http1_idled(struct carrier *carrier)
{
    if (http1_of(carrier)->state == HTTP1_ANSWERING) {
        cut(carrier);
    } else {
        end(carrier);
    }
}

/* Sets how the newcomer is met; false: not at all. */
static bool welcome(struct http1 *http1)
{
    struct server *server = http1->carrier.server;
    const struct address *peer = &http1->talk->peer;
    if (server->draining) {
        http1->is_newcomer = true;
        server->newcomer_count++;
        http1->talk->refusal = PROBLEM_DRAINING;
    } else if (server->census != NULL && !front_trusts(server, peer) &&
               census_count_address(server->census, &http1->carrier.seat, peer) == ERR_LIMIT) {
        http1->talk->refusal = PROBLEM_CONNS_ADDRESS;
    }
    if (http1->talk->refusal == PROBLEM_CODES) {
        return true;
    }
    http1->is_unwanted = true;
    server->unwanted_count++;
    return server->unwanted_count <= UNWANTED_MAX;
}

void http1_pool_init(struct pool *pool)
{
    pool_init(pool, MEM_CONN, sizeof(struct http1));
}

void http1_open(struct server *server, int fd, const struct address *peer)
{
    struct http1 *http1 = pool_new(&server->http1s);
    struct talk *talk = mem_new(MEM_CONN, sizeof(*talk));
    if (http1 == NULL || talk == NULL) {
        meter_count(&server->meter, METER_UNHELD, 1);
        sys_close(fd);
        mem_free(MEM_CONN, talk);
        pool_free(&server->http1s, http1);
        return;
    }
    talk->peer = *peer;
    talk->refusal = PROBLEM_CODES;
    http1->talk = talk;
    http1->carrier.ops = &carrier_ops;
    http1->carrier.server = server;
    if (conn_init(&http1->conn, server->reactor, &conn_ops, fd) != ERR_OK) {
        mem_free(MEM_CONN, talk);
        pool_free(&server->http1s, http1);
        meter_count(&server->meter, METER_UNHELD, 1);
        return;
    }
    list_push(&server->carriers, &http1->carrier.link);
    server->carrier_count++;
    meter_count(&server->meter, METER_ACCEPTED, 1);
    meter_count(&server->meter, METER_CONNS_HTTP, 1);
    sweep_add(&server->idle, &http1->carrier.entry);
    if (!welcome(http1)) {
        cut(&http1->carrier);
    }
}
