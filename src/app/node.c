// SPDX-License-Identifier: Apache-2.0
#include "app/node.h"

#include "app/command.h"
#include "app/gauges.h"
#include "app/handover.h"
#include "app/hook_feed.h"
#include "app/keys.h"
#include "app/ports.h"
#include "app/takeover.h"
#include "app/version.h"
#include "app/worker.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "engine/embedded/embedded.h"
#include "net/outcalls.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    PROXIES_MAX = 256,
    READERS = 2,
    LOCK_RETRY_MS = 10,
    FILES_KEPT = 128,    // of a table: for the engine, listeners, logs
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
    struct outcalls *outcalls;   // owned: hooks
    struct hook_feed *hook_feed; // owned: the hook after publishing
    struct api_shared *shared;
    struct network proxies[PROXIES_MAX];
    struct worker_plan plan;
    struct worker *workers; // owned; [worker_count]
    uint32_t worker_count;
    uint32_t viewers_max; // as set, or what files and memory allow
    struct hub **hubs;    // owned; [worker_count], what each hub knows of the others
    uint32_t ended_count;
    struct ports ports;
    bool takes_over;
    struct takeover takeover;  // from whom we follow
    struct handover *handover; // owned; to who follows us
    int successor_pid;         // a child that was told to; 0: none
    struct policy *policy;     // a reference, until the api has it
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
        .evidence_days = (int32_t)config_number(config, SETTING_MODERATION_EVIDENCE_DAYS),
        .held_max = (uint32_t)config_number(config, SETTING_MODERATION_HELD_MAX),
        .reach_acts = (uint32_t)config_number(config, SETTING_MODERATION_REACH_ACTS),
    };
}

static void set_log_level(const struct config *config)
{
    enum log_level level = LOG_INFO;
    if (log_level_parse(config_text(config, SETTING_LOG_LEVEL), &level)) {
        log_set_level(level);
    }
}

/* ---- whom we follow ---- */

static const char *folder_of(const struct node *node)
{
    return config_text(&node->config, SETTING_DATA).at; // a copy of ours, so it ends in a NUL
}

static int ask_for_sockets(struct node *node)
{
    if (!node->takes_over) {
        return COMMAND_OK;
    }
    const enum err err = takeover_begin(&node->takeover, folder_of(node), STR(ROAR_VERSION),
                                        config_number(&node->config, SETTING_UPGRADE_S) * 1000);
    if (err == ERR_NOT_FOUND) {
        log_line(LOG_INFO, "nobody serves this folder: there is nothing to take over",
                 LOG_STR("data", config_text(&node->config, SETTING_DATA)));
        return COMMAND_OK;
    }
    return err == ERR_OK
               ? COMMAND_OK
               : fail("the running server cannot be followed", str_of(node->takeover.fault));
}

/* The last step before the store: from here on posts wait for us. */
static int await_folder(struct node *node)
{
    if (node->takeover.fd == -1 || takeover_await(&node->takeover) == ERR_OK) {
        return COMMAND_OK;
    }
    return fail("the data folder was not given to us", str_of(node->takeover.fault));
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
        .reads_waiting_max = config_number(&node->config, SETTING_LIMITS_READS_WAITING),
        .hold_ms_max = config_number(&node->config, SETTING_LIMITS_HOLD_MS),
        .gather_ms = config_number(&node->config, SETTING_STORE_GATHER_MS),
        .rules = rules_of(&node->config),
    };
    enum err err = embedded_open(&options, &node->engine, &fault);
    uint32_t left_ms = node->takeover.is_gone ? TAKEOVER_PATIENCE_MS : 0;
    for (; err == ERR_EXISTS && left_ms > 0; left_ms -= LOCK_RETRY_MS) {
        sys_sleep_ms(LOCK_RETRY_MS); // a process that dies gives its lock free last
        err = embedded_open(&options, &node->engine, &fault);
    }
    return err == ERR_OK ? COMMAND_OK : fail("the store does not open", str_of(fault.text));
}

