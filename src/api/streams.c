// SPDX-License-Identifier: Apache-2.0
/* All six are the same two letters: the engine is asked (or told), then the hubs for figures, then
 * the answer is written. A PUT of house rules is a third between them: an act, so that it is in the
 * audit. */
#include "api/streams.h"

#include "api/acting.h"
#include "api/ask.h"
#include "api/auth.h"
#include "api/overdue.h"
#include "api/respond.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "hub/port.h"
#include "rules/claims.h"
#include "serve/server.h"

#include <stdio.h>

enum { RETENTION_DAYS_MAX = 36500 };

struct stream_ask {
    struct stream_call call; // first: what the port holds
    struct figures_call figures;
    struct exchange *exchange; // NULL: it was answered without the engine
    struct overdue_entry overdue;
    struct kept_name stream;
    char by[CLAIMS_SUB_BYTES_MAX + 1];
    bool is_told_bytes;   // what memory and compression say would tell a shadowed author
    struct acting *rules; // owned until it is under way; NULL: none are put
    void (*write)(const struct stream_ask *asked, struct buf *out); // the body's members
};

static struct stream_ask *asked_of_figures(struct call *call)
{
    struct figures_call *figures = (struct figures_call *)(void *)call;
    return (struct stream_ask *)(void *)((char *)figures - offsetof(struct stream_ask, figures));
}

static void on_figures(struct call *call)
{
    struct stream_ask *asked = asked_of_figures(call);
    struct buf body = respond_body();
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "stream", ask_kept_name(&asked->stream));
    asked->write(asked, &body);
    buf_add_byte(&body, '}');
    const bool is_made = asked->call.created && asked->call.what == STREAM_DO_PUT;
    respond_json(asked->exchange, is_made ? 201 : 200, &body, STR_NONE);
    mem_free(MEM_CONN, asked);
}

/* A stream that nobody named yet exists all the same, unless streams are made explicitly. */
static bool is_there(struct stream_ask *asked, struct api *api)
{
    if (asked->call.result != ERR_NOT_FOUND || asked->call.what != STREAM_DO_GET ||
        desk_policy(api)->is.streams_are_explicit) {
        return asked->call.result == ERR_OK;
    }
    asked->call.epoch = api->shared->port->epoch;
    asked->call.now = STREAM_LIVE;
    asked->call.head = 0;
    asked->call.retention_now = -1;
    asked->call.created_ms = 0;
    return true;
}

static void reply_failure(struct stream_ask *asked)
{
    struct problem why = {.code = PROBLEM_STORE_DOWN,
                          .detail = STR("The store cannot do this at the moment."),
                          .retry_after_ms = 5000};
    if (asked->call.result == ERR_NOT_FOUND) {
        why = (struct problem){.code = PROBLEM_NO_STREAM,
                               .detail = STR("Nobody has made this stream: its host does so with "
                                             "PUT /v1/streams/{name}.")};
    }
    respond_problem(asked->exchange, &why);
}

/* The call is the engine's still. */
static void on_late(struct overdue_entry *entry)
{
    struct stream_ask *asked = list_entry(entry, struct stream_ask, overdue);
    const struct problem why = {.code = PROBLEM_STORE_DOWN,
                                .detail = STR("The store does not answer; a change may have been "
                                              "made all the same. Look, or ask again."),
                                .retry_after_ms = 5000};
    struct exchange *exchange = asked->exchange;
    asked->exchange = NULL;
    respond_problem(exchange, &why);
}

static void ask_figures(struct stream_ask *asked)
{
    struct server *server = exchange_server(asked->exchange);
    asked->figures.call.home = desk_home(server);
    asked->figures.call.done = on_figures;
    asked->figures.stream = ask_kept_name(&asked->stream);
    asked->figures.view = asked->call.view;
    hub_figures(desk_of(server)->hub, &asked->figures);
}

static void on_ruled(struct acting *acting)
{
    struct stream_ask *asked = acting->user;
    struct problem why;
    if (acting_result(acting, &why) == ERR_OK) {
        ask_figures(asked);
    } else {
        respond_problem(asked->exchange, &why);
        mem_free(MEM_CONN, asked);
    }
    acting_free(acting);
}

static void asked_free(struct stream_ask *asked)
{
    if (asked->rules != NULL) {
        acting_free(asked->rules);
    }
    mem_free(MEM_CONN, asked);
}

static void on_stream(struct call *call)
{
    struct stream_ask *asked = (struct stream_ask *)(void *)call;
    overdue_remove(&asked->overdue);
    if (asked->exchange == NULL) {
        asked_free(asked);
        return;
    }
    struct server *server = exchange_server(asked->exchange);
    if (!is_there(asked, desk_of(server))) {
        reply_failure(asked);
        asked_free(asked);
        return;
    }
    struct acting *rules = asked->rules;
    asked->rules = NULL;
    if (rules != NULL) {
        acting_start(rules, on_ruled, asked);
    } else {
        ask_figures(asked);
    }
}

