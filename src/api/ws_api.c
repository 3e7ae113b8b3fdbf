// SPDX-License-Identifier: Apache-2.0
#include "api/ws_api.h"

#include "api/acting.h"
#include "api/ask.h"
#include "api/auth.h"
#include "api/posting.h"
#include "api/presence_api.h"
#include "api/reading.h"
#include "api/respond.h"
#include "api/ws_session.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "loop/reactor.h"
#include "serve/server.h"

/* One message of a client, for the call. */
struct order {
    struct ws_session *session;
    const struct json *message;
    struct ref ref;
};

/* What comes back later: a comment's answer or a beat's. */
struct errand {
    struct presence_call presence; // first: what the hub holds of a beat
    struct ws_session *session;
    struct claims *claims; // a reference: the name a beat carries
    struct kept_name stream;
    struct ref ref;
};

_Static_assert(offsetof(struct errand, presence) == 0 && offsetof(struct presence_call, call) == 0,
               "a call of presence is its errand");

static void fail(struct order *order, enum problem_code code, const char *field, const char *detail)
{
    ws_session_fail(
        order->session, &order->ref,
        &(struct problem){.code = code, .field = str_of(field), .detail = str_of(detail)});
}

static void fail_without_token(struct order *order)
{
    fail(order, PROBLEM_NO_TOKEN, "do", "Say first who you are: {\"do\":\"auth\",\"token\":...}.");
}

static void succeed(struct order *order, struct str stream)
{
    struct buf data = respond_body();
    buf_add_byte(&data, '{');
    json_write_member_str(&data, "stream", stream);
    buf_add_byte(&data, '}');
    ws_session_ok(order->session, &order->ref, 200, &data);
}

/* The stream a message is about: named, or the only one joined. Answers when there is none. */
static bool find_stream(struct order *order, struct str *ret_stream)
{
    struct ws_conn *ws = order->session->ws;
    const struct json *member = json_member(order->message, "stream");
    struct str stream = ws_conn_stream(ws);
    if (member != NULL && !json_get_str(member, &stream)) {
        fail(order, PROBLEM_BAD_FIELD, "stream", "`stream` is the name of a stream.");
        return false;
    }
    if (member == NULL && stream.len == 0) {
        fail(order, PROBLEM_BAD_FIELD, "stream",
             "Name the `stream`: this connection has joined none, or several.");
        return false;
    }
    if (!stream_name_is_valid(stream)) {
        fail(order, PROBLEM_BAD_NAME, "stream",
             "A stream's name is 1 to 128 of A-Z a-z 0-9 . _ ~ - and begins with a letter or "
             "digit.");
        return false;
    }
    struct problem why;
    if (auth_stream(ws_conn_claims(ws), stream, &why) != ERR_OK) {
        ws_session_fail(order->session, &order->ref, &why);
        return false;
    }
    *ret_stream = stream;
    return true;
}

static struct errand *errand_new(struct order *order, struct str stream)
{
    struct errand *errand = mem_new(MEM_CONN, sizeof(*errand));
    if (errand == NULL || ws_session_send_away(order->session) != ERR_OK) {
        mem_free(MEM_CONN, errand);
        ws_session_fail(order->session, &order->ref,
                        &(struct problem){.code = PROBLEM_OVERLOADED,
                                          .detail = STR("Too much of this connection is under way. "
                                                        "Wait for the answers."),
                                          .retry_after_ms = 1000});
        return NULL;
    }
    errand->session = order->session;
    errand->ref = order->ref;
    ask_keep_name(&errand->stream, stream);
    return errand;
}

static void errand_free(struct errand *errand)
{
    struct ws_session *session = errand->session;
    claims_unref(errand->claims);
    mem_free(MEM_CONN, errand);
    ws_session_came_back(session);
}

/* ---- post ---- */

static void on_posted(struct posting *posting)
{
    struct errand *errand = posting->user;
    struct problem why;
    if (posting_result(posting, &why) == ERR_OK) {
        struct buf data = respond_body();
        posting_write(posting, &data);
        ws_session_ok(errand->session, &errand->ref, posting_status(posting), &data);
    } else {
        ws_session_fail(errand->session, &errand->ref, &why);
    }
    posting_free(posting);
    errand_free(errand);
}

