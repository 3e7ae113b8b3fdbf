// SPDX-License-Identifier: Apache-2.0
#include "chaos.h"

#include "attendance.h"
#include "node.h"

enum { HOUR_MS = 60 * 60 * 1000, OPS_MAX = 60, LATE_MS = 1000 };

static const int64_t paces_ms[] = {50,   500,   2000,  2000,  5000,  5000,
                                   5000, 10000, 10000, 20000, 30000, 60000};

static void change_pace(struct world *world)
{
    world->pace_ms = paces_ms[world_below(world, sizeof(paces_ms) / sizeof(paces_ms[0]))];
    world_note(world, "people are at it every %lld ms", (long long)world->pace_ms);
}

static void crash(struct world *world, enum disk_crash how, uint64_t within_ops)
{
    if (world->port != NULL && disk.crash_at == 0 && !disk.crashed) {
        const bool is_at_sync = how == DISK_POWER_CUT && world_chance(world, 700);
        (is_at_sync ? disk_arm_at_sync : disk_arm)(how, world_below(world, within_ops));
    }
}

void chaos_strike(struct world *world, uint64_t within_ops)
{
    const struct scenario *scenario = world->scenario;
    if (scenario->kills + scenario->power_cuts > 0) {
        const bool is_kill =
            world_below(world, scenario->kills + scenario->power_cuts) < scenario->kills;
        crash(world, is_kill ? DISK_KILL : DISK_POWER_CUT, within_ops);
    }
}

static void step_clock(struct world *world)
{
    const int64_t step_ms = (int64_t)world_below(world, 2 * HOUR_MS + 1) - HOUR_MS;
    world->wall_ms += step_ms;
    world->clock_stepped = true;
    world_note(world, "the wall clock steps by %lld ms", (long long)step_ms);
}

static void sleep_long(struct world *world)
{
    const int64_t ms = world->scenario->has_retention
                           ? 6 * HOUR_MS + (int64_t)world_below(world, 24 * HOUR_MS)
                           : (int64_t)world_below(world, 120000);
    world->now_ms += ms;
    world->jumped_ms += ms;
    attendance_slept(world, ms);
    world_note(world, "the machine sleeps for %lld ms", (long long)ms);
}

static uint32_t lag_ms_now(const struct world *world)
{
    uint32_t lag_ms = 0;
    for (uint32_t i = 0; i < world->hubs; i++) {
        lag_ms = world->reactors[i].lag_ms > lag_ms ? world->reactors[i].lag_ms : lag_ms;
    }
    return lag_ms;
}

/* A call waits for a commit and its publishing, and its answer for a reactor. */
static uint32_t call_ms_now(const struct world *world)
{
    return 2 * (world->disk_ms + lag_ms_now(world)) + 100;
}

static void remember(const struct world *world, struct pace *pace, uint32_t ms, int64_t over_ms)
{
    if (ms > pace->ms || world->now_ms > pace->until_ms) {
        *pace = (struct pace){.ms = ms, .until_ms = world->now_ms + over_ms};
    }
}

static void remember_pace(struct world *world)
{
    const uint32_t call_ms = call_ms_now(world), lag_ms = lag_ms_now(world);
    remember(world, &world->calls, call_ms, 2 * (int64_t)call_ms + SILENT_MS_MAX);
    remember(world, &world->letters, lag_ms, 4 * (int64_t)lag_ms);
}

static uint32_t slowest(const struct world *world, const struct pace *pace, uint32_t now_ms)
{
    return world->now_ms <= pace->until_ms && pace->ms > now_ms ? pace->ms : now_ms;
}

uint32_t chaos_call_ms(const struct world *world)
{
    return slowest(world, &world->calls, call_ms_now(world));
}

uint32_t chaos_lag_ms(const struct world *world)
{
    return slowest(world, &world->letters, lag_ms_now(world));
}

static void slow_down(struct world *world)
{
    remember_pace(world);
    world->disk_ms = world_chance(world, 400) ? 2 : (uint32_t)world_below(world, 3000);
    world_note(world, "the disk takes up to %u ms", world->disk_ms);
}

