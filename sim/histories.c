// SPDX-License-Identifier: Apache-2.0
#include "histories.h"

#include "base/log.h"
#include "base/mem.h"
#include "disk_vfs.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NEEDLESS_EPOCH_CUTS = 1000 }; // cuts to one of them, at least

static struct world world;

static double core_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
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

/* A promise that the server's own code finds broken. */
static void on_abort(int number)
{
    char line[160];
    const int len =
        snprintf(line, sizeof(line),
                 "# BROKEN in \"%s\", seed %llu, step %llu: must()\n# repeat it: make "
                 "sim SEED=%llu\n",
                 world.scenario == NULL ? "" : world.scenario->name, (unsigned long long)world.seed,
                 (unsigned long long)world.steps, (unsigned long long)world.seed);
    (void)!write(STDOUT_FILENO, line, (size_t)len);
    (void)number;
    _exit(1);
}

void histories_install(void)
{
    (void)signal(SIGABRT, on_abort);
    (void)signal(SIGSEGV, on_abort);
    (void)signal(SIGFPE, on_abort);
    disk_vfs_install();
}

void histories_run(struct histories *histories, uint64_t seed, bool is_verbose)
{
    const uint64_t before = held_bytes();
    uint64_t reached[REACH_COUNT];
    memcpy(reached, reach_counts, sizeof(reached));
    const double start_s = core_s();
    world.is_verbose = is_verbose;
    log_set_level(is_verbose ? LOG_ERROR : LOG_ERROR + 1); // disks fail all day
    world_begin(&world, &scenarios[seed % scenario_count], seed);
    world_run(&world);
    world_end(&world);
    world_holds(&world, held_bytes() == before, "memory: %lld bytes were not given back",
                (long long)(held_bytes() - before));
    histories->seeds++;
    histories->hash = (histories->hash ^ world.hash) * UINT64_C(0x100000001b3);
    histories->steps += world.steps;
    histories->answered += world.answered;
    histories->shown += world.shown;
    histories->crashes += world.crashes;
    histories->cuts += world.cuts;
    histories->needless_epochs += world.needless_epochs;
    histories->simulated_ms += world.now_ms - world.jumped_ms;
    histories->busy_s += core_s() - start_s;
    for (int i = 0; i < REACH_COUNT; i++) {
        histories->reached[i] += reach_counts[i] - reached[i];
    }
}

bool histories_hold(const struct histories *histories)
{
    return histories->needless_epochs <= 1 + histories->cuts / NEEDLESS_EPOCH_CUTS;
}

void histories_tell_live(const struct histories *histories, uint64_t upto)
{
    (void)fprintf(stderr, "\r%llu seeds, up to %llu: %.0f seeds/s, %.0f simulated s/s a core ",
                  (unsigned long long)histories->seeds, (unsigned long long)upto,
                  (double)histories->seeds / histories->busy_s,
                  (double)histories->simulated_ms / 1000 / histories->busy_s);
}

void histories_tell(const struct histories *histories)
{
    printf("# %llu seeds, %llu steps, %llu answered, %llu shown, %llu crashes (%llu cuts, %llu "
           "needless epochs): %.0f seeds/s, %.0f simulated s/s on one core; hash %016llx\n",
           (unsigned long long)histories->seeds, (unsigned long long)histories->steps,
           (unsigned long long)histories->answered, (unsigned long long)histories->shown,
           (unsigned long long)histories->crashes, (unsigned long long)histories->cuts,
           (unsigned long long)histories->needless_epochs,
           (double)histories->seeds / histories->busy_s,
           (double)histories->simulated_ms / 1000 / histories->busy_s,
           (unsigned long long)histories->hash);
}
