// SPDX-License-Identifier: Apache-2.0
#include "attendance.h"

#include "chaos.h"
#include "node.h"

enum { SLACK_MS = 1000 };

/* A letter to the owner may wait for the one before it, there and back. */
static int64_t letters_ms(const struct world *world)
{
    return 4 * (int64_t)chaos_lag_ms(world);
}

void attendance_reset(struct world *world)
{
    for (int i = 0; i < STREAMS; i++) {
        for (int who = 0; who <= IDENTITIES; who++) {
            world->attendance[i][who] =
                (struct attendance){.since_ms = NEVER, .until_ms = INT64_MIN / 2};
        }
    }
}

void attendance_enter(struct world *world, uint8_t stream, uint8_t identity)
{
    struct attendance *who = &world->attendance[stream][identity];
    if (who->connections++ == 0) {
        who->since_ms = world->now_ms;
    }
    who->newest_ms = world->now_ms;
}

void attendance_leave(struct world *world, uint8_t stream, uint8_t identity)
{
    struct attendance *who = &world->attendance[stream][identity];
    if (--who->connections == 0) {
        who->since_ms = NEVER;
        who->until_ms = who->until_ms > world->now_ms ? who->until_ms : world->now_ms;
    } else if (who->newest_ms > who->since_ms) {
        who->since_ms = who->newest_ms; // the one that came last may be told after this is
    }
}

void attendance_beat(struct world *world, uint8_t stream, uint8_t identity)
{
    struct attendance *who = &world->attendance[stream][identity];
    who->until_ms = world->now_ms + letters_ms(world) + PRESENCE_TTL_MS;
}

void attendance_slept(struct world *world, int64_t ms)
{
    const int64_t before_ms = world->now_ms - ms;
    for (int i = 0; i < STREAMS; i++) {
        for (int who = 0; who <= IDENTITIES; who++) {
            struct attendance *there = &world->attendance[i][who];
            if (there->until_ms >= before_ms - SLACK_MS - (int64_t)chaos_lag_ms(world)) {
                there->until_ms += ms + SLACK_MS;
            }
            const int64_t unopened_ms = before_ms - SLACK_MS - letters_ms(world);
            if (there->since_ms != NEVER && there->since_ms >= unopened_ms) {
                there->since_ms += ms; // its letter may lie unopened while all sleep
            }
            there->newest_ms += there->newest_ms >= unopened_ms ? ms : 0;
        }
    }
}

static void on_answer(struct call *call)
{
    struct asker *asker = (struct asker *)(void *)call;
    struct world *world = asker->world;
    uint32_t least = 0, most = 0;
    asker->is_away = false;
    const int64_t slack_ms = SLACK_MS + letters_ms(world);
    for (int i = 1; i <= IDENTITIES && !world->is_dead; i++) { // 0 is nobody
        const struct attendance *who = &world->attendance[asker->stream][i];
        least += who->since_ms < asker->asked_ms - slack_ms;
        most += who->connections > 0 || who->until_ms >= asker->asked_ms - slack_ms;
    }
    const uint32_t told = asker->call.viewers;
    presence_call_done(&asker->call);
    if (world->is_dead || world->is_closing) {
        return;
    }
    world_note(world, "presence of %s: %u", world->ledgers[asker->stream].name.at, told);
    world_holds(world, told >= least && told <= most,
                "P11: presence of %s is %u, and %u to %u are there",
                world->ledgers[asker->stream].name.at, told, least, most);
}

void attendance_begin(struct world *world)
{
    world->asker.world = world;
    world->asker.due_ms = 1000;
    attendance_reset(world);
}

void attendance_step(struct world *world)
{
    struct asker *asker = &world->asker;
    asker->due_ms = world->now_ms + world_while(world, 5000);
    if (world->port == NULL || asker->is_away) {
        return;
    }
    struct reactor *reactor = &world->reactors[world_below(world, world->hubs)];
    asker->stream = world_chance(world, 250);
    asker->asked_ms = world->now_ms;
    asker->is_away = true;
    asker->call = (struct presence_call){.call = {.home = &reactor->home, .done = on_answer},
                                         .stream = world->ledgers[asker->stream].name};
    hub_presence(reactor->hub, &asker->call);
}
