// SPDX-License-Identifier: Apache-2.0
/* worker -- one reactor with all that lives on it: its hub, its api, its server, its thread.
 *
 *      main ──letter──▶ worker: drain ─▶ server_drain() ─▶ hub_close() ──letter──▶ main: has ended
 *
 * Owns:    reactor, hub, api, server, thread. With `own_files` its thread has a table of files of
 *          its own: connections are in that alone, and its server ends there; what it listens on is
 *          main's, too, so that it can be passed on, until the drain begins.
 * Used by: node.c.
 * Thread:  made and freed by main; while its thread runs, main sends letters only.
 */
#pragma once

#include "api/api.h"
#include "app/config.h"
#include "base/err.h"
#include "base/home.h"
#include "base/metric.h"
#include "hub/hub.h"
#include "net/address.h"
#include "net/network.h"
#include "serve/census.h"
#include "serve/server.h"
#include "sys/sys.h"

#include <stdbool.h>
#include <stdint.h>

struct worker_plan { // the same for all; outlives them
    const struct config *config;
    struct port *port;
    struct api_shared *shared;
    struct census *census;
    struct address listen;
    struct address metrics; // of metrics.listen
    const int *inherited;   // sockets of a server that gives way, dealt out to the workers
    uint32_t inherited_count;
    const int *metrics_inherited; // all for the first
    uint32_t metrics_inherited_count;
    bool has_metrics; // the first worker opens it
    const struct network *proxies;
    uint32_t proxy_count;
    uint32_t worker_count;
    bool own_files;
    uint32_t viewers_each; // of own_files: those that one table is for
    struct home *main_home;
    void (*ended)(struct letter *letter); // on main's home, when a worker has drained
};

struct worker {
    struct letter drain_letter; // main to worker
    struct letter ended_letter; // worker to main
    uint32_t number;
    const struct worker_plan *plan; // borrowed; outlives it
    struct reactor *reactor;
    struct hub *hub;
    struct api *api;
    struct server *server;
    struct server *metrics_server; // of the first only
    struct turn_hook hook;
    struct sys_thread thread;
    struct sys_files copies; // owned, main's only: of own_files, what main holds open as well
    bool is_running;         // has a thread
    struct drain drain;
    uint32_t draining; // servers that have not drained yet
    struct metric letters;
};

/* Reactor, hub and api; nothing runs or listens yet. */
MUST_USE enum err worker_init(struct worker *worker, const struct worker_plan *plan,
                              uint32_t number);
/* Listens, and starts the thread. After hub_meet(). ERR_EXISTS: a port is in use. */
MUST_USE enum err worker_listen(struct worker *worker);
MUST_USE enum err worker_start(struct worker *worker);
/* Any thread: while held, nobody is accepted. */
void worker_hold(struct worker *worker, bool held);
/* Main's thread, once: `plan->ended` follows. `is_succeeded`: another process has its sockets. */
void worker_drain(struct worker *worker, int64_t until_mono_ms, bool is_succeeded);
/* Main's thread: returns when all letters it had been sent are opened. Not running is legal. */
void worker_settle(struct worker *worker);
/* Stops the thread and waits for it. */
void worker_stop(struct worker *worker);
void worker_done(struct worker *worker); // not running; zeroed is legal
