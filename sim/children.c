// SPDX-License-Identifier: Apache-2.0
#include "children.h"

#include "base/must.h"
#include "mutants.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its figures are its parent's to read, also when it breaks. */
_Noreturn static void live(const struct child *child)
{
    must(dup2(fileno(child->words), STDOUT_FILENO) >= 0);
    if (child->mutant != NULL) {
        must(freopen("/dev/null", "w", stderr) != NULL);
        must(mutants_choose(child->mutant));
    }
    const struct itimerval most = {.it_value = {.tv_sec = child->wait_s}};
    must(setitimer(ITIMER_PROF, &most, NULL) == 0); // of its own time: others may be at work, too
    for (uint64_t seed = child->from; seed <= child->to; seed += child->step) {
        histories_run(child->shared, seed, false);
    }
    (void)fflush(stdout);
    _exit(0);
}

static void start(struct child *child)
{
    child->words = tmpfile();
    must(child->words != NULL);
    child->shared = mmap(NULL, sizeof(*child->shared), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(child->shared != MAP_FAILED);
    (void)fflush(stdout);
    child->pid = fork();
    must(child->pid >= 0);
    if (child->pid == 0) {
        live(child);
    }
}

static void note_why(struct child *child)
{
    static const char mark[] = "# BROKEN ";
    static char line[1024];
    (void)snprintf(child->why, sizeof(child->why), "it never ended");
    rewind(child->words);
    while (fgets(line, sizeof(line), child->words) != NULL) {
        if (strncmp(line, mark, sizeof(mark) - 1) == 0) {
            (void)snprintf(child->why, sizeof(child->why), "%.*s",
                           (int)strcspn(line + sizeof(mark) - 1, "\n"), line + sizeof(mark) - 1);
            return;
        }
    }
}

static void end(struct child *child, int status)
{
    child->histories = *child->shared;
    child->has_ended = true;
    child->is_broken = status != 0;
    if (child->is_broken) {
        note_why(child);
    }
    must(munmap(child->shared, sizeof(*child->shared)) == 0);
    (void)fclose(child->words);
}

static void wait_for_one(struct child *children, uint32_t count)
{
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    must(pid > 0);
    for (uint32_t i = 0; i < count; i++) {
        if (children[i].pid == pid && !children[i].has_ended) {
            end(&children[i], status);
            return;
        }
    }
}

void children_run(struct child *children, uint32_t count, uint32_t jobs,
                  void (*on_end)(const struct child *child, void *user), void *user)
{
    uint32_t told = 0;
    for (uint32_t started = 0, ended = 0; ended < count; ended++) {
        for (; started < count && started < ended + jobs; started++) {
            start(&children[started]);
        }
        wait_for_one(children, started);
        for (; told < count && children[told].has_ended; told++) {
            on_end(&children[told], user);
        }
    }
}
