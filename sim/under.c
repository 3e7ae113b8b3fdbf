// SPDX-License-Identifier: Apache-2.0
#include "under.h"

#include "base/must.h"
#include "base/reach.h"
#include "deed.h"
#include "deeds.h"

#include <stdlib.h>
#include <string.h>

/* ---- kinds ---- */

bool under_is_sanction(const struct deed *deed)
{
    static const uint32_t kinds =
        1U << ACT_BAN | 1U << ACT_TIMEOUT | 1U << ACT_SHADOW | 1U << ACT_HOLD | 1U << ACT_WARN;
    return deed->users != 0 && (kinds >> deed->what & 1U) != 0 && deed->until_ms != 0;
}

static bool is_lifter(const struct deed *deed)
{
    return deed->what == ACT_UNBAN || deed->what == ACT_UNSHADOW ||
           (deed->what == ACT_TIMEOUT && deed->until_ms == 0);
}

static enum act_do lifted_by_such(const struct deed *lifter)
{
    if (lifter->what == ACT_UNBAN) {
        return ACT_BAN;
    }
    return lifter->what == ACT_UNSHADOW ? ACT_SHADOW : ACT_TIMEOUT;
}

bool under_goes_by_turns(const struct deed *deed)
{
    return under_is_sanction(deed) || is_lifter(deed);
}

static bool are_several(const struct deed *deed)
{
    return (deed->users & (deed->users - 1)) != 0;
}

/* ---- persons ---- */

bool under_has_turn(const struct deed *deed, uint8_t user, uint32_t from, uint32_t to)
{
    const uint32_t before = deed->users & ((1U << user) - 1);
    const uint32_t turn = (uint32_t)__builtin_popcount(before);
    return deed_names_user(deed, user) && turn >= from && turn < to;
}

bool under_is_on(const struct deed *deed, uint8_t user)
{
    return deed->persons != NULL && user < USERS && deed->persons[user].is_on &&
           deed->persons[user].lifted_by == 0;
}

uint8_t under_first(const struct deed *deed)
{
    for (uint8_t user = 0; user < USERS; user++) {
        if (under_is_on(deed, user)) {
            return user;
        }
    }
    return NOBODY_USER;
}

static void take_off(struct deed *deed, uint8_t user, const struct deed *by)
{
    struct deed_person *person = &deed->persons[user];
    person->lift_fence = person->lifted_by == 0 ? 0 : person->lift_fence;
    person->lifted_by = by->id;
    person->is_unsure = false;
}

/* The whole act is lifted when nobody is left under it, nor is about to be. */
static void end_if_bare(struct deed *deed, const struct deed *by)
{
    reach_if(under_first(deed) != NOBODY_USER, LIFTED_FROM_SOME);
    if (!deed->is_left && under_first(deed) == NOBODY_USER) {
        deed->lifted_by = by->id;
    }
}

/* ---- putting ---- */

/* The same on the same people, named alike, as far as it is in force: of warnings in the same words. */
static void replace(struct world *world, const struct deed *deed)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        const bool is_such = other != deed && other->what == deed->what && other->persons != NULL &&
                             other->stream == deed->stream &&
                             strcmp(other->target, deed->target) == 0;
        if (is_such && other->lifted_by == 0 &&
            (deed->what != ACT_WARN || other->words == deed->words)) {
            other->lifted_by = deed->id;
            reach_if(are_several(deed), REPLACED_ON_SEVERAL);
        }
    }
}

static void take_over(struct world *world, const struct deed *deed, uint8_t user)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if (other->lifted_by == deed->id && under_is_on(other, user)) {
            take_off(other, user, deed);
        }
    }
}

static void put(struct world *world, struct deed *deed, const struct deed_step *step)
{
    for (uint8_t user = 0; user < USERS; user++) {
        if (under_has_turn(deed, user, deed->turn, step->turn)) {
            take_over(world, deed, user);
            deed->persons[user] = (struct deed_person){.is_on = true};
        }
    }
}

/* ---- lifting ---- */

static bool is_being_put_back(const struct world *world, const struct deed_person *person)
{
    const struct deed *again = deeds_find(world, person->again);
    return again != NULL && again->is_left;
}

/* What came since it began is not its to lift. */
static void lift_from(struct world *world, const struct deed *lifter, uint8_t user)
{
    for (uint32_t i = 0; i + 1 < lifter->id; i++) {
        struct deed *other = &world->deeds.at[i];
        if (other->what == lifted_by_such(lifter) && other->stream == lifter->stream &&
            under_is_on(other, user)) {
            const bool is_unsure = is_being_put_back(world, &other->persons[user]);
            take_off(other, user, lifter);
            other->persons[user].is_unsure = is_unsure;
            end_if_bare(other, lifter);
        }
    }
}

static void lift(struct world *world, const struct deed *lifter, const struct deed_step *step)
{
    for (uint8_t user = 0; user < USERS; user++) {
        if (under_has_turn(lifter, user, lifter->turn, step->turn)) {
            lift_from(world, lifter, user);
        }
    }
}

