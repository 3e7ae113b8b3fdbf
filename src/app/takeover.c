// SPDX-License-Identifier: Apache-2.0
#include "app/takeover.h"

#include "app/succession.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

static enum err fail(struct takeover *takeover, enum err err, const char *why)
{
    snprintf(takeover->fault, sizeof(takeover->fault), "%s", why);
    return err;
}

static enum err fail_sys(struct takeover *takeover)
{
    char text[SYS_FAILURE_TEXT_MAX];
    snprintf(takeover->fault, sizeof(takeover->fault), "%.*s", STR_ARG(sys_failure_write(text)));
    return ERR_SYS;
}

/* What an answer that is none says about the other. */
static enum err fail_answer(struct takeover *takeover, enum err err,
                            const struct succession_message *message)
{
    if (err == ERR_PROTO) {
        snprintf(takeover->fault, sizeof(takeover->fault),
                 "the server that runs hands over as version %u, we as %u: stop it, then start",
                 message->version, (unsigned)SUCCESSION_VERSION);
        return ERR_DENIED;
    }
    if (err == ERR_AGAIN) {
        return fail(takeover, ERR_DENIED, "the server that runs does not answer");
    }
    if (err == ERR_OK) {
        snprintf(takeover->fault, sizeof(takeover->fault), "the server that runs refused: %s",
                 message->kind == SUCCESSION_REFUSED ? message->text : "an answer out of turn");
        return ERR_DENIED;
    }
    return err == ERR_CLOSED ? ERR_CLOSED : fail_sys(takeover);
}

static enum err keep(struct takeover *takeover, const struct succession_message *message, int fd)
{
    struct takeover_sockets *sockets =
        message->is_metrics != 0 ? &takeover->metrics : &takeover->main;
    if (fd == -1 || sockets->count == TAKEOVER_SOCKETS_MAX) {
        sys_close(fd);
        return fail(takeover, ERR_DENIED, "the server that runs passed no socket, or too many");
    }
    sockets->fds[sockets->count++] = fd;
    return ERR_OK;
}

/* The other died, or broke off: the lock says which. */
static void leave(struct takeover *takeover)
{
    sys_close(takeover->fd);
    takeover->fd = -1;
    takeover->is_gone = true;
}

static enum err take_offer(struct takeover *takeover)
{
    for (;;) {
        struct succession_message message = {.version = 0};
        int fd = -1;
        const enum err err = succession_receive(takeover->fd, &message, &fd);
        if (err == ERR_OK && message.kind == SUCCESSION_LISTENER) {
            TRY(keep(takeover, &message, fd));
            continue;
        }
        if (err == ERR_OK && message.kind == SUCCESSION_OFFERED) {
            return ERR_OK;
        }
        if (err == ERR_CLOSED) {
            leave(takeover);
            return ERR_OK;
        }
        return fail_answer(takeover, err, &message);
    }
}

static enum err greet(struct takeover *takeover, struct str version, uint32_t wait_ms)
{
    struct sys_peer peer;
    if (sys_local_peer(takeover->fd, &peer) != ERR_OK ||
        sys_socket_set_wait(takeover->fd, wait_ms) != ERR_OK) {
        return fail_sys(takeover);
    }
    if (!peer.is_ours) {
        return fail(takeover, ERR_DENIED, "the server that runs belongs to another user");
    }
    /* Gone already is told by what it does not answer. */
    const enum err err = succession_send(takeover->fd, SUCCESSION_HELLO, version);
    return err == ERR_SYS ? fail_sys(takeover) : ERR_OK;
}

enum err takeover_begin(struct takeover *takeover, const char *folder, struct str version,
                        uint32_t wait_ms)
{
    memset(takeover, 0, sizeof(*takeover));
    takeover->fd = -1;
    const enum err err = sys_local_connect(folder, SUCCESSION_SOCKET, &takeover->fd);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? err : fail_sys(takeover);
    }
    TRY(greet(takeover, version, wait_ms));
    return take_offer(takeover);
}

enum err takeover_await(struct takeover *takeover)
{
    struct succession_message message = {.version = 0};
    int fd = -1;
    enum err err = succession_send(takeover->fd, SUCCESSION_READY, STR_NONE);
    if (err == ERR_OK) {
        err = succession_receive(takeover->fd, &message, &fd);
    }
    if (err == ERR_CLOSED) {
        leave(takeover);
        return ERR_OK;
    }
    sys_close(fd);
    if (err == ERR_OK && message.kind == SUCCESSION_YOURS) {
        return ERR_OK;
    }
    return fail_answer(takeover, err, &message);
}

void takeover_end(struct takeover *takeover)
{
    if (takeover->fd != -1) {
        /* Gone meanwhile is well: nobody else has the folder. */
        (void)!succession_send(takeover->fd, SUCCESSION_SERVING, STR_NONE);
        sys_close(takeover->fd);
        takeover->fd = -1;
    }
}

enum err takeover_address(const struct takeover_sockets *sockets, struct address *ret_address)
{
    struct sys_endpoint endpoint;
    if (sockets->count == 0) {
        return ERR_NOT_FOUND;
    }
    TRY(sys_socket_local(sockets->fds[0], &endpoint));
    memcpy(ret_address->bytes, endpoint.ip, sizeof(ret_address->bytes));
    ret_address->port = endpoint.port;
    return ERR_OK;
}

void takeover_adopted(struct takeover_sockets *sockets)
{
    sockets->count = 0;
}

static void close_all(struct takeover_sockets *sockets)
{
    for (uint32_t i = 0; i < sockets->count; i++) {
        sys_close(sockets->fds[i]);
    }
    sockets->count = 0;
}

void takeover_done(struct takeover *takeover)
{
    if (takeover->fd > 0) {
        sys_close(takeover->fd);
    }
    takeover->fd = -1;
    close_all(&takeover->main);
    close_all(&takeover->metrics);
}
