// SPDX-License-Identifier: Apache-2.0
/* The arguments come from /proc/self/cmdline: nothing has to carry them here from main(). */
#include "sys/sys.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { ARGS_MAX = 512, ARGS_BYTES_MAX = 128 * 1024 };

/* Ends each argument with a NUL, as the kernel gives them; NULL after the last. */
static void split(struct buf *line, const char *flag, char *ret_args[ARGS_MAX + 2])
{
    size_t count = 0;
    bool has_flag = false;
    char *at = (char *)line->bytes;
    char *end = at + line->len;
    while (at < end && count < ARGS_MAX) {
        has_flag = has_flag || strcmp(at, flag) == 0;
        ret_args[count++] = at;
        at += strlen(at) + 1;
    }
    if (!has_flag) {
        ret_args[count++] = (char *)(uintptr_t)flag; // execvp() changes none of them
    }
    ret_args[count] = NULL;
}

_Noreturn static void become(char *const args[])
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)execvp(args[0], args);
    _exit(127);
}

enum err sys_renew_process(const char *flag, int *ret_pid)
{
    char *args[ARGS_MAX + 2];
    struct buf line;
    buf_init(&line, MEM_OTHER, ARGS_BYTES_MAX);
    enum err err = sys_file_read("/proc/self/cmdline", ARGS_BYTES_MAX - 1, &line);
    if (err == ERR_OK && line.len == 0) {
        errno = ENODATA;
        err = sys_failed("read", "/proc/self/cmdline");
    }
    if (err != ERR_OK) {
        buf_done(&line);
        return err;
    }
    split(&line, flag, args);
    const pid_t pid = fork();
    if (pid == 0) {
        become(args);
    }
    err = pid == -1 ? sys_failed("fork", args[0]) : ERR_OK;
    buf_done(&line);
    if (err == ERR_OK) {
        *ret_pid = pid;
    }
    return err;
}
