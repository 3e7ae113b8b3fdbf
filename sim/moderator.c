// SPDX-License-Identifier: Apache-2.0
#include "moderator.h"

#include "base/reach.h"
#include "chaos.h"
#include "deed.h"
#include "deeds.h"
#include "intent.h"
#include "ledger.h"
#include "node.h"
#include "queue_walk.h"
#include "rules/claims.h"
#include "under.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 60, APPEALS_NEAR = 60, PEACE_MS = 20, LOG_LIMIT = 2000, LOG_BYTES_MAX = 4 << 20 };

/* ---- what is asked ---- */

static struct str stream_of(const struct moderator *moderator)
{
    return moderator->stream == STREAMS ? STR_NONE
                                        : moderator->world->ledgers[moderator->stream].name;
}

static void ask(struct moderator *moderator)
{
    struct world *world = moderator->world;
    struct act_call *call = &moderator->call;
    call->call.home = &world->reactors[world_below(world, world->hubs)].home;
    moderator->is_away = true;
    moderator->is_in_doubt = false;
    moderator->steps = world->deeds.step_count;
    world_note(world, "m%u asks for %s as %s", moderator->number, act_name(call->act.what),
               moderator->reason);
    port_act(world->port, call);
    node_poke(world);
}

static void look(struct moderator *moderator, enum moderation_read what)
{
    struct world *world = moderator->world;
    struct moderation_call *call = &moderator->look;
    const struct call kept = call->call;
    *call = (struct moderation_call){
        .call = kept, .what = what, .stream = stream_of(moderator), .limit = LOG_LIMIT};
    if (what == MODERATION_HELD) {
        queue_walk_ask(world, &moderator->walk, call);
    }
    buf_init(&call->out, MEM_OTHER, LOG_BYTES_MAX);
    call->call.home = &world->reactors[world_below(world, world->hubs)].home;
    moderator->is_away = true;
    port_moderation(world->port, call);
    node_poke(world);
}

/* ---- what is answered ---- */

/* An act on many is lifted by its own undo alone. */
static void check_repeated(const struct moderator *moderator)
{
    struct world *world = moderator->world;
    const struct act_call *call = &moderator->call;
    const bool is_undo = call->end == ACT_DUPLICATE && call->act.what == ACT_UNDO;
    struct deed *before = is_undo ? deeds_find(world, call->act.act) : NULL;
    if (before != NULL && before->what == ACT_TIMEOUT && before->lifted_by == 0) {
        before->lifted_by = call->act_n; // of some it ran out, by the server's clock
        return;
    }
    const bool is_of_many =
        before != NULL && (before->seq_count + before->n_count > 1 || before->persons != NULL);
    world_holds(
        world, !is_of_many || before->lifted_by != 0 || moderator->steps != world->deeds.step_count,
        "P6: a%llu is in force, and its undo says it is not", (unsigned long long)call->act.act);
}

static bool is_of_own_warning(const struct moderator *moderator)
{
    const struct world *world = moderator->world;
    const struct act_call *call = &moderator->call;
    const bool is_said = call->act.what == ACT_ACKNOWLEDGE;
    const struct deed *warning = is_said ? deeds_find(world, call->act.act) : NULL;
    return warning != NULL && warning->what == ACT_WARN &&
           deed_names_user(warning, (uint8_t)(call->by.id.at[1] - '0'));
}

