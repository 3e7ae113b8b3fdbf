// SPDX-License-Identifier: Apache-2.0
#include "children.h"

#include "base/must.h"
#include "mutants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The figures of a child that is well come back behind its words. */
_Noreturn static void run(const struct child *child, int fd)
{
    must(dup2(fd, STDOUT_FILENO) >= 0);
    if (child->mutant != NULL) {
        must(freopen("/dev/null", "w", stderr) != NULL);
        must(mutants_choose(child->mutant));
    }
    (void)alarm(child->wait_s);
    struct histories histories = {.seeds = 0};
    for (uint64_t seed = child->from; seed <= child->to; seed += child->step) {
        histories_run(&histories, seed, false);
    }
    (void)fflush(stdout);
    must(write(STDOUT_FILENO, &histories, sizeof(histories)) == sizeof(histories));
    _exit(0);
}

static size_t listen(int fd, char *text, size_t size)
{
    size_t len = 0;
    ssize_t got = 0;
    while (len < size && (got = read(fd, text + len, size - len)) > 0) {
        len += (size_t)got;
    }
    return len;
}

static void note_why(struct child *child, char *text, size_t len)
{
    text[len] = '\0';
    char *line = strstr(text, "# BROKEN");
    char *end = line == NULL ? NULL : strchr(line, '\n');
    if (end != NULL) {
        *end = '\0';
    }
    (void)snprintf(child->why, sizeof(child->why), "%s",
                   line == NULL ? "it never ended" : line + strlen("# BROKEN "));
}

void children_run(struct child *child)
{
    static char text[64 * 1024];
    int fds[2];
    int status = 0;
    (void)fflush(stdout);
    must(pipe(fds) == 0);
    const pid_t pid = fork();
    must(pid >= 0);
    if (pid == 0) {
        (void)close(fds[0]);
        run(child, fds[1]);
    }
    (void)close(fds[1]);
    const size_t len = listen(fds[0], text, sizeof(text) - 1);
    (void)close(fds[0]);
    must(waitpid(pid, &status, 0) == pid);
    child->is_broken = status != 0 || len < sizeof(child->histories);
    if (child->is_broken) {
        note_why(child, text, len);
    } else {
        memcpy(&child->histories, text + len - sizeof(child->histories), sizeof(child->histories));
    }
}
