// SPDX-License-Identifier: Apache-2.0
#include "serve/server_rig.h"

#include "base/mem.h"
#include "net/listener.h"
#include "sys/sys.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

void rig_init(struct rig *rig)
{
    *rig = (struct rig){.options = {.clock = sys_clock(), .seed = 7}, .limits = {.seed = 7}};
    assert_int_equal(address_parse(STR("127.0.0.1:0"), &rig->address), ERR_OK);
    assert_int_equal(reactor_new(&rig->reactor), ERR_OK);
    rig->options.reactor = rig->reactor;
}

static void *run(void *user)
{
    reactor_run(((struct rig *)user)->reactor);
    return NULL;
}

void rig_start(struct rig *rig)
{
    int reserved = -1;
    assert_int_equal(census_new(&rig->limits, &rig->census), ERR_OK);
    assert_int_equal(listener_reserve(&rig->address, &reserved), ERR_OK);
    rig->options.listen = rig->address;
    rig->options.census = rig->census;
    assert_int_equal(server_new(&rig->options, &rig->server), ERR_OK);
    close(reserved);
    assert_int_equal(pthread_create(&rig->thread, NULL, run, rig), 0);
}

struct errand {
    struct letter letter;
    struct rig *rig;
    void (*step)(struct rig *rig);
    sem_t done;
};

static void on_errand(struct letter *letter)
{
    struct errand *errand = (struct errand *)(void *)letter; // its first member
    errand->step(errand->rig);
    sem_post(&errand->done);
}

void rig_await(sem_t *semaphore)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += RIG_PATIENCE_MS / 1000;
    assert_int_equal(sem_timedwait(semaphore, &until), 0);
}

void rig_run(struct rig *rig, void (*step)(struct rig *rig))
{
    struct errand errand = {.letter = {.open = on_errand}, .rig = rig, .step = step};
    assert_int_equal(sem_init(&errand.done, 0, 0), 0);
    home_send(reactor_home(rig->reactor), &errand.letter);
    rig_await(&errand.done);
    sem_destroy(&errand.done);
}

static void on_drained(void *user)
{
    sem_post(&((struct rig *)user)->drained);
}

static void drain(struct rig *rig)
{
    const struct drain how = {.until_mono_ms = reactor_now_ms(rig->reactor) + rig->drain_ms,
                              .drained = on_drained,
                              .user = rig};
    server_drain(rig->server, &how);
}

void rig_drain_begin(struct rig *rig, int64_t within_ms)
{
    assert_int_equal(sem_init(&rig->drained, 0, 0), 0);
    rig->drain_ms = within_ms;
    rig_run(rig, drain);
}

void rig_drain_end(struct rig *rig)
{
    rig_await(&rig->drained);
    sem_destroy(&rig->drained);
}

void rig_stop(struct rig *rig)
{
    reactor_stop(rig->reactor);
    assert_int_equal(pthread_join(rig->thread, NULL), 0);
    server_free(rig->server);
    census_free(rig->census);
    reactor_free(rig->reactor);
}

/* ---- clients ---- */

struct client client_open(const struct rig *rig)
{
    struct client client = {.fd = socket(AF_INET, SOCK_STREAM, 0), .text = malloc(RIG_TEXT_MAX)};
    assert_non_null(client.text);
    assert_true(client.fd >= 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(rig->address.port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(client.fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return client;
}

void client_close(struct client *client)
{
    close(client->fd);
    free(client->text);
}

void client_send(struct client *client, struct str bytes)
{
    while (bytes.len > 0) {
        const ssize_t sent = send(client->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes.at += sent;
        bytes.len -= (size_t)sent;
    }
}

void client_say(struct client *client, const char *text)
{
    client_send(client, str_of(text));
}

void client_shut(struct client *client)
{
    assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
}

void client_reset(struct client *client)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    client_close(client);
}

/* Waits for more; false: the server closed. */
static bool more(struct client *client)
{
    struct pollfd wanted = {.fd = client->fd, .events = POLLIN};
    if (client->is_over) {
        return false;
    }
    if (poll(&wanted, 1, RIG_PATIENCE_MS) != 1) {
        print_error("waited in vain; so far: %s\n", client->text);
        fail();
    }
    assert_true(client->len < RIG_TEXT_MAX - 1);
    const ssize_t got =
        recv(client->fd, client->text + client->len, RIG_TEXT_MAX - 1 - client->len, 0);
    client->is_over = got <= 0;
    client->len += got > 0 ? (size_t)got : 0;
    client->text[client->len] = '\0';
    return got > 0;
}

static _Thread_local char taken[RIG_TEXT_MAX];

static void forget(struct client *client, size_t len)
{
    memcpy(taken, client->text, len);
    taken[len] = '\0';
    client->len -= len;
    memmove(client->text, client->text + len, client->len);
    client->text[client->len] = '\0';
}

const char *client_until(struct client *client, const char *text)
{
    client->text[client->len] = '\0';
    const char *hit = strstr(client->text, text);
    while (hit == NULL) {
        if (!more(client)) {
            print_error("closed before: %s\nso far: %s\n", text, client->text);
            fail();
        }
        hit = strstr(client->text, text);
    }
    forget(client, (size_t)(hit - client->text) + strlen(text));
    return taken;
}

const char *client_rest(struct client *client)
{
    while (more(client)) {
    }
    client->text[client->len] = '\0';
    forget(client, client->len);
    return taken;
}

struct str client_take(struct client *client, size_t len)
{
    while (client->len < len) {
        assert_true(more(client));
    }
    forget(client, len);
    return (struct str){.at = taken, .len = len};
}