_Static_assert(offsetof(struct stream_ask, call) == 0 && offsetof(struct stream_call, call) == 0 &&
                   offsetof(struct figures_call, call) == 0,
               "a call of either is found from its address");

/* `call` holds what is to be done, without stream and home; `rules`, taken over, what is put
 * besides, or NULL. */
static void start_with(struct ask *ask, const struct stream_call *call, struct acting *rules,
                       void (*write)(const struct stream_ask *asked, struct buf *out))
{
    struct stream_ask *asked = mem_new(MEM_CONN, sizeof(*asked));
    if (asked == NULL) {
        if (rules != NULL) {
            acting_free(rules);
        }
        respond_problem(ask->exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
        return;
    }
    asked->rules = rules;
    asked->call = *call;
    asked->exchange = ask->exchange;
    asked->write = write;
    ask_keep_name(&asked->stream, ask->stream);
    asked->call.stream = ask_kept_name(&asked->stream);
    asked->call.view = ask_view(ask);
    asked->is_told_bytes = ask->claims == NULL || claims_are_privileged(ask->claims);
    if (ask->claims != NULL) {
        snprintf(asked->by, sizeof(asked->by), "%.*s", (int)ask->claims->sub.len,
                 ask->claims->sub.at);
        asked->call.by = str_of(asked->by);
    }
    asked->call.call.home = desk_home(ask->server);
    asked->call.call.done = on_stream;
    overdue_add(desk_overdue(ask->server), &asked->overdue, on_late);
    port_stream(ask->api->shared->port, &asked->call);
}

static void start(struct ask *ask, const struct stream_call *call,
                  void (*write)(const struct stream_ask *asked, struct buf *out))
{
    start_with(ask, call, NULL, write);
}

/* ---- what is written ---- */

static void write_rate(struct buf *out, const char *name, double rate)
{
    json_write_name(out, name);
    buf_addf(out, "%.2f", rate);
}

static void write_tier(const struct stream_ask *asked, struct buf *out)
{
    char why[160];
    (void)snprintf(
        why, sizeof(why), "every viewer is sent every comment: %u viewer%s, %.2f comments a second",
        asked->figures.viewers, asked->figures.viewers == 1 ? "" : "s", asked->figures.rate_in);
    json_write_member_str(out, "tier", STR("push"));
    json_write_member_str(out, "why", str_of(why));
}

static void write_info(const struct stream_ask *asked, struct buf *out)
{
    static const char *const states[] = {
        [STREAM_LIVE] = "live", [STREAM_PAUSED] = "paused", [STREAM_ENDED] = "ended"};
    json_write_member_str(out, "state", str_of(states[asked->call.now]));
    json_write_member_str(out, "epoch", str_of(asked->call.epoch.text));
    json_write_member_u64(out, "seq", asked->call.head);
    write_tier(asked, out);
    json_write_member_u64(out, "viewers", asked->figures.viewers);
    write_rate(out, "rate_in", asked->figures.rate_in);
    write_rate(out, "rate_out", asked->figures.rate_out);
    if (asked->call.retention_now >= 0) {
        json_write_member_i64(out, "retention_days", asked->call.retention_now);
    }
    if (asked->call.created_ms > 0) {
        json_write_member_i64(out, "created_at", asked->call.created_ms);
    }
}

static void write_metrics(const struct stream_ask *asked, struct buf *out)
{
    const struct figures_call *figures = &asked->figures;
    json_write_member_str(out, "epoch", str_of(asked->call.epoch.text));
    json_write_member_u64(out, "seq", asked->call.head);
    json_write_name(out, "viewers");
    buf_add_byte(out, '{');
    json_write_member_u64(out, "all", figures->viewers);
    json_write_member_u64(out, "sse", figures->viewers_sse);
    json_write_member_u64(out, "ws", figures->viewers_ws);
    json_write_member_u64(out, "poll", figures->viewers_poll);
    json_write_member_u64(out, "slow", figures->viewers_slow);
    buf_add_byte(out, '}');
    json_write_member_u64(out, "events", figures->events);
    json_write_member_u64(out, "deliveries", figures->deliveries);
    json_write_member_u64(out, "joins", figures->joins);
    json_write_member_u64(out, "resumes", figures->resumes);
    json_write_member_u64(out, "gaps", figures->gaps);
    json_write_member_u64(out, "shed", figures->shed);
    if (asked->is_told_bytes) {
        json_write_member_u64(out, "ring_bytes", figures->ring_bytes);
        json_write_member_u64(out, "compress_plain_bytes", figures->ridden_plain);
        json_write_member_u64(out, "compress_sent_bytes", figures->ridden_sent);
    }
    write_rate(out, "rate_in", figures->rate_in);
    write_rate(out, "rate_out", figures->rate_out);
    json_write_name(out, "visible_ms");
    buf_add_byte(out, '{');
    json_write_member_u64(out, "p50", figures->visible_p50_ms);
    json_write_member_u64(out, "p95", figures->visible_p95_ms);
    json_write_member_u64(out, "p99", figures->visible_p99_ms);
    buf_add_byte(out, '}');
    json_write_name(out, "fanout_success");
    buf_addf(out, "%.6f",
             figures->on_time_of == 0 ? 1.0
                                      : (double)figures->on_time / (double)figures->on_time_of);
}

static void write_node(const struct stream_ask *asked, struct buf *out)
{
    json_write_name(out, "nodes");
    buf_add_str(out, STR("[{\"node\":\"self\""));
    json_write_member_bool(out, "awake", asked->figures.known);
    json_write_member_u64(out, "viewers", asked->figures.viewers);
    buf_add_str(out, STR("}]"));
}

/* ---- the routes ---- */

static const struct stream_call look = {
    .what = STREAM_DO_GET, .retention_days = -1, .retention_now = -1};

void streams_get(struct ask *ask)
{
    start(ask, &look, write_info);
}

void streams_metrics(struct ask *ask)
{
    start(ask, &look, write_metrics);
}

void streams_explain(struct ask *ask)
{
    start(ask, &look, write_tier);
}

void streams_node(struct ask *ask)
{
    start(ask, &look, write_node);
}

static bool may_manage(struct ask *ask)
{
    struct problem why;
    if (auth_manager(ask->claims, &why) == ERR_OK) {
        return true;
    }
    respond_problem(ask->exchange, &why);
    return false;
}

void streams_end(struct ask *ask)
{
    if (may_manage(ask)) {
        start(ask, &(struct stream_call){.what = STREAM_DO_END, .retention_days = -1}, write_info);
    }
}

static bool is_given(const struct json *value)
{
    return value != NULL && json_kind(value) != JSON_KIND_NULL;
}

static enum err read_settings(const struct json *settings, struct stream_call *call,
                              struct problem *ret_why)
{
    const struct json *days = json_member(settings, "retention_days");
    int64_t count = -1;
    if (is_given(days) &&
        (!json_get_i64(days, &count) || count < 0 || count > RETENTION_DAYS_MAX)) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_FIELD,
                                    .field = STR("retention_days"),
                                    .detail = STR("`retention_days` is a number of 0 (for ever) "
                                                  "to 36,500.")};
        return ERR_PROTO;
    }
    const struct json *state = json_member(settings, "state");
    struct str name = STR_NONE;
    if (is_given(state)) {
        (void)json_get_str(state, &name);
        call->state = str_eq(name, STR("live"))     ? (int8_t)STREAM_LIVE
                      : str_eq(name, STR("paused")) ? (int8_t)STREAM_PAUSED
                                                    : (int8_t)0;
        if (call->state == 0) {
            *ret_why = (struct problem){.code = PROBLEM_BAD_FIELD,
                                        .field = STR("state"),
                                        .detail = STR("`state` is \"live\" or \"paused\"; a "
                                                      "stream is ended with POST .../end.")};
            return ERR_PROTO;
        }
    }
    call->retention_days = (int32_t)count;
    return ERR_OK;
}

/* The act that puts them; NULL when none are given. */
static enum err read_rules(const struct ask *ask, const struct json *settings,
                           struct acting **ret_rules, struct problem *ret_why)
{
    if (!is_given(json_member(settings, "rules"))) {
        *ret_rules = NULL;
        return ERR_OK;
    }
    const struct acting_options options = acting_of(ask, settings, ACT_RULES);
    return acting_new(&options, ret_rules, ret_why);
}

void streams_put(struct ask *ask)
{
    struct stream_call call = {.what = STREAM_DO_PUT, .retention_days = -1};
    struct json *settings = NULL;
    struct acting *rules = NULL;
    if (!may_manage(ask) || ask_body_if_any(ask, &settings) != ERR_OK) {
        return;
    }
    struct problem why;
    if (settings != NULL && (read_settings(settings, &call, &why) != ERR_OK ||
                             read_rules(ask, settings, &rules, &why) != ERR_OK)) {
        respond_problem(ask->exchange, &why);
    } else {
        start_with(ask, &call, rules, write_info);
    }
    json_free(settings);
}
