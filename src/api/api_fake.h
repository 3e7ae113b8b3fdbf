// SPDX-License-Identifier: Apache-2.0
/* api_fake -- the rooms below, as far as a test of this folder needs them: exchanges that keep
 * their answer, an engine and a hub that answer at once with what the test laid out, readers that
 * only note how they were opened. Included once by a test, since a test is one file; what is
 * defined here takes the place of serve/ and hub/ when it is linked.
 */
#pragma once

#include "api/api.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "hub/hub.h"
#include "hub/port.h"
#include "loop/reactor.h"
#include "rules/jwt.h"
#include "serve/exchange.h"
#include "serve/server.h"
#include "serve/streaming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FAKE_SECRET "a secret of this test, long enough to sign"

/* ---- what the test lays out and looks at ---- */

struct exchange {
    struct request request;
    struct field fields[4];
    bool is_answered;
    int status;
    char type[128], headers[4096], body[131072];
};

struct server {
    void *user;
};

static struct {
    struct server server;
    struct reactor *reactor;
    struct rand rand;
    int64_t mono_ms, wall_ms;
    bool is_draining, is_well;
    struct api_shared *shared;
    struct api *api;
    /* -- the engine's next answers, and what it was asked -- */
    struct submit submit, submitted;
    bool keeps_submit;   // a disk that hangs
    struct submit *kept; // the port's still
    struct read read, asked, asked_comments;
    struct event *events[8];
    struct stream_call stream, streamed;
    struct act_call act, acted;
    struct moderation_call moderation, looked;
    char acted_stream[STREAM_NAME_LEN_MAX + 1];
    const char *found_json; // what moderators look up
    const char *found_act;  // the same of one act
    bool keeps_act;
    struct act_call *kept_act; // the port's still
    uint64_t warned_user;      // hash
    struct notice *warning;    // of theirs
    enum err warnings_result;
    char address[ADDRESS_TEXT_MAX];
    uint32_t reads, acts;
    /* -- the hub's -- */
    struct presence_call presence, present;
    struct reach_call reached;
    struct reach_figures reach;
    bool knows_reach;
    /* -- readers -- */
    struct join join;
    char join_stream[STREAM_NAME_LEN_MAX + 1];
    uint32_t opened, wait_ms;
    struct poll_found found;
} fake;

/* ---- clock, server ---- */

static int64_t fake_mono_ms(const struct clock *clock)
{
    (void)clock;
    return fake.mono_ms;
}

static int64_t fake_wall_ms(const struct clock *clock)
{
    (void)clock;
    return fake.wall_ms;
}

void *server_user(struct server *server)
{
    return server->user;
}

const struct clock *server_clock(struct server *server)
{
    static const struct clock clock = {fake_mono_ms, fake_wall_ms};
    (void)server;
    return &clock;
}

struct rand *server_rand(struct server *server)
{
    (void)server;
    return &fake.rand;
}

struct reactor *server_reactor(struct server *server)
{
    (void)server;
    return fake.reactor;
}

bool server_is_draining(const struct server *server)
{
    (void)server;
    return fake.is_draining;
}

uint32_t server_drain_retry_ms(struct server *server)
{
    (void)server;
    return 7000;
}

/* ---- exchange ---- */

const struct request *exchange_request(const struct exchange *exchange)
{
    return &exchange->request;
}

struct server *exchange_server(struct exchange *exchange)
{
    (void)exchange;
    return &fake.server;
}

struct str request_field(const struct request *request, const char *name)
{
    for (uint32_t i = 0; i < request->field_count; i++) {
        if (str_eq_nocase(request->fields[i].name, str_of(name))) {
            return request->fields[i].value;
        }
    }
    return STR_NONE;
}

uint32_t request_field_count(const struct request *request, const char *name)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->field_count; i++) {
        count += str_eq_nocase(request->fields[i].name, str_of(name)) ? 1 : 0;
    }
    return count;
}

