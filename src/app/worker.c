// SPDX-License-Identifier: Apache-2.0
#include "app/worker.h"

#include "base/mem.h"
#include "base/must.h"
#include "loop/mail.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct worker *worker_of_hook(struct turn_hook *hook)
{
    return (struct worker *)(void *)((char *)hook - offsetof(struct worker, hook));
}

static int64_t on_turn(struct turn_hook *hook, int64_t mono_ms)
{
    struct worker *worker = worker_of_hook(hook);
    metric_set(&worker->letters, reactor_letters(worker->reactor));
    return hub_turn(worker->hub, mono_ms);
}

/* What one reactor may have of what all may have; a limit is never none of it. */
static uint64_t share(const struct worker *worker, uint64_t all)
{
    return all / worker->plan->worker_count + 1;
}

static enum err make_hub(struct worker *worker)
{
    const struct config *config = worker->plan->config;
    const struct hub_options options = {
        .port = worker->plan->port,
        .home = reactor_home(worker->reactor),
        .seed = sys_random_u64(),
        .resume_max = config_number(config, SETTING_DELIVERY_RESUME_MAX),
        .merge_ms = config_number(config, SETTING_DELIVERY_MERGE_MS),
        .merge_max_ms = config_number(config, SETTING_DELIVERY_MERGE_MAX_MS),
        .readable_per_s = (uint16_t)config_number(config, SETTING_DELIVERY_READABLE_PER_S),
        .presence_ttl_ms = config_number(config, SETTING_PRESENCE_TTL_S) * 1000,
        .presence_beat_ms = config_number(config, SETTING_PRESENCE_BEAT_S) * 1000,
        .joins_turn = config_number(config, SETTING_DELIVERY_JOINS_TURN),
        .silent_ms_max = config_answer_ms(config),
        .reach_cut_ms = config_number(config, SETTING_MODERATION_REACH_CUT_S) * 1000,
        .reach_acts = config_number(config, SETTING_MODERATION_REACH_ACTS),
        .notices_per_s = config_number(config, SETTING_MODERATION_NOTICES_PER_S),
        .ring_bytes_max = (uint64_t)config_number(config, SETTING_DELIVERY_RING_KIB) << 10,
        .rings_bytes_max =
            share(worker, (uint64_t)config_number(config, SETTING_DELIVERY_RINGS_MIB) << 20),
        .compress_viewers = config_number(config, SETTING_DELIVERY_COMPRESS_VIEWERS),
        .people_max = (uint32_t)share(worker, config_number(config, SETTING_PRESENCE_PEOPLE_MAX)),
        .people_address_max = config_number(config, SETTING_LIMITS_BEATS_ADDRESS),
        .streams_idle_max =
            (uint32_t)share(worker, config_number(config, SETTING_STREAMS_IDLE_MAX)),
    };
    return hub_new(&options, &worker->hub);
}

enum err worker_init(struct worker *worker, const struct worker_plan *plan, uint32_t number)
{
    *worker = (struct worker){.plan = plan, .number = number, .hook = {.turn = on_turn}};
    worker->letters = (struct metric){.name = "roar_mailbox_letters",
                                      .help = "Letters that wait for reactors.",
                                      .kind = METRIC_GAUGE};
    metric_add(&worker->letters);
    TRY(reactor_new(&worker->reactor));
    TRY(make_hub(worker));
    reactor_hook(worker->reactor, &worker->hook);
    return api_new(plan->shared, worker->hub, &worker->api);
}

static struct server_limits server_limits_of(const struct config *config)
{
    return (struct server_limits){
        .request = {.head_bytes = config_number(config, SETTING_LIMITS_HEAD_BYTES),
                    .fields = config_number(config, SETTING_LIMITS_FIELDS),
                    .name_bytes = config_number(config, SETTING_LIMITS_FIELD_NAME_BYTES),
                    .url_bytes = config_number(config, SETTING_LIMITS_URL_BYTES),
                    .body_bytes = config_number(config, SETTING_LIMITS_BODY_BYTES),
                    .long_body_bytes = config_number(config, SETTING_LIMITS_ACT_BYTES),
                    .takes_long = api_takes_long},
        .ws = {.message_bytes = config_number(config, SETTING_LIMITS_WS_MESSAGE_BYTES),
               .fragments = config_number(config, SETTING_LIMITS_WS_FRAGMENTS),
               .control_frames = config_number(config, SETTING_LIMITS_WS_CONTROL_FRAMES),
               .bad_messages = config_number(config, SETTING_LIMITS_WS_BAD_MESSAGES),
               .pings = config_number(config, SETTING_DELIVERY_PINGS),
               .streams = config_number(config, SETTING_LIMITS_WS_STREAMS)},
    };
}

