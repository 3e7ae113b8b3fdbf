// SPDX-License-Identifier: Apache-2.0
/* roar-sim: histories under a seed.
 *
 *   roar-sim seed N [MUTANT]           one history, told step by step
 *   roar-sim seeds N|A..B [MUTANT]     the histories 1..N, or A..B, with figures while they run, and
 *                                      what they came by; of 1,000 and more it is a failure to miss
 *                                      any of that. One that breaks is told, and the rest goes on
 *   roar-sim test N                    the same by their kinds, each a case, in TAP
 *   roar-sim mutants N                 each mutant on up to N histories, each a case, in TAP
 *
 * Before these, `-j N`: so many processes at a time; else as many as there are cores.
 */
#include "base/must.h"
#include "children.h"
#include "histories.h"
#include "mutants.h"
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHILD_WAIT_S = 280, MUTANT_WAIT_S = 60, TWICE_SEEDS = 24, REACHING_SEEDS = 1000 };
enum { PIECE_SEEDS = 20, PIECE_WAIT_S = 120 };

struct range {
    uint64_t from, to; // seeds
};

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

/* ---- seeds: in pieces, so that one that breaks takes no others with it ---- */

struct tally {
    struct histories sum;
    struct child *again; // owned; what is left of pieces that broke
    uint32_t again_count;
    uint64_t broken;
};

static void on_piece(const struct child *piece, void *user)
{
    struct tally *tally = user;
    const uint64_t reached = piece->from + piece->histories.seeds;
    add(&tally->sum, &piece->histories);
    if (piece->is_broken) {
        printf("# BROKEN %s\n", piece->why);
        tally->broken++;
    }
    if (piece->is_broken && reached < piece->to) {
        struct child *rest = &tally->again[tally->again_count++];
        *rest = (struct child){.from = reached + 1,
                               .to = piece->to,
                               .step = 1,
                               .mutant = piece->mutant,
                               .wait_s = PIECE_WAIT_S};
    }
    histories_tell_live(&tally->sum, piece->is_broken ? reached : piece->to);
}

static void run_pieces(struct tally *tally, struct child *pieces, uint32_t count, uint32_t jobs)
{
    while (count > 0) {
        tally->again_count = 0;
        tally->again = calloc(count, sizeof(*tally->again));
        must(tally->again != NULL);
        children_run(pieces, count, jobs, on_piece, tally);
        free(pieces);
        pieces = tally->again;
        count = tally->again_count;
    }
    free(pieces);
}

static int run_seeds(const struct range *range, const char *mutant, uint32_t jobs)
{
    const uint64_t seeds = range->to - range->from + 1;
    const uint32_t count = (uint32_t)((seeds + PIECE_SEEDS - 1) / PIECE_SEEDS);
    struct child *pieces = calloc(count, sizeof(*pieces)); // run_pieces() gives it back
    must(pieces != NULL);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t from = range->from + (uint64_t)i * PIECE_SEEDS;
        const uint64_t to = from + PIECE_SEEDS - 1;
        pieces[i] = (struct child){.from = from,
                                   .to = to < range->to ? to : range->to,
                                   .step = 1,
                                   .mutant = mutant,
                                   .wait_s = PIECE_WAIT_S};
    }
    struct tally tally = {.broken = 0};
    run_pieces(&tally, pieces, count, jobs);
    (void)fprintf(stderr, "\n");
    const bool missed = !reached_tell(tally.sum.reached) && seeds >= REACHING_SEEDS;
    histories_tell(&tally.sum);
    printf("# seeds %llu..%llu: %llu broken\n", (unsigned long long)range->from,
           (unsigned long long)range->to, (unsigned long long)tally.broken);
    return missed || tally.broken > 0 || !histories_hold(&tally.sum);
}

/* ---- what `make test` runs ---- */

static void on_scenario(const struct child *child, void *user)
{
    const uint32_t i = (uint32_t)(child->from % scenario_count);
    if (child->is_broken) {
        printf("# BROKEN %s\n", child->why);
    }
    say(i + 1, !child->is_broken, scenarios[i].name, scenarios[i].about);
    add(user, &child->histories);
}

static void on_any(const struct child *child, void *user)
{
    (void)child;
    (void)user;
}

