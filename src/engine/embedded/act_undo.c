// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_undo.h"

#include "base/mutant.h"
#include "engine/embedded/act_pin.h"
#include "engine/embedded/act_queue.h"
#include "engine/embedded/act_removal.h"
#include "engine/embedded/act_sanction.h"
#include "engine/embedded/act_setting.h"
#include "engine/embedded/act_told.h"

#include <stddef.h>

struct undoing {
    struct act_case *act;
    struct store_act before; // its strings are copies
    struct buf target, value;
};

static bool is_on_users(const struct store_act *before)
{
    return str_has_prefix(before->target, STR("user"));
}

/* What a rule did to a comment. */
static bool is_on_id(const struct store_act *before)
{
    return str_has_prefix(before->target, STR("id:"));
}

static enum err check(struct act_case *act, const struct store_act *before)
{
    struct act_users users;
    TRY(act_case_users(before->target, &users));
    for (uint32_t i = 0; i < users.count; i++) {
        act_case_check_own(act, users.names[i]);
    }
    act_case_users_done(&users);
    return ERR_OK;
}

enum way {
    WAY_NONE,
    WAY_PUT,
    WAY_SHADOW,
    WAY_SHADOW_ONE,
    WAY_HOLD_ONE,
    WAY_LIFT,
    WAY_SETTING,
    WAY_REMOVAL,
    WAY_RESTORE,
    WAY_PIN
};

static enum way way_of(const struct store_act *before)
{
    switch (before->what) {
    case ACT_TIMEOUT:
        return before->seconds == 0 ? WAY_LIFT : WAY_PUT;
    case ACT_BAN:
    case ACT_WARN:
        return WAY_PUT;
    case ACT_SHADOW:
        return is_on_id(before) ? WAY_SHADOW_ONE : WAY_SHADOW;
    case ACT_HOLD:
        if (is_on_id(before)) {
            return WAY_HOLD_ONE;
        }
        return is_on_users(before) ? WAY_PUT : WAY_REMOVAL;
    case ACT_DELETE:
    case ACT_REJECT:
    case ACT_PURGE:
    case ACT_CLEAR:
        return WAY_REMOVAL;
    case ACT_RESTORE:
        return WAY_RESTORE;
    case ACT_UNBAN:
    case ACT_UNSHADOW:
        return WAY_LIFT;
    case ACT_SLOW:
    case ACT_MODE:
    case ACT_SHIELD:
    case ACT_TERMS:
    case ACT_RULES:
        return WAY_SETTING;
    case ACT_PIN:
    case ACT_UNPIN:
        return WAY_PIN;
    case ACT_APPROVE: // what is to go again is held or deleted
    case ACT_UNDO:
    case ACT_ACKNOWLEDGE:
    case ACT_APPEAL:
    case ACT_DECIDE:
    case ACTS:
        break;
    }
    return WAY_NONE;
}

static enum err follow_way(struct undoing *undoing)
{
    struct act_case *act = undoing->act;
    switch (way_of(&undoing->before)) {
    case WAY_PUT:
        return act_sanction_undo(act, &undoing->before);
    case WAY_SHADOW:
        if (act->place.part < 0) {
            TRY(act_sanction_undo(act, &undoing->before));
            act->place.part = act->is_left ? ACT_PART_USERS : 0;
            act->place.at = act->is_left ? act->place.at : 0;
            act->place.upto_n = act->ordering->next_n - 1; // it hid until it was off them all
        }
        return act->is_left ? ERR_OK : act_removal_unshadow(act, &undoing->before);
    case WAY_SHADOW_ONE:
        return act_removal_unshadow_one(act, &undoing->before);
    case WAY_HOLD_ONE:
        return act_queue_release(act, &undoing->before);
    case WAY_REMOVAL:
        return act_removal_undo(act, &undoing->before);
    case WAY_RESTORE:
        return act_removal_redo(act, &undoing->before);
    case WAY_PIN:
        return act_pin_undo(act, &undoing->before);
    case WAY_LIFT:
        return act_sanction_redo(act, &undoing->before);
    case WAY_SETTING:
        return act_setting_follow(act);
    case WAY_NONE:
        break;
    }
    return ERR_OK;
}

