// SPDX-License-Identifier: Apache-2.0
#include "app/node.h"

#include "app/command.h"
#include "app/gauges.h"
#include "app/keys.h"
#include "app/version.h"
#include "app/worker.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "engine/embedded/embedded.h"
#include "net/listener.h"

#include <stddef.h>
#include <string.h>

enum {
    PROXIES_MAX = 256,
    READERS = 2,
    FILES_KEPT = 128,    // for the engine, listeners, logs
    VIEWER_BYTES = 4096, // a viewer with its socket in the kernel, when we guess how many fit
};

enum node_state { NODE_STARTING, NODE_SERVING, NODE_DRAINING };

struct node {
    enum node_state state;
    const struct config_source *source; // borrowed
    struct config config;
    struct reactor *reactor; // main's own
    struct source signals;
    struct embedded *engine;
    struct census *census;
    struct api_shared *shared;
    struct network proxies[PROXIES_MAX];
    struct worker_plan plan;
    struct worker *workers; // owned; [worker_count]
    uint32_t worker_count;
    uint32_t viewers_max; // as set, or what files and memory allow
    struct hub **hubs;    // owned; [worker_count], what each hub knows of the others
    uint32_t ended_count;
    int reserved_fd, metrics_reserved_fd; // the ports, until all listen
    struct gauges gauges;
    int64_t started_ms;
};

static struct node *the_node; // of the process; for callbacks that carry nothing

/* ---- failing to start ---- */

static int fail(const char *msg, struct str why)
{
    log_line(LOG_ERROR, msg, LOG_STR("why", why));
    return COMMAND_FAILED;
}

static int fail_with(const char *msg, enum err err)
{
    char text[SYS_FAILURE_TEXT_MAX];
    return fail(msg, err == ERR_SYS ? sys_failure_write(text) : str_of(err_name(err)));
}

/* ---- start ---- */

static struct embedded_rules rules_of(const struct config *config)
{
    return (struct embedded_rules){
        .post_user = config->values[SETTING_LIMITS_POST_USER].rate,
        .post_address = config->values[SETTING_LIMITS_POST_ADDRESS].rate,
        .post_stream = config->values[SETTING_LIMITS_POST_STREAM].rate,
        .streams_explicit = str_eq(config_text(config, SETTING_STREAMS_CREATE), STR("explicit")),
        .retention_days = (int32_t)config_number(config, SETTING_RETENTION_DAYS),
    };
}

static void set_log_level(const struct config *config)
{
    enum log_level level = LOG_INFO;
    if (log_level_parse(config_text(config, SETTING_LOG_LEVEL), &level)) {
        log_set_level(level);
    }
}

static int open_engine(struct node *node)
{
    struct embedded_fault fault = {.text = ""};
    const struct embedded_options options = {
        .data = config_text(&node->config, SETTING_DATA),
        .clock = sys_clock(),
        .readers = READERS,
        .posts_waiting_max = config_number(&node->config, SETTING_LIMITS_POSTS_WAITING),
        .post_wait_ms_max = config_number(&node->config, SETTING_LIMITS_POST_WAIT_MS),
        .tail_bytes_max = (uint64_t)config_number(&node->config, SETTING_STORE_TAIL_MIB) << 20,
        .rules = rules_of(&node->config),
    };
    if (embedded_open(&options, &node->engine, &fault) != ERR_OK) {
        return fail("the store does not open", str_of(fault.text));
    }
    return COMMAND_OK;
}

/* Takes the port of a setting; `address->port` 0 becomes the one taken. */
static int reserve(enum setting_id id, const struct config *config, struct address *address,
                   int *fd)
{
    const struct str text = config_text(config, id);
    if (address_parse(text, address) != ERR_OK) {
        log_line(LOG_ERROR, "an address is IP:PORT",
                 LOG_STR("setting", str_of(setting_table[id].name)), LOG_STR("value", text));
        return COMMAND_USAGE;
    }
    if (config->is_dev && !address_is_loopback(address)) {
        log_line(LOG_ERROR, "--dev is for loopback only: its secret is known to everybody",
                 LOG_STR("setting", str_of(setting_table[id].name)), LOG_STR("value", text));
        return COMMAND_USAGE;
    }
    const enum err err = listener_reserve(address, fd);
    if (err == ERR_EXISTS) {
        log_line(LOG_ERROR, "the port is in use by another process", LOG_STR("addr", text));
        return COMMAND_FAILED;
    }
    return err == ERR_OK ? COMMAND_OK : fail_with("the port cannot be had", err);
}