static void check_answer(struct moderator *moderator)
{
    struct world *world = moderator->world;
    const struct act_call *call = &moderator->call;
    world_note(world, "m%u hears of %s: end %d refusal %d, a%llu at %llu", moderator->number,
               moderator->reason, (int)call->end, (int)call->refusal,
               (unsigned long long)call->act_n, (unsigned long long)call->seq);
    if (call->end == ACT_UNKNOWN) {
        moderator->is_in_doubt = true;
    } else if (call->end == ACT_REFUSED) {
        world_holds(world,
                    call->refusal != ACT_REFUSAL_NONE && call->refusal != ACT_REFUSAL_BAD_VALUE,
                    "P15: %s was refused as %d: %s", act_name(call->act.what), (int)call->refusal,
                    call->detail);
        world_holds(world, call->refusal != ACT_REFUSAL_NOT_FOUND || !is_of_own_warning(moderator),
                    "P9: who was warned by a%llu cannot say so", (unsigned long long)call->act.act);
        world_holds(world,
                    call->refusal != ACT_REFUSAL_STORE_DOWN || !disk.is_full || disk.is_used_up ||
                        !world->acts_go_on,
                    "P15: %s waits for a full disk", act_name(call->act.what));
    } else {
        const struct deed *deed = deeds_find(world, call->act_n);
        world_holds(world, deed != NULL && deed->seq == call->seq,
                    "P1: a%llu was answered at %llu and is at %llu",
                    (unsigned long long)call->act_n, (unsigned long long)call->seq,
                    deed == NULL ? 0 : (unsigned long long)deed->seq);
        check_repeated(moderator);
        deeds_answered(world, call->act_n);
        if (call->end == ACT_DONE && call->stream.len == 0) { // of all streams: at once, of any
            world->pager.due_ms = world->now_ms;
            world->pager.looks_round = true;
        }
        reach_if(call->end == ACT_DONE && disk.is_full && disk.ballast == 0, ACTED_WHEN_FULL);
    }
}

static void on_acted(struct call *call)
{
    struct moderator *moderator = (struct moderator *)(void *)call;
    struct world *world = moderator->world;
    moderator->is_away = false;
    moderator->due_ms =
        world->now_ms + world_while(world, world->is_calm ? PEACE_MS : world->pace_ms);
    if (moderator->is_raced) {
        moderator->is_raced = false;
        chaos_make_punctual(world);
    }
    if (world->is_dead) {
        moderator->is_in_doubt = true;
    } else {
        check_answer(moderator);
    }
}

/* Its reason is nobody else's. */
static void look_for(struct moderator *moderator)
{
    struct world *world = moderator->world;
    const struct buf *out = &moderator->look.out;
    char wanted[40];
    const int len = snprintf(wanted, sizeof(wanted), "\"reason\":\"%s\"", moderator->reason);
    const bool is_there = out->len > 0 && memmem(out->bytes, out->len, wanted, (size_t)len) != NULL;
    moderator->is_in_doubt = false;
    reach(RETRIED_ACT);
    world_note(world, "m%u finds that %s %s done", moderator->number, moderator->reason,
               is_there ? "was" : "was not");
    /* What is in force says so, and one that is not done yet is waited for. */
    const bool asks_again = is_there && world_chance(world, 500);
    if (!world->is_calm && (!is_there || asks_again)) {
        reach_if(asks_again, ASKED_AGAIN);
        ask(moderator);
    }
}

static void keep_id(struct moderator *moderator)
{
    static const char name[] = "\"id\":\"0";
    const struct buf *out = &moderator->look.out;
    const char *at = out->len == 0 ? NULL : memmem(out->bytes, out->len, name, sizeof(name) - 1);
    moderator->id[0] = '\0';
    if (at != NULL) {
        at += strlen("\"id\":\"");
        (void)snprintf(moderator->id, sizeof(moderator->id), "%.*s", (int)strcspn(at, "\""), at);
    }
}

static void on_looked(struct call *call)
{
    struct moderator *moderator =
        (struct moderator *)(void *)((char *)call - offsetof(struct moderator, look));
    struct world *world = moderator->world;
    moderator->is_away = false;
    moderator->due_ms = world->now_ms + world_while(world, PEACE_MS);
    const bool is_ours = !world->is_dead && world->port != NULL && !world->is_closing;
    if (is_ours && moderator->look.what == MODERATION_HELD) {
        queue_walk_answered(world, &moderator->walk, &moderator->look);
    }
    if (is_ours && moderator->look.result == ERR_OK) {
        if (moderator->look.what == MODERATION_LOG) {
            look_for(moderator);
        } else {
            keep_id(moderator);
        }
    } else if (is_ours && moderator->look.result == ERR_NOT_FOUND) {
        moderator->is_in_doubt = false; // the stream is not there, nor is the act
    }
    buf_done(&moderator->look.out);
}