static struct server_options server_options_of(struct worker *worker)
{
    const struct worker_plan *plan = worker->plan;
    const struct config *config = plan->config;
    return (struct server_options){
        .reactor = worker->reactor,
        .hub = worker->hub,
        .census = plan->census,
        .clock = sys_clock(),
        .seed = sys_random_u64(),
        .listen = plan->listen,
        .handle = api_handle,
        .user = worker->api,
        .carriers_max = plan->own_files ? plan->viewers_each : 0,
        .listen_queue = config_number(config, SETTING_LIMITS_LISTEN_QUEUE),
        .accepts_per_turn = config_number(config, SETTING_LIMITS_ACCEPTS_TURN),
        .trusted_proxies = plan->proxies,
        .trusted_proxy_count = plan->proxy_count,
        .stall_ms = config_number(config, SETTING_DELIVERY_STALL_S) * 1000,
        .head_ms = config_number(config, SETTING_LIMITS_HEAD_MS),
        .request_ms = config_number(config, SETTING_LIMITS_REQUEST_MS),
        .ttl_ms = config_number(config, SETTING_PRESENCE_TTL_S) * 1000,
        .idle_ms = config_number(config, SETTING_LIMITS_IDLE_MS),
        .visits_slice = config_number(config, SETTING_DELIVERY_VISITS_SLICE),
        .line_ms = config_number(config, SETTING_DELIVERY_LINE_S) * 1000,
        .ping_ms = config_number(config, SETTING_DELIVERY_PING_S) * 1000,
        .retry_ms_max = config_number(config, SETTING_DRAIN_RETRY_S) * 1000,
        .compress = config_flag_is_on(config, SETTING_DELIVERY_COMPRESS),
    };
}

/* Its share of the sockets inherited; a worker that gets none opens one beside them. */
static void deal(const struct worker *worker, struct server_options *options)
{
    const struct worker_plan *plan = worker->plan;
    const uint32_t each = plan->inherited_count / plan->worker_count;
    const uint32_t rest = plan->inherited_count % plan->worker_count;
    const uint32_t first = worker->number * each + (worker->number < rest ? worker->number : rest);
    options->inherited = plan->inherited + first;
    options->inherited_count = each + (worker->number < rest ? 1 : 0);
}

enum err worker_listen(struct worker *worker)
{
    const struct worker_plan *plan = worker->plan;
    const struct server_limits limits = server_limits_of(plan->config);
    struct server_options options = server_options_of(worker);
    options.limits = &limits;
    deal(worker, &options);
    TRY(server_new(&options, &worker->server));
    if (plan->has_metrics && worker->number == 0) {
        options.hub = NULL;
        options.census = NULL;
        options.listen = plan->metrics;
        options.inherited = plan->metrics_inherited;
        options.inherited_count = plan->metrics_inherited_count;
        options.handle = api_handle_metrics;
        TRY(server_new(&options, &worker->metrics_server));
    }
    return ERR_OK;
}

/* ---- the thread, and its files ---- */

static void free_servers(struct worker *worker)
{
    server_free(worker->metrics_server);
    server_free(worker->server);
    worker->metrics_server = NULL;
    worker->server = NULL;
}

static void run(void *user)
{
    struct worker *worker = user;
    reactor_run(worker->reactor);
    if (worker->plan->own_files) {
        free_servers(worker); // here alone its descriptors mean something
    }
}

static uint32_t server_file_count(const struct server *server)
{
    return server == NULL ? 0 : server_listener_count(server) * SERVER_LISTENER_FILES;
}

static enum err list_copies(struct worker *worker)
{
    const uint32_t count = server_file_count(worker->server);
    const uint32_t all = count + server_file_count(worker->metrics_server);
    worker->copies.fds = mem_new(MEM_OTHER, all * sizeof(int));
    if (worker->copies.fds == NULL) {
        return ERR_NOMEM;
    }
    worker->copies.count = all;
    server_files(worker->server, worker->copies.fds);
    if (worker->metrics_server != NULL) {
        server_files(worker->metrics_server, worker->copies.fds + count);
    }
    return ERR_OK;
}

static void forget_copies(struct worker *worker)
{
    mem_free(MEM_OTHER, worker->copies.fds);
    worker->copies = (struct sys_files){.fds = NULL};
}

static void close_copies(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->copies.count; i++) {
        sys_close(worker->copies.fds[i]);
    }
    forget_copies(worker);
}

