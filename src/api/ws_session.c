// SPDX-License-Identifier: Apache-2.0
#include "api/ws_session.h"

#include "api/auth.h"
#include "api/desk.h"
#include "api/reading.h"
#include "api/respond.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/rand.h"
#include "loop/reactor.h"
#include "serve/server.h"

enum { CLOSE_POLICY = 1008, CLOSE_TRY_LATER = 1013 };

enum err ws_session_ref(const struct json *message, struct ref *ret_ref)
{
    const struct json *value = json_member(message, "ref");
    struct ref ref = {.kind = JSON_KIND_NULL};
    struct str text;
    if (json_get_i64(value, &ref.number)) {
        ref.kind = JSON_KIND_INTEGER;
    } else if (json_get_str(value, &text) && text.len <= REF_TEXT_MAX) {
        ref.kind = JSON_KIND_STRING;
        ref.text_len = (uint8_t)text.len;
        memcpy(ref.text, text.at, text.len);
    } else if (value != NULL && json_kind(value) != JSON_KIND_NULL) {
        return ERR_PROTO;
    }
    *ret_ref = ref;
    return ERR_OK;
}

static void write_ref(struct buf *out, const struct ref *ref)
{
    if (ref->kind == JSON_KIND_INTEGER) {
        json_write_member_i64(out, "ref", ref->number);
    } else if (ref->kind == JSON_KIND_STRING) {
        json_write_member_str(out, "ref", (struct str){.at = ref->text, .len = ref->text_len});
    }
}

struct api *ws_session_api(const struct ws_session *session)
{
    return desk_of(session->server);
}

void ws_session_pool_init(struct pool *pool)
{
    pool_init(pool, MEM_CONN, sizeof(struct ws_session));
}

enum err ws_session_new(struct ask *ask, struct str session_name, struct ws_session **ret_session)
{
    struct ws_session *session = pool_new(&ask->api->ws_sessions);
    if (session == NULL) {
        return ERR_NOMEM;
    }
    const struct reading_self self = {
        .session = session_name,
        .connection = rand_next(server_rand(ask->server)),
    };
    session->server = ask->server;
    session->screen = reading_identity(ask->api, &self);
    session->address = reading_address(ask) & READING_ADDRESS_MASK;
    session->has_name = session_name.len > 0;
    *ret_session = session;
    return ERR_OK;
}

static void free_if_over(struct ws_session *session)
{
    if (session->ws == NULL && session->away == 0) {
        pool_free(&ws_session_api(session)->ws_sessions, session);
    }
}

void ws_session_welcome_done(struct ws_session *session)
{
    if (session->welcome != NULL) {
        wheel_cancel(reactor_wheel(server_reactor(session->server)), &session->welcome->timer);
        mem_free(MEM_CONN, session->welcome);
        session->welcome = NULL;
    }
}

static void forget_join(struct ws_session *session, struct ws_join *join)
{
    struct ws_join **place = &session->joins;
    while (*place != join) {
        place = &(*place)->next;
    }
    *place = join->next;
    mem_free(MEM_CONN, join);
}

void ws_session_closed(struct ws_session *session)
{
    ws_session_welcome_done(session);
    while (session->joins != NULL) {
        forget_join(session, session->joins);
    }
    session->ws = NULL;
    free_if_over(session);
}

enum err ws_session_send_away(struct ws_session *session)
{
    if (session->away >= desk_policy(desk_of(session->server))->is.ws_calls) {
        return ERR_LIMIT;
    }
    session->away++;
    return ERR_OK;
}

void ws_session_came_back(struct ws_session *session)
{
    session->away--;
    free_if_over(session);
}

static void send_whole(struct ws_session *session, struct buf *message)
{
    if (session->ws != NULL) {
        if (buf_ok(message)) {
            ws_conn_send(session->ws, buf_str(message));
        } else {
            ws_conn_close(session->ws, CLOSE_TRY_LATER, STR("no memory"));
        }
    }
    buf_done(message);
}

void ws_session_ok(struct ws_session *session, const struct ref *ref, int status, struct buf *data)
{
    struct buf message = respond_body();
    buf_add_str(&message, STR("{\"type\":\"reply\""));
    write_ref(&message, ref);
    json_write_member_bool(&message, "ok", true);
    json_write_member_i64(&message, "status", status);
    json_write_name(&message, "data");
    message.failed = message.failed || !buf_ok(data);
    buf_add_str(&message, buf_str(data));
    buf_add_byte(&message, '}');
    send_whole(session, &message);
    buf_done(data);
}

/* `stream` is named where no `ref` can say what it is about; else empty. */
static void tell_problem(struct ws_session *session, const struct ref *ref, struct str stream,
                         const struct problem *problem)
{
    metric_count(&ws_session_api(session)->problems[problem->code], 1);
    struct buf message = respond_body();
    buf_add_str(&message, STR("{\"type\":\"reply\""));
    write_ref(&message, ref);
    if (stream.len > 0) {
        json_write_member_str(&message, "stream", stream);
    }
    json_write_member_bool(&message, "ok", false);
    json_write_name(&message, "problem");
    problem_write(&message, problem);
    buf_add_byte(&message, '}');
    send_whole(session, &message);
}

