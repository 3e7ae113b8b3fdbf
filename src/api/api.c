// SPDX-License-Identifier: Apache-2.0
/* The table below is the one home of paths. A request goes through the same gates in the same order
 * whatever it asks:
 *
 *     path 404 ─▶ method 405 ─▶ origin 403 ─▶ name 400 ─▶ credential 401 ─▶ stream 403 ─▶ handler
 */
#include "api/api.h"

#include "api/appeals_api.h"
#include "api/ask.h"
#include "api/auth.h"
#include "api/comments.h"
#include "api/debug_api.h"
#include "api/desk.h"
#include "api/events.h"
#include "api/guests.h"
#include "api/health.h"
#include "api/held_claims.h"
#include "api/history.h"
#include "api/log_api.h"
#include "api/moderation_api.h"
#include "api/moderation_look.h"
#include "api/newcomers.h"
#include "api/pages.h"
#include "api/poll_api.h"
#include "api/presence_api.h"
#include "api/reach_api.h"
#include "api/respond.h"
#include "api/router.h"
#include "api/snapshot.h"
#include "api/streams.h"
#include "api/tickets_api.h"
#include "api/ws_api.h"
#include "api/ws_session.h"
#include "base/mem.h"

enum { METHODS_BYTES_MAX = 256, PREFLIGHT_BYTES_MAX = 1024 };

static const struct route routes[] = {
    {"POST", "/v1/streams/{stream}/comments", comments_post, 0},
    {"GET", "/v1/streams/{stream}/comments", history_get, 0},
    {"GET", "/v1/streams/{stream}/log", log_api_get, 0},
    {"GET", "/v1/streams/{stream}/snapshot", snapshot_get, 0},
    {"GET", "/v1/streams/{stream}/events", events_open, ROUTE_READER},
    {"GET", "/v1/streams/{stream}/ws", ws_api_open, ROUTE_READER | ROUTE_UPGRADE},
    {"GET", "/v1/ws", ws_api_open, ROUTE_READER | ROUTE_UPGRADE},
    {"GET", "/v1/streams/{stream}/poll", poll_api_open, ROUTE_READER},
    {"POST", "/v1/streams/{stream}/heartbeat", presence_api_beat, 0},
    {"GET", "/v1/streams/{stream}/presence", presence_api_get, 0},
    {"PUT", "/v1/streams/{stream}", streams_put, 0},
    {"GET", "/v1/streams/{stream}", streams_get, 0},
    {"POST", "/v1/streams/{stream}/end", streams_end, 0},
    {"GET", "/v1/streams/{stream}/metrics", streams_metrics, 0},
    {"GET", "/v1/streams/{stream}/explain", streams_explain, 0},
    {"GET", "/v1/streams/{stream}/node", streams_node, 0},
    {"POST", "/v1/streams/{stream}/moderation", moderation_api_act, 0},
    {"POST", "/v1/streams/{stream}/moderation/undo", moderation_api_undo, 0},
    {"GET", "/v1/streams/{stream}/moderation/log", moderation_look_log, 0},
    {"GET", "/v1/streams/{stream}/moderation/held", moderation_look_held, 0},
    {"POST", "/v1/streams/{stream}/moderation/held/{id}/claim", moderation_look_claim, 0},
    {"POST", "/v1/streams/{stream}/moderation/held/{id}/release", moderation_look_release, 0},
    {"GET", "/v1/streams/{stream}/moderation/users/{user}", moderation_look_user, 0},
    {"GET", "/v1/streams/{stream}/moderation/acts/{act}", moderation_look_act, 0},
    {"GET", "/v1/streams/{stream}/moderation/reach/{act}", reach_api_get, 0},
    {"GET", "/v1/streams/{stream}/moderation/rules", moderation_look_rules, 0},
    {"GET", "/v1/streams/{stream}/moderation/similar", moderation_look_similar, 0},
    {"GET", "/v1/streams/{stream}/moderation/marked", moderation_look_marked, 0},
    {"POST", "/v1/streams/{stream}/acknowledge", moderation_api_acknowledge, 0},
    {"POST", "/v1/streams/{stream}/appeals", appeals_api_post, 0},
    {"GET", "/v1/streams/{stream}/appeals", appeals_api_get, 0},
    {"POST", "/v1/streams/{stream}/appeals/{appeal}/decision", appeals_api_decide, 0},
    {"GET", "/v1/streams/{stream}/appeals/{appeal}/statement", appeals_api_statement, 0},
    {"POST", "/v1/moderation", moderation_api_act, 0},
    {"POST", "/v1/moderation/undo", moderation_api_undo, 0},
    {"GET", "/v1/moderation/log", moderation_look_log, 0},
    {"GET", "/v1/moderation/rules", moderation_look_rules, 0},
    {"GET", "/v1/moderation/acts/{act}", moderation_look_act, 0},
    {"GET", "/v1/moderation/reach/{act}", reach_api_get, 0},
    {"POST", "/v1/tickets", tickets_api_post, 0},
    {"POST", "/v1/guests", guests_post, ROUTE_TOKENLESS},
    {"GET", "/healthz", health_alive, ROUTE_OPEN},
    {"GET", "/readyz", health_ready, ROUTE_OPEN},
    {"GET", "/metrics", health_metrics, ROUTE_OPEN},
    {"GET", "/openapi.json", pages_get, ROUTE_OPEN},
    {"GET", "/", pages_get, ROUTE_OPEN},
    {"GET", "/studio", pages_get, ROUTE_OPEN},
    {"GET", "/assets/*", pages_get, ROUTE_OPEN},
    {"POST", "/debug/echo", debug_api_echo, ROUTE_TOKENLESS | ROUTE_DEV},
    {"GET", "/debug/ws", debug_api_ws, ROUTE_TOKENLESS | ROUTE_DEV | ROUTE_READER},
};
static const struct route_table table = {routes, sizeof(routes) / sizeof(routes[0]), false};
static const struct route_table table_of_dev = {routes, sizeof(routes) / sizeof(routes[0]), true};

