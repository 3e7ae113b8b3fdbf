// SPDX-License-Identifier: Apache-2.0
/* A drain goes in steps of a timer, so that closing a hundred thousand connections holds up nobody:
 *
 *   1. what gathers for readers leaves, then every carrier that was there is asked to close,
 *      DRAIN_STEP at a time; one between two requests does, parting_ms after its last answer;
 *   2. when all of them are gone the listeners close (until then newcomers are answered 503, for a
 *      listener that closes resets whoever is queued; unless another process has them, too);
 *   3. newcomers that said nothing yet are closed; when nobody is left, `drained`.
 */
#include "serve/server.h"

#include "base/must.h"
#include "hub/hub.h"
#include "net/listener.h"
#include "serve/front.h"
#include "serve/http1.h"
#include "serve/http_answer.h"
#include "serve/streaming.h"
#include "serve/ws_streams.h"
#include "wire/problem.h"

enum {
    DRAIN_STEP = 512,
    DRAIN_STEP_MS = 20,
    VISIT_MS_MAX = 5000,
    RUSH_MIN = 1000,
    CALM_MS = 500,
    FULL_BYTES_MAX = 4096,
};

static int64_t now_of(void *user)
{
    return front_now_ms(user);
}

static struct carrier *of_entry(struct sweep_entry *entry)
{
    return list_entry(entry, struct carrier, entry);
}

static struct carrier *of_link(struct link *link)
{
    return list_entry(link, struct carrier, link);
}

static void on_idled(struct sweep_entry *entry, int64_t now_ms)
{
    (void)now_ms;
    http1_idled(of_entry(entry));
}

/* The next visit is planned first: the rider may want it sooner, or end. */
static void on_visit(struct sweep_entry *entry, int64_t now_ms)
{
    struct carrier *carrier = of_entry(entry);
    rota_plan(&carrier->server->visits, entry, now_ms + ROTA_MS);
    carrier->riding->visited(carrier, now_ms);
}

static void on_burial(struct timer *timer)
{
    struct server *server = list_entry(timer, struct server, burial);
    for (struct link *link = list_pop(&server->gone); link != NULL;
         link = list_pop(&server->gone)) {
        http1_bury(of_link(link));
    }
}

/* What the requests of a rush used lies between what stays, and would be held for good. */
static void on_calm(struct timer *timer)
{
    struct server *server = list_entry(timer, struct server, calm);
    if (server->rush != server->rush_seen) {
        server->rush_seen = server->rush;
        wheel_arm(reactor_wheel(server->reactor), timer, front_now_ms(server) + CALM_MS);
        return;
    }
    server->rush = server->rush_seen = 0;
    mem_trim();
}

static void on_accepted(void *user, int fd, const struct address *peer)
{
    struct server *server = user;
    http1_open(server, fd, peer);
    if (++server->rush == RUSH_MIN) {
        wheel_arm(reactor_wheel(server->reactor), &server->calm, front_now_ms(server) + CALM_MS);
    }
}

/* ---- drain ---- */

static void ask_some_to_close(struct server *server)
{
    for (int i = 0; i < DRAIN_STEP; i++) {
        struct link *link = list_pop(&server->carriers);
        if (link == NULL) {
            return;
        }
        list_push(&server->told, link);
        carrier_drain(of_link(link));
    }
}

static void cut_all(struct link *list)
{
    struct link *link = list->next;
    while (link != list) {
        struct link *next = link->next; // a cut moves it to server->gone
        carrier_cut(of_link(link));
        link = next;
    }
}

static void dismiss_newcomers(struct server *server)
{
    struct link *link = server->carriers.next;
    while (link != &server->carriers) {
        struct link *next = link->next;
        http1_dismiss(of_link(link));
        link = next;
    }
}

static void close_listeners(struct server *server)
{
    while (server->listener_count > 0) {
        server->listener_count--;
        listener_free(server->listeners[server->listener_count]);
    }
}

