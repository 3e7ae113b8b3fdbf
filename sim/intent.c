// SPDX-License-Identifier: Apache-2.0
#include "intent.h"

#include "chaos.h"
#include "deed.h"
#include "deeds.h"
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR = 30, FEW = 9, NEWEST = 3 };

/* ---- comments on screens ---- */

static void aim_at_comment(struct moderator *moderator, struct act *act)
{
    struct world *world = moderator->world;
    const uint64_t head = world->ledgers[moderator->stream].head;
    const uint64_t wanted = world_chance(world, 300) ? NEWEST : NEAR;
    const uint64_t near = head < wanted || world_chance(world, 200) ? head : wanted;
    moderator->seqs[0] = head - (near == 0 ? 0 : world_below(world, near));
    moderator->seqs[0] += moderator->seqs[0] == 0;
    act->at = ACT_AT_SEQS;
    act->seqs = moderator->seqs;
    act->target_count = 1;
}

/* A raid: some that stand near each other, at once, and now and then hundreds. */
static void aim_at_comments(struct moderator *moderator, struct act *act)
{
    struct world *world = moderator->world;
    aim_at_comment(moderator, act);
    if (!world_chance(world, 300)) {
        return;
    }
    const uint64_t wanted =
        world_chance(world, 150) ? 1 + world_below(world, GROUP_MAX) : 2 + world_below(world, FEW);
    const uint64_t furthest = wanted > FEW ? 2 : 3;
    while (act->target_count < wanted && moderator->seqs[act->target_count - 1] > 1) {
        const uint64_t last = moderator->seqs[act->target_count - 1];
        const uint64_t step = 1 + world_below(world, furthest);
        moderator->seqs[act->target_count++] = last > step ? last - step : 1;
    }
    if (world_chance(world, 250)) {
        chaos_strike(world, 5 * (uint64_t)act->target_count);
    }
}

/* Those who wait for somebody, most of all. */
static uint8_t any_user(struct world *world)
{
    const struct queued *clocked = queue_clocked(world);
    return clocked != NULL && world_chance(world, 300) ? clocked->user
                                                       : (uint8_t)world_below(world, USERS);
}

static void aim_at_user(struct moderator *moderator, struct act *act)
{
    struct world *world = moderator->world;
    moderator->users[0] = str_of(world->posters[any_user(world)].name);
    act->at = ACT_AT_USERS;
    act->users = moderator->users;
    act->target_count = 1;
}

/* A raid: some at once; one may be named twice. Seldom the host, on whose account all is refused. */
static void aim_at_users(struct moderator *moderator, struct act *act)
{
    struct world *world = moderator->world;
    aim_at_user(moderator, act);
    if (!world_chance(world, 300)) {
        return;
    }
    const uint64_t first = world_chance(world, 900) ? HOST + 1 : HOST;
    act->target_count = 2 + (uint32_t)world_below(world, USERS_NAMED_MAX - 1);
    for (uint32_t i = 0; i < act->target_count; i++) {
        const uint64_t user = first + world_below(world, USERS - first);
        moderator->users[i] = str_of(world->posters[user].name);
    }
    if (world_chance(world, 250)) {
        chaos_strike(world, 15 * (uint64_t)act->target_count);
    }
}

/* An act of that kind that is in force. NULL: there is none. */
static const struct deed *find_done(const struct world *world, enum act_do what)
{
    for (uint32_t i = world->deeds.count; i > 0; i--) {
        const struct deed *deed = &world->deeds.at[i - 1];
        if (deed->what == what && deed->lifted_by == 0 && deed->target[0] != 'i') {
            return deed;
        }
    }
    return NULL;
}

/* At those at whom such an act was done, at some of them, or at anybody. */
static void aim_at_done(struct moderator *moderator, struct act *act, enum act_do what)
{
    struct world *world = moderator->world;
    const struct deed *deed = find_done(world, what);
    aim_at_user(moderator, act);
    if (deed == NULL || deed->users == 0) {
        return;
    }
    const bool is_at_all = world_chance(world, 500);
    act->target_count = 0;
    for (uint8_t user = 0; user < USERS; user++) {
        if (deed_names_user(deed, user)) {
            moderator->users[act->target_count] = str_of(world->posters[user].name);
            act->target_count += is_at_all || world_chance(world, 600);
        }
    }
    act->target_count += act->target_count == 0;
    moderator->stream = deed->stream;
}

