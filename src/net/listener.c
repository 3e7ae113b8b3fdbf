// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include "base/mem.h"
#include "base/metric.h"
#include "sys/sys.h"

#include <string.h>

enum { STARVED_RETRY_MS = 100, FILES_KEPT_MAX = 64, UNREAD_BYTES = 4096 };

/* Two guards against want of files. The kernel gives the lowest free number, so a connection whose
 * number is among the last ones says that all before it are taken: it is refused, and what the
 * engine and the other reactors need for a moment stays free. Should accept itself fail (a limit
 * lowered meanwhile, the whole system's), a spare descriptor is given up for as long as it takes
 * to accept and refuse the first who waits. */
struct listener {
    struct source source;
    struct reactor *reactor; // borrowed; outlives it
    struct listener_options options;
    struct timer retry; // after a shortage that the spare could not answer
    int fd_end;         // numbers from here on are kept free
    bool is_watched;    // not while held
    int spare_fd;       // given up for a moment to accept and refuse a newcomer; -1: lost
    struct metric refused;
};

static struct sys_endpoint endpoint_of(const struct address *address)
{
    struct sys_endpoint endpoint = {.port = address->port};
    memcpy(endpoint.ip, address->bytes, sizeof(endpoint.ip));
    return endpoint;
}

enum err listener_reserve(struct address *address, int *ret_fd)
{
    int fd = -1;
    uint16_t port = 0;
    const struct sys_listen plain = {.at = endpoint_of(address), .bind_only = true};
    TRY(sys_socket_listen(&plain, &fd, &port));
    const enum err err = sys_socket_share_port(fd);
    if (err != ERR_OK) {
        sys_close(fd);
        return err;
    }
    address->port = port;
    *ret_fd = fd;
    return ERR_OK;
}

/* Takes what has come first: a close that leaves something unread is a reset, which may overtake
 * the words. Who sends its request later than that may have no more than the reset. */
static void refuse(struct listener *listener, int fd)
{
    const struct listener_options *options = &listener->options;
    const struct str full = options->full == NULL ? STR_NONE : options->full(options->user);
    uint8_t unread[UNREAD_BYTES];
    size_t len = 0;
    if (full.len == 0 || sys_socket_read(fd, unread, sizeof(unread), &len) == ERR_SYS ||
        sys_socket_write(fd, full.at, full.len, &len) != ERR_OK || len < full.len) {
        sys_socket_reset_on_close(fd);
    }
    sys_close(fd);
    metric_count(&listener->refused, 1);
}

static enum err refuse_one(struct listener *listener)
{
    int fd = -1;
    struct sys_endpoint peer;
    sys_close(listener->spare_fd);
    listener->spare_fd = -1;
    const enum err err = sys_socket_accept(listener->source.fd, &fd, &peer);
    if (err == ERR_OK) {
        refuse(listener, fd);
    }
    if (sys_event_open(&listener->spare_fd) != ERR_OK) {
        listener->spare_fd = -1; // somebody was quicker; the retry will find it or wait again
    }
    return err;
}

static enum err accept_one(struct listener *listener)
{
    int fd = -1;
    struct sys_endpoint from;
    const enum err err = sys_socket_accept(listener->source.fd, &fd, &from);
    if (err == ERR_LIMIT) {
        return refuse_one(listener);
    }
    if (err == ERR_OK && fd >= listener->fd_end) {
        refuse(listener, fd);
    } else if (err == ERR_OK) {
        struct address peer = {.port = from.port};
        memcpy(peer.bytes, from.ip, sizeof(peer.bytes));
        listener->options.accepted(listener->options.user, fd, &peer);
    }
    return err;
}

static void accept_some(struct listener *listener)
{
    for (uint32_t i = 0; i < listener->options.accepts_per_turn; i++) {
        const enum err err = accept_one(listener);
        if (err == ERR_AGAIN) {
            return;
        }
        if (err != ERR_OK) { // still short, or worse: not now, and not in a tight loop
            wheel_arm(reactor_wheel(listener->reactor), &listener->retry,
                      reactor_now_ms(listener->reactor) + STARVED_RETRY_MS);
            return;
        }
    }
    reactor_rewatch(listener->reactor, &listener->source);
}

