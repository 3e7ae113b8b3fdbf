// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include "base/must.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

enum err sys_event_open(int *ret_fd)
{
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd == -1) {
        return sys_failed("eventfd", "eventfd");
    }
    *ret_fd = fd;
    return ERR_OK;
}

void sys_event_raise(int fd)
{
    must(eventfd_write(fd, 1) == 0 || errno == EAGAIN); // EAGAIN: raised 2^64 - 2 times already
}

void sys_event_clear(int fd)
{
    eventfd_t raised;
    must(eventfd_read(fd, &raised) == 0 || errno == EAGAIN);
}

bool sys_event_wait(int fd, int64_t wait_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    const int count = poll(&poll_fd, 1,
                           wait_ms < 0           ? -1
                           : wait_ms > INT32_MAX ? INT32_MAX
                                                 : (int)wait_ms);
    must(count >= 0 || errno == EINTR);
    return count > 0;
}
