// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* <netinet/tcp.h> of glibc lacks what the kernel's has, and both cannot be included. */
#include <linux/sockios.h>
#include <linux/tcp.h>

enum { QUEUE = 4096, NETSTAT_LINE_MAX = 16 * 1024 };

/* Either family's socket address, as the kernel takes it. */
struct place {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
    socklen_t len;
};

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static struct place place_of(const struct sys_endpoint *endpoint)
{
    struct place place;
    memset(&place, 0, sizeof(place));
    if (memcmp(endpoint->ip, v4_prefix, sizeof(v4_prefix)) == 0) {
        place.as.v4.sin_family = AF_INET;
        place.as.v4.sin_port = htons(endpoint->port);
        memcpy(&place.as.v4.sin_addr, endpoint->ip + 12, 4);
        place.len = sizeof(place.as.v4);
    } else {
        place.as.v6.sin6_family = AF_INET6;
        place.as.v6.sin6_port = htons(endpoint->port);
        memcpy(&place.as.v6.sin6_addr, endpoint->ip, 16);
        place.len = sizeof(place.as.v6);
    }
    return place;
}

static struct sys_endpoint endpoint_of(const struct place *place)
{
    struct sys_endpoint endpoint;
    memset(&endpoint, 0, sizeof(endpoint));
    if (place->as.any.sa_family == AF_INET) {
        memcpy(endpoint.ip, v4_prefix, sizeof(v4_prefix));
        memcpy(endpoint.ip + 12, &place->as.v4.sin_addr, 4);
        endpoint.port = ntohs(place->as.v4.sin_port);
    } else if (place->as.any.sa_family == AF_INET6) {
        memcpy(endpoint.ip, &place->as.v6.sin6_addr, 16);
        endpoint.port = ntohs(place->as.v6.sin6_port);
    }
    return endpoint;
}

/* "127.0.0.1:8080", for failures. */
static const char *endpoint_text(const struct sys_endpoint *endpoint, char text[64])
{
    char ip[INET6_ADDRSTRLEN] = "?";
    if (memcmp(endpoint->ip, v4_prefix, sizeof(v4_prefix)) == 0) {
        (void)inet_ntop(AF_INET, endpoint->ip + 12, ip, sizeof(ip));
        snprintf(text, 64, "%s:%u", ip, endpoint->port);
    } else {
        (void)inet_ntop(AF_INET6, endpoint->ip, ip, sizeof(ip));
        snprintf(text, 64, "[%s]:%u", ip, endpoint->port);
    }
    return text;
}