static void fake_copy(char *to, size_t size, struct str from)
{
    assert_true(from.len < size);
    if (from.len > 0) {
        memcpy(to, from.at, from.len);
    }
    to[from.len] = '\0';
}

void exchange_answer(struct exchange *exchange, const struct answer *answer)
{
    assert_false(exchange->is_answered);
    exchange->is_answered = true;
    exchange->status = answer->status;
    fake_copy(exchange->type, sizeof(exchange->type), answer->type);
    fake_copy(exchange->headers, sizeof(exchange->headers), answer->headers);
    fake_copy(exchange->body, sizeof(exchange->body), answer->body);
}

/* ---- the engine ---- */

static void fake_submit(struct port *port, struct submit *submit)
{
    (void)port;
    fake.submitted = *submit;
    fake_copy(fake.address, sizeof(fake.address), submit->address);
    submit->end = fake.submit.end;
    submit->refusal = fake.submit.refusal;
    submit->retry_after_ms = fake.submit.retry_after_ms;
    submit->rate = fake.submit.rate;
    submit->asked_traits = fake.submit.asked_traits;
    submit->epoch = (struct epoch){"k3f9"};
    submit->event = fake.submit.event == NULL ? NULL : event_ref(fake.submit.event);
    submit->id = fake.submit.id;
    submit->state = fake.submit.state;
    submit->act = fake.submit.act;
    if (fake.keeps_submit) {
        fake.kept = submit;
    } else {
        submit->call.done(&submit->call);
    }
}

static void fake_read(struct port *port, struct read *read)
{
    (void)port;
    fake.asked = *read;
    fake.asked_comments = read->kinds >> EVENT_COMMENT & 1 ? *read : fake.asked_comments;
    fake.reads++;
    read->result = fake.read.result;
    read->epoch = (struct epoch){"k3f9"};
    read->head = fake.read.head;
    read->heard = fake.read.heard > read->head ? fake.read.heard : read->head;
    read->oldest = fake.read.oldest;
    read->more = fake.read.more;
    read->count = fake.read.count;
    read->events = fake.events;
    read->call.done(&read->call);
}

void read_done(struct read *read)
{
    read->events = NULL; // the test's
}

static void fake_stream(struct port *port, struct stream_call *stream)
{
    (void)port;
    fake.streamed = *stream;
    stream->result = fake.stream.result;
    stream->created = fake.stream.created;
    stream->epoch = (struct epoch){"k3f9"};
    stream->head = fake.stream.head;
    stream->now = fake.stream.now;
    stream->retention_now = fake.stream.retention_now;
    stream->call.done(&stream->call);
}

static void fake_act(struct port *port, struct act_call *act)
{
    (void)port;
    fake.acts++;
    fake.acted = *act;
    fake_copy(fake.acted_stream, sizeof(fake.acted_stream), act->stream);
    act->end = fake.act.end;
    act->refusal = fake.act.refusal;
    act->retry_after_ms = fake.act.retry_after_ms;
    act->epoch = (struct epoch){"k3f9"};
    act->act_n = fake.act.act_n;
    act->seq = fake.act.seq;
    act->against = fake.act.against;
    act->claim = fake.act.claim;
    act->changed = fake.act.changed;
    memcpy(act->detail, fake.act.detail, sizeof(act->detail));
    if (fake.keeps_act) {
        fake.kept_act = act;
    } else {
        act->call.done(&act->call);
    }
}

static void fake_moderation(struct port *port, struct moderation_call *call)
{
    (void)port;
    fake.looked = *call;
    call->result = fake.moderation.result;
    call->seq = fake.moderation.seq;
    call->has_event = fake.moderation.has_event;
    call->has_reach = fake.moderation.has_reach;
    call->reach = fake.moderation.reach;
    buf_init(&call->out, MEM_OTHER, 1 << 20);
    buf_add_str(&call->out,
                str_of(call->what == MODERATION_ACT && fake.found_act != NULL ? fake.found_act
                                                                              : fake.found_json));
    call->call.done(&call->call);
}