static void on_drain_step(struct timer *timer)
{
    struct server *server = list_entry(timer, struct server, drain_step);
    const int64_t now_ms = front_now_ms(server);
    if (server->drain.is_succeeded) {
        close_listeners(server);
    }
    if (server->carrier_count > server->newcomer_count) {
        ask_some_to_close(server);
    } else {
        close_listeners(server);
        dismiss_newcomers(server);
    }
    if (now_ms >= server->drain.until_mono_ms) {
        cut_all(&server->carriers);
        cut_all(&server->told);
    }
    if (server->listener_count == 0 && server->carrier_count == 0) {
        server->drain.drained(server->drain.user);
        return;
    }
    wheel_arm(reactor_wheel(server->reactor), timer, now_ms + DRAIN_STEP_MS);
}

void server_drain(struct server *server, const struct drain *drain)
{
    must(!server->draining);
    server->draining = true;
    server->drain = *drain;
    if (server->hub != NULL) {
        hub_hurry(server->hub);
    }
    wheel_arm(reactor_wheel(server->reactor), &server->drain_step,
              front_now_ms(server) + WHEEL_TICK_MS); // once this turn has flushed
}

/* ---- the sockets it listens on ---- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

void server_hold_listeners(struct server *server, bool held)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        listener_hold(server->listeners[i], held);
    }
}

uint32_t server_listener_count(const struct server *server)
{
    return server->listener_count;
}

int server_listener_fd(const struct server *server, uint32_t number)
{
    must(number < server->listener_count);
    return listener_fd(server->listeners[number]);
}

_Static_assert(SERVER_LISTENER_FILES == (int)LISTENER_FILES, "told in two headers");

void server_files(const struct server *server, int *ret_fds)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        listener_files(server->listeners[i], ret_fds + i * LISTENER_FILES);
    }
}

/* Made beforehand, as who has no file left may have no memory either; so without a date. */
static void write_full(struct buf *out, uint32_t retry_after_ms)
{
    struct buf body, headers;
    const struct problem full = {.code = PROBLEM_FULL, .retry_after_ms = retry_after_ms};
    buf_init(&body, MEM_OTHER, FULL_BYTES_MAX);
    buf_init(&headers, MEM_OTHER, FULL_BYTES_MAX);
    problem_write(&body, &full);
    buf_addf(&headers, "Cache-Control: no-store\r\nRetry-After: %u\r\n",
             problem_retry_after_s(&full));
    const struct answer answer = {.status = problem_status(full.code),
                                  .type = STR("application/problem+json"),
                                  .headers = buf_str(&headers),
                                  .body = buf_str(&body)};
    http_answer_write(out, &answer, &(struct http_answer_line){.close = true});
    buf_add_str(out, answer.body);
    buf_done(&body);
    buf_done(&headers);
}

static void write_all_full(struct server *server)
{
    for (uint32_t i = 0; i < FULL_ANSWERS; i++) {
        buf_init(&server->full[i], MEM_OTHER, FULL_BYTES_MAX);
        write_full(&server->full[i], FULL_RETRY_MS + i * 1000);
    }
}

/* Another for each, so that not all who are refused return in the same second. */
static struct str draw_full(void *user)
{
    struct server *server = user;
    const struct buf *full = &server->full[rand_below(&server->rand, FULL_ANSWERS)];
    return buf_ok(full) ? buf_str(full) : STR_NONE;
}

/* Those that were inherited, or one of its own; they share what may be accepted a turn. */
static enum err open_listeners(struct server *server, const struct server_options *options)
{
    const uint32_t count = options->inherited_count > 0 ? options->inherited_count : 1;
    const uint32_t accepts = or_default(options->accepts_per_turn, 256) / count;
    struct listener_options listen = {.address = options->listen,
                                      .accepts_per_turn = accepts > 0 ? accepts : 1,
                                      .queue = or_default(options->listen_queue, 4096),
                                      .full = draw_full,
                                      .accepted = on_accepted,
                                      .user = server};
    server->listeners = mem_new(MEM_OTHER, count * sizeof(struct listener *));
    if (server->listeners == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        listen.inherited_fd = options->inherited_count > 0 ? options->inherited[i] : -1;
        TRY(listener_new(options->reactor, &listen, &server->listeners[i]));
        server->listener_count++;
    }
    return ERR_OK;
}