/* ---- what comes to mind ---- */

static void begin(struct moderator *moderator, enum act_do what)
{
    (void)snprintf(moderator->reason, sizeof(moderator->reason), "m%u-%llu", moderator->number,
                   (unsigned long long)++moderator->asks);
    moderator->call = (struct act_call){
        .call = {.done = on_acted},
        .act = {.what = what, .reason = str_of(moderator->reason), .seconds = -1},
        .by = {.kind = ACTOR_USER,
               .id = str_of(moderator->name),
               .role_bits = ROLE_VIEWER | ROLE_MODERATOR},
    };
}

static void do_something(struct moderator *moderator)
{
    struct world *world = moderator->world;
    begin(moderator, intent_choose(world));
    struct act *act = &moderator->call.act;
    intent_aim(moderator, act);
    moderator->call.stream = stream_of(moderator);
    if ((act->what == ACT_DELETE || act->what == ACT_HOLD) && world_chance(world, 150)) {
        moderator->call.by = (struct actor){.kind = ACTOR_HOOK, .id = STR("after")};
        reach(HOOK_ACTED);
    }
    ask(moderator);
}

/* ---- appeals ---- */

/* Of those whom it names; NOBODY_USER: there are none. */
static uint8_t one_named(struct world *world, const struct deed *deed)
{
    const uint8_t first = deed->users == 0 ? 0 : (uint8_t)world_below(world, USERS);
    for (uint8_t i = 0; i < USERS && deed->users != 0; i++) {
        const uint8_t user = (uint8_t)((first + i) % USERS);
        if (deed_names_user(deed, user)) {
            return user;
        }
    }
    return NOBODY_USER;
}

/* Whom such an act concerns; NOBODY_USER: nobody can appeal against it. */
static uint8_t user_under(struct world *world, const struct deed *deed)
{
    static const uint32_t kinds = 1U << ACT_DELETE | 1U << ACT_HOLD | 1U << ACT_PURGE |
                                  1U << ACT_BAN | 1U << ACT_TIMEOUT | 1U << ACT_WARN;
    if ((kinds >> deed->what & 1U) == 0 || deed->stream == STREAMS) {
        return NOBODY_USER;
    }
    if (strncmp(deed->target, "seq:", 4) != 0) {
        return one_named(world, deed);
    }
    const struct ledger *ledger = &world->ledgers[deed->stream];
    const uint64_t seq = strtoull(deed->target + 4, NULL, 10);
    const bool is_there = seq > ledger->ground && seq <= ledger->head;
    return is_there ? ledger->entries[seq - 1].user : NOBODY_USER;
}

static const struct deed *recent(struct world *world)
{
    const struct deeds *deeds = &world->deeds;
    const uint32_t near = deeds->count < APPEALS_NEAR ? deeds->count : APPEALS_NEAR;
    return near == 0 ? NULL : &deeds->at[deeds->count - 1 - world_below(world, near)];
}

static void appeal(struct moderator *moderator, const struct deed *deed, uint8_t user)
{
    begin(moderator, ACT_APPEAL);
    moderator->stream = deed->stream;
    moderator->call.act.at = ACT_AT_ACT;
    moderator->call.act.act = deed->id;
    moderator->call.act.value = STR("it was a quotation");
    moderator->call.by.id = str_of(moderator->world->posters[user].name);
    moderator->call.by.role_bits = ROLE_VIEWER;
    moderator->call.stream = stream_of(moderator);
    ask(moderator);
}