/* Some of them again: what is on the same people takes the place of the one before. */
static void aim_to_sanction(struct moderator *moderator, struct act *act)
{
    if (world_chance(moderator->world, 150)) {
        aim_at_done(moderator, act, act->what);
    } else {
        aim_at_users(moderator, act);
    }
}

static void aim_at_banned(struct moderator *moderator, struct act *act)
{
    aim_at_done(moderator, act, ACT_BAN);
}

static void aim_at_shadowed(struct moderator *moderator, struct act *act)
{
    aim_at_done(moderator, act, ACT_SHADOW);
}

static void aim_at_pinned(struct moderator *moderator, struct act *act)
{
    const struct deed *deed = find_done(moderator->world, ACT_PIN);
    aim_at_comment(moderator, act);
    if (deed != NULL) {
        moderator->seqs[0] = strtoull(deed->target + strlen("seq:"), NULL, 10);
        moderator->stream = deed->stream;
    }
}

/* Also at who is shadowed elsewhere: what two hide, the last that is undone shows. */
static void aim_at_one_to_shadow(struct moderator *moderator, struct act *act)
{
    const struct deed *deed = find_done(moderator->world, ACT_SHADOW);
    const uint8_t stream = moderator->stream;
    if (deed != NULL && world_chance(moderator->world, 400)) {
        aim_at_done(moderator, act, ACT_SHADOW);
        moderator->stream = stream;
    } else {
        aim_at_users(moderator, act);
    }
}

/* Also at who is warned already: each is to be acknowledged. */
static void aim_at_one_to_warn(struct moderator *moderator, struct act *act)
{
    if (world_chance(moderator->world, 800)) {
        aim_at_done(moderator, act, ACT_WARN);
    } else {
        aim_at_users(moderator, act);
    }
}

/* Of those in force. NULL: there is none. */
static const struct deed *oldest_shadow(const struct world *world)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        if (deed->what == ACT_SHADOW && deed->lifted_by == 0) {
            return deed;
        }
    }
    return NULL;
}

static void aim_at_act(struct moderator *moderator, struct act *act)
{
    struct world *world = moderator->world;
    const struct deeds *deeds = &world->deeds;
    const struct deed *shadow = oldest_shadow(world);
    if (shadow != NULL && world_chance(world, 150)) {
        act->at = ACT_AT_ACT;
        act->act = shadow->id;
        moderator->stream = shadow->stream;
        return;
    }
    const uint64_t rejecter = world_chance(world, 250) ? queue_rejecter(world) : 0;
    const uint32_t near = deeds->count < NEAR ? deeds->count : NEAR;
    act->at = ACT_AT_ACT;
    act->act = 1;
    if (rejecter != 0) {
        act->act = rejecter;
        moderator->stream = deeds->at[rejecter - 1].stream;
        return;
    }
    if (near > 0) {
        const struct deed *deed = &deeds->at[deeds->count - 1 - world_below(world, near)];
        act->act = deed->id;
        moderator->stream = deed->stream;
    }
}

/* One of many that an act holds. */
static bool aim_at_one_held(struct moderator *moderator, struct act *act)
{
    const struct deed *deed = find_done(moderator->world, ACT_HOLD);
    if (deed == NULL || deed->seq_count < 2 || !world_chance(moderator->world, 500)) {
        return false;
    }
    moderator->stream = deed->stream;
    moderator->seqs[0] = deed->seqs[world_below(moderator->world, deed->seq_count)];
    act->at = ACT_AT_SEQS;
    act->seqs = moderator->seqs;
    act->target_count = 1;
    return true;
}

/* ---- the queue ---- */

static void add_id(struct moderator *moderator, struct act *act, uint64_t n, int64_t at_ms)
{
    struct comment_id *text = &moderator->id_texts[act->target_count];
    comment_id_write(moderator->world->queue.id_key, n, at_ms, text);
    moderator->ids[act->target_count++] = str_of(text->text);
}

