// SPDX-License-Identifier: Apache-2.0
/* Each guard of the hub that needs moderators turned off in turn: its histories notice, in TAP. */
#include "base/mutant.h"
#include "base/reach.h"
#include "hub/model_test.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HISTORIES = 1600, HISTORIES_SOUND = 60, WAIT_S = 120 };

enum mutant mutant_chosen;
uint64_t reach_counts[REACH_COUNT];

static const struct {
    enum mutant mutant;
    const char *name, *about;
    uint64_t histories;
} cases[] = {{MUTANT_NONE, "none", "nothing is off, all is well", HISTORIES_SOUND},
#define MUTANT_ROW(name, about) {MUTANT_##name, #name, about, HISTORIES},
             MODEL_MUTANTS(MUTANT_ROW)
#undef MUTANT_ROW
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* A history that is broken aborts. */
static bool is_noticed(uint32_t i)
{
    const pid_t child = fork();
    if (child == 0) {
        (void)alarm(WAIT_S);
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(0);
        }
        mutant_chosen = cases[i].mutant;
        for (uint64_t seed = 1; seed <= cases[i].histories; seed++) {
            model_history(seed);
        }
        _exit(0);
    }
    int status = 0;
    const bool is_back = child > 0 && waitpid(child, &status, 0) == child;
    return is_back && status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}

int main(void)
{
    int failed = 0;
    printf("1..%d\n", (int)CASES);
    (void)fflush(stdout);
    for (uint32_t i = 0; i < CASES; i++) {
        const bool ok = is_noticed(i) == (cases[i].mutant != MUTANT_NONE);
        printf("%sok %u - %s: %s\n", ok ? "" : "not ", i + 1, cases[i].name, cases[i].about);
        (void)fflush(stdout);
        failed += !ok;
    }
    return failed > 0;
}