/* What it listens on and waits by, and what wakes the others. */
static enum err start_apart(struct worker *worker, const char *name)
{
    TRY(list_copies(worker));
    const uint32_t listening = worker->copies.count, wakes = mail_wake_fds(NULL, 0);
    int *fds = mem_new(MEM_OTHER, (listening + wakes + 1) * sizeof(int));
    enum err err = fds == NULL ? ERR_NOMEM : ERR_OK;
    if (err == ERR_OK) {
        memcpy(fds, worker->copies.fds, listening * sizeof(int));
        must(mail_wake_fds(fds + listening, wakes) == wakes);
        fds[listening + wakes] = reactor_poll_fd(worker->reactor);
        struct sys_files kept = {.fds = fds, .count = listening + wakes + 1};
        err = sys_thread_start_apart(&worker->thread, name, run, worker, &kept);
    }
    mem_free(MEM_OTHER, fds);
    if (err != ERR_OK) {
        forget_copies(worker); // they are the server's alone
    }
    return err;
}

enum err worker_start(struct worker *worker)
{
    char name[16];
    snprintf(name, sizeof(name), "roar-loop-%u", worker->number % 1000);
    TRY(worker->plan->own_files ? start_apart(worker, name)
                                : sys_thread_start(&worker->thread, name, run, worker));
    worker->is_running = true;
    return ERR_OK;
}

/* ---- holding newcomers, on the worker's thread ---- */

struct hold { // one may follow another before it was opened
    struct letter letter;
    struct worker *worker; // borrowed; outlives it
    bool held;
};

static void open_hold(struct letter *letter)
{
    struct hold *hold = (struct hold *)(void *)letter; // its first member
    server_hold_listeners(hold->worker->server, hold->held);
    if (hold->worker->metrics_server != NULL) {
        server_hold_listeners(hold->worker->metrics_server, hold->held);
    }
    mem_free(MEM_OTHER, hold);
}

void worker_hold(struct worker *worker, bool held)
{
    struct hold *hold = mem_new(MEM_OTHER, sizeof(*hold));
    if (hold == NULL) {
        return; // who comes is accepted, and waits behind it
    }
    *hold = (struct hold){.letter = {.open = open_hold}, .worker = worker, .held = held};
    home_send(reactor_home(worker->reactor), &hold->letter);
}

/* ---- the end, on the worker's thread ---- */

static void on_hub_closed(void *user)
{
    struct worker *worker = user;
    worker->ended_letter.open = worker->plan->ended;
    home_send(worker->plan->main_home, &worker->ended_letter);
}

static void on_drained(void *user)
{
    struct worker *worker = user;
    must(worker->draining > 0);
    worker->draining--;
    if (worker->draining == 0) {
        hub_close(worker->hub, on_hub_closed, worker);
    }
}

static void open_drain(struct letter *letter)
{
    struct worker *worker =
        (struct worker *)(void *)((char *)letter - offsetof(struct worker, drain_letter));
    worker->draining = worker->metrics_server == NULL ? 1 : 2;
    if (worker->metrics_server != NULL) {
        server_drain(worker->metrics_server, &worker->drain);
    }
    server_drain(worker->server, &worker->drain);
}

void worker_drain(struct worker *worker, int64_t until_mono_ms, bool is_succeeded)
{
    worker->drain = (struct drain){.until_mono_ms = until_mono_ms,
                                   .is_succeeded = is_succeeded,
                                   .drained = on_drained,
                                   .user = worker};
    close_copies(worker); // so that a listener closes when its worker closes it
    worker->drain_letter.open = open_drain;
    home_send(reactor_home(worker->reactor), &worker->drain_letter);
}

struct settling {
    struct letter letter; // first
    sem_t is_opened;
};

static void open_settling(struct letter *letter)
{
    must(sem_post(&((struct settling *)(void *)letter)->is_opened) == 0);
}

void worker_settle(struct worker *worker)
{
    if (!worker->is_running) {
        return;
    }
    struct settling settling = {.letter = {.open = open_settling}};
    must(sem_init(&settling.is_opened, 0, 0) == 0);
    home_send(reactor_home(worker->reactor), &settling.letter);
    while (sem_wait(&settling.is_opened) != 0) { // a signal came
    }
    must(sem_destroy(&settling.is_opened) == 0);
}

void worker_stop(struct worker *worker)
{
    if (worker->is_running) {
        reactor_stop(worker->reactor);
        sys_thread_join(&worker->thread);
        worker->is_running = false;
    }
}

void worker_done(struct worker *worker)
{
    must(!worker->is_running);
    metric_remove(&worker->letters);
    close_copies(worker);
    free_servers(worker);
    api_free(worker->api);
    if (worker->hub != NULL) {
        reactor_unhook(worker->reactor, &worker->hook);
        hub_free(worker->hub);
    }
    reactor_free(worker->reactor);
}