void ws_session_fail(struct ws_session *session, const struct ref *ref,
                     const struct problem *problem)
{
    tell_problem(session, ref, STR_NONE, problem);
}

/* ---- joins ---- */

uint64_t ws_session_identity(struct ws_session *session)
{
    struct claims *claims = ws_conn_claims(session->ws);
    if (session->identity == 0 && claims != NULL) {
        const struct reading_self self = {.claims = claims};
        session->identity = reading_identity(ws_session_api(session), &self);
    } else if (session->identity == 0) {
        session->identity = session->has_name ? session->screen : IDENTITY_SOLE;
    }
    return session->identity;
}

uint64_t ws_session_listed(struct ws_session *session)
{
    if (ws_session_identity(session) == IDENTITY_SOLE) {
        session->identity = session->screen;
        ws_conn_identify(session->ws, session->identity);
    }
    return session->identity;
}

static struct ws_join *find_join(struct ws_session *session, struct str stream)
{
    struct ws_join *join = session->joins;
    while (join != NULL && !str_eq(ask_kept_name(&join->stream), stream)) {
        join = join->next;
    }
    return join;
}

static enum err cannot_join(enum err err, struct problem *ret_why)
{
    *ret_why = (struct problem){.code = PROBLEM_OVERLOADED,
                                .detail = STR("There is no room for this join now."),
                                .retry_after_ms = 1000};
    if (err == ERR_EXISTS) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_FIELD,
                                    .field = STR("stream"),
                                    .detail = STR("This stream is joined already; leave it "
                                                  "first.")};
    } else if (err == ERR_DENIED) {
        *ret_why = (struct problem){.code = PROBLEM_FULL,
                                    .detail = STR("This server has as many viewers as it can "
                                                  "have."),
                                    .retry_after_ms = 5000};
    } else if (err == ERR_LIMIT) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_FIELD,
                                    .field = STR("stream"),
                                    .detail = STR("This connection has joined as many streams as "
                                                  "one may; leave one, or open another.")};
    }
    return ERR_DENIED;
}

enum err ws_session_join(struct ws_session *session, const struct join *join, const struct ref *ref,
                         struct problem *ret_why)
{
    struct ws_join *pending = mem_new(MEM_CONN, sizeof(*pending));
    if (pending == NULL) {
        return cannot_join(ERR_NOMEM, ret_why);
    }
    struct join whole = *join;
    whole.identity = ws_session_identity(session);
    whole.name = claims_roster_name(ws_conn_claims(session->ws));
    reading_recognize(ws_session_api(session), ws_conn_claims(session->ws), &whole);
    const enum err err = ws_conn_join(session->ws, &whole);
    if (err != ERR_OK) {
        mem_free(MEM_CONN, pending);
        return cannot_join(err, ret_why);
    }
    ask_keep_name(&pending->stream, join->stream);
    pending->is_first = ref == NULL;
    if (ref != NULL) {
        pending->ref = *ref;
    }
    pending->next = session->joins;
    session->joins = pending;
    return ERR_OK;
}

void ws_session_joined(struct ws_session *session, struct str stream)
{
    struct ws_join *join = find_join(session, stream);
    if (join == NULL) {
        return;
    }
    if (!join->is_first) {
        struct buf data = respond_body();
        buf_add_byte(&data, '{');
        json_write_member_str(&data, "stream", stream);
        buf_add_byte(&data, '}');
        ws_session_ok(session, &join->ref, 200, &data);
    }
    forget_join(session, join);
}

void ws_session_refused(struct ws_session *session, struct str stream, enum viewer_refusal why)
{
    struct ws_join *join = find_join(session, stream);
    if (join == NULL) {
        return;
    }
    const struct problem problem = reading_refusal(why);
    const bool is_first = join->is_first;
    ws_session_fail(session, &join->ref, &problem);
    forget_join(session, join);
    if (is_first && session->ws != NULL) {
        ws_conn_close(session->ws, why == VIEWER_NO_STREAM ? CLOSE_POLICY : CLOSE_TRY_LATER,
                      str_of(problem_name(problem.code)));
    }
}

/* One that is still on its way is answered as the join it is. */
static void expel(struct ws_session *session, struct str stream, const struct problem *why)
{
    static const struct ref none = {.kind = JSON_KIND_NULL};
    struct ws_join *join = find_join(session, stream);
    if (join == NULL) {
        tell_problem(session, &none, stream, why);
        return;
    }
    ws_session_fail(session, &join->ref, why);
    if (join->is_first) {
        ws_conn_close(session->ws, CLOSE_POLICY, str_of(problem_name(why->code)));
    }
    forget_join(session, join);
}

void ws_session_leave_denied(struct ws_session *session)
{
    struct kept_name kept;
    struct problem why;
    for (struct str stream = ws_conn_denied(session->ws); stream.len > 0;
         stream = ws_conn_denied(session->ws)) {
        ask_keep_name(&kept, stream);
        stream = ask_kept_name(&kept);
        must(auth_stream(ws_conn_claims(session->ws), stream, &why) != ERR_OK);
        must(ws_conn_leave(session->ws, stream) == ERR_OK);
        expel(session, stream, &why);
    }
}