static int set_flag(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

static enum err listen_on(int fd, const struct sys_listen *listen_at, uint16_t *ret_port)
{
    char text[64];
    const struct place place = place_of(&listen_at->at);
    (void)set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (place.as.any.sa_family == AF_INET6) {
        (void)set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    if (listen_at->reuse_port && set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) {
        return sys_failed("setsockopt(SO_REUSEPORT)", endpoint_text(&listen_at->at, text));
    }
    if (bind(fd, &place.as.any, place.len) != 0) {
        const bool in_use = errno == EADDRINUSE;
        const enum err err = sys_failed("bind", endpoint_text(&listen_at->at, text));
        return in_use ? ERR_EXISTS : err;
    }
    if (!listen_at->bind_only &&
        listen(fd, listen_at->queue > 0 ? (int)listen_at->queue : QUEUE) != 0) {
        const bool in_use = errno == EADDRINUSE;
        const enum err err = sys_failed("listen", endpoint_text(&listen_at->at, text));
        return in_use ? ERR_EXISTS : err;
    }
    struct sys_endpoint local;
    TRY(sys_socket_local(fd, &local));
    *ret_port = local.port;
    return ERR_OK;
}

enum err sys_socket_listen(const struct sys_listen *listen, int *ret_fd, uint16_t *ret_port)
{
    char text[64];
    const struct place place = place_of(&listen->at);
    const int fd =
        socket(place.as.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd == -1) {
        return sys_failed("socket", endpoint_text(&listen->at, text));
    }
    const enum err err = listen_on(fd, listen, ret_port);
    if (err != ERR_OK) {
        sys_close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

void sys_socket_set_queue(int fd, uint32_t queue)
{
    (void)listen(fd, (int)queue); // it listens: nothing else can be refused
}

/* A line of names, and one of as many numbers. */
static uint64_t number_under(const char *name, char *names, char *numbers)
{
    char *name_rest = NULL, *number_rest = NULL;
    const char *at = strtok_r(names, " \n", &name_rest);
    const char *number = strtok_r(numbers, " \n", &number_rest);
    while (at != NULL && number != NULL && strcmp(at, name) != 0) {
        at = strtok_r(NULL, " \n", &name_rest);
        number = strtok_r(NULL, " \n", &number_rest);
    }
    return at == NULL || number == NULL ? 0 : strtoull(number, NULL, 10);
}

uint64_t sys_socket_overflows(void)
{
    char names[NETSTAT_LINE_MAX], numbers[NETSTAT_LINE_MAX];
    uint64_t count = 0;
    FILE *file = fopen("/proc/net/netstat", "re");
    if (file == NULL) {
        return 0;
    }
    if (fgets(names, sizeof(names), file) != NULL &&
        fgets(numbers, sizeof(numbers), file) != NULL) {
        count = number_under("ListenOverflows", names, numbers);
    }
    (void)fclose(file);
    return count;
}

enum err sys_socket_share_port(int fd)
{
    if (set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) {
        return sys_failed("setsockopt(SO_REUSEPORT)", "the reserved port");
    }
    return ERR_OK;
}

enum err sys_socket_local(int fd, struct sys_endpoint *ret_endpoint)
{
    struct place place;
    memset(&place, 0, sizeof(place));
    place.len = sizeof(place.as);
    if (getsockname(fd, &place.as.any, &place.len) != 0) {
        return sys_failed("getsockname", "socket");
    }
    *ret_endpoint = endpoint_of(&place);
    return ERR_OK;
}

enum err sys_socket_accept(int fd, int *ret_fd, struct sys_endpoint *ret_peer)
{
    struct place place;
    memset(&place, 0, sizeof(place));
    place.len = sizeof(place.as);
    const int got = accept4(fd, &place.as.any, &place.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got >= 0) {
        *ret_fd = got;
        *ret_peer = endpoint_of(&place);
        return ERR_OK;
    }
    switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ERR_LIMIT;
    case EAGAIN:
        return ERR_AGAIN;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
        return sys_failed("accept", "listening socket");
    default: // accept(2): errors of the new connection itself are passed on; the next may be well
        return sys_socket_accept(fd, ret_fd, ret_peer);
    }
}

static enum err wait_connected(int fd, uint32_t wait_ms, const char *subject)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int failure = 0;
    socklen_t len = sizeof(failure);
    if (poll(&poll_fd, 1, (int)wait_ms) != 1) {
        errno = ETIMEDOUT;
        return sys_failed("connect", subject);
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) != 0 || failure != 0) {
        errno = failure != 0 ? failure : errno;
        return sys_failed("connect", subject);
    }
    return sys_socket_set_blocking(fd, true);
}

enum err sys_socket_connect(const struct sys_endpoint *to, uint32_t wait_ms, int *ret_fd)
{
    char text[64];
    const char *subject = endpoint_text(to, text);
    const struct place place = place_of(to);
    const int fd =
        socket(place.as.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd == -1) {
        return sys_failed("socket", subject);
    }
    enum err err = ERR_OK;
    if (connect(fd, &place.as.any, place.len) != 0 && errno != EINPROGRESS) {
        err = sys_failed("connect", subject);
    } else {
        err = wait_connected(fd, wait_ms, subject);
    }
    if (err != ERR_OK) {
        sys_close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

enum err sys_socket_pair(int ret_fds[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret_fds) != 0) {
        return sys_failed("socketpair", "unix");
    }
    return ERR_OK;
}

enum err sys_socket_resolve(const char *host, uint16_t port, struct sys_endpoint *ret_endpoint)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0 || found == NULL) {
        return ERR_NOT_FOUND;
    }
    struct place place;
    memset(&place, 0, sizeof(place));
    place.len = found->ai_addrlen;
    enum err err = ERR_NOT_FOUND;
    if (found->ai_addrlen <= sizeof(place.as)) {
        memcpy(&place.as, found->ai_addr, found->ai_addrlen);
        *ret_endpoint = endpoint_of(&place);
        ret_endpoint->port = port;
        err = ERR_OK;
    }
    freeaddrinfo(found);
    return err;
}

/* The port is chosen at connect(), by all four parts of the address: so a source has its ports once
 * for each place it talks to. */