static int reserve_ports(struct node *node)
{
    int code = reserve(SETTING_LISTEN, &node->config, &node->plan.listen, &node->reserved_fd);
    node->plan.has_metrics = config_text(&node->config, SETTING_METRICS_LISTEN).len > 0;
    if (code == COMMAND_OK && node->plan.has_metrics) {
        code = reserve(SETTING_METRICS_LISTEN, &node->config, &node->plan.metrics,
                       &node->metrics_reserved_fd);
    }
    /* Reactors share ports, so the kernel would let both have it and deal connections to either. */
    if (code == COMMAND_OK && node->plan.has_metrics &&
        node->plan.metrics.port == node->plan.listen.port) {
        log_line(LOG_ERROR, "metrics.listen needs a port of its own",
                 LOG_I64("port", node->plan.listen.port));
        code = COMMAND_USAGE;
    }
    return code;
}

static int read_proxies(struct node *node)
{
    struct str rest = config_text(&node->config, SETTING_HTTP_TRUSTED_PROXIES);
    struct str item;
    while (setting_next_item(&rest, &item)) {
        if (node->plan.proxy_count == PROXIES_MAX ||
            network_parse(item, &node->proxies[node->plan.proxy_count]) != ERR_OK) {
            log_line(LOG_ERROR, "http.trusted_proxies: a network is IP or IP/BITS",
                     LOG_STR("value", item));
            return COMMAND_USAGE;
        }
        node->plan.proxy_count++;
    }
    node->plan.proxies = node->proxies;
    return COMMAND_OK;
}

/* As many as there are files for, and memory: half of it, so that the rest of the machine lives. */
static uint32_t viewers_max_of(const struct config *config)
{
    const uint32_t set = config_number(config, SETTING_LIMITS_VIEWERS_MAX);
    const uint64_t files = sys_files_max_raise();
    const uint64_t by_files = files > 2 * FILES_KEPT ? files - FILES_KEPT : files / 2;
    const uint64_t by_memory = sys_memory_total_bytes() / 2 / VIEWER_BYTES;
    const uint64_t least = by_files < by_memory ? by_files : by_memory;
    if (set > by_files) {
        log_line(LOG_WARN, "limits.viewers_max is more than there are files for",
                 LOG_I64("files", files));
    }
    return set > 0 ? set : least > UINT32_MAX ? UINT32_MAX : (uint32_t)least;
}

static bool is_well(void *user, const char **ret_reason)
{
    const struct node *node = user;
    return embedded_is_well(node->engine, ret_reason);
}

static int make_shared(struct node *node)
{
    struct config_fault fault = {.text = ""};
    struct policy *policy = NULL;
    const enum err bad = keys_make_policy(&node->config, &policy, &fault);
    if (bad != ERR_OK) {
        (void)fail("the settings are not well", str_of(fault.text));
        return bad == ERR_PROTO ? COMMAND_USAGE : COMMAND_FAILED;
    }
    const struct api_options options = {
        .port = embedded_port(node->engine),
        .policy = policy,
        .version = STR(ROAR_VERSION),
        .seed = sys_random_u64(),
        .resume_max = config_number(&node->config, SETTING_DELIVERY_RESUME_MAX),
        .beat_ms = config_number(&node->config, SETTING_PRESENCE_BEAT_S) * 1000,
        .is_dev = node->config.is_dev,
        .is_well = is_well,
        .user = node,
    };
    const enum err err = api_shared_new(&options, &node->shared);
    policy_unref(policy);
    return err == ERR_OK ? COMMAND_OK : fail_with("the api does not start", err);
}

static int make_census(struct node *node)
{
    node->viewers_max = viewers_max_of(&node->config);
    const struct census_options options = {
        .seed = sys_random_u64(),
        .conns_address_max = config_number(&node->config, SETTING_LIMITS_CONNS_ADDRESS),
        .conns_user_max = config_number(&node->config, SETTING_LIMITS_CONNS_USER),
        .viewers_max = node->viewers_max,
    };
    const enum err err = census_new(&options, &node->census);
    return err == ERR_OK ? COMMAND_OK : fail_with("the census does not start", err);
}

static void open_ended(struct letter *letter);

