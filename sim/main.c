// SPDX-License-Identifier: Apache-2.0
/* roar-sim: histories under a seed.
 *
 *   roar-sim seed N [MUTANT]     one history, told step by step
 *   roar-sim seeds N [MUTANT]    the histories 1..N, with figures while they run, and what they
 *                                came by; from 1,000 on it is a failure to miss any of that
 *   roar-sim test N              the same by their kinds, each a case, in TAP
 *   roar-sim mutants N           each mutant on up to N histories, each a case, in TAP
 */
#include "children.h"
#include "histories.h"
#include "mutants.h"
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHILD_WAIT_S = 280, MUTANT_WAIT_S = 60, TWICE_SEEDS = 24, REACHING_SEEDS = 1000 };

static int failed;

static void say(uint32_t number, bool ok, const char *name, const char *what)
{
    printf("%sok %u - %s: %s\n", ok ? "" : "not ", number, name, what);
    (void)fflush(stdout);
    failed += !ok;
}

static int run_seed(uint64_t seed)
{
    struct histories histories = {.seeds = 0};
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // also what came before an abort
    histories_run(&histories, seed, true);
    histories_tell(&histories);
    return 0;
}

static int run_seeds(uint64_t count)
{
    struct histories histories = {.is_live = true};
    for (uint64_t seed = 1; seed <= count; seed++) {
        histories_run(&histories, seed, false);
    }
    histories_tell(&histories);
    const bool missed = !reached_tell(histories.reached) && count >= REACHING_SEEDS;
    return missed || !histories_hold(&histories);
}

static void add(struct histories *sum, const struct histories *more)
{
    sum->seeds += more->seeds;
    sum->steps += more->steps;
    sum->answered += more->answered;
    sum->shown += more->shown;
    sum->crashes += more->crashes;
    sum->cuts += more->cuts;
    sum->needless_epochs += more->needless_epochs;
    sum->simulated_ms += more->simulated_ms;
    sum->busy_s += more->busy_s;
    sum->hash ^= more->hash;
    for (int i = 0; i < REACH_COUNT; i++) {
        sum->reached[i] += more->reached[i];
    }
}

/* The same seeds twice, in processes of their own, are the same to the last word. */
static void check_repeats(uint32_t number)
{
    struct child once = {.from = 1, .to = TWICE_SEEDS, .step = 1, .wait_s = CHILD_WAIT_S};
    struct child twice = once;
    children_run(&once);
    children_run(&twice);
    const bool same = !once.is_broken && !twice.is_broken &&
                      once.histories.hash == twice.histories.hash && once.histories.hash != 0;
    printf("# hashes %016llx and %016llx\n", (unsigned long long)once.histories.hash,
           (unsigned long long)twice.histories.hash);
    say(number, same, "repeats", "the same seed is the same history");
}

static int run_test(uint64_t count)
{
    struct histories sum = {.seeds = 0};
    printf("1..%u\n", scenario_count + 3);
    for (uint32_t i = 0; i < scenario_count; i++) {
        struct child child = {.from = i == 0 ? scenario_count : i,
                              .to = count,
                              .step = scenario_count,
                              .wait_s = CHILD_WAIT_S};
        children_run(&child);
        if (child.is_broken) {
            printf("# BROKEN %s\n", child.why);
        }
        say(i + 1, !child.is_broken, scenarios[i].name, scenarios[i].about);
        add(&sum, &child.histories);
    }
    check_repeats(scenario_count + 1);
    say(scenario_count + 2, reached_tell(sum.reached) || count < REACHING_SEEDS, "reached",
        "histories came by every place that they are for");
    say(scenario_count + 3, histories_hold(&sum), "epochs",
        "a torn commit is seldom taken for damage");
    histories_tell(&sum);
    return failed > 0;
}

static int run_mutants(uint64_t count)
{
    printf("1..%u\n", mutants_count() + 1);
    struct child none = {.from = 1, .to = count, .step = 1, .wait_s = CHILD_WAIT_S};
    children_run(&none);
    say(1, !none.is_broken, "none", none.is_broken ? none.why : "nothing is off, all is well");
    for (uint32_t i = 0; i < mutants_count(); i++) {
        struct child child = {
            .from = 1, .to = count, .step = 1, .mutant = mutants_name(i), .wait_s = MUTANT_WAIT_S};
        children_run(&child);
        printf("# %s\n", child.is_broken ? child.why : "nobody noticed");
        say(i + 2, child.is_broken, mutants_name(i), mutants_about(i));
    }
    return failed > 0;
}

static int usage(void)
{
    (void)fprintf(stderr, "roar-sim seed N [MUTANT] | seeds N [MUTANT] | test N | mutants N\n");
    return 2;
}

int main(int argc, char **argv)
{
    const uint64_t number = argc < 3 ? 0 : strtoull(argv[2], NULL, 10);
    if (number == 0 || (argc > 3 && !mutants_choose(argv[3]))) {
        return usage();
    }
    histories_install();
    if (strcmp(argv[1], "seed") == 0) {
        return run_seed(number);
    }
    if (strcmp(argv[1], "seeds") == 0) {
        return run_seeds(number);
    }
    if (strcmp(argv[1], "test") == 0) {
        return run_test(number);
    }
    return strcmp(argv[1], "mutants") == 0 ? run_mutants(number) : usage();
}