static enum err begin_dial(int fd, const struct sys_endpoint *to, const struct sys_endpoint *from)
{
    char text[64];
    const struct place place = place_of(to);
    if (from != NULL) {
        const struct place source = place_of(from);
        (void)set_flag(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        if (bind(fd, &source.as.any, source.len) != 0) {
            return sys_failed("bind", endpoint_text(from, text));
        }
    }
    if (connect(fd, &place.as.any, place.len) != 0 && errno != EINPROGRESS) {
        return sys_failed("connect", endpoint_text(to, text));
    }
    return ERR_OK;
}

enum err sys_socket_dial(const struct sys_endpoint *to, const struct sys_endpoint *from,
                         int *ret_fd)
{
    char text[64];
    const struct place place = place_of(to);
    const int fd =
        socket(place.as.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd == -1) {
        return sys_failed("socket", endpoint_text(to, text));
    }
    const enum err err = begin_dial(fd, to, from);
    if (err != ERR_OK) {
        sys_close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

enum err sys_socket_dialed(int fd)
{
    int failure = 0;
    socklen_t len = sizeof(failure);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) != 0) {
        return sys_failed("getsockopt(SO_ERROR)", "socket");
    }
    if (failure != 0) {
        errno = failure;
        return sys_failed("connect", "socket");
    }
    return ERR_OK;
}

void sys_socket_tune(int fd, uint32_t notsent_bytes)
{
    (void)set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    (void)set_flag(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, (int)notsent_bytes);
}

enum err sys_socket_set_send_buffer(int fd, uint32_t bytes)
{
    if (set_flag(fd, SOL_SOCKET, SO_SNDBUF, (int)bytes) != 0) {
        return sys_failed("setsockopt(SO_SNDBUF)", "socket");
    }
    return ERR_OK;
}

void sys_socket_set_receive_buffer(int fd, uint32_t bytes)
{
    (void)set_flag(fd, SOL_SOCKET, SO_RCVBUF, (int)bytes);
}

enum err sys_socket_set_wait(int fd, uint32_t wait_ms)
{
    const struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = (wait_ms % 1000) * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0) {
        return sys_failed("setsockopt(SO_RCVTIMEO)", "socket");
    }
    return ERR_OK;
}

enum err sys_socket_set_blocking(int fd, bool is_blocking)
{
    const int flags = fcntl(fd, F_GETFL);
    const int wanted = is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    if (flags == -1 || fcntl(fd, F_SETFL, wanted) != 0) {
        return sys_failed("fcntl", "socket");
    }
    return ERR_OK;
}

enum err sys_socket_read(int fd, void *bytes, size_t len, size_t *ret_len)
{
    for (;;) {
        const ssize_t got = recv(fd, bytes, len, 0);
        if (got > 0) {
            *ret_len = (size_t)got;
            return ERR_OK;
        }
        if (got == 0) {
            return ERR_CLOSED;
        }
        if (errno == EAGAIN) {
            return ERR_AGAIN;
        }
        if (errno != EINTR) {
            return sys_failed("recv", "socket");
        }
    }
}

enum err sys_socket_write(int fd, const void *bytes, size_t len, size_t *ret_len)
{
    for (;;) {
        const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent >= 0) {
            *ret_len = (size_t)sent;
            return ERR_OK;
        }
        if (errno == EAGAIN) {
            return ERR_AGAIN;
        }
        if (errno != EINTR) {
            return ERR_CLOSED; // reset, shut or timed out: the peer is gone whichever it was
        }
    }
}

void sys_socket_shut_write(int fd)
{
    (void)shutdown(fd, SHUT_WR); // refused: the peer is gone already
}

void sys_socket_shut_both(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}

void sys_socket_reset_on_close(int fd)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static bool ask_tcp(int fd, struct tcp_info *ret_info)
{
    socklen_t len = sizeof(*ret_info);
    memset(ret_info, 0, sizeof(*ret_info));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &len) == 0;
}

uint32_t sys_socket_silent_ms(int fd)
{
    int unacked = 0; // most often nothing is, and to ask for that takes no lock
    if (ioctl(fd, SIOCOUTQ, &unacked) == 0 && unacked == 0) {
        return 0;
    }
    struct tcp_info info;
    return !ask_tcp(fd, &info) || info.tcpi_unacked == 0 ? 0 : info.tcpi_last_ack_recv;
}

uint32_t sys_socket_passed_ms(int fd)
{
    struct tcp_info info;
    return ask_tcp(fd, &info) ? info.tcpi_last_data_sent : UINT32_MAX;
}

bool sys_socket_endpoint_of(const void *sockaddr, size_t len, struct sys_endpoint *ret_endpoint)
{
    struct place place;
    memset(&place, 0, sizeof(place));
    memcpy(&place.as, sockaddr, len < sizeof(place.as) ? len : sizeof(place.as));
    const int family = place.as.any.sa_family;
    const bool is_known = (family == AF_INET && len >= sizeof(place.as.v4)) ||
                          (family == AF_INET6 && len >= sizeof(place.as.v6));
    if (is_known) {
        *ret_endpoint = endpoint_of(&place);
    }
    return is_known;
}

enum err sys_socket_make(int family, int type, int protocol, int *ret_fd)
{
    const int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd < 0) {
        return sys_failed("socket", "");
    }
    *ret_fd = fd;
    return ERR_OK;
}