static bool fake_may_be_warned(struct port *port, uint64_t user)
{
    (void)port;
    return user != 0 && user == fake.warned_user;
}

static void fake_warnings(struct port *port, struct warnings *warnings)
{
    (void)port;
    warnings->result = fake.warnings_result;
    warnings->count = fake.warning == NULL ? 0 : 1;
    warnings->notices[0] = fake.warning;
    warnings->call.done(&warnings->call);
}

void warnings_done(struct warnings *warnings)
{
    warnings->count = 0; // they are the test's
}

static const struct port_ops fake_port_ops = {.submit = fake_submit,
                                              .read = fake_read,
                                              .stream = fake_stream,
                                              .act = fake_act,
                                              .moderation = fake_moderation,
                                              .may_be_warned = fake_may_be_warned,
                                              .warnings = fake_warnings};
static struct port fake_port = {.ops = &fake_port_ops, .epoch = {"k3f9"}};

/* ---- the hub ---- */

void hub_presence(struct hub *hub, struct presence_call *call)
{
    (void)hub;
    fake.present = *call;
    call->viewers = fake.presence.viewers;
    call->beat = fake.presence.beat;
    call->watching = fake.presence.watching;
    call->next_ms = 10000;
    call->roster = fake.presence.roster;
    call->roster_count = fake.presence.roster_count;
    call->call.done(&call->call);
}

void presence_call_done(struct presence_call *call)
{
    call->roster = NULL; // the test's
}

void hub_figures(struct hub *hub, struct figures_call *call)
{
    (void)hub;
    call->viewers = 12;
    call->call.done(&call->call);
}

void hub_reach(struct hub *hub, struct reach_call *call)
{
    (void)hub;
    fake.reached = *call;
    call->known = fake.knows_reach;
    call->figures = fake.reach;
    call->call.done(&call->call);
}

void hub_busiest(struct hub *hub, struct busiest_call *call)
{
    (void)hub;
    (void)snprintf(call->streams[0].name, sizeof(call->streams[0].name), "demo");
    call->streams[0].viewers = 12;
    call->count = 1;
    call->call.done(&call->call);
}

/* ---- readers ---- */

static void fake_note_join(const struct join *join)
{
    fake.opened++;
    fake.join = *join;
    fake_copy(fake.join_stream, sizeof(fake.join_stream), join->stream);
}

void sse_reader_open(struct exchange *exchange, const struct join *join,
                     const struct reader *reader,
                     void (*refused)(struct exchange *exchange, enum viewer_refusal why))
{
    (void)exchange, (void)reader, (void)refused;
    fake_note_join(join);
}

void poll_open(struct exchange *exchange, const struct join *join,
               const struct poll_options *options)
{
    fake_note_join(join);
    fake.wait_ms = options->wait_ms;
    options->ops->found(exchange, &fake.found);
}

/* ---- WebSocket: one connection ---- */

struct ws_conn {
    const struct ws_ops *ops;
    void *user;
    struct claims *claims;
    char sent[65536]; // the last message
    char joined[STREAM_NAME_LEN_MAX + 1];
    uint32_t sends, bad_messages;
    uint16_t close_code;
    enum err join_result;
    enum lane lane; // it was changed to
};
static struct ws_conn fake_ws;

enum err ws_conn_open(struct exchange *exchange, const struct reader *reader,
                      const struct ws_ops *ops, void *user, struct ws_conn **ret_ws)
{
    (void)exchange;
    fake_ws = (struct ws_conn){.ops = ops, .user = user};
    ws_conn_set_claims(&fake_ws, reader->claims);
    *ret_ws = &fake_ws;
    return ERR_OK;
}

void *ws_conn_user(struct ws_conn *ws)
{
    return ws->user;
}

struct server *ws_conn_server(struct ws_conn *ws)
{
    (void)ws;
    return &fake.server;
}

