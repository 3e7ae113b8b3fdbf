// SPDX-License-Identifier: Apache-2.0
/* roar-sim: histories under a seed.
 *
 *   roar-sim --seed N         one history, told step by step
 *   roar-sim --seeds N        the histories 1..N, by their kind, in TAP
 */
#include "base/log.h"
#include "base/mem.h"
#include "disk_vfs.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct totals {
    uint64_t seeds, hash, steps, answered, shown, crashes;
    int64_t simulated_ms;
};

static struct world world;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t held_bytes(void)
{
    uint64_t held = 0;
    for (int kind = 0; kind < MEM_KINDS; kind++) {
        held += mem_held_bytes((enum mem_kind)kind);
    }
    return held;
}

static void run_one(uint64_t seed, struct totals *totals)
{
    const uint64_t before = held_bytes();
    world_begin(&world, &scenarios[seed % scenario_count], seed);
    world_run(&world);
    world_end(&world);
    world_holds(&world, held_bytes() == before, "memory: %lld bytes were not given back",
                (long long)(held_bytes() - before));
    totals->seeds++;
    totals->hash = (totals->hash ^ world.hash) * UINT64_C(0x100000001b3);
    totals->steps += world.steps;
    totals->answered += world.answered;
    totals->shown += world.shown;
    totals->crashes += world.crashes;
    totals->simulated_ms += world.now_ms - world.jumped_ms;
}

/* A promise that the server's own code finds broken. */
static void on_abort(int number)
{
    char line[160];
    const int len = snprintf(line, sizeof(line),
                             "# BROKEN in \"%s\", seed %llu, step %llu: abort\n# repeat it: make "
                             "sim SEED=%llu\n",
                             world.scenario->name, (unsigned long long)world.seed,
                             (unsigned long long)world.steps, (unsigned long long)world.seed);
    (void)!write(STDOUT_FILENO, line, (size_t)len);
    (void)number;
    _exit(1);
}

int main(int argc, char **argv)
{
    signal(SIGABRT, on_abort);
    log_set_level(LOG_ERROR);
    disk_vfs_install();
    struct totals totals = {.seeds = 0};
    const double start_s = now_s();
    if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
        world.is_verbose = true;
        run_one(strtoull(argv[2], NULL, 10), &totals);
    } else {
        for (uint64_t seed = 1; argc == 3 && seed <= strtoull(argv[2], NULL, 10); seed++) {
            run_one(seed, &totals);
        }
    }
    const double took_s = now_s() - start_s;
    printf("# hash %016llx seeds %llu steps %llu answered %llu shown %llu crashes %llu: %.0f "
           "seeds/s, %.0f simulated s/s\n",
           (unsigned long long)totals.hash, (unsigned long long)totals.seeds,
           (unsigned long long)totals.steps, (unsigned long long)totals.answered,
           (unsigned long long)totals.shown, (unsigned long long)totals.crashes,
           (double)totals.seeds / took_s, (double)totals.simulated_ms / 1000 / took_s);
    return 0;
}