static void decide(struct moderator *moderator, const struct deed *deed)
{
    begin(moderator, ACT_DECIDE);
    moderator->stream = deed->stream;
    moderator->call.act.at = ACT_AT_ACT;
    moderator->call.act.act = deed->id;
    moderator->call.act.value =
        world_chance(moderator->world, 700) ? STR("granted") : STR("rejected");
    moderator->call.stream = stream_of(moderator);
    ask(moderator);
}

/* In the name of whom an act concerns, or on what they said. */
static bool hear_appeals(struct moderator *moderator)
{
    struct world *world = moderator->world;
    for (int i = 0; i < 8 && world_chance(world, 400); i++) {
        const struct deed *deed = recent(world);
        const uint8_t user = deed == NULL ? NOBODY_USER : user_under(world, deed);
        if (deed != NULL && deed->what == ACT_APPEAL) {
            decide(moderator, deed);
            return true;
        }
        if (user != NOBODY_USER && world_chance(world, 300)) {
            appeal(moderator, deed, user);
            return true;
        }
    }
    return false;
}

static void undo(struct moderator *moderator, uint64_t act)
{
    begin(moderator, ACT_UNDO);
    moderator->call.act.at = ACT_AT_ACT;
    moderator->call.act.act = act;
    moderator->call.stream = stream_of(moderator);
    ask(moderator);
}

/* In the name of who was warned. */
static void acknowledge(struct moderator *moderator, const struct deed *warning, uint8_t user)
{
    struct world *world = moderator->world;
    struct poster *poster = &world->posters[user];
    begin(moderator, ACT_ACKNOWLEDGE);
    moderator->stream =
        warning->stream == STREAMS ? poster->comments[poster->cid].stream : warning->stream;
    moderator->call.act.at = ACT_AT_ACT;
    moderator->call.act.act = warning->id;
    moderator->call.by.id = str_of(poster->name);
    moderator->call.by.role_bits = ROLE_VIEWER;
    moderator->call.stream = stream_of(moderator);
    poster->warning = 0;
    ask(moderator);
}

/* What stopped somebody who would post. */
static bool acknowledge_one(struct moderator *moderator)
{
    struct world *world = moderator->world;
    const uint64_t first = world_below(world, USERS);
    for (uint64_t i = 0; i < USERS; i++) {
        const struct poster *poster = &world->posters[(first + i) % USERS];
        const struct deed *warning = deeds_find(world, poster->warning);
        if (warning != NULL && warning->what == ACT_WARN &&
            deed_names_user(warning, poster->user)) {
            acknowledge(moderator, warning, poster->user);
            return true;
        }
    }
    return false;
}

static void take_away(struct moderator *moderator, uint64_t act, uint8_t stream)
{
    const struct deed *deed = deeds_find(moderator->world, act);
    const uint8_t user = deed->what == ACT_WARN ? under_first(deed) : NOBODY_USER;
    if (user != NOBODY_USER && world_chance(moderator->world, 500)) {
        acknowledge(moderator, deed, user);
    } else {
        moderator->stream = stream;
        undo(moderator, act);
    }
}

/* ---- a race: the answer to an act, and a reactor that has not opened the comment yet ---- */

static void arm(struct moderator *moderator)
{
    moderator->is_armed = true;
    moderator->due_ms = moderator->world->now_ms + 4 * moderator->world->pace_ms;
    chaos_make_late(moderator->world);
}

void moderator_sees(struct world *world)
{
    for (int i = 0; i < MODERATORS; i++) {
        struct moderator *moderator = &world->moderators[i];
        if (moderator->is_armed && !moderator->is_away && !world->is_verifying) {
            moderator->due_ms = world->now_ms + 1;
        }
    }
}

/* An act on many that is not done yet. NULL: there is none. */
static const struct deed *find_begun(const struct world *world)
{
    for (uint32_t i = world->deeds.count; i > 0; i--) {
        const struct deed *deed = &world->deeds.at[i - 1];
        if (deed->is_left && deed->lifted_by == 0 &&
            (deed_names_comments(deed) || deed->persons != NULL)) {
            return deed;
        }
    }
    return NULL;
}