void ws_conn_client(const struct ws_conn *ws, struct address *ret_client, bool *ret_trusted)
{
    (void)ws;
    *ret_client = (struct address){.bytes = {[10] = 0xFF, [11] = 0xFF, [12] = 192, [15] = 1}};
    *ret_trusted = false;
}

struct claims *ws_conn_claims(struct ws_conn *ws)
{
    return ws->claims;
}

void ws_conn_set_claims(struct ws_conn *ws, struct claims *claims)
{
    claims_unref(ws->claims);
    ws->claims = claims == NULL ? NULL : claims_ref(claims);
}

void ws_conn_send(struct ws_conn *ws, struct str json)
{
    ws->sends++;
    fake_copy(ws->sent, sizeof(ws->sent), json);
}

void ws_conn_send_binary(struct ws_conn *ws, struct str bytes)
{
    ws_conn_send(ws, bytes);
}

enum err ws_conn_join(struct ws_conn *ws, const struct join *join)
{
    if (ws->join_result == ERR_OK) {
        fake_note_join(join);
        fake_copy(ws->joined, sizeof(ws->joined), join->stream);
    }
    return ws->join_result;
}

enum err ws_conn_leave(struct ws_conn *ws, struct str stream)
{
    const bool is_joined = str_eq(str_of(ws->joined), stream);
    if (is_joined) {
        ws->joined[0] = '\0';
    }
    return is_joined ? ERR_OK : ERR_NOT_FOUND;
}

struct str ws_conn_denied(struct ws_conn *ws)
{
    const struct str joined = str_of(ws->joined);
    const bool is_denied = ws->claims != NULL && !claims_allow_stream(ws->claims, joined);
    return is_denied ? joined : STR_NONE;
}

void ws_conn_identify(struct ws_conn *ws, uint64_t identity)
{
    (void)ws;
    fake.join.identity = identity;
}

enum err ws_conn_change_lane(struct ws_conn *ws, struct str stream, enum lane lane)
{
    ws->lane = lane;
    return str_eq(str_of(ws->joined), stream) ? ERR_OK : ERR_NOT_FOUND;
}

struct str ws_conn_stream(struct ws_conn *ws)
{
    return str_of(ws->joined);
}

void ws_conn_close(struct ws_conn *ws, uint16_t code, struct str reason)
{
    (void)reason;
    ws->close_code = code;
}

void ws_conn_bad_message(struct ws_conn *ws)
{
    ws->bad_messages++;
}

/* ---- making it, and asking ---- */

static bool fake_is_well(void *user, const char **ret_reason)
{
    (void)user;
    *ret_reason = "the disk is full";
    return fake.is_well;
}

static struct policy *fake_policy(struct policy_options options)
{
    struct policy *policy = NULL;
    assert_int_equal(jwt_keys_new(&options.keys), ERR_OK);
    assert_int_equal(jwt_keys_add_secret(options.keys, STR(FAKE_SECRET)), ERR_OK);
    options.guest_secret = STR(FAKE_SECRET);
    options.text = comment_text_limits_usual;
    options.json = (struct json_limits){.depth = JSON_DEPTH_MAX, .keys = JSON_KEYS_MAX};
    options.tickets = tickets_limits_usual;
    options.claim_ms = 60 * 1000;
    options.ws_calls = 256;
    options.ws_auth_ms = 10 * 1000;
    assert_int_equal(policy_new(&options, &policy), ERR_OK);
    return policy;
}

static inline void fake_set_policy(struct policy_options options)
{
    struct policy *policy = fake_policy(options);
    api_shared_set_policy(fake.shared, policy);
    policy_unref(policy);
}

