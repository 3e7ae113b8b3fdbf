// SPDX-License-Identifier: Apache-2.0
#include "api/health.h"

#include "api/ask.h"
#include "api/respond.h"
#include "base/mem.h"
#include "base/metric.h"
#include "hub/hub.h"
#include "serve/server.h"

#include <openssl/crypto.h>

void health_alive(struct ask *ask)
{
    struct buf body = respond_body();
    buf_add_str(&body, STR("{\"status\":\"alive\""));
    json_write_member_str(&body, "version", ask->api->shared->version);
    buf_add_byte(&body, '}');
    respond_json(ask->exchange, 200, &body, STR_NONE);
}

static void add_reason(struct buf *out, bool *is_ready, struct str reason)
{
    buf_add_str(out, *is_ready ? STR_NONE : STR(","));
    json_write_str(out, reason);
    *is_ready = false;
}

void health_ready(struct ask *ask)
{
    const struct api_shared *shared = ask->api->shared;
    struct buf reasons = respond_body();
    bool is_ready = true;
    const char *why = "the engine is not well";
    if (!shared->is_well(shared->user, &why)) {
        add_reason(&reasons, &is_ready, str_of(why));
    }
    if (server_is_draining(ask->server)) {
        add_reason(&reasons, &is_ready, STR("the server is draining"));
    }
    struct buf body = respond_body();
    buf_add_str(&body, is_ready ? STR("{\"ready\":true") : STR("{\"ready\":false"));
    buf_add_str(&body, STR(",\"reasons\":["));
    buf_add_str(&body, buf_str(&reasons));
    buf_add_str(&body, STR("]}"));
    respond_json(ask->exchange, is_ready ? 200 : 503, &body, STR_NONE);
    buf_done(&reasons);
}

/* ---- Prometheus text 0.0.4 ---- */

struct metrics_ask {
    struct busiest_call call; // first: what the hub holds
    struct exchange *exchange;
};

_Static_assert(offsetof(struct metrics_ask, call) == 0 && offsetof(struct busiest_call, call) == 0,
               "a call of the busiest is its ask");

/* A stream's name needs no escaping in a label. */
static void write_busiest(struct buf *out, const struct busiest_call *busiest)
{
    static const struct {
        const char *name, *kind, *help;
    } heads[] = {
        {"roar_stream_viewers", "gauge", "Viewers of the busiest streams."},
        {"roar_stream_comments_rate", "gauge", "Comments a second of the busiest streams."},
        {"roar_stream_deliveries_rate", "gauge", "Deliveries a second of the busiest streams."},
        {"roar_stream_deliveries_total", "counter", "Deliveries of the busiest streams."},
    };
    for (size_t head = 0; head < sizeof(heads) / sizeof(heads[0]); head++) {
        buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", heads[head].name, heads[head].help,
                 heads[head].name, heads[head].kind);
        for (uint32_t i = 0; i < busiest->count; i++) {
            const double values[] = {
                (double)busiest->streams[i].viewers,
                busiest->streams[i].rate_in,
                busiest->streams[i].rate_out,
                (double)busiest->streams[i].deliveries,
            };
            buf_addf(out, "%s{stream=\"%s\"} %.15g\n", heads[head].name, busiest->streams[i].name,
                     values[head]);
        }
    }
}

static void on_busiest(struct call *call)
{
    struct metrics_ask *asked = (struct metrics_ask *)(void *)call;
    struct buf body = respond_body();
    metric_write(&body);
    write_busiest(&body, &asked->call);
    if (buf_ok(&body)) {
        respond_bytes(asked->exchange,
                      &(struct answer){.status = 200,
                                       .type = STR("text/plain; version=0.0.4; charset=utf-8"),
                                       .body = buf_str(&body)});
    } else {
        respond_problem(asked->exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
    }
    buf_done(&body);
    mem_free(MEM_CONN, asked);
}

void health_metrics_open(struct ask *ask)
{
    struct metrics_ask *asked = mem_new(MEM_CONN, sizeof(*asked));
    if (asked == NULL) {
        respond_problem(ask->exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
        return;
    }
    asked->exchange = ask->exchange;
    asked->call.call.home = desk_home(ask->server);
    asked->call.call.done = on_busiest;
    hub_busiest(ask->api->hub, &asked->call);
}

/* Takes the same time whatever part of the token is right. */
static bool is_metrics_token(struct str header, struct str token)
{
    struct str given;
    const struct str scheme = str_cut(header, ' ', &given);
    given = str_trim(given);
    return str_eq_nocase(scheme, STR("Bearer")) && given.len == token.len &&
           CRYPTO_memcmp(given.at, token.at, token.len) == 0;
}

void health_metrics(struct ask *ask)
{
    const struct policy *policy = desk_policy(ask->api);
    const struct str header = request_field(ask->request, "authorization");
    if (policy->is.metrics_are_open) {
        health_metrics_open(ask);
    } else if (policy->is.metrics_token.len == 0) {
        ask_fail(ask, PROBLEM_FORBIDDEN, NULL,
                 "Metrics are off on this listener: set metrics.token or metrics.listen.");
    } else if (header.len == 0) {
        ask_fail(ask, PROBLEM_NO_TOKEN, NULL, "Send `Authorization: Bearer <metrics.token>`.");
    } else if (!is_metrics_token(header, policy->is.metrics_token)) {
        ask_fail(ask, PROBLEM_BAD_TOKEN, NULL, "This is not the token of metrics.token.");
    } else {
        health_metrics_open(ask);
    }
}