static int make_workers(struct node *node)
{
    const uint32_t set = config_number(&node->config, SETTING_WORKERS);
    const uint32_t count = set > 0 ? set : sys_cpu_count();
    node->plan.config = &node->config;
    node->plan.port = embedded_port(node->engine);
    node->plan.shared = node->shared;
    node->plan.census = node->census;
    node->plan.main_home = reactor_home(node->reactor);
    node->plan.ended = open_ended;
    node->plan.worker_count = count;
    node->workers = mem_new(MEM_OTHER, count * sizeof(*node->workers));
    if (node->workers == NULL) {
        return fail_with("no memory for the workers", ERR_NOMEM);
    }
    for (uint32_t i = 0; i < count; i++) {
        node->worker_count = i + 1;
        const enum err err = worker_init(&node->workers[i], &node->plan, i);
        if (err != ERR_OK) {
            return fail_with("a worker does not start", err);
        }
    }
    return COMMAND_OK;
}

static int introduce(struct node *node)
{
    node->hubs = mem_new(MEM_OTHER, node->worker_count * sizeof(struct hub *));
    if (node->hubs == NULL) {
        return fail_with("no memory for the workers", ERR_NOMEM);
    }
    for (uint32_t i = 0; i < node->worker_count; i++) {
        node->hubs[i] = node->workers[i].hub;
    }
    for (uint32_t i = 0; i < node->worker_count; i++) {
        hub_meet(node->hubs[i], node->hubs, node->worker_count);
    }
    return COMMAND_OK;
}

static int start_workers(struct node *node)
{
    for (uint32_t i = 0; i < node->worker_count; i++) {
        enum err err = worker_listen(&node->workers[i]);
        if (err == ERR_OK) {
            err = worker_start(&node->workers[i]);
        }
        if (err != ERR_OK) {
            return fail_with(err == ERR_EXISTS ? "the port is in use by another process"
                                               : "a worker does not start",
                             err);
        }
    }
    sys_close(node->reserved_fd);
    sys_close(node->metrics_reserved_fd);
    node->reserved_fd = -1;
    node->metrics_reserved_fd = -1;
    return COMMAND_OK;
}

static void say_listening(const struct node *node)
{
    char text[ADDRESS_TEXT_MAX];
    if (node->plan.has_metrics) {
        log_line(LOG_INFO, "metrics", LOG_STR("addr", address_write(&node->plan.metrics, text)));
    }
    log_line(LOG_INFO, "listening", LOG_STR("addr", address_write(&node->plan.listen, text)),
             LOG_I64("workers", node->worker_count), LOG_I64("viewers_max", node->viewers_max),
             LOG_STR("data", config_text(&node->config, SETTING_DATA)),
             LOG_STR("version", STR(ROAR_VERSION)),
             LOG_I64("ready_ms", clock_mono_ms(sys_clock()) - node->started_ms));
}

/* ---- signals ---- */

static void open_ended(struct letter *letter)
{
    (void)letter;
    the_node->ended_count++;
    if (the_node->ended_count == the_node->worker_count) {
        reactor_stop(the_node->reactor);
    }
}

static void stop(struct node *node)
{
    if (node->state == NODE_DRAINING) {
        log_line(LOG_WARN, "told twice to stop: cut now", LOG_I64("workers", node->worker_count));
        sys_exit_now(COMMAND_OK); // as asked; what was answered is on the disk
    }
    const uint32_t drain_s = config_number(&node->config, SETTING_DRAIN_S);
    node->state = NODE_DRAINING;
    log_line(LOG_INFO, "draining", LOG_I64("drain_s", drain_s),
             LOG_I64("viewers", census_viewers(node->census)));
    for (uint32_t i = 0; i < node->worker_count; i++) {
        worker_drain(&node->workers[i], clock_mono_ms(sys_clock()) + (int64_t)drain_s * 1000);
    }
}

/* What SIGHUP cannot change keeps its value, and the log says so. */
static void keep_what_stays(struct node *node, struct config *fresh)
{
    for (int id = 0; id < SETTINGS; id++) {
        if (setting_table[id].reloads || config_agrees(&node->config, fresh, (enum setting_id)id)) {
            continue;
        }
        log_line(LOG_WARN, "a setting changed that needs a restart",
                 LOG_STR("setting", str_of(setting_table[id].name)));
        const struct setting_value value = fresh->values[id];
        fresh->values[id] = node->config.values[id];
        node->config.values[id] = value;
    }
}