static void begin(struct world *world, struct deed *deed)
{
    deed->persons = calloc(USERS, sizeof(*deed->persons));
    must(deed->persons != NULL);
    replace(world, deed);
    reach_if(are_several(deed), DONE_TO_USERS);
}

void under_follow(struct world *world, struct deed *deed, const struct deed_step *step)
{
    reach_if(deed->is_begun && under_goes_by_turns(deed) && step->turn > deed->turn, DONE_BY_TURNS);
    if (under_is_sanction(deed)) {
        if (!deed->is_begun) {
            begin(world, deed);
        }
        put(world, deed, step);
    } else if (is_lifter(deed)) {
        lift(world, deed, step);
    }
}

void under_acknowledge(const struct deed *deed, struct deed *warning)
{
    if (warning->persons != NULL && under_is_on(warning, deed->by)) {
        take_off(warning, deed->by, deed);
        end_if_bare(warning, deed);
    }
}

/* ---- undoing ---- */

/* What is undone is on nobody; of one that was undone amid, nor is what it was to replace. */
static void end(struct world *world, const struct deed *undo, const struct deed *before,
                const struct deed_step *step)
{
    for (uint8_t user = 0; user < USERS; user++) {
        for (uint32_t i = 0;
             under_has_turn(before, user, undo->turn, step->turn) && i < world->deeds.count; i++) {
            struct deed *other = &world->deeds.at[i];
            if (other->persons != NULL &&
                (other == before || (other->lifted_by == before->id && under_is_on(other, user)))) {
                take_off(other, user, undo);
            }
        }
    }
    reach_if(are_several(before), SANCTION_UNDONE);
}

/* What was undone, or has another in its place, does not come back. */
static bool may_come_back(const struct world *world, const struct deed *deed)
{
    const struct deed *by = deeds_find(world, deed->lifted_by);
    return by == NULL || is_lifter(by);
}

/* From each that it was lifted from, and from nobody else. */
static void put_back(struct world *world, const struct deed *undo, const struct deed *lifter)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        for (uint8_t user = 0; other->persons != NULL && user < USERS; user++) {
            if (other->persons[user].lifted_by == lifter->id && may_come_back(world, other)) {
                other->persons[user] = (struct deed_person){.is_on = true, .again = undo->id};
                other->lifted_by = 0;
                reach_if(are_several(lifter), PUT_BACK_ON_SEVERAL);
            }
        }
    }
}

void under_undo(struct world *world, const struct deed *undo, struct deed *before,
                const struct deed_step *step)
{
    if (before->persons != NULL) {
        end(world, undo, before, step);
    } else if (is_lifter(before) && !undo->is_begun) {
        put_back(world, undo, before);
    }
}

/* ---- answers ---- */

void under_answered(struct deed *deed, const struct deed *by)
{
    for (uint8_t user = 0; deed->persons != NULL && user < USERS; user++) {
        struct deed_person *person = &deed->persons[user];
        if (person->lifted_by == by->id && person->lift_fence == 0) {
            person->lift_fence = by->fence;
        }
    }
}

void under_keep_answers(struct deed *deed, const struct deed *was)
{
    for (uint8_t user = 0; deed->persons != NULL && was->persons != NULL && user < USERS; user++) {
        if (deed->persons[user].lifted_by == was->persons[user].lifted_by) {
            deed->persons[user].lift_fence = was->persons[user].lift_fence;
        }
    }
}

/* ---- what holds ---- */

static bool is_answered(const struct deed *deed, uint64_t fence)
{
    return deed->fence != 0 && deed->fence <= fence;
}

bool under_surely(const struct ledger *ledger, enum act_do what, uint8_t user, uint64_t fence)
{
    const struct world *world = ledger->world;
    if (what == ACT_TIMEOUT && world->scenario->clock_steps > 0) {
        return false; // over a restart it lasts by the wall's clock
    }
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        if (deed->what != what || !deed_is_on(deed, ledger) || !under_is_on(deed, user) ||
            deed->lifted_by != 0 || !is_answered(deed, fence)) {
            continue;
        }
        const struct deed *again = deeds_find(world, deed->persons[user].again);
        if ((again == NULL || is_answered(again, fence)) &&
            deed->until_ms > world->now_ms + TIMEOUT_SLACK_MS) {
            return true;
        }
    }
    return false;
}

static bool was_under(const struct deed *deed, uint8_t user, uint64_t fence)
{
    const struct deed_person *person = deed->persons == NULL ? NULL : &deed->persons[user];
    return person != NULL && person->is_on &&
           (person->lift_fence == 0 || person->lift_fence > fence || person->is_unsure);
}

bool under_maybe(const struct ledger *ledger, enum act_do what, uint8_t user, uint64_t fence)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count; i++) {
        const struct deed *deed = &deeds->at[i];
        if (deed->what == what && deed_is_on(deed, ledger) && was_under(deed, user, fence)) {
            return true;
        }
    }
    return false;
}

bool under_warning(const struct ledger *ledger, uint64_t act, uint8_t user, uint64_t fence)
{
    const struct deed *deed = deeds_find(ledger->world, act);
    return deed != NULL && deed->what == ACT_WARN && deed_is_on(deed, ledger) &&
           was_under(deed, user, fence);
}
