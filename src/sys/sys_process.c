// SPDX-License-Identifier: Apache-2.0
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VARIABLES_MAX = 512, WAIT_STEP_MS = 5 };

/* In the child: it does not outlive its parent. */
static void follow_parent(pid_t parent, int with_signal)
{
    (void)prctl(PR_SET_PDEATHSIG, with_signal);
    if (getppid() != parent) {
        _exit(1); // it went before we asked
    }
}

enum err sys_process_fork(int (*run)(void *user), void *user, int *ret_pid)
{
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == -1) {
        return sys_failed("fork", "process");
    }
    if (pid == 0) {
        follow_parent(parent, SIGKILL);
        _exit(run(user));
    }
    *ret_pid = pid;
    return ERR_OK;
}

/* Those given, then what this process has; of two of a name the first counts. */
static void join_variables(const char *const *first, char *ret_all[VARIABLES_MAX])
{
    size_t count = 0;
    for (; *first != NULL && count + 1 < VARIABLES_MAX; first++) {
        ret_all[count++] = (char *)(uintptr_t)*first; // execve() changes none of them
    }
    for (char **variable = environ; *variable != NULL && count + 1 < VARIABLES_MAX; variable++) {
        ret_all[count++] = *variable;
    }
    ret_all[count] = NULL;
}

_Noreturn static void become(const char *const *args, char *const *variables, const char *log_path)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    const int log_fd = open(log_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (log_fd != -1 && null_fd != -1 && dup2(log_fd, STDERR_FILENO) != -1 &&
        dup2(null_fd, STDOUT_FILENO) != -1 && dup2(null_fd, STDIN_FILENO) != -1) {
        (void)execve("/proc/self/exe", (char *const *)(uintptr_t)args, variables);
    }
    _exit(127);
}

enum err sys_process_start(const char *const *args, const char *const *variables,
                           const char *log_path, int *ret_pid)
{
    char *all[VARIABLES_MAX];
    join_variables(variables, all);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == -1) {
        return sys_failed("fork", args[0]);
    }
    if (pid == 0) {
        follow_parent(parent, SIGTERM);
        become(args, all, log_path);
    }
    *ret_pid = pid;
    return ERR_OK;
}

bool sys_process_is_alive(int pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

int sys_process_stop(int pid, uint32_t wait_ms)
{
    int status = 0;
    (void)kill(pid, SIGTERM);
    for (uint32_t waited_ms = 0; waitpid(pid, &status, WNOHANG) == 0; waited_ms += WAIT_STEP_MS) {
        if (waited_ms >= wait_ms) {
            (void)kill(pid, SIGKILL);
        }
        sys_sleep_ms(WAIT_STEP_MS);
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

enum err sys_process_cpu_ns(int pid, uint64_t *ret_ns)
{
    clockid_t clock = 0;
    struct timespec spent = {.tv_sec = 0};
    const int failure = clock_getcpuclockid(pid, &clock);
    if (failure != 0) {
        errno = failure;
        return sys_failed("clock_getcpuclockid", "process");
    }
    if (clock_gettime(clock, &spent) != 0) {
        return sys_failed("clock_gettime", "process");
    }
    *ret_ns = (uint64_t)spent.tv_sec * 1000000000U + (uint64_t)spent.tv_nsec;
    return ERR_OK;
}

enum err sys_process_anon_bytes(int pid, uint64_t *ret_bytes)
{
    char path[64], line[256];
    static const char field[] = "RssAnon:";
    const char *found = NULL;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return sys_failed("open", path);
    }
    while (found == NULL && fgets(line, sizeof(line), file) != NULL) {
        found = strncmp(line, field, sizeof(field) - 1) == 0 ? line + sizeof(field) - 1 : NULL;
    }
    (void)fclose(file);
    if (found == NULL) {
        errno = ENODATA;
        return sys_failed("read", path);
    }
    *ret_bytes = strtoull(found, NULL, 10) * 1024; // the kernel writes kB
    return ERR_OK;
}

enum err sys_process_ended(int pid, int *ret_code)
{
    int status = 0;
    const pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == 0) {
        return ERR_AGAIN;
    }
    if (got == -1) {
        return sys_failed("waitpid", "child");
    }
    *ret_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return ERR_OK;
}

void sys_process_kill(int pid)
{
    (void)kill(pid, SIGKILL); // gone already is well
}

int sys_process_id(void)
{
    return getpid();
}