/* Some of those that wait, or did; to be deleted, with some that are on screens. */
static void aim_at_ids(struct moderator *moderator, struct act *act)
{
    struct world *world = moderator->world;
    const struct queue *queue = &world->queue;
    const struct ledger *ledger = &world->ledgers[moderator->stream];
    const uint64_t wanted = world_chance(world, 100) ? IDS_MAX : 2 + world_below(world, FEW);
    act->at = ACT_AT_IDS;
    act->ids = moderator->ids;
    for (uint64_t i = 0; i < wanted; i++) {
        const uint32_t near = queue->count < NEAR ? queue->count : NEAR;
        const struct queued *queued =
            near == 0 ? NULL : &queue->at[queue->count - 1 - world_below(world, near)];
        const struct entry *entry =
            ledger->head == 0
                ? NULL
                : &ledger->entries[ledger->head - 1 -
                                   world_below(world, ledger->head < NEAR ? ledger->head : NEAR)];
        if (queued != NULL && queued->stream == moderator->stream &&
            (act->what != ACT_DELETE || world_chance(world, 700))) {
            add_id(moderator, act, queued->n, queued->at_ms);
        } else if (entry != NULL && entry->kind == EVENT_COMMENT) {
            const struct queued *once = queue_of(world, moderator->stream, entry);
            add_id(moderator, act, once == NULL ? entry->n : once->n,
                   once == NULL ? entry->at_ms : once->at_ms);
        }
    }
    if (act->target_count == 0) {
        aim_at_comment(moderator, act);
    } else if (world_chance(world, 250)) {
        chaos_strike(world, 5 * (uint64_t)act->target_count);
    }
}

static void aim_to_delete(struct moderator *moderator, struct act *act)
{
    (world_chance(moderator->world, 200) ? aim_at_ids : aim_at_comments)(moderator, act);
}

/* Those that an act on many holds. */
static bool aim_at_those_held(struct moderator *moderator, struct act *act)
{
    const struct deed *deed = find_done(moderator->world, ACT_HOLD);
    if (deed == NULL || deed->seq_count < 2 || !world_chance(moderator->world, 150)) {
        return false;
    }
    moderator->stream = deed->stream;
    act->at = ACT_AT_SEQS;
    act->seqs = moderator->seqs;
    for (uint32_t i = 0; i < deed->seq_count; i++) {
        moderator->seqs[act->target_count] = deed->seqs[i];
        act->target_count += world_chance(moderator->world, 600);
    }
    act->target_count += act->target_count == 0;
    return true;
}

static void aim_at_held(struct moderator *moderator, struct act *act)
{
    if (aim_at_those_held(moderator, act) || aim_at_one_held(moderator, act)) {
        return;
    }
    if (world_chance(moderator->world, 400)) {
        aim_at_ids(moderator, act);
        return;
    }
    if (moderator->id[0] == '\0' || world_chance(moderator->world, 200)) {
        aim_at_comment(moderator, act);
        return;
    }
    act->at = ACT_AT_ID;
    act->id = str_of(moderator->id);
    act->target_count = 1;
}

static void set_value(struct moderator *moderator, struct act *act)
{
    static const char *const modes[] = {"[]",
                                        "[\"links_off\"]",
                                        "[\"emote_only\"]",
                                        "[\"unique\"]",
                                        "[\"hold_all\"]",
                                        "[\"mods_first\"]",
                                        "[\"hold_first\",\"roles_only\"]",
                                        "[\"mods_first\"]"};
    static const char *const terms[] = {
        "[]", "[{\"text\":\"aa\",\"match\":\"substring\",\"action\":\"refuse\"}]",
        "[{\"text\":\"bb\",\"match\":\"substring\",\"action\":\"hold\"},"
        "{\"text\":\"cc\",\"match\":\"substring\",\"action\":\"shadow\"}]",
        "[{\"text\":\"dd\",\"match\":\"substring\",\"action\":\"shadow\"}]"};
    static const char *const rules[] = {
        "{}", "{\"caps\":{\"percent\":50,\"action\":\"refuse\"}}",
        "{\"caps\":{\"percent\":50,\"action\":\"hold\"}}",
        "{\"caps\":{\"percent\":50,\"action\":\"shadow\"},\"hook_down\":{\"action\":\"hold\"}}",
        "{\"caps\":{\"percent\":50,\"action\":\"refuse\",\"dry_run\":true}}"};
    static const char *const warnings[] = {"be kind", "no links", "stop"};
    struct world *world = moderator->world;
    const char *value = act->what == ACT_MODE    ? modes[world_below(world, 8)]
                        : act->what == ACT_TERMS ? terms[world_below(world, 4)]
                        : act->what == ACT_RULES ? rules[world_below(world, 5)]
                        : act->what == ACT_WARN  ? warnings[world_below(world, 3)]
                                                 : "true";
    (void)snprintf(moderator->value, sizeof(moderator->value), "%s", value);
    act->value = str_of(moderator->value);
    if (act->what == ACT_MODE && strstr(value, "mods_first") != NULL) {
        act->seconds = 1 + (int64_t)world_below(world, 20);
    }
}