static const struct route metrics_routes[] = {
    {"GET", "/metrics", health_metrics_open, ROUTE_OPEN},
    {"GET", "/healthz", health_alive, ROUTE_OPEN},
    {"GET", "/readyz", health_ready, ROUTE_OPEN},
};
static const struct route_table metrics_table = {
    metrics_routes, sizeof(metrics_routes) / sizeof(metrics_routes[0]), false};

const struct route_table *api_routes(void)
{
    return &table_of_dev;
}

/* ---- made once ---- */

enum err api_shared_new(const struct api_options *options, struct api_shared **ret_shared)
{
    struct api_shared *shared = mem_new(MEM_OTHER, sizeof(*shared));
    if (shared == NULL) {
        return ERR_NOMEM;
    }
    if (tickets_new(options->seed, &shared->tickets) != ERR_OK ||
        newcomers_new(options->seed, &shared->newcomers) != ERR_OK ||
        held_claims_new(options->seed, &shared->held) != ERR_OK) {
        tickets_free(shared->tickets);
        newcomers_free(shared->newcomers);
        mem_free(MEM_OTHER, shared);
        return ERR_NOMEM;
    }
    shared->port = options->port;
    shared->outcalls = options->outcalls;
    shared->routes = options->is_dev ? &table_of_dev : &table;
    shared->version = options->version;
    shared->seed = options->seed;
    shared->answer_ms = options->answer_ms;
    shared->is_well = options->is_well;
    shared->user = options->user;
    pthread_mutex_init(&shared->policy_lock, NULL);
    shared->policy = policy_ref(options->policy);
    *ret_shared = shared;
    return ERR_OK;
}

void api_shared_free(struct api_shared *shared)
{
    if (shared == NULL) {
        return;
    }
    tickets_free(shared->tickets);
    newcomers_free(shared->newcomers);
    held_claims_free(shared->held);
    policy_unref(shared->policy);
    pthread_mutex_destroy(&shared->policy_lock);
    mem_free(MEM_OTHER, shared);
}