void moderator_sees_begun(struct world *world)
{
    struct moderator *moderator = &world->moderators[world_below(world, MODERATORS)];
    if (!world->is_verifying && !moderator->is_away && !moderator->is_armed &&
        world_chance(world, 300)) {
        const bool is_short = find_begun(world) != NULL && find_begun(world)->persons != NULL;
        moderator->due_ms = world->now_ms + (int64_t)world_below(world, is_short ? 2 : SOON_MS);
    }
}

static bool undo_begun(struct moderator *moderator)
{
    const struct deed *begun = find_begun(moderator->world);
    if (begun == NULL || !world_chance(moderator->world, 400)) {
        return false;
    }
    moderator->stream = begun->stream;
    undo(moderator, begun->id);
    return true;
}

static void race(struct moderator *moderator)
{
    struct world *world = moderator->world;
    moderator->is_armed = false;
    if (world->ledgers[0].head == 0 || world->is_calm) {
        chaos_make_punctual(world);
        return;
    }
    moderator->is_raced = true;
    begin(moderator, ACT_DELETE);
    moderator->stream = 0;
    moderator->seqs[0] = world->ledgers[0].head;
    moderator->call.act.at = ACT_AT_SEQS;
    moderator->call.act.seqs = moderator->seqs;
    moderator->call.act.target_count = 1;
    moderator->call.stream = stream_of(moderator);
    reach(RACED);
    ask(moderator);
}

void moderator_step(struct world *world, struct moderator *moderator)
{
    moderator->due_ms =
        world->now_ms + world_while(world, world->is_calm ? PEACE_MS : 2 * world->pace_ms);
    if (world->port == NULL || moderator->is_away) {
        return;
    }
    uint8_t stream = 0;
    const uint64_t in_the_way = deeds_in_the_way(world, &stream);
    if (moderator->is_armed) {
        race(moderator);
    } else if (moderator->is_in_doubt) {
        look(moderator, MODERATION_LOG);
    } else if (in_the_way != 0 && (world->is_calm || world_chance(world, 300))) {
        take_away(moderator, in_the_way, stream);
    } else if (world->is_calm || world->deeds.count >= ASKED_MAX) {
        moderator->due_ms = in_the_way == 0 && world->is_calm ? NEVER : moderator->due_ms;
    } else if (world->hubs > 1 && world_chance(world, 220)) {
        arm(moderator);
    } else if (world_chance(world, moderator->walk.pages > 0 ? 600 : 100)) {
        look(moderator, MODERATION_HELD);
    } else if (!undo_begun(moderator) && !acknowledge_one(moderator) && !hear_appeals(moderator)) {
        do_something(moderator);
    }
}

void moderator_begin(struct world *world)
{
    reach_if(world->is_moderated, MODERATED);
    for (uint8_t i = 0; i < MODERATORS; i++) {
        struct moderator *moderator = &world->moderators[i];
        moderator->world = world;
        moderator->number = i;
        moderator->look.call.done = on_looked;
        moderator->due_ms = world->is_moderated ? (int64_t)world_below(world, 8000) : NEVER;
        (void)snprintf(moderator->name, sizeof(moderator->name), "m%u", i);
    }
}

void moderator_end(struct world *world)
{
    for (int i = 0; i < MODERATORS; i++) {
        queue_walk_end(&world->moderators[i].walk);
    }
}

bool moderator_all_back(const struct world *world)
{
    for (int i = 0; i < MODERATORS; i++) {
        if (world->moderators[i].is_away) {
            return false;
        }
    }
    return true;
}

bool moderator_all_at_peace(const struct world *world)
{
    uint8_t stream = 0;
    return moderator_all_back(world) && deeds_in_the_way(world, &stream) == 0;
}
