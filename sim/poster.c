// SPDX-License-Identifier: Apache-2.0
#include "poster.h"

#include "base/reach.h"
#include "deeds.h"
#include "ledger.h"
#include "node.h"
#include "rules/claims.h"
#include "under.h"

#include <stdio.h>
#include <string.h>

enum { FRESH_MS = 20 * 60 * 60 * 1000 };

static uint64_t greatest_answered(const struct world *world, uint8_t stream)
{
    uint64_t greatest = 0;
    for (int i = 0; i < USERS; i++) {
        const struct poster *poster = &world->posters[i];
        for (uint16_t cid = 0; cid < poster->cids; cid++) {
            const struct comment *comment = &poster->comments[cid];
            if (comment->is_answered && comment->stream == stream && comment->seq > greatest) {
                greatest = comment->seq;
            }
        }
    }
    return greatest;
}

/* It is in the queue, or was taken off: it has no place to be told, nor a text. */
static void check_hidden(struct poster *poster, const struct comment *comment)
{
    struct world *world = poster->world;
    const struct submit *submit = &poster->submit;
    const struct str body = {.at = submit->event->body, .len = submit->event->body_len};
    const struct entry *entry = ledger_find(&world->ledgers[comment->stream], comment->seq);
    world_holds(world, comment->is_held || (entry != NULL && entry->was_removed),
                "P1: u%u's c%u is said to be hidden", poster->user, poster->cid);
    world_holds(world, submit->event->seq == 0 || submit->event->seq == comment->seq,
                "P4: u%u's c%u was answered %llu and is %llu", poster->user, poster->cid,
                (unsigned long long)submit->event->seq, (unsigned long long)comment->seq);
    world_holds(world,
                submit->state == COMMENT_HELD || memmem(body.at, body.len, "\"text\"", 6) == NULL,
                "P6: u%u's c%u was removed, and a retry has its text", poster->user, poster->cid);
}

static void check_accepted(struct poster *poster)
{
    struct world *world = poster->world;
    const struct submit *submit = &poster->submit;
    struct comment *comment = &poster->comments[poster->cid];
    struct ledger *ledger = &world->ledgers[comment->stream];
    const uint64_t seq = submit->event->seq;
    struct entry *entry = ledger_find(ledger, seq);
    const bool is_retry = submit->end == SUBMIT_DUPLICATE;
    world_holds(world, epoch_eq(&submit->epoch, &world->epoch), "P14: an answer of another epoch");
    world_holds(world, !comment->is_answered || is_retry, "P4: a retry was taken as new");
    if (submit->state != COMMENT_VISIBLE) {
        check_hidden(poster, comment);
        comment->is_answered = true;
        comment->may_be_there = false;
        return;
    }
    world_holds(world, seq <= ledger->ground || !deeds_remove(ledger, seq, poster->fence),
                "P6: u%u's c%u is removed, and said to be visible", poster->user, poster->cid);
    if (seq > ledger->ground) {
        world_holds(world,
                    entry != NULL && entry->user == poster->user && entry->cid == poster->cid,
                    "P2: u%u's c%u was answered %llu, which is not in the log", poster->user,
                    poster->cid, (unsigned long long)seq);
        entry->is_answered = true;
    }
    world_holds(world, comment->seq == seq, "P4: u%u's c%u was answered %llu and is %llu",
                poster->user, poster->cid, (unsigned long long)seq,
                (unsigned long long)comment->seq);
    world_holds(world, is_retry || seq > poster->known_head,
                "P3: u%u's c%u got %llu, and %llu was answered before it was posted", poster->user,
                poster->cid, (unsigned long long)seq, (unsigned long long)poster->known_head);
    comment->is_answered = true;
    comment->may_be_there = false;
    world->answered++;
}

/* By a rule that is set, or by a sanction that was in force when it was posted, or after. */
static void check_sanctioned(struct poster *poster, enum refusal refusal)
{
    struct world *world = poster->world;
    const struct ledger *ledger = &world->ledgers[poster->comments[poster->cid].stream];
    const enum act_do what = refusal == REFUSAL_BANNED  ? ACT_BAN
                             : refusal == REFUSAL_MUTED ? ACT_TIMEOUT
                                                        : ACT_WARN;
    world_holds(world, under_maybe(ledger, what, poster->user, poster->fence),
                "P9: u%u was refused as %d without a reason", poster->user, (int)refusal);
    if (what == ACT_WARN) {
        world_holds(world, under_warning(ledger, poster->submit.act, poster->user, poster->fence),
                    "P9: u%u is to acknowledge a%llu, which is over", poster->user,
                    (unsigned long long)poster->submit.act);
        poster->warning = poster->submit.act;
    }
}