static void reload(struct node *node)
{
    struct config_fault fault = {.text = ""};
    struct config fresh;
    struct policy *policy = NULL;
    if (config_load(node->source, &fresh, &fault) != ERR_OK) {
        log_line(LOG_ERROR, "reload refused: nothing changed", LOG_STR("why", str_of(fault.text)));
        return;
    }
    if (keys_make_policy(&fresh, &policy, &fault) != ERR_OK) {
        log_line(LOG_ERROR, "reload refused: nothing changed", LOG_STR("why", str_of(fault.text)));
        config_done(&fresh);
        return;
    }
    keep_what_stays(node, &fresh);
    set_log_level(&fresh);
    const struct embedded_rules rules = rules_of(&fresh);
    embedded_set_rules(node->engine, &rules);
    api_shared_set_policy(node->shared, policy);
    policy_unref(policy);
    /* Workers read what stays only while they start, so the old texts can go. */
    config_done(&node->config);
    node->config = fresh;
    log_line(LOG_INFO, "reloaded", LOG_I64("settings", SETTINGS));
}

static void on_signal(struct source *source, uint32_t events)
{
    (void)events;
    enum sys_signal signal = SYS_SIGNAL_STOP;
    while (sys_signal_read(source->fd, &signal) == ERR_OK) {
        if (signal == SYS_SIGNAL_STOP) {
            stop(the_node);
        } else if (the_node->state == NODE_SERVING) {
            reload(the_node);
        }
    }
}

static int watch_signals(struct node *node)
{
    enum err err = reactor_new(&node->reactor);
    if (err == ERR_OK) {
        err = sys_signal_open(&node->signals.fd);
    }
    if (err == ERR_OK) {
        node->signals.ready = on_signal;
        err = reactor_watch(node->reactor, &node->signals);
    }
    return err == ERR_OK ? COMMAND_OK : fail_with("signals cannot be had", err);
}

/* ---- from start to end ---- */

static int start(struct node *node)
{
    int (*const steps[])(struct node * node) = {watch_signals, reserve_ports, read_proxies,
                                                open_engine,   make_shared,   make_census,
                                                make_workers,  introduce,     start_workers};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const int code = steps[i](node);
        if (code != COMMAND_OK) {
            return code;
        }
    }
    return COMMAND_OK;
}

/* The engine closes while the reactors still run: what it answers last is still taken. */
static void end(struct node *node)
{
    if (node->engine != NULL) {
        embedded_close(node->engine);
    }
    for (uint32_t i = 0; i < node->worker_count; i++) {
        worker_stop(&node->workers[i]);
    }
    for (uint32_t i = 0; i < node->worker_count; i++) {
        worker_done(&node->workers[i]);
    }
    mem_free(MEM_OTHER, node->workers);
    mem_free(MEM_OTHER, node->hubs);
    api_shared_free(node->shared);
    census_free(node->census);
    gauges_done(&node->gauges);
    sys_close(node->reserved_fd);
    sys_close(node->metrics_reserved_fd);
    if (node->signals.fd != -1 && node->reactor != NULL) {
        reactor_unwatch(node->reactor, &node->signals);
        sys_close(node->signals.fd);
    }
    reactor_free(node->reactor);
    config_done(&node->config);
}

static int serve(struct node *node)
{
    const int code = start(node);
    if (code != COMMAND_OK) {
        end(node);
        return code;
    }
    node->state = NODE_SERVING;
    gauges_init(&node->gauges, node->reactor);
    say_listening(node);
    reactor_run(node->reactor);
    const int64_t stopping_ms = clock_mono_ms(sys_clock());
    end(node);
    log_line(LOG_INFO, "stopped", LOG_I64("close_ms", clock_mono_ms(sys_clock()) - stopping_ms));
    return COMMAND_OK;
}

int node_run(const struct config_source *source)
{
    struct config_fault fault = {.text = ""};
    struct node *node = mem_new(MEM_OTHER, sizeof(*node));
    if (node == NULL) {
        return fail_with("no memory", ERR_NOMEM);
    }
    node->started_ms = clock_mono_ms(sys_clock());
    node->source = source;
    node->signals.fd = -1;
    node->reserved_fd = -1;
    node->metrics_reserved_fd = -1;
    the_node = node;
    const enum err err = config_load(source, &node->config, &fault);
    int code = err == ERR_PROTO ? COMMAND_USAGE : COMMAND_FAILED;
    if (err == ERR_OK) {
        set_log_level(&node->config);
        code = serve(node);
    } else {
        (void)fail("the settings are not well", str_of(fault.text));
    }
    the_node = NULL;
    mem_free(MEM_OTHER, node);
    return code;
}
