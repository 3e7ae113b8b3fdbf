// SPDX-License-Identifier: Apache-2.0
/* server_rig -- for tests: a server on a reactor's own thread behind a real loopback port, and
 * clients that block in the test's thread until what they wait for has come.
 *
 * Promise:  whatever is waited for and does not come within RIG_PATIENCE_MS fails the test.
 */
#pragma once

#include "base/str.h"
#include "serve/census.h"
#include "serve/server.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

enum { RIG_PATIENCE_MS = 8000, RIG_TEXT_MAX = 2 * 1024 * 1024 };

struct rig {
    struct reactor *reactor;
    struct server *server;
    struct census *census;
    struct server_options options; // set before rig_start()
    struct census_options limits;  // set before rig_start()
    struct address address;
    pthread_t thread;
    sem_t drained;
    int64_t drain_ms;
};

/* Options with which every server may run; `handle` is still to be set. */
void rig_init(struct rig *rig);
void rig_start(struct rig *rig);
/* Runs `step` on the reactor's thread and waits until it has returned. */
void rig_run(struct rig *rig, void (*step)(struct rig *rig));
void rig_drain_begin(struct rig *rig, int64_t within_ms);
void rig_drain_end(struct rig *rig); // waits until nobody is left
void rig_stop(struct rig *rig);
void rig_await(sem_t *semaphore);

struct client {
    int fd;
    char *text; // what came, NUL-terminated
    size_t len;
    bool is_over; // the server closed
};
struct client client_open(const struct rig *rig);
void client_close(struct client *client);
void client_send(struct client *client, struct str bytes);
void client_say(struct client *client, const char *text);
void client_shut(struct client *client);  // no more from us
void client_reset(struct client *client); // closes by RST
/* Waits until `text` has come, and forgets all up to its end; what came before it is in the
 * result, which is borrowed until the next call. */
const char *client_until(struct client *client, const char *text);
/* Waits until the server closes; what came and was not yet taken. */
const char *client_rest(struct client *client);
/* Waits for that many bytes, and forgets them. */
struct str client_take(struct client *client, size_t len);