void api_shared_set_policy(struct api_shared *shared, struct policy *policy)
{
    pthread_mutex_lock(&shared->policy_lock);
    struct policy *old = shared->policy;
    shared->policy = policy_ref(policy);
    pthread_mutex_unlock(&shared->policy_lock);
    atomic_fetch_add_explicit(&shared->generation, 1, memory_order_release);
    policy_unref(old);
}

enum err api_new(struct api_shared *shared, struct hub *hub, struct api **ret_api)
{
    struct api *api = mem_new(MEM_OTHER, sizeof(*api));
    if (api == NULL) {
        return ERR_NOMEM;
    }
    ws_session_pool_init(&api->ws_sessions);
    enum err err = desk_init(api, shared, hub);
    if (err == ERR_OK) {
        err = snapshot_new(api, shared->seed, &api->snapshots);
    }
    if (err != ERR_OK) {
        api_free(api);
        return err;
    }
    *ret_api = api;
    return ERR_OK;
}

void api_free(struct api *api)
{
    if (api == NULL) {
        return;
    }
    snapshot_free(api->snapshots);
    desk_done(api);
    mem_free(MEM_OTHER, api);
}

/* ---- the gates ---- */

static void reply_preflight(struct ask *ask, struct str methods)
{
    struct buf headers;
    buf_init(&headers, MEM_CONN, PREFLIGHT_BYTES_MAX);
    buf_add_str(&headers, STR("Allow: "));
    buf_add_str(&headers, methods);
    buf_add_str(&headers, STR("\r\n"));
    if (request_field(ask->request, "access-control-request-method").len > 0) {
        buf_add_str(&headers, STR("Access-Control-Allow-Methods: "));
        buf_add_str(&headers, methods);
        buf_add_str(&headers, STR("\r\nAccess-Control-Allow-Headers: Authorization, Content-Type, "
                                  "Idempotency-Key, Last-Event-ID\r\n"
                                  "Access-Control-Max-Age: 600\r\n"));
    }
    respond_bytes(ask->exchange, &(struct answer){.status = 204, .headers = buf_str(&headers)});
    buf_done(&headers);
}

static void reply_not_allowed(struct ask *ask, struct str methods)
{
    struct buf headers;
    buf_init(&headers, MEM_CONN, PREFLIGHT_BYTES_MAX);
    buf_add_str(&headers, STR("Allow: "));
    buf_add_str(&headers, methods);
    buf_add_str(&headers, STR("\r\n"));
    respond_problem_with(ask->exchange,
                         &(struct problem){.code = PROBLEM_METHOD_NOT_ALLOWED,
                                           .detail = STR("`Allow` lists what this path takes.")},
                         buf_str(&headers));
    buf_done(&headers);
}

/* ERR_DENIED: answered. */
static enum err check_origin(struct ask *ask)
{
    const struct str origin = request_field(ask->request, "origin");
    if (origin.at == NULL ||
        (request_field_count(ask->request, "origin") == 1 &&
         policy_allows_origin(desk_policy(ask->api), origin, ask->request->host))) {
        return ERR_OK;
    }
    ask_fail(ask, PROBLEM_BAD_ORIGIN, "Origin",
             "Pages of this origin may not talk to this server: its operator lists those that may "
             "in http.origins.");
    return ERR_DENIED;
}

static void handle_no_method(struct ask *ask, const struct route_table *routes_of)
{
    struct buf methods;
    buf_init(&methods, MEM_CONN, METHODS_BYTES_MAX);
    router_methods(routes_of, ask->request->path, &methods);
    if (!str_eq(ask->request->method, STR("OPTIONS"))) {
        reply_not_allowed(ask, buf_str(&methods));
    } else if (check_origin(ask) == ERR_OK) {
        reply_preflight(ask, buf_str(&methods));
    }
    buf_done(&methods);
}