/* ---- life ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void set_times(struct server *server, const struct server_options *options)
{
    server->stall_ms = or_default(options->stall_ms, 60 * 1000);
    server->head_ms = or_default(options->head_ms, 10 * 1000);
    server->request_ms = or_default(options->request_ms, 20 * 1000);
    server->idle_ms = or_default(options->idle_ms, 75 * 1000);
    server->parting_ms = or_default(options->parting_ms, 250);
    /* Whoever lives must have had something to answer within the TTL. */
    server->ttl_ms = or_default(options->ttl_ms, 30 * 1000);
    server->line_ms = least(or_default(options->line_ms, 15 * 1000), server->ttl_ms / 2);
    server->ping_ms = least(or_default(options->ping_ms, 20 * 1000), server->ttl_ms / 3 * 2);
    server->retry_ms_min = or_default(options->retry_ms_min, 1000);
    server->retry_ms_max = or_default(options->retry_ms_max, 15 * 1000);
    if (server->retry_ms_max < server->retry_ms_min) {
        server->retry_ms_max = server->retry_ms_min;
    }
    const uint32_t shortest = least(least(server->line_ms, server->ping_ms), server->stall_ms);
    server->visit_ms = least(shortest / 2 + 1, VISIT_MS_MAX);
}

static void init_sweeps(struct server *server, uint32_t visits_slice)
{
    struct sweep_options options = {.wheel = reactor_wheel(server->reactor),
                                    .interval_ms = server->idle_ms,
                                    .now_ms = now_of,
                                    .due = on_idled,
                                    .user = server};
    sweep_init(&server->idle, &options);
    options.interval_ms = server->parting_ms;
    sweep_init(&server->parting, &options);
    const struct rota_options visits = {.wheel = options.wheel,
                                        .due_max = visits_slice,
                                        .seen = &server->meter.metrics[METER_VISITS],
                                        .now_ms = now_of,
                                        .due = on_visit,
                                        .user = server};
    rota_init(&server->visits, &visits);
}

enum err server_new(const struct server_options *options, struct server **ret_server)
{
    struct server *server = mem_new(MEM_OTHER, sizeof(*server));
    if (server == NULL) {
        return ERR_NOMEM;
    }
    *server = (struct server){.reactor = options->reactor,
                              .hub = options->hub,
                              .census = options->census,
                              .carriers_max = options->carriers_max,
                              .clock = options->clock,
                              .handle = options->handle,
                              .user = options->user,
                              .trusted_proxies = options->trusted_proxies,
                              .trusted_proxy_count = options->trusted_proxy_count,
                              .compress = options->compress,
                              .burial = {.fire = on_burial},
                              .calm = {.fire = on_calm},
                              .drain_step = {.fire = on_drain_step}};
    set_times(server, options);
    server->limits = options->limits != NULL ? *options->limits : server_limits_usual;
    rand_init(&server->rand, options->seed);
    init_sweeps(server, options->visits_slice);
    http1_pool_init(&server->http1s);
    sse_reader_pool_init(&server->sse_readers);
    ws_conn_pool_init(&server->ws_conns);
    ws_streams_pool_init(&server->ws_streams);
    list_init(&server->carriers);
    list_init(&server->told);
    list_init(&server->gone);
    meter_init(&server->meter);
    write_all_full(server);
    const enum err err = open_listeners(server, options);
    if (err != ERR_OK) {
        server_free(server);
        return err;
    }
    *ret_server = server;
    return ERR_OK;
}

void server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    close_listeners(server);
    mem_free(MEM_OTHER, server->listeners);
    cut_all(&server->carriers);
    cut_all(&server->told);
    on_burial(&server->burial);
    wheel_cancel(reactor_wheel(server->reactor), &server->burial);
    wheel_cancel(reactor_wheel(server->reactor), &server->calm);
    wheel_cancel(reactor_wheel(server->reactor), &server->drain_step);
    sweep_done(&server->idle);
    sweep_done(&server->parting);
    rota_done(&server->visits);
    meter_done(&server->meter);
    for (uint32_t i = 0; i < FULL_ANSWERS; i++) {
        buf_done(&server->full[i]);
    }
    mem_free(MEM_OTHER, server);
}

struct reactor *server_reactor(struct server *server)
{
    return server->reactor;
}

const struct clock *server_clock(struct server *server)
{
    return server->clock;
}

struct rand *server_rand(struct server *server)
{
    return &server->rand;
}

void *server_user(struct server *server)
{
    return server->user;
}

bool server_is_draining(const struct server *server)
{
    return server->draining;
}

uint32_t server_drain_retry_ms(struct server *server)
{
    return front_drain_retry_ms(server);
}