static void check_refused(struct poster *poster)
{
    struct world *world = poster->world;
    struct comment *comment = &poster->comments[poster->cid];
    const enum refusal refusal = poster->submit.refusal;
    const bool is_rate = refusal == REFUSAL_RATE_USER || refusal == REFUSAL_RATE_STREAM;
    const bool is_moderated = refusal >= REFUSAL_BANNED && refusal <= REFUSAL_BY_HOOK;
    const struct wish *wish = &poster->submit.wish;
    world_holds(world,
                is_rate || is_moderated || refusal == REFUSAL_OVERLOADED ||
                    refusal == REFUSAL_STORE_DOWN,
                "P13: refused as %d", (int)refusal);
    world_holds(world,
                refusal != REFUSAL_BY_HOOK || wish->outcome == OUTCOME_REFUSE || wish->hook_is_down,
                "P13: u%u was refused by a hook that did not", poster->user);
    world_holds(world, refusal != REFUSAL_BAD_TEXT || poster->submit.traits.caps_percent > 0,
                "P13: u%u did not shout", poster->user);
    reach_if(refusal == REFUSAL_BAD_TEXT &&
                 deeds_caps(&world->ledgers[comment->stream], poster) == OUTCOME_REFUSE,
             RULED);
    if (refusal >= REFUSAL_BANNED && refusal <= REFUSAL_MUST_ACKNOWLEDGE) {
        check_sanctioned(poster, refusal);
    }
    world_holds(world, !(is_rate || is_moderated) || comment->seq == 0,
                "P4: a retry met the limits");
    world_holds(world, comment->may_be_there || comment->is_answered || comment->seq == 0,
                "P13: u%u's c%u was refused and is there", poster->user, poster->cid);
    comment->is_denied = !comment->may_be_there && comment->seq == 0 && !comment->is_held;
    world_holds(world, !is_rate || poster->submit.retry_after_ms > 0,
                "P13: refused by a limit without a word when to come again");
}

static void on_done(struct call *call)
{
    struct poster *poster = (struct poster *)(void *)call;
    struct world *world = poster->world;
    struct submit *submit = &poster->submit;
    poster->is_away = false;
    if (world->is_dead) {
        poster->comments[poster->cid].may_be_there = true;
    }
    poster->due_ms = world->now_ms + world_while(world, world->pace_ms);
    if (!world->is_dead) {
        world_note(world, "u%u hears of c%u: end %d refusal %d seq %llu", poster->user, poster->cid,
                   (int)submit->end, (int)submit->refusal,
                   submit->event == NULL ? 0 : (unsigned long long)submit->event->seq);
        if (submit->end == SUBMIT_DONE || submit->end == SUBMIT_DUPLICATE) {
            check_accepted(poster);
        } else if (submit->end == SUBMIT_REFUSED) {
            check_refused(poster);
        } else {
            poster->comments[poster->cid].may_be_there = true;
        }
    }
    event_unref(submit->event);
    submit->event = NULL;
}

/* A retry is known for a day at least; who waits longer gives up. */
static bool is_fresh(const struct poster *poster, uint16_t cid)
{
    return poster->world->now_ms - poster->comments[cid].first_ms < FRESH_MS;
}

/* What a hook says before it is handed over: mostly nothing; it may be down. */
static struct wish ask_hook(struct world *world, const struct poster *poster)
{
    static const enum outcome stand_ins[] = {OUTCOME_ALLOW, OUTCOME_HOLD, OUTCOME_REFUSE};
    struct wish wish = {.outcome = OUTCOME_ALLOW};
    if (!world->is_moderated || world->is_calm || poster->user == HOST ||
        !world_chance(world, 120)) {
        return wish;
    }
    wish.rule = STR("before");
    if (world_chance(world, 300)) {
        wish.hook_is_down = true;
        wish.if_down = stand_ins[world_below(world, 3)];
        reach_if(wish.if_down != OUTCOME_ALLOW, HOOK_DOWN);
        return wish;
    }
    wish.by_hook = true;
    wish.outcome = (enum outcome)(OUTCOME_HOLD + world_below(world, 3));
    wish.refusal = wish.outcome == OUTCOME_REFUSE ? REFUSAL_BY_HOOK : REFUSAL_NONE;
    reach(HOOKED);
    return wish;
}