static bool may_be_nobody(const struct ask *ask)
{
    if (!desk_policy(ask->api)->is.read_needs_token || ask->route->flags & ROUTE_TOKENLESS) {
        return true;
    }
    return (ask->route->flags & ROUTE_UPGRADE) != 0 &&
           request_field(ask->request, "upgrade").len > 0;
}

static enum err check_token(struct ask *ask, struct problem *ret_why)
{
    TRY(auth_request(ask->exchange, &ask->claims, ret_why));
    if (!may_be_nobody(ask)) {
        TRY(auth_somebody(ask->claims, ret_why));
    }
    return ask->stream.len > 0 ? auth_stream(ask->claims, ask->stream, ret_why) : ERR_OK;
}

/* What is looked at by name counts once, as parameters do: the proxy in front may have looked at
 * the other one. Origin and Authorization have answers of their own. ERR_DENIED: answered. */
static enum err check_single_fields(struct ask *ask)
{
    static const char *const names[] = {"Content-Type", "Idempotency-Key", "Last-Event-ID"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (request_field_count(ask->request, names[i]) > 1) {
            ask_fail(ask, PROBLEM_BAD_REQUEST, names[i], "Send this header field once.");
            return ERR_DENIED;
        }
    }
    return ERR_OK;
}

static void handle_found(struct ask *ask)
{
    if (ask->route->flags & ROUTE_OPEN) {
        ask->route->handle(ask);
        return;
    }
    if (check_origin(ask) != ERR_OK) {
        return;
    }
    const bool is_named = strstr(ask->route->pattern, "{stream}") != NULL;
    if (is_named && !stream_name_is_valid(ask->stream)) {
        ask_fail(ask, PROBLEM_BAD_NAME, "stream",
                 "A stream's name is 1 to 128 of A-Z a-z 0-9 . _ ~ - and begins with a letter or "
                 "digit.");
        return;
    }
    struct problem why;
    if (check_token(ask, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
    } else if (check_single_fields(ask) == ERR_OK) {
        ask->route->handle(ask);
    }
    claims_unref(ask->claims);
}

static void handle_by(const struct route_table *routes_of, struct exchange *exchange)
{
    struct server *server = exchange_server(exchange);
    struct ask ask = {
        .api = desk_of(server),
        .exchange = exchange,
        .server = server,
        .request = exchange_request(exchange),
    };
    if (str_eq(ask.request->path, STR("*"))) { // OPTIONS of the server itself, RFC 9110 9.3.7
        reply_preflight(&ask, STR("GET, HEAD, POST, PUT, OPTIONS"));
        return;
    }
    struct routed routed;
    switch (router_find(routes_of, ask.request->method, ask.request->path, &routed)) {
    case ROUTE_FOUND:
        ask.route = routed.route;
        ask.stream = routed.stream;
        ask.part = routed.part;
        handle_found(&ask);
        return;
    case ROUTE_NO_METHOD:
        handle_no_method(&ask, routes_of);
        return;
    case ROUTE_BAD_PATH:
        ask_fail(&ask, PROBLEM_BAD_REQUEST, "path",
                 "The path is not UTF-8 in percent-encoding (RFC 3986).");
        return;
    case ROUTE_NO_PATH:
    default:
        ask_fail(&ask, PROBLEM_NOT_FOUND, NULL,
                 "No resource has this path; /openapi.json lists those that are there.");
        return;
    }
}

void api_handle(void *user, struct exchange *exchange)
{
    const struct api *api = user;
    handle_by(api->shared->routes, exchange);
}

bool api_takes_long(struct str path)
{
    static const struct str end = STR("/moderation");
    return path.len > end.len && memcmp(path.at + path.len - end.len, end.at, end.len) == 0;
}

void api_handle_metrics(void *user, struct exchange *exchange)
{
    (void)user; // desk_of() finds it
    handle_by(&metrics_table, exchange);
}
