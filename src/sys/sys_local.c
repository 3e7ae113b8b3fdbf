// SPDX-License-Identifier: Apache-2.0
/* A socket's path has room for 108 bytes, a data folder's name may have more: then it is named by
 * its descriptor, /proc/self/fd/N/name. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The address of `name` in `folder`; `*ret_folder_fd` (or -1) has to stay open while it is used. */
static enum err place_of(const char *folder, const char *name, struct sockaddr_un *ret_place,
                         int *ret_folder_fd)
{
    memset(ret_place, 0, sizeof(*ret_place));
    ret_place->sun_family = AF_UNIX;
    *ret_folder_fd = -1;
    char *path = ret_place->sun_path;
    const int len = snprintf(path, sizeof(ret_place->sun_path), "%s/%s", folder, name);
    if (len >= 0 && (size_t)len < sizeof(ret_place->sun_path)) {
        return ERR_OK;
    }
    const int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        return sys_failed("open", folder);
    }
    snprintf(path, sizeof(ret_place->sun_path), "/proc/self/fd/%d/%.64s", fd, name);
    *ret_folder_fd = fd;
    return ERR_OK;
}

/* The file's mode is the socket's own, so it is never there with another. */
static enum err bind_private(int fd, const struct sockaddr_un *place)
{
    if (unlink(place->sun_path) != 0 && errno != ENOENT) {
        return sys_failed("unlink", place->sun_path);
    }
    if (fchmod(fd, 0600) != 0) {
        return sys_failed("fchmod", place->sun_path);
    }
    if (bind(fd, (const struct sockaddr *)place, sizeof(*place)) != 0) {
        return sys_failed("bind", place->sun_path);
    }
    if (listen(fd, 4) != 0) {
        return sys_failed("listen", place->sun_path);
    }
    return ERR_OK;
}

enum err sys_local_listen(const char *folder, const char *name, int *ret_fd)
{
    struct sockaddr_un place;
    int folder_fd = -1;
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return sys_failed("socket", name);
    }
    enum err err = place_of(folder, name, &place, &folder_fd);
    if (err == ERR_OK) {
        err = bind_private(fd, &place);
    }
    sys_close(folder_fd);
    if (err != ERR_OK) {
        sys_close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

enum err sys_local_connect(const char *folder, const char *name, int *ret_fd)
{
    struct sockaddr_un place;
    int folder_fd = -1;
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return sys_failed("socket", name);
    }
    enum err err = place_of(folder, name, &place, &folder_fd);
    if (err != ERR_OK) {
        err = errno == ENOENT ? ERR_NOT_FOUND : err;
    } else if (connect(fd, (const struct sockaddr *)&place, sizeof(place)) != 0) {
        const bool nobody = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR;
        err = nobody ? ERR_NOT_FOUND : sys_failed("connect", place.sun_path);
    }
    sys_close(folder_fd);
    if (err != ERR_OK) {
        sys_close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

enum err sys_local_accept(int fd, int *ret_fd)
{
    const int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got >= 0) {
        *ret_fd = got;
        return ERR_OK;
    }
    switch (errno) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
        return ERR_AGAIN;
    default:
        return sys_failed("accept", "local socket");
    }
}

enum err sys_local_peer(int fd, struct sys_peer *ret_peer)
{
    struct ucred who;
    socklen_t len = sizeof(who);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0) {
        return sys_failed("getsockopt(SO_PEERCRED)", "local socket");
    }
    *ret_peer = (struct sys_peer){.pid = who.pid, .is_ours = who.uid == geteuid()};
    return ERR_OK;
}

/* Room for one descriptor, aligned as the kernel wants it. */
union one_fd {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

enum err sys_local_send(int fd, struct str bytes, int passed_fd)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes.at, .iov_len = bytes.len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union one_fd control;
    if (passed_fd != -1) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &passed_fd, sizeof(int));
    }
    for (;;) {
        if (sendmsg(fd, &message, MSG_NOSIGNAL) >= 0) {
            return ERR_OK;
        }
        if (errno == EPIPE || errno == ECONNRESET) {
            return ERR_CLOSED;
        }
        if (errno == EAGAIN) {
            return ERR_AGAIN;
        }
        if (errno != EINTR) {
            return sys_failed("sendmsg", "local socket");
        }
    }
}

static int passed_in(struct msghdr *message)
{
    int fd = -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len >= CMSG_LEN(sizeof(int))) {
        memcpy(&fd, CMSG_DATA(head), sizeof(int));
    }
    return fd;
}

enum err sys_local_receive(int fd, void *bytes, size_t cap, size_t *ret_len, int *ret_passed_fd)
{
    struct iovec part = {.iov_base = bytes, .iov_len = cap};
    union one_fd control;
    for (;;) {
        memset(&control, 0, sizeof(control));
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes)};
        const ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (got > 0) {
            *ret_len = (size_t)got;
            *ret_passed_fd = passed_in(&message);
            return ERR_OK;
        }
        if (got == 0 || errno == ECONNRESET) {
            return ERR_CLOSED;
        }
        if (errno == EAGAIN) {
            return ERR_AGAIN;
        }
        if (errno != EINTR) {
            return sys_failed("recvmsg", "local socket");
        }
    }
}