static void lag(struct world *world)
{
    struct reactor *reactor = &world->reactors[world_below(world, world->hubs)];
    remember_pace(world);
    reactor->lag_ms = world_chance(world, 500) ? 3 : (uint32_t)world_below(world, 2000);
    world_note(world, "hub %d is up to %u ms late", (int)(reactor - world->reactors),
               reactor->lag_ms);
}

void chaos_make_late(struct world *world)
{
    struct reactor *reactor = &world->reactors[world_below(world, world->hubs)];
    remember_pace(world);
    reactor->lag_ms = 200 + (uint32_t)world_below(world, LATE_MS);
    world_note(world, "hub %d is late for an act", (int)(reactor - world->reactors));
}

void chaos_make_punctual(struct world *world)
{
    remember_pace(world);
    for (uint32_t i = 0; i < world->hubs; i++) {
        world->reactors[i].lag_ms = 3;
    }
}

static void spoil_disk(struct world *world)
{
    const bool was_bad = disk.is_full || disk.fails || disk.fails_after > 0;
    const char *why = NULL;
    disk_heal();
    world->acts_go_on = false;
    if (!was_bad && world_chance(world, 500)) {
        disk.is_full = true;
        world->acts_go_on = disk.ballast > 0 && embedded_is_well(world->engine, &why);
    } else if (!was_bad) {
        disk.fails_after = 1 + (uint32_t)world_below(world, 40);
    }
    world_note(world, "the disk is %s", was_bad ? "well" : disk.is_full ? "full" : "failing");
}

void chaos_step(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    world->chaos_due_ms = world->now_ms + world_while(world, 8000);
    if (world->pace_ms < 1000 || world_chance(world, 400)) { // bursts are short
        change_pace(world);
    }
    if (world->port == NULL) {
        return;
    }
    if (world_chance(world, scenario->clock_steps)) {
        step_clock(world);
    }
    if (world_chance(world, scenario->sleeps)) {
        sleep_long(world);
    }
    if (world_chance(world, scenario->slow_disks)) {
        slow_down(world);
    }
    if (world_chance(world, scenario->slow_reactors)) {
        lag(world);
    }
    if (world_chance(world, scenario->bad_disks)) {
        spoil_disk(world);
    }
    if (world_chance(world, scenario->kills)) {
        crash(world, DISK_KILL, OPS_MAX);
    } else if (world_chance(world, scenario->power_cuts)) {
        crash(world, DISK_POWER_CUT, OPS_MAX);
    } else if (world_chance(world, scenario->restarts) && disk.crash_at == 0) {
        node_drain(world);
    }
}

static void on_paused(struct call *call)
{
    struct world *world = (struct world *)(void *)((char *)call - offsetof(struct world, act));
    world->act_is_away = false;
}

void chaos_pause(struct world *world)
{
    world->act_due_ms = world->now_ms + world_while(world, 8 * world->pace_ms);
    if (world->port == NULL || world->act_is_away || world->is_calm) {
        return;
    }
    world->act_state = world->act_state == STREAM_PAUSED ? STREAM_LIVE : STREAM_PAUSED;
    world->act_is_away = true;
    world->act = (struct stream_call){.call = {.home = &world->reactors[0].home, .done = on_paused},
                                      .what = STREAM_DO_PUT,
                                      .stream = world->ledgers[world_chance(world, 200)].name,
                                      .retention_days = -1,
                                      .state = (int8_t)world->act_state};
    port_stream(world->port, &world->act);
    node_poke(world);
}

void chaos_begin(struct world *world)
{
    world->chaos_due_ms = 1000;
    world->act_due_ms = 3000;
    world->act_state = STREAM_LIVE;
    change_pace(world);
}

void chaos_end(struct world *world)
{
    remember_pace(world);
    world->is_calm = true;
    world->pace_ms = 200;
    world->disk_ms = 2;
    world->chaos_due_ms = world->act_due_ms = NEVER;
    disk_heal();
    for (uint32_t i = 0; i < world->hubs; i++) {
        world->reactors[i].lag_ms = 3;
    }
}