static int reserve_ports(struct node *node)
{
    return ports_reserve(&node->ports, &node->config, &node->takeover, &node->plan);
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

static uint32_t worker_count_of(const struct config *config)
{
    const uint32_t set = config_number(config, SETTING_WORKERS);
    return set > 0 ? set : sys_cpu_count();
}

/* Viewers that one table of files is for. Each reactor's holds what wakes all the others. */
static uint64_t table_viewers(const struct node *node)
{
    const uint64_t files = sys_files_max_raise();
    const uint64_t kept = FILES_KEPT + (node->plan.own_files ? worker_count_of(&node->config) : 0);
    return files > 2 * kept ? files - kept : files / 2;
}

/* As many as there are files for, and memory: half of it, so that the rest of the machine lives. */
static uint32_t viewers_max_of(const struct node *node)
{
    const uint32_t set = config_number(&node->config, SETTING_LIMITS_VIEWERS_MAX);
    const uint64_t tables = node->plan.own_files ? worker_count_of(&node->config) : 1;
    const uint64_t by_files = table_viewers(node) * tables;
    const uint64_t by_memory = sys_memory_total_bytes() / 2 / VIEWER_BYTES;
    const uint64_t least = by_files < by_memory ? by_files : by_memory;
    if (set > by_files) {
        log_line(LOG_WARN, "limits.viewers_max is more than there are files for",
                 LOG_I64("viewers", by_files));
    }
    return set > 0 ? set : least > UINT32_MAX ? UINT32_MAX : (uint32_t)least;
}

static bool is_well(void *user, const char **ret_reason)
{
    const struct node *node = user;
    return embedded_is_well(node->engine, ret_reason);
}

static int make_policy(struct node *node)
{
    struct config_fault fault = {.text = ""};
    const enum err bad = keys_make_policy(&node->config, &node->policy, &fault);
    if (bad != ERR_OK) {
        (void)fail("the settings are not well", str_of(fault.text));
        return bad == ERR_PROTO ? COMMAND_USAGE : COMMAND_FAILED;
    }
    return COMMAND_OK;
}

/* There are threads for hooks from the first on: what nobody has costs nothing. */
static enum err set_hooks(struct node *node, const struct config *config)
{
    struct config_fault fault;
    struct hook_feed_settings feed = {
        .url = config_text(config, SETTING_HOOKS_AFTER_URL),
        .wait_ms = config_number(config, SETTING_HOOKS_AFTER_MS),
        .kept_ms = (int64_t)config_number(config, SETTING_HOOKS_AFTER_KEPT_H) * 3600 * 1000,
    };
    TRY(keys_read_hook_key(config, &feed.key, &fault));
    if (feed.url.len > 0 || config_text(config, SETTING_HOOKS_BEFORE_URL).len > 0) {
        TRY(outcalls_start(node->outcalls));
    }
    return hook_feed_set(node->hook_feed, &feed);
}

static int make_hooks(struct node *node)
{
    const struct outcalls_options options = {
        .waiting_max = config_number(&node->config, SETTING_HOOKS_WAITING_MAX),
        .allow_private = config_flag_is_on(&node->config, SETTING_HOOKS_ALLOW_PRIVATE),
    };
    enum err err = outcalls_new(&options, &node->outcalls);
    if (err == ERR_OK) {
        const struct hook_feed_options feed = {
            .port = embedded_port(node->engine),
            .outcalls = node->outcalls,
            .folder = folder_of(node),
        };
        err = hook_feed_new(&feed, &node->hook_feed);
    }
    if (err == ERR_OK) {
        err = set_hooks(node, &node->config);
    }
    return err == ERR_OK ? COMMAND_OK : fail_with("hooks do not start", err);
}

static int make_shared(struct node *node)
{
    const struct api_options options = {
        .port = embedded_port(node->engine),
        .policy = node->policy,
        .outcalls = node->outcalls,
        .version = STR(ROAR_VERSION),
        .seed = sys_random_u64(),
        .resume_max = config_number(&node->config, SETTING_DELIVERY_RESUME_MAX),
        .beat_ms = config_number(&node->config, SETTING_PRESENCE_BEAT_S) * 1000,
        .answer_ms = config_answer_ms(&node->config),
        .is_dev = node->config.is_dev,
        .is_well = is_well,
        .user = node,
    };
    const enum err err = api_shared_new(&options, &node->shared);
    policy_unref(node->policy);
    node->policy = NULL;
    return err == ERR_OK ? COMMAND_OK : fail_with("the api does not start", err);
}

static int choose_files(struct node *node)
{
    node->plan.own_files =
        config_flag_is_on(&node->config, SETTING_OWN_FILES) && sys_thread_can_own_files();
    return COMMAND_OK;
}

static int make_census(struct node *node)
{
    const uint64_t each = table_viewers(node);
    node->plan.viewers_each = each > UINT32_MAX ? UINT32_MAX : (uint32_t)each;
    node->viewers_max = viewers_max_of(node);
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
    const uint32_t count = worker_count_of(&node->config);
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
    takeover_adopted(&node->takeover.main);
    takeover_adopted(&node->takeover.metrics);
    ports_release(&node->ports);
    return COMMAND_OK;
}

static void say_listening(const struct node *node)
{
    char text[ADDRESS_TEXT_MAX], state[64];
    if (node->plan.has_metrics) {
        log_line(LOG_INFO, "metrics", LOG_STR("addr", address_write(&node->plan.metrics, text)));
    }
    log_line(LOG_INFO, "listening", LOG_STR("addr", address_write(&node->plan.listen, text)),
             LOG_I64("workers", node->worker_count), LOG_I64("viewers_max", node->viewers_max),
             LOG_STR("data", config_text(&node->config, SETTING_DATA)),
             LOG_STR("version", STR(ROAR_VERSION)),
             LOG_I64("ready_ms", clock_mono_ms(sys_clock()) - node->started_ms));
    snprintf(state, sizeof(state), "READY=1\nMAINPID=%d", sys_process_id());
    sys_notify_supervisor(str_of(state));
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

static void drain(struct node *node, bool is_succeeded)
{
    const uint32_t drain_s = config_number(&node->config, SETTING_DRAIN_S);
    const int64_t until_ms = clock_mono_ms(sys_clock()) + (int64_t)drain_s * 1000;
    node->state = NODE_DRAINING;
    log_line(LOG_INFO, "draining", LOG_I64("drain_s", drain_s),
             LOG_I64("viewers", census_viewers(node->census)));
    for (uint32_t i = 0; i < node->worker_count; i++) {
        worker_drain(&node->workers[i], until_ms, is_succeeded);
    }
}

static void stop(struct node *node)
{
    if (node->state == NODE_DRAINING) {
        log_line(LOG_WARN, "told twice to stop: cut now", LOG_I64("workers", node->worker_count));
        sys_exit_now(COMMAND_OK); // as asked; what was answered is on the disk
    }
    sys_notify_supervisor(STR("STOPPING=1"));
    if (node->handover != NULL) {
        handover_stop(node->handover);
    }
    drain(node, false);
}

/* ---- who follows us ---- */

static bool pass_listener(void *user, uint32_t number, int *ret_fd, bool *ret_is_metrics)
{
    const struct node *node = user;
    const struct server *metrics = node->workers[0].metrics_server;
    uint32_t left = number;
    if (node->state == NODE_DRAINING) {
        return false; // they close, or have another owner
    }
    for (uint32_t i = 0; i < node->worker_count; i++) {
        const struct server *server = node->workers[i].server;
        if (left < server_listener_count(server)) {
            *ret_fd = server_listener_fd(server, left);
            *ret_is_metrics = false;
            return true;
        }
        left -= server_listener_count(server);
    }
    if (metrics == NULL || left >= server_listener_count(metrics)) {
        return false;
    }
    *ret_fd = server_listener_fd(metrics, left);
    *ret_is_metrics = true;
    return true;
}

static void hold_newcomers(void *user, bool held)
{
    struct node *node = user;
    for (uint32_t i = 0; i < node->worker_count; i++) {
        worker_hold(&node->workers[i], held);
    }
}

static void on_given(void *user)
{
    drain(user, true);
}

/* A server that cannot be followed serves all the same. */
static int open_handover(struct node *node)
{
    const struct handover_options options = {
        .reactor = node->reactor,
        .folder = folder_of(node),
        .engine = node->engine,
        .hub = node->hubs[0],
        .within_ms = config_number(&node->config, SETTING_UPGRADE_S) * 1000,
        .hold_ms = config_number(&node->config, SETTING_LIMITS_HOLD_MS),
        .listener = pass_listener,
        .hold = hold_newcomers,
        .given = on_given,
        .user = node,
    };
    const enum err err = handover_open(&options, &node->handover);
    if (err != ERR_OK) {
        char text[SYS_FAILURE_TEXT_MAX];
        log_line(LOG_WARN, "no upgrade will be possible without a stop",
                 LOG_STR("why", err == ERR_SYS ? sys_failure_write(text) : str_of(err_name(err))));
    }
    return COMMAND_OK;
}

static void upgrade(struct node *node)
{
    char text[SYS_FAILURE_TEXT_MAX];
    if (node->successor_pid != 0) {
        log_line(LOG_WARN, "an upgrade is under way already", LOG_I64("pid", node->successor_pid));
        return;
    }
    if (sys_renew_process("--upgrade", &node->successor_pid) != ERR_OK) {
        log_line(LOG_ERROR, "no new process can be started: we go on",
                 LOG_STR("why", sys_failure_write(text)));
        return;
    }
    log_line(LOG_INFO, "a new process was started", LOG_I64("pid", node->successor_pid));
}

static void on_child(struct node *node)
{
    int code = 0;
    if (node->successor_pid == 0 || sys_process_ended(node->successor_pid, &code) != ERR_OK) {
        return;
    }
    log_line(LOG_ERROR, "the new process ended", LOG_I64("pid", node->successor_pid),
             LOG_I64("exit", code));
    node->successor_pid = 0;
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
    const enum err no_hooks = set_hooks(node, &fresh);
    if (no_hooks != ERR_OK) {
        (void)fail_with("reload refused: hooks do not start", no_hooks);
        policy_unref(policy);
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
        } else if (signal == SYS_SIGNAL_CHILD) {
            on_child(the_node);
        } else if (signal == SYS_SIGNAL_UPGRADE && the_node->state == NODE_SERVING) {
            upgrade(the_node);
        } else if (signal == SYS_SIGNAL_RELOAD && the_node->state == NODE_SERVING) {
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
    int (*const steps[])(struct node * node) = {
        watch_signals, ask_for_sockets, reserve_ports, read_proxies,  make_policy,
        choose_files,  make_census,     await_folder,  open_engine,   make_hooks,
        make_shared,   make_workers,    introduce,     start_workers, open_handover,
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const int code = steps[i](node);
        if (code != COMMAND_OK) {
            return code;
        }
    }
    return COMMAND_OK;
}

/* What hooks were asked comes home, and the comments it is about go to the engine, before that
 * closes. */
static void end_hooks(struct node *node)
{
    hook_feed_stop(node->hook_feed);
    outcalls_stop(node->outcalls);
    hook_feed_free(node->hook_feed);
    for (uint32_t i = 0; i < node->worker_count; i++) {
        worker_settle(&node->workers[i]);
    }
}

/* The engine closes while the reactors still run: what it answers last is still taken. */
static void end(struct node *node)
{
    handover_free(node->handover);
    end_hooks(node);
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
    outcalls_free(node->outcalls);
    census_free(node->census);
    gauges_done(&node->gauges);
    ports_release(&node->ports);
    takeover_done(&node->takeover);
    policy_unref(node->policy);
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
    takeover_end(&node->takeover);
    say_listening(node);
    reactor_run(node->reactor);
    const int64_t stopping_ms = clock_mono_ms(sys_clock());
    end(node);
    log_line(LOG_INFO, "stopped", LOG_I64("close_ms", clock_mono_ms(sys_clock()) - stopping_ms));
    return COMMAND_OK;
}

int node_run(const struct config_source *source, bool takes_over)
{
    struct config_fault fault = {.text = ""};
    struct node *node = mem_new(MEM_OTHER, sizeof(*node));
    if (node == NULL) {
        return fail_with("no memory", ERR_NOMEM);
    }
    node->started_ms = clock_mono_ms(sys_clock());
    node->source = source;
    node->signals.fd = -1;
    node->ports = (struct ports){.reserved_fd = -1, .metrics_reserved_fd = -1};
    node->takeover.fd = -1;
    node->takes_over = takes_over;
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