static enum act_do choose(struct world *world)
{
    static const uint8_t often[ACTS] = {
        [ACT_DELETE] = 20, [ACT_HOLD] = 9,    [ACT_RESTORE] = 9, [ACT_PURGE] = 6,
        [ACT_CLEAR] = 2,   [ACT_APPROVE] = 8, [ACT_REJECT] = 6,  [ACT_BAN] = 3,
        [ACT_UNBAN] = 3,   [ACT_TIMEOUT] = 5, [ACT_SHADOW] = 6,  [ACT_UNSHADOW] = 3,
        [ACT_WARN] = 3,    [ACT_PIN] = 6,     [ACT_UNPIN] = 3,   [ACT_SLOW] = 2,
        [ACT_MODE] = 4,    [ACT_SHIELD] = 1,  [ACT_TERMS] = 3,   [ACT_UNDO] = 22,
        [ACT_RULES] = 4,
    };
    uint32_t all = 0;
    for (int i = 0; i < ACTS; i++) {
        all += often[i];
    }
    uint64_t left = world_below(world, all);
    for (int i = 0; i < ACTS; i++) {
        if (left < often[i]) {
            return (enum act_do)i;
        }
        left -= often[i];
    }
    return ACT_UNDO;
}

/* Who is warned is so again, or there would seldom be two at once. */
enum act_do intent_choose(struct world *world)
{
    const bool is_any = find_done(world, ACT_WARN) != NULL;
    return is_any && world_chance(world, 200) ? ACT_WARN : choose(world);
}

/* Those that may be done to all streams at once. */
static bool goes_everywhere(enum act_do what)
{
    return what == ACT_PURGE || what == ACT_CLEAR || what == ACT_BAN || what == ACT_UNBAN ||
           what == ACT_TIMEOUT || what == ACT_WARN;
}

static void aim_hold(struct moderator *moderator, struct act *act)
{
    (world_chance(moderator->world, 250) ? aim_to_sanction : aim_at_comments)(moderator, act);
}

static void aim_at_nothing(struct moderator *moderator, struct act *act)
{
    (void)moderator;
    act->at = ACT_AT_NOTHING;
}

void intent_aim(struct moderator *moderator, struct act *act)
{
    static void (*const aims[ACTS])(struct moderator * moderator, struct act * act) = {
        [ACT_DELETE] = aim_to_delete,        [ACT_HOLD] = aim_hold,
        [ACT_RESTORE] = aim_at_comments,     [ACT_PURGE] = aim_at_users,
        [ACT_CLEAR] = aim_at_nothing,        [ACT_APPROVE] = aim_at_held,
        [ACT_REJECT] = aim_at_held,          [ACT_BAN] = aim_to_sanction,
        [ACT_UNBAN] = aim_at_banned,         [ACT_TIMEOUT] = aim_to_sanction,
        [ACT_SHADOW] = aim_at_one_to_shadow, [ACT_UNSHADOW] = aim_at_shadowed,
        [ACT_WARN] = aim_at_one_to_warn,     [ACT_PIN] = aim_at_comment,
        [ACT_UNPIN] = aim_at_pinned,         [ACT_SLOW] = aim_at_nothing,
        [ACT_MODE] = aim_at_nothing,         [ACT_SHIELD] = aim_at_nothing,
        [ACT_TERMS] = aim_at_nothing,        [ACT_UNDO] = aim_at_act,
        [ACT_RULES] = aim_at_nothing,
    };
    struct world *world = moderator->world;
    const bool sweeps = act->what == ACT_PURGE || act->what == ACT_CLEAR;
    moderator->stream = goes_everywhere(act->what) && world_chance(world, sweeps ? 500 : 250)
                            ? STREAMS
                            : (uint8_t)world_chance(world, 200);
    aims[act->what](moderator, act);
    if (act->what == ACT_SLOW) {
        act->seconds = (int64_t)world_below(world, 10);
    } else if (act->what == ACT_TIMEOUT) {
        act->seconds = (int64_t)world_below(world, 60);
    } else if (act->what == ACT_MODE || act->what == ACT_TERMS || act->what == ACT_SHIELD ||
               act->what == ACT_WARN || act->what == ACT_RULES) {
        set_value(moderator, act);
    }
}
