// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include "attendance.h"
#include "base/mem.h"
#include "base/must.h"
#include "chaos.h"
#include "deeds.h"
#include "disk_vfs.h"
#include "ledger.h"
#include "moderator.h"
#include "node.h"
#include "pager.h"
#include "poster.h"
#include "queue.h"
#include "watcher.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 2000000, REST_MS = PRESENCE_TTL_MS + 20000, LINE_MAX = 256 };
static const int64_t BEGIN_WALL_MS = 1763700000000;

/* ---- what is told ---- */

static void mix(struct world *world, const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) { // FNV-1a
        world->hash = (world->hash ^ (uint8_t)line[i]) * UINT64_C(0x100000001b3);
    }
}

void world_note(struct world *world, const char *format, ...)
{
    char line[LINE_MAX];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    const size_t taken = (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1;
    mix(world, (const char *)&world->now_ms, sizeof(world->now_ms));
    mix(world, line, taken);
    if (world->is_verbose) {
        printf("# %10.3f s  step %-7llu %s%s\n", (double)world->now_ms / 1000,
               (unsigned long long)world->steps, world->is_dead ? "(unseen) " : "", line);
    }
}

void world_broken(struct world *world, const char *format, ...)
{
    va_list args;
    printf("# BROKEN in \"%s\", seed %llu, step %llu, at %.3f s: ", world->scenario->name,
           (unsigned long long)world->seed, (unsigned long long)world->steps,
           (double)world->now_ms / 1000);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n# repeat it: make sim SEED=%llu\n", (unsigned long long)world->seed);
    fflush(stdout);
    exit(1);
}

/* ---- time ---- */

static int64_t on_mono(const struct clock *clock)
{
    const struct world *world =
        (const struct world *)(const void *)((const char *)clock - offsetof(struct world, clock));
    return world->now_ms;
}

static int64_t on_wall(const struct clock *clock)
{
    const struct world *world =
        (const struct world *)(const void *)((const char *)clock - offsetof(struct world, clock));
    return world->now_ms + world->wall_ms;
}

int64_t world_while(struct world *world, int64_t mean_ms)
{
    const uint64_t mean = mean_ms > 0 ? (uint64_t)mean_ms : 1;
    const uint64_t most = world_chance(world, 100) ? 6 * mean : mean + mean / 2;
    return 1 + (int64_t)world_below(world, most);
}

/* ---- whose turn it is ---- */

struct turn {
    int64_t due_ms;
    enum who {
        NOBODY,
        REACTOR,
        WRITER,
        READER,
        POSTER,
        WATCHER,
        ASKER,
        PAGER,
        CHAOS,
        HOLDER,
        MODERATOR,
        UP
    } who;
    int number;
    uint32_t ties;
};

static void bid(struct world *world, struct turn *turn, int64_t due_ms, struct turn other)
{
    if (due_ms > turn->due_ms || due_ms == NEVER) {
        return;
    }
    const uint32_t ties = due_ms == turn->due_ms ? turn->ties + 1 : 1;
    if (ties == 1 || world_below(world, ties) == 0) {
        *turn = other;
    }
    turn->due_ms = due_ms;
    turn->ties = ties;
}

static struct turn next_turn(struct world *world)
{
    struct turn turn = {.due_ms = NEVER};
    for (int i = 0; i < (int)world->hubs; i++) {
        bid(world, &turn, world->reactors[i].due_ms, (struct turn){.who = REACTOR, .number = i});
    }
    bid(world, &turn, world->writer_due_ms, (struct turn){.who = WRITER});
    bid(world, &turn, world->reader_due_ms, (struct turn){.who = READER});
    for (int i = 0; i < USERS; i++) {
        bid(world, &turn, world->posters[i].due_ms, (struct turn){.who = POSTER, .number = i});
    }
    for (int i = 0; i < WATCHERS; i++) {
        bid(world, &turn, world->watchers[i].due_ms, (struct turn){.who = WATCHER, .number = i});
    }
    bid(world, &turn, world->asker.due_ms, (struct turn){.who = ASKER});
    bid(world, &turn, world->pager.due_ms, (struct turn){.who = PAGER});
    bid(world, &turn, world->chaos_due_ms, (struct turn){.who = CHAOS});
    bid(world, &turn, world->act_due_ms, (struct turn){.who = HOLDER});
    for (int i = 0; i < MODERATORS; i++) {
        bid(world, &turn, world->moderators[i].due_ms,
            (struct turn){.who = MODERATOR, .number = i});
    }
    bid(world, &turn, world->up_due_ms, (struct turn){.who = UP});
    return turn;
}

static void take(struct world *world, const struct turn *turn)
{
    switch (turn->who) {
    case REACTOR:
        node_step_reactor(world, &world->reactors[turn->number]);
        break;
    case WRITER:
        node_step_writer(world);
        break;
    case READER:
        node_step_reader(world);
        break;
    case POSTER:
        poster_step(world, &world->posters[turn->number]);
        break;
    case WATCHER:
        watcher_step(world, &world->watchers[turn->number]);
        break;
    case ASKER:
        attendance_step(world);
        break;
    case PAGER:
        pager_step(world);
        break;
    case CHAOS:
        chaos_step(world);
        break;
    case HOLDER:
        chaos_pause(world);
        break;
    case MODERATOR:
        moderator_step(world, &world->moderators[turn->number]);
        break;
    case UP:
        node_start(world);
        break;
    case NOBODY:
        break;
    }
}

static void step(struct world *world)
{
    const struct turn turn = next_turn(world);
    must(turn.who != NOBODY);
    world->steps++;
    world_holds(world, world->steps < STEPS_MAX, "P13: it never comes to rest");
    world->now_ms = turn.due_ms > world->now_ms ? turn.due_ms : world->now_ms;
    take(world, &turn);
    if (disk.crashed && world->port != NULL) {
        node_die(world);
    }
}

static void run_until(struct world *world, int64_t until_ms)
{
    while (world->now_ms < until_ms) {
        step(world);
    }
}

/* ---- a life ---- */

void world_begin(struct world *world, const struct scenario *scenario, uint64_t seed)
{
    *world = (struct world){.scenario = scenario,
                            .seed = seed,
                            .hash = UINT64_C(0xcbf29ce484222325),
                            .clock = {.mono_ms = on_mono, .wall_ms = on_wall},
                            .is_verbose = world->is_verbose,
                            .is_moderated = seed / scenario_count % 2 == 0,
                            .wall_ms = BEGIN_WALL_MS};
    rand_init(&world->rand, seed);
    disk_init(seed + 1);
    disk_vfs_begin();
    ledger_begin(world);
    deeds_begin(world);
    queue_begin(world);
    node_begin(world);
    poster_begin(world);
    watcher_begin(world);
    attendance_begin(world);
    pager_begin(world);
    moderator_begin(world);
    chaos_begin(world);
    node_start(world);
}

/* All is well again: within a minute everybody has everything. */
static void come_to_rest(struct world *world)
{
    disk.crash_at = 0;
    chaos_end(world);
    world_note(world, "all is well from here on");
    for (int i = 0; i < USERS; i++) {
        world->posters[i].due_ms = world->now_ms + 1;
    }
    for (int i = 0; i < WATCHERS; i++) {
        world->watchers[i].due_ms = world->now_ms + 1 + i;
    }
    for (int i = 0; i < MODERATORS && world->is_moderated; i++) {
        world->moderators[i].due_ms = world->now_ms + 1;
    }
    /* The limits let five through in ten seconds. */
    const int64_t until_ms = world->now_ms + 60000 + 2500 * (int64_t)poster_most_unsettled(world);
    while (!poster_all_settled(world) || !moderator_all_at_peace(world) || world->port == NULL) {
        step(world);
        world_holds(world, world->now_ms < until_ms,
                    "P13: all is well, and still somebody has no answer");
    }
    watcher_all_read(world);
    run_until(world, world->now_ms + REST_MS);
    watcher_check_rest(world);
}

void world_run(struct world *world)
{
    while (world->now_ms - world->jumped_ms < (int64_t)world->scenario->seconds * 1000) {
        step(world);
    }
    come_to_rest(world);
    /* A last look at what is left when the lights go out. */
    disk_arm(world_chance(world, 500) ? DISK_POWER_CUT : DISK_KILL, 0);
    node_die(world);
    node_start(world);
    node_drain(world);
}

void world_end(struct world *world)
{
    watcher_end(world);
    moderator_end(world);
    ledger_end(world);
    deeds_end(world);
    queue_end(world);
    disk_vfs_begin();
}