static void do_post(struct order *order)
{
    struct ws_conn *ws = order->session->ws;
    struct str stream;
    if (ws_conn_claims(ws) == NULL) {
        fail_without_token(order);
        return;
    }
    if (server_is_draining(order->session->server)) {
        fail(order, PROBLEM_DRAINING, NULL, "Connect again and send it with the same cid.");
        return;
    }
    if (!find_stream(order, &stream)) {
        return;
    }
    struct posting_options options = {
        .server = order->session->server,
        .claims = ws_conn_claims(ws),
        .stream = stream,
        .message = order->message,
    };
    struct address client;
    ws_conn_client(ws, &client, &options.client_is_trusted);
    options.client = &client;
    struct posting *posting = NULL;
    struct errand *errand = errand_new(order, stream);
    if (errand == NULL) {
        return;
    }
    if (posting_new(&options, &posting) == ERR_OK) {
        posting_start(posting, on_posted, errand);
    } else {
        ws_session_fail(order->session, &order->ref,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
        errand_free(errand);
    }
}

/* ---- act ---- */

static void on_acted(struct acting *acting)
{
    struct errand *errand = acting->user;
    struct problem why;
    if (acting_result(acting, &why) == ERR_OK) {
        struct buf data = respond_body();
        acting_write(acting, &data);
        ws_session_ok(errand->session, &errand->ref, 200, &data);
    } else {
        ws_session_fail(errand->session, &errand->ref, &why);
    }
    acting_free(acting);
    errand_free(errand);
}

static void do_act(struct order *order)
{
    const struct json *request = json_member(order->message, "act");
    struct str stream;
    struct problem why;
    if (!find_stream(order, &stream)) {
        return;
    }
    if (auth_manager(ws_conn_claims(order->session->ws), &why) != ERR_OK) {
        ws_session_fail(order->session, &order->ref, &why);
        return;
    }
    if (json_kind(request) != JSON_KIND_OBJECT) {
        fail(order, PROBLEM_BAD_FIELD, "act",
             "`act` is an object: {\"do\":\"delete\",\"seq\":4072}.");
        return;
    }
    const struct acting_options options = {.server = order->session->server,
                                           .claims = ws_conn_claims(order->session->ws),
                                           .stream = stream,
                                           .request = request};
    struct acting *acting = NULL;
    struct errand *errand = errand_new(order, stream);
    if (errand == NULL) {
        return;
    }
    if (acting_new(&options, &acting, &why) == ERR_OK) {
        acting_start(acting, on_acted, errand);
    } else {
        ws_session_fail(order->session, &order->ref, &why);
        errand_free(errand);
    }
}

/* ---- beat ---- */

static void on_beaten(struct call *call)
{
    struct errand *errand = (struct errand *)(void *)call;
    if (errand->presence.beat != BEAT_TAKEN) {
        ws_session_fail(errand->session, &errand->ref, presence_api_problem(&errand->presence));
    } else {
        struct buf data = respond_body();
        presence_api_write_beat(&data, &errand->presence);
        ws_session_ok(errand->session, &errand->ref, 200, &data);
    }
    presence_call_done(&errand->presence);
    errand_free(errand);
}

static void do_beat(struct order *order)
{
    struct ws_session *session = order->session;
    const struct json *member = json_member(order->message, "state");
    struct str state = STR("watching");
    if (member != NULL && !json_get_str(member, &state)) {
        state = STR_NONE;
    }
    const bool is_hidden = str_eq(state, STR("hidden"));
    if (!is_hidden && !str_eq(state, STR("watching"))) {
        fail(order, PROBLEM_BAD_FIELD, "state", "`state` is \"watching\" or \"hidden\".");
        return;
    }
    struct str stream;
    struct errand *errand = find_stream(order, &stream) ? errand_new(order, stream) : NULL;
    if (errand == NULL) {
        return;
    }
    struct claims *claims = ws_conn_claims(session->ws);
    errand->presence = (struct presence_call){
        .call = {.home = desk_home(session->server), .done = on_beaten},
        .stream = ask_kept_name(&errand->stream),
        .identity = ws_session_listed(session),
        .screen = session->screen,
        .address = session->address,
        .hidden = is_hidden,
    };
    if (claims != NULL) {
        errand->claims = claims_ref(claims);
        errand->presence.name = claims_roster_name(claims);
    }
    hub_presence(ws_session_api(session)->hub, &errand->presence);
}

/* ---- join, leave, lane ---- */

static void do_join(struct order *order)
{
    struct str stream;
    struct join join;
    struct problem why;
    if (!find_stream(order, &stream)) {
        return;
    }
    if (reading_from_message(order->message, &join, &why) != ERR_OK) {
        ws_session_fail(order->session, &order->ref, &why);
        return;
    }
    join.stream = stream;
    if (ws_session_join(order->session, &join, &order->ref, &why) != ERR_OK) {
        ws_session_fail(order->session, &order->ref, &why);
    }
}

static void not_joined(struct order *order)
{
    fail(order, PROBLEM_NOT_FOUND, "stream", "This connection has not joined that stream.");
}

static void do_leave(struct order *order)
{
    struct str stream;
    if (!find_stream(order, &stream)) {
        return;
    }
    struct kept_name kept; // what ws_conn_stream() gave goes with the join
    ask_keep_name(&kept, stream);
    if (ws_conn_leave(order->session->ws, stream) != ERR_OK) {
        not_joined(order);
        return;
    }
    succeed(order, ask_kept_name(&kept));
}

static void do_lane(struct order *order)
{
    struct str stream, name = STR_NONE;
    enum lane lane = LANE_FULL;
    struct problem why;
    if (!find_stream(order, &stream)) {
        return;
    }
    (void)json_get_str(json_member(order->message, "lane"), &name);
    if (reading_lane(name, &lane, &why) != ERR_OK) {
        ws_session_fail(order->session, &order->ref, &why);
        return;
    }
    const enum err err = ws_conn_change_lane(order->session->ws, stream, lane);
    if (err == ERR_NOT_FOUND) {
        not_joined(order);
    } else if (err != ERR_OK) {
        ws_session_fail(order->session, &order->ref,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
    } else {
        succeed(order, stream);
    }
}

/* ---- auth ---- */

static void join_first(struct ws_session *session, const struct join *join)
{
    static const struct ref none = {.kind = JSON_KIND_NULL};
    struct problem why;
    if (auth_stream(ws_conn_claims(session->ws), join->stream, &why) != ERR_OK ||
        ws_session_join(session, join, NULL, &why) != ERR_OK) {
        ws_session_fail(session, &none, &why);
        ws_conn_close(session->ws, 1008, str_of(problem_name(why.code)));
    }
}

/* It is known who this is. */
static void welcome(struct ws_session *session)
{
    struct ws_welcome *waiting = session->welcome;
    if (waiting != NULL) {
        struct join join = waiting->join;
        struct kept_name stream = waiting->stream;
        const bool has_join = waiting->has_join;
        join.stream = ask_kept_name(&stream);
        ws_session_welcome_done(session);
        if (has_join) {
            join_first(session, &join);
        }
    }
}

static bool needs_token(const struct ws_session *session)
{
    return desk_policy(ws_session_api(session))->is.read_needs_token &&
           ws_conn_claims(session->ws) == NULL;
}

static void do_auth(struct order *order)
{
    struct ws_session *session = order->session;
    struct str token;
    if (!json_get_str(json_member(order->message, "token"), &token)) {
        fail(order, PROBLEM_BAD_FIELD, "token", "`token` is a JSON Web Token.");
        return;
    }
    struct claims *claims = NULL;
    struct problem why;
    if (auth_token(session->server, token, &claims, &why) != ERR_OK) {
        ws_session_fail(session, &order->ref, &why);
        if (why.code == PROBLEM_BAD_TOKEN) { // each costs a signature's verification
            ws_conn_bad_message(session->ws);
        }
        return;
    }
    const struct claims *now = ws_conn_claims(session->ws);
    if (now != NULL && !str_eq(now->sub, claims->sub)) {
        fail(order, PROBLEM_FORBIDDEN, "token",
             "This connection is another user's. Open a new one.");
    } else {
        ws_conn_set_claims(session->ws, claims);
        struct buf data = respond_body();
        buf_add_str(&data, STR("{\"user\":{"));
        json_write_member_str(&data, "id", claims->sub);
        json_write_member_str(&data, "name", claims->name);
        buf_add_byte(&data, '}');
        json_write_member_i64(&data, "exp", claims->exp_s);
        buf_add_byte(&data, '}');
        ws_session_ok(session, &order->ref, 200, &data);
        ws_session_leave_denied(session);
        welcome(session);
    }
    claims_unref(claims);
}

static void do_absent(struct order *order)
{
    fail(order, PROBLEM_NOT_FOUND, "do", "This version has no reactions.");
}

/* ---- messages ---- */

static const struct {
    const char *name;
    void (*run)(struct order *order);
} orders[] = {
    {"post", do_post}, {"beat", do_beat}, {"join", do_join},    {"leave", do_leave},
    {"lane", do_lane}, {"auth", do_auth}, {"react", do_absent}, {"act", do_act},
};

static void run_order(struct order *order)
{
    struct str name = STR_NONE;
    (void)json_get_str(json_member(order->message, "do"), &name);
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (!str_eq(name, str_of(orders[i].name))) {
            continue;
        }
        if (needs_token(order->session) && orders[i].run != do_auth) {
            fail_without_token(order);
        } else {
            orders[i].run(order);
        }
        return;
    }
    fail(order, PROBLEM_BAD_FIELD, "do",
         "`do` is one of post, act, beat, join, leave, lane and auth.");
    ws_conn_bad_message(order->session->ws);
}

static void on_message(struct ws_conn *ws, struct str text)
{
    struct ws_session *session = ws_conn_user(ws);
    struct order order = {.session = session, .ref = {.kind = JSON_KIND_NULL}};
    struct json *message = NULL;
    struct json_fault fault;
    struct problem why;
    if (ask_object(desk_of(session->server), text, &message, &fault, &why) != ERR_OK) {
        ws_session_fail(session, &order.ref, &why);
        ws_conn_bad_message(ws);
        return;
    }
    order.message = message;
    if (ws_session_ref(message, &order.ref) != ERR_OK) {
        fail(&order, PROBLEM_BAD_FIELD, "ref",
             "`ref` is a whole number or a string of at most 64 bytes.");
        ws_conn_bad_message(ws);
    } else {
        run_order(&order);
    }
    json_free(message);
}

static void on_joined(struct ws_conn *ws, struct str stream)
{
    ws_session_joined(ws_conn_user(ws), stream);
}

static void on_refused(struct ws_conn *ws, struct str stream, enum viewer_refusal why)
{
    ws_session_refused(ws_conn_user(ws), stream, why);
}

static void on_closed(struct ws_conn *ws)
{
    ws_session_closed(ws_conn_user(ws));
}

static void on_silent(struct timer *timer)
{
    static const struct ref none = {.kind = JSON_KIND_NULL};
    struct ws_session *session = list_entry(timer, struct ws_welcome, timer)->session;
    ws_session_fail(session, &none,
                    &(struct problem){.code = PROBLEM_NO_TOKEN,
                                      .detail = STR("Nobody said in time who this is.")});
    ws_conn_close(session->ws, 1008, STR("no_token"));
}

/* ---- opening ---- */

static void wait_for_token(struct ws_session *session, const struct join *join)
{
    struct ws_welcome *waiting = mem_new(MEM_CONN, sizeof(*waiting));
    if (waiting == NULL) {
        ws_conn_close(session->ws, 1013, STR("no memory"));
        return;
    }
    waiting->session = session;
    waiting->has_join = join->stream.len > 0;
    waiting->join = *join;
    waiting->join.name = STR_NONE;
    if (waiting->has_join) {
        ask_keep_name(&waiting->stream, join->stream);
    }
    waiting->timer.fire = on_silent;
    session->welcome = waiting;
    wheel_arm(reactor_wheel(server_reactor(session->server)), &waiting->timer,
              desk_mono_ms(session->server) + desk_policy(desk_of(session->server))->is.ws_auth_ms);
}

/* `join`: what the URL asked for; without a stream: nothing. */
static void begin(struct ws_session *session, struct ws_conn *ws, const struct join *join)
{
    session->ws = ws;
    if (needs_token(session)) {
        wait_for_token(session, join);
    } else if (join->stream.len > 0) {
        join_first(session, join);
    }
}

void ws_api_open(struct ask *ask)
{
    static const struct ws_ops ops = {
        .message = on_message, .joined = on_joined, .refused = on_refused, .closed = on_closed};
    struct join join;
    struct problem why = {.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
    struct ws_session *session = NULL;
    char name[SESSION_LEN_MAX + 1];
    if (reading_from_ask(ask, &join, &why) != ERR_OK ||
        ask_token_name(ask, "session", name, &why) != ERR_OK ||
        ws_session_new(ask, str_of(name), &session) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    struct kept_name stream = {.len = 0}; // the ask is gone by when it is joined
    if (ask->stream.len > 0) {
        ask_keep_name(&stream, ask->stream);
    }
    join.stream = ask_kept_name(&stream);
    join.name = STR_NONE;
    struct buf cors;
    buf_init(&cors, MEM_CONN, REQUEST_HEAD_BYTES_MAX);
    respond_cors_headers(ask->exchange, &cors);
    const struct reader reader = {.claims = ask->claims, .cors_headers = buf_str(&cors)};
    struct ws_conn *ws = NULL;
    if (ws_conn_open(ask->exchange, &reader, &ops, session, &ws) == ERR_OK) {
        begin(session, ws, &join);
    } else {
        ws_session_closed(session);
    }
    buf_done(&cors);
}
