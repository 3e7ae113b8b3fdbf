// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

void sys_signal_ignore_pipe(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
}

enum err sys_signal_open(int *ret_fd)
{
    sigset_t set;
    sys_signal_ignore_pipe();
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGCHLD);
    const int failure = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (failure != 0) {
        errno = failure;
        return sys_failed("pthread_sigmask", "signals");
    }
    const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd == -1) {
        return sys_failed("signalfd", "signals");
    }
    *ret_fd = fd;
    return ERR_OK;
}

static enum sys_signal signal_of(uint32_t number)
{
    switch (number) {
    case SIGHUP:
        return SYS_SIGNAL_RELOAD;
    case SIGUSR2:
        return SYS_SIGNAL_UPGRADE;
    case SIGCHLD:
        return SYS_SIGNAL_CHILD;
    default:
        return SYS_SIGNAL_STOP;
    }
}

enum err sys_signal_read(int fd, enum sys_signal *ret_signal)
{
    struct signalfd_siginfo info;
    const ssize_t got = read(fd, &info, sizeof(info));
    if (got == (ssize_t)sizeof(info)) {
        *ret_signal = signal_of(info.ssi_signo);
        return ERR_OK;
    }
    if (got == -1 && errno != EAGAIN && errno != EINTR) {
        return sys_failed("read", "signalfd");
    }
    return ERR_AGAIN;
}