static void on_ready(struct source *source, uint32_t events)
{
    (void)events;
    accept_some((struct listener *)(void *)source); // its first member
}

static void watch(struct listener *listener)
{
    listener->is_watched = reactor_watch(listener->reactor, &listener->source) == ERR_OK;
    if (!listener->is_watched) { // no memory: soon, then
        wheel_arm(reactor_wheel(listener->reactor), &listener->retry,
                  reactor_now_ms(listener->reactor) + STARVED_RETRY_MS);
    }
}

static void on_retry(struct timer *timer)
{
    struct listener *listener =
        (struct listener *)(void *)((char *)timer - offsetof(struct listener, retry));
    if (listener->spare_fd == -1 && sys_event_open(&listener->spare_fd) != ERR_OK) {
        listener->spare_fd = -1;
    }
    if (listener->is_watched) {
        accept_some(listener);
    } else {
        watch(listener);
    }
}

static int fd_end_of_process(void)
{
    const uint64_t files = sys_files_max() < INT32_MAX ? sys_files_max() : INT32_MAX;
    const uint64_t kept = files / 8 < FILES_KEPT_MAX ? files / 8 : FILES_KEPT_MAX;
    return (int)(files - kept);
}

void listener_hold(struct listener *listener, bool held)
{
    wheel_cancel(reactor_wheel(listener->reactor), &listener->retry);
    if (held && listener->is_watched) {
        reactor_unwatch(listener->reactor, &listener->source);
        listener->is_watched = false;
    } else if (!held && !listener->is_watched) {
        watch(listener);
    }
}

int listener_fd(const struct listener *listener)
{
    return listener->source.fd;
}

void listener_files(const struct listener *listener, int ret_fds[LISTENER_FILES])
{
    ret_fds[0] = listener->source.fd;
    ret_fds[1] = listener->spare_fd;
}

static enum err open_socket(struct listener *listener)
{
    const struct listener_options *options = &listener->options;
    uint16_t port = 0;
    if (options->inherited_fd != -1) {
        listener->source.fd = options->inherited_fd;
        sys_socket_set_queue(options->inherited_fd, options->queue);
        return ERR_OK;
    }
    const struct sys_listen shared = {
        .at = endpoint_of(&options->address), .reuse_port = true, .queue = options->queue};
    return sys_socket_listen(&shared, &listener->source.fd, &port);
}

enum err listener_new(struct reactor *reactor, const struct listener_options *options,
                      struct listener **ret_listener)
{
    struct listener *listener = mem_new(MEM_OTHER, sizeof(*listener));
    if (listener == NULL) {
        return ERR_NOMEM;
    }
    *listener = (struct listener){.source = {.fd = -1, .ready = on_ready},
                                  .reactor = reactor,
                                  .options = *options,
                                  .retry = {.fire = on_retry},
                                  .refused = {.name = "roar_accepts_refused_total",
                                              .help = "Connections refused for want of files.",
                                              .kind = METRIC_COUNTER},
                                  .fd_end = fd_end_of_process(),
                                  .spare_fd = -1};
    enum err err = sys_event_open(&listener->spare_fd);
    if (err == ERR_OK) {
        err = open_socket(listener);
    }
    if (err == ERR_OK) {
        err = reactor_watch(reactor, &listener->source);
        listener->is_watched = err == ERR_OK;
    }
    if (err != ERR_OK) {
        if (options->inherited_fd == -1) {
            sys_close(listener->source.fd);
        }
        sys_close(listener->spare_fd);
        mem_free(MEM_OTHER, listener);
        return err;
    }
    metric_add(&listener->refused);
    *ret_listener = listener;
    return ERR_OK;
}

void listener_free(struct listener *listener)
{
    if (listener != NULL) {
        metric_remove(&listener->refused);
        wheel_cancel(reactor_wheel(listener->reactor), &listener->retry);
        listener_hold(listener, true);
        sys_close(listener->source.fd);
        sys_close(listener->spare_fd);
        mem_free(MEM_OTHER, listener);
    }
}

uint64_t listener_refused(const struct listener *listener)
{
    return (uint64_t)metric_value(&listener->refused);
}