static int fake_set_up(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    fake.wall_ms = 1763700000123;
    fake.is_well = true;
    rand_init(&fake.rand, 7);
    assert_int_equal(reactor_new(&fake.reactor), ERR_OK);
    struct policy *policy = fake_policy((struct policy_options){.has_guests = true});
    const struct api_options options = {.port = &fake_port,
                                        .policy = policy,
                                        .version = STR("0.1.0"),
                                        .answer_ms = 3000,
                                        .is_dev = true,
                                        .is_well = fake_is_well};
    assert_int_equal(api_shared_new(&options, &fake.shared), ERR_OK);
    policy_unref(policy);
    assert_int_equal(api_new(fake.shared, NULL, &fake.api), ERR_OK);
    fake.server.user = fake.api;
    return 0;
}

static int fake_tear_down(void **state)
{
    (void)state;
    event_unref(fake.submit.event);
    for (size_t i = 0; i < sizeof(fake.events) / sizeof(fake.events[0]); i++) {
        event_unref(fake.events[i]);
    }
    api_free(fake.api);
    api_shared_free(fake.shared);
    reactor_free(fake.reactor);
    return 0;
}

/* "Bearer <a token>" of this user with one role; valid until the next call. */
static struct str fake_bearer(const char *sub, const char *role)
{
    static char text[JWT_BYTES_MAX];
    const struct str roles[] = {str_of(role)};
    const struct jwt_grant grant = {.sub = str_of(sub),
                                    .name = str_of(sub),
                                    .roles = roles,
                                    .role_count = 1,
                                    .iat_s = fake.wall_ms / 1000,
                                    .exp_s = fake.wall_ms / 1000 + 3600};
    struct buf token;
    buf_init(&token, MEM_OTHER, JWT_BYTES_MAX);
    assert_int_equal(jwt_sign(STR(FAKE_SECRET), &grant, &token), ERR_OK);
    (void)snprintf(text, sizeof(text), "Bearer %.*s", (int)token.len, (const char *)token.bytes);
    buf_done(&token);
    return str_of(text);
}

/* A comment as the engine keeps it. */
static inline struct event *fake_comment(uint64_t seq)
{
    struct event *event =
        event_new(STR("\"id\":\"c1\",\"at\":1763700000123,\"user\":{\"id\":\"ann\","
                      "\"name\":\"Ann\"},\"text\":\"hello\""));
    assert_non_null(event);
    event->kind = EVENT_COMMENT;
    event->seq = seq;
    event->prev = seq - 1;
    event->at_ms = 1763700000123;
    return event;
}

struct fake_ask {
    const char *method, *path, *query, *body;
    struct str bearer;
    const char *name, *value; // one more header
    const char *more;         // and its value when it is sent again; NULL: once
};

static struct exchange *fake_ask(const struct fake_ask *ask)
{
    static struct exchange exchange;
    memset(&exchange, 0, sizeof(exchange));
    struct request *request = &exchange.request;
    request->fields = exchange.fields;
    request->method = str_of(ask->method);
    request->path = str_of(ask->path);
    request->query = str_of(ask->query);
    request->host = STR("chat.example");
    request->body = str_of(ask->body);
    request->has_body = ask->body != NULL;
    if (ask->bearer.len > 0) {
        request->fields[request->field_count++] = (struct field){STR("Authorization"), ask->bearer};
    }
    if (ask->body != NULL) {
        request->fields[request->field_count++] =
            (struct field){STR("Content-Type"), STR("application/json")};
    }
    if (ask->name != NULL) {
        request->fields[request->field_count++] =
            (struct field){str_of(ask->name), str_of(ask->value)};
    }
    if (ask->more != NULL) {
        request->fields[request->field_count++] =
            (struct field){str_of(ask->name), str_of(ask->more)};
    }
    api_handle(fake.api, &exchange);
    return &exchange;
}

static inline void assert_says(const struct exchange *exchange, int status, const char *part)
{
    assert_true(exchange->is_answered);
    if (exchange->status != status || strstr(exchange->body, part) == NULL) {
        print_message("expected %d with %s, got %d %s\n", status, part, exchange->status,
                      exchange->body);
    }
    assert_int_equal(exchange->status, status);
    assert_non_null(strstr(exchange->body, part));
}