/* An act on all streams is undone in all, wherever an appeal against it was granted. */
static enum err follow(struct undoing *undoing)
{
    struct act_case *act = undoing->act;
    struct head *head = act->head;
    act->head = undoing->before.stream == 0 ? NULL : head;
    act->undoes = undoing->before.target;
    const enum err err = follow_way(undoing);
    act->head = head;
    act->undoes = STR_NONE;
    return err;
}

/* Its strings outlive the statement that read them. */
static enum err keep(struct undoing *undoing)
{
    buf_init(&undoing->target, MEM_ENGINE, SIZE_MAX);
    buf_init(&undoing->value, MEM_ENGINE, SIZE_MAX);
    buf_add_str(&undoing->target, undoing->before.target);
    buf_add_str(&undoing->value, undoing->before.value);
    undoing->before.target = buf_str(&undoing->target);
    undoing->before.value = buf_str(&undoing->value);
    TRY(buf_err(&undoing->target));
    return buf_err(&undoing->value);
}

static enum err undo(struct undoing *undoing)
{
    struct act_case *act = undoing->act;
    TRY(keep(undoing));
    TRY(check(act, &undoing->before));
    if (act_case_is_open(act) && way_of(&undoing->before) == WAY_NONE) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_record(act));
    TRY(store_acts_lift(act->ordering->store, undoing->before.id, act->id));
    TRY(act_told_lifts(act, &undoing->before));
    return follow(undoing);
}

/* What it has begun to undo is what it has lifted. In a log from before, another may have lifted
 * the last of it instead: nothing is left to be done. */
enum err act_undo_go_on(struct act_case *act)
{
    struct undoing undoing = {.act = act};
    enum err err = store_acts_lifted(act->ordering->store, act->id, 0, &undoing.before);
    if (err == ERR_NOT_FOUND) {
        act->is_left = false;
        return ERR_OK;
    }
    TRY(err);
    err = keep(&undoing);
    if (err == ERR_OK && way_of(&undoing.before) == WAY_SETTING) {
        err = act_setting_tell(act);
    } else if (err == ERR_OK) {
        err = follow(&undoing);
    }
    buf_done(&undoing.target);
    buf_done(&undoing.value);
    return err;
}

enum err act_undo_do(struct act_case *act)
{
    struct undoing undoing = {.act = act};
    const enum err err = store_acts_get(act->ordering->store, act->call->act.act, &undoing.before);
    const bool is_here = err == ERR_OK && undoing.before.stream == act_case_stream(act) &&
                         (act->head == NULL || act->head->row.id != 0);
    if (err == ERR_NOT_FOUND || (err == ERR_OK && !is_here)) {
        act_case_refuse(act, ACT_REFUSAL_NOT_FOUND);
        return ERR_OK;
    }
    TRY(err);
    if (undoing.before.lifted_by != 0) { // by an undo, or by what is its opposite
        struct store_act by;
        TRY(store_acts_get(act->ordering->store, undoing.before.lifted_by, &by));
        act_case_repeat(act, &by);
        return ERR_OK;
    }
    const enum err done = undo(&undoing);
    buf_done(&undoing.target);
    buf_done(&undoing.value);
    return done;
}

enum err act_undo_grant(struct act_case *act, uint64_t id)
{
    struct undoing undoing = {.act = act};
    const enum err err = store_acts_get(act->ordering->store, id, &undoing.before);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    if (err == ERR_NOT_FOUND || undoing.before.lifted_by != 0 || mutant(DECISION_IGNORED) ||
        way_of(&undoing.before) == WAY_NONE) {
        return act_case_record(act);
    }
    const enum err done = undo(&undoing);
    buf_done(&undoing.target);
    buf_done(&undoing.value);
    return done;
}