static void post(struct world *world, struct poster *poster, uint16_t cid)
{
    struct comment *comment = &poster->comments[cid];
    struct reactor *reactor = &world->reactors[world_below(world, world->hubs)];
    const uint32_t len = 1 + (uint32_t)world_below(world, sizeof(poster->text) - 1);
    poster->cid = cid;
    poster->life = world->life;
    poster->is_away = true;
    poster->fence = world->deeds.fence;
    poster->deeds = world->deeds.count;
    poster->known_head = comment->is_tried ? 0 : greatest_answered(world, comment->stream);
    comment->is_tried = true;
    comment->is_denied = false;
    comment->may_be_there = comment->may_be_there || comment->seq != 0;
    (void)snprintf(poster->cid_text, sizeof(poster->cid_text), "c%u", cid);
    memset(poster->text, 'a' + cid % 26, sizeof(poster->text));
    poster->submit = (struct submit){
        .call = {.home = &reactor->home, .done = on_done},
        .stream = world->ledgers[comment->stream].name,
        .author = {.id = str_of(poster->name),
                   .name = str_of(poster->name),
                   .privileged = poster->user == HOST,
                   .role_bits = ROLE_VIEWER | (poster->user == HOST ? ROLE_HOST : 0)},
        .cid = str_of(poster->cid_text),
        .text = {.at = poster->text, .len = len},
        .media_ms = -1,
        .has_traits = cid % 2 == 0,
        .wish = ask_hook(world, poster),
        .traits = {.bits = cid % 3 == 0 ? TRAIT_LINK : 0,
                   .likeness = cid % 26 + 1,
                   .caps_percent = cid % 4 == 0 ? 100 : 0,
                   .folded = {.at = poster->text, .len = len}},
    };
    world_note(world, "u%u posts c%u to %s", poster->user, cid,
               world->ledgers[comment->stream].name.at);
    port_submit(world->port, &poster->submit);
    node_poke(world);
}

/* What it does not know the end of; else CIDS_MAX. */
static uint16_t unsettled(const struct poster *poster)
{
    for (uint16_t cid = 0; cid < poster->cids; cid++) {
        if (!poster->comments[cid].is_answered && is_fresh(poster, cid)) {
            return cid;
        }
    }
    return CIDS_MAX;
}

static void post_new(struct world *world, struct poster *poster)
{
    if (poster->cids == CIDS_MAX) {
        poster->due_ms = NEVER;
        return;
    }
    const uint16_t cid = poster->cids++;
    poster->comments[cid] =
        (struct comment){.stream = world_chance(world, 200), .first_ms = world->now_ms};
    post(world, poster, cid);
}

void poster_step(struct world *world, struct poster *poster)
{
    poster->due_ms = world->now_ms + world_while(world, world->pace_ms);
    if (world->port == NULL || poster->is_away) {
        return;
    }
    const uint16_t open = unsettled(poster);
    const uint16_t again = (uint16_t)world_below(world, poster->cids + UINT64_C(1));
    if (open != CIDS_MAX && (world->is_calm || world_chance(world, 800))) {
        post(world, poster, open);
    } else if (again < poster->cids && world_chance(world, 100) && is_fresh(poster, again)) {
        post(world, poster, again);
    } else if (!world->is_calm) {
        post_new(world, poster);
    } else {
        poster->due_ms = NEVER;
    }
}

void poster_begin(struct world *world)
{
    for (uint8_t i = 0; i < USERS; i++) {
        struct poster *poster = &world->posters[i];
        poster->world = world;
        poster->user = i;
        poster->due_ms = (int64_t)world_below(world, 5000);
        (void)snprintf(poster->name, sizeof(poster->name), "u%u", i);
    }
}

uint32_t poster_most_unsettled(const struct world *world)
{
    uint32_t most = 0;
    for (int i = 0; i < USERS; i++) {
        const struct poster *poster = &world->posters[i];
        uint32_t count = 0;
        for (uint16_t cid = 0; cid < poster->cids; cid++) {
            count += !poster->comments[cid].is_answered && is_fresh(poster, cid);
        }
        most = count > most ? count : most;
    }
    return most;
}

bool poster_all_settled(const struct world *world)
{
    for (int i = 0; i < USERS; i++) {
        if (world->posters[i].is_away || unsettled(&world->posters[i]) != CIDS_MAX) {
            return false;
        }
    }
    return true;
}
