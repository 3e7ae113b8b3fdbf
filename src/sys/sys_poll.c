// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include "base/must.h"

#include <errno.h>
#include <sys/epoll.h>

enum { READY_MAX = 256 }; // asked of the kernel at once

enum err sys_poll_open(int *ret_poll_fd)
{
    const int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd == -1) {
        return sys_failed("epoll_create1", "epoll");
    }
    *ret_poll_fd = fd;
    return ERR_OK;
}

enum { WATCHED = EPOLLIN | EPOLLOUT | EPOLLRDHUP };

static enum err add(int poll_fd, int fd, uint32_t events, void *tag)
{
    struct epoll_event event = {.events = events | (uint32_t)EPOLLET, .data.ptr = tag};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        return sys_failed("epoll_ctl", "epoll");
    }
    return ERR_OK;
}

enum err sys_poll_add(int poll_fd, int fd, void *tag)
{
    return add(poll_fd, fd, WATCHED, tag);
}

enum err sys_poll_add_event(int poll_fd, int fd, void *tag)
{
    return add(poll_fd, fd, EPOLLIN, tag);
}

void sys_poll_again(int poll_fd, int fd, void *tag)
{
    struct epoll_event event = {.events = WATCHED | (uint32_t)EPOLLET, .data.ptr = tag};
    must(epoll_ctl(poll_fd, EPOLL_CTL_MOD, fd, &event) == 0);
}

void sys_poll_remove(int poll_fd, int fd)
{
    must(epoll_ctl(poll_fd, EPOLL_CTL_DEL, fd, NULL) == 0);
}

static int wait_of(int64_t wait_ms)
{
    if (wait_ms < 0) {
        return -1;
    }
    return wait_ms > 3600000 ? 3600000 : (int)wait_ms; // an early return is no harm
}

static uint32_t events_of(uint32_t events)
{
    uint32_t ready = 0;
    if (events & (EPOLLIN | EPOLLRDHUP)) {
        ready |= SYS_READY_IN; // a FIN is read as one
    }
    if (events & EPOLLRDHUP) {
        ready |= SYS_READY_FIN;
    }
    if (events & EPOLLOUT) {
        ready |= SYS_READY_OUT;
    }
    if (events & (EPOLLERR | EPOLLHUP)) {
        ready |= SYS_READY_HANGUP;
    }
    return ready;
}

uint32_t sys_poll_wait(int poll_fd, struct sys_ready *ready, uint32_t max, int64_t wait_ms)
{
    struct epoll_event events[READY_MAX];
    const int count =
        epoll_wait(poll_fd, events, (int)(max < READY_MAX ? max : READY_MAX), wait_of(wait_ms));
    must(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; i++) {
        ready[i] =
            (struct sys_ready){.tag = events[i].data.ptr, .events = events_of(events[i].events)};
    }
    return count > 0 ? (uint32_t)count : 0;
}
