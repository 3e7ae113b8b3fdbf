// SPDX-License-Identifier: Apache-2.0
#include "net/dial.h"

#include "sys/sys.h"

#include <stddef.h>
#include <string.h>

static struct sys_endpoint endpoint_of(const struct address *address)
{
    struct sys_endpoint endpoint = {.port = address->port};
    memcpy(endpoint.ip, address->bytes, sizeof(endpoint.ip));
    return endpoint;
}

static void on_ready(struct source *source, uint32_t events)
{
    struct dial *dial = (struct dial *)(void *)((char *)source - offsetof(struct dial, source));
    if ((events & (READY_OUT | READY_HANGUP)) == 0) {
        return;
    }
    int fd = source->fd;
    reactor_unwatch(dial->reactor, source);
    source->ready = NULL;
    if (sys_socket_dialed(fd) != ERR_OK) {
        sys_close(fd);
        fd = -1;
    }
    dial->dialed(dial, fd); // may free it
}

enum err dial_start(struct dial *dial, struct reactor *reactor, const struct address *to,
                    const struct address *from)
{
    const struct sys_endpoint there = endpoint_of(to);
    struct sys_endpoint here;
    int fd = -1;
    if (from != NULL) {
        here = endpoint_of(from);
    }
    TRY(sys_socket_dial(&there, from == NULL ? NULL : &here, &fd));
    dial->reactor = reactor;
    dial->source = (struct source){.fd = fd, .ready = on_ready};
    const enum err err = reactor_watch(reactor, &dial->source);
    if (err != ERR_OK) {
        dial->source.ready = NULL;
        sys_close(fd);
    }
    return err;
}

void dial_cancel(struct dial *dial)
{
    if (dial->source.ready != NULL) {
        reactor_unwatch(dial->reactor, &dial->source);
        dial->source.ready = NULL;
        sys_close(dial->source.fd);
    }
}