/* The same seeds twice, in processes of their own, are the same to the last word. */
static void check_repeats(uint32_t number, uint32_t jobs)
{
    struct child twice[2];
    for (int i = 0; i < 2; i++) {
        twice[i] = (struct child){.from = 1, .to = TWICE_SEEDS, .step = 1, .wait_s = CHILD_WAIT_S};
    }
    children_run(twice, 2, jobs, on_any, NULL);
    const struct histories *one = &twice[0].histories;
    const struct histories *two = &twice[1].histories;
    printf("# hashes %016llx and %016llx\n", (unsigned long long)one->hash,
           (unsigned long long)two->hash);
    say(number,
        !twice[0].is_broken && !twice[1].is_broken && one->hash == two->hash && one->hash != 0,
        "repeats", "the same seed is the same history");
}

static int run_test(uint64_t count, uint32_t jobs)
{
    struct histories sum = {.seeds = 0};
    struct child *kinds = calloc(scenario_count, sizeof(*kinds));
    must(kinds != NULL);
    printf("1..%u\n", scenario_count + 3);
    for (uint32_t i = 0; i < scenario_count; i++) {
        kinds[i] = (struct child){.from = i == 0 ? scenario_count : i,
                                  .to = count,
                                  .step = scenario_count,
                                  .wait_s = CHILD_WAIT_S};
    }
    children_run(kinds, scenario_count, jobs, on_scenario, &sum);
    free(kinds);
    check_repeats(scenario_count + 1, jobs);
    say(scenario_count + 2, reached_tell(sum.reached) || count < REACHING_SEEDS, "reached",
        "histories came by every place that they are for");
    say(scenario_count + 3, histories_hold(&sum), "epochs",
        "a torn commit is seldom taken for damage");
    histories_tell(&sum);
    return failed > 0;
}

static void on_mutant(const struct child *child, void *user)
{
    uint32_t *number = user;
    const bool is_none = child->mutant == NULL;
    ++*number;
    const bool holds = !child->is_broken && histories_hold(&child->histories);
    printf("# %s\n", child->is_broken ? child->why
                     : holds          ? "nobody noticed"
                                      : "too many needless epochs");
    say(*number, holds == is_none, is_none ? "none" : child->mutant,
        is_none ? "nothing is off, all is well" : mutants_about(*number - 2));
}

static int run_mutants(uint64_t count, uint32_t jobs)
{
    const uint32_t children_count = mutants_count() + 1; // the first has none
    struct child *children = calloc(children_count, sizeof(*children));
    uint32_t number = 0;
    must(children != NULL);
    printf("1..%u\n", children_count);
    for (uint32_t i = 0; i < children_count; i++) {
        children[i] = (struct child){.from = 1,
                                     .to = count,
                                     .step = 1,
                                     .mutant = i == 0 ? NULL : mutants_name(i - 1),
                                     .wait_s = i == 0 ? CHILD_WAIT_S : MUTANT_WAIT_S};
    }
    children_run(children, children_count, jobs, on_mutant, &number);
    free(children);
    return failed > 0;
}

static int usage(void)
{
    (void)fprintf(stderr, "roar-sim [-j N] seed N [MUTANT] | seeds N|FROM..TO [MUTANT] | test N | "
                          "mutants N\n");
    return 2;
}

/* "500" is 1..500. */
static struct range range_of(const char *text)
{
    char *end = NULL;
    struct range range = {.from = 1, .to = strtoull(text, &end, 10)};
    if (strncmp(end, "..", 2) == 0) {
        range = (struct range){.from = range.to, .to = strtoull(end + 2, &end, 10)};
    }
    return *end != '\0' || range.from == 0 ? (struct range){.from = 1, .to = 0} : range;
}

static uint32_t cores(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 1 ? (uint32_t)count : 1;
}

int main(int argc, char **argv)
{
    uint32_t jobs = cores();
    if (argc > 2 && strcmp(argv[1], "-j") == 0) {
        jobs = (uint32_t)strtoul(argv[2], NULL, 10);
        argc -= 2;
        argv += 2;
    }
    const struct range range = argc < 3 ? (struct range){.from = 1, .to = 0} : range_of(argv[2]);
    const char *mutant = argc > 3 ? argv[3] : NULL;
    if (jobs == 0 || range.to < range.from || (mutant != NULL && !mutants_choose(mutant))) {
        return usage();
    }
    histories_install();
    if (strcmp(argv[1], "seed") == 0) {
        return run_seed(range.to);
    }
    if (strcmp(argv[1], "seeds") == 0) {
        return run_seeds(&range, mutant, jobs);
    }
    if (strcmp(argv[1], "test") == 0) {
        return run_test(range.to, jobs);
    }
    return strcmp(argv[1], "mutants") == 0 ? run_mutants(range.to, jobs) : usage();
}
