// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_look.h"

#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/rejections.h"
#include "engine/embedded/store_rows.h"

#include <stddef.h>

/* A piece of `count` things, from `*at` on. */
static uint32_t piece_end(uint32_t at, uint32_t count)
{
    return count - at > ACT_CASE_PIECE ? at + ACT_CASE_PIECE : count;
}

static bool is_removed(const struct standing *standing)
{
    return standing->state == COMMENT_DELETED || standing->state == COMMENT_HELD;
}

/* As such an act leaves a comment. */
static bool is_as_left(enum act_do what, const struct standing *standing)
{
    switch ((int)what) {
    case ACT_DELETE:
        return standing->state == COMMENT_DELETED;
    case ACT_HOLD:
        return is_removed(standing);
    default:
        return !is_removed(standing);
    }
}

/* ---- is it one in force? ---- */

struct likeness {
    const struct act_names *names;
    bool is_like;
    uint32_t at; // how far that was looked at
};

/* It is not done yet: what it has not come to is as it was. */
static enum err is_begun(const struct act_case *act, uint64_t id, bool *ret_is_begun)
{
    struct store_act_place place;
    const enum err err = store_acts_place(act->ordering->store, id, &place);
    *ret_is_begun = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Each that it names is removed, or rejected, by that act as it is. */
static enum err removes_all(const struct act_case *act, uint64_t id, const struct act_names *names,
                            bool *ret_does)
{
    uint64_t removed = 0, rejected = 0;
    TRY(evidence_count_of(act->ordering->store, id, &removed));
    TRY(rejections_count(act->ordering->store, id, &rejected));
    *ret_does = removed + rejected == names->count;
    return ERR_OK;
}

/* Of many none is left to be judged; an approval of one is done once it is shown, whatever became
 * of it there. ERR_NOT_FOUND: it was never in the queue. */
static enum err is_judged(const struct act_case *act, const struct likeness *likeness,
                          bool *ret_is_judged)
{
    struct held_row held;
    struct standing standing;
    TRY(act_names_held(act, likeness->names, likeness->at, &held));
    if (likeness->names->count > 1) {
        *ret_is_judged = held.state != COMMENT_HELD;
    } else if (act->call->act.what == ACT_APPROVE) {
        *ret_is_judged = held.state == COMMENT_VISIBLE;
    } else {
        TRY(act_names_standing(act, likeness->names, likeness->at, &standing));
        *ret_is_judged = standing.state == COMMENT_DELETED;
    }
    return ERR_OK;
}

/* ERR_NOT_FOUND: there is none. */
static enum err is_left_so(const struct act_case *act, const struct likeness *likeness,
                           bool *ret_is_so)
{
    struct standing standing;
    const enum act_do what = act->call->act.what;
    if (what == ACT_APPROVE || what == ACT_REJECT) {
        return is_judged(act, likeness, ret_is_so);
    }
    TRY(act_names_standing(act, likeness->names, likeness->at, &standing));
    *ret_is_so = is_as_left(what, &standing);
    return ERR_OK;
}

/* A piece of them, one by one: some may have been restored, or removed, since. */
static enum err compare_piece(const struct act_case *act, struct likeness *likeness)
{
    const uint32_t end = piece_end(likeness->at, likeness->names->count);
    likeness->is_like = true;
    for (; likeness->at < end && likeness->is_like; likeness->at++) {
        const enum err err = is_left_so(act, likeness, &likeness->is_like);
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    return ERR_OK;
}

static enum err compare_with(const struct act_case *act, uint64_t id, struct likeness *likeness)
{
    const struct act_look *look = &act->call->look;
    const enum act_do what = act->call->act.what;
    likeness->at = likeness->names->count;
    TRY(is_begun(act, id, &likeness->is_like));
    if (!likeness->is_like && (what == ACT_DELETE || what == ACT_HOLD)) {
        TRY(removes_all(act, id, likeness->names, &likeness->is_like));
    }
    if (likeness->is_like) {
        return ERR_OK;
    }
    likeness->at = look->like == id ? look->count : 0;
    return compare_piece(act, likeness);
}

/* The same act is in force: one that is not done yet is waited for. */
static enum err compare(struct act_case *act, struct likeness *likeness)
{
    struct store_act before;
    struct act_look *look = &act->verdict.look;
    const enum err err = act_case_in_force(act, act->call->act.what, &before);
    if (err == ERR_NOT_FOUND || (err == ERR_OK && before.id == look->unlike)) {
        return ERR_OK;
    }
    TRY(err);
    const uint64_t id = before.id;
    TRY(compare_with(act, id, likeness));
    if (!likeness->is_like) {
        look->unlike = id;
    } else if (likeness->at < likeness->names->count) {
        look->count = likeness->at;
        look->like = id;
    } else {
        TRY(store_acts_get(act->ordering->store, id, &before));
        act_case_repeat(act, &before);
    }
    return ERR_OK;
}

/* ---- may they, and is there something to do? ---- */

struct checking {
    uint32_t count; // of what it names
    uint32_t at;    // how far that was looked at
    bool has_something;
    bool is_settled;               // the rest need not be looked at
    const struct act_names *names; // NULL: users
    enum err (*one)(struct act_case *act, struct checking *checking);
};

static enum err check_user(struct act_case *act, struct checking *checking)
{
    return act_case_check_role(act, act->call->act.users[checking->at]);
}

/* Whose it is, without how it stands. */
static enum err find_author(const struct act_case *act, const struct checking *checking,
                            struct str *ret_user)
{
    struct store *store = act->ordering->store;
    struct store_row row;
    struct held_row held;
    const uint64_t number = checking->names->numbers[checking->at];
    if (!checking->names->are_ids) {
        TRY(store_rows_at(store, act_case_stream(act), number, &row));
        *ret_user = row.user;
        return ERR_OK;
    }
    enum err err = held_find(store, number, &held);
    if (err == ERR_OK) {
        *ret_user = held.user;
        return held.stream == act_case_stream(act) ? ERR_OK : ERR_NOT_FOUND;
    }
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    TRY(store_rows_get(store, number, &row));
    *ret_user = row.user;
    return row.stream == act_case_stream(act) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err check_author(struct act_case *act, const struct checking *checking)
{
    struct str user = STR_NONE;
    const enum err err = find_author(act, checking, &user);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        return ERR_OK;
    }
    TRY(err);
    return act_case_check_role(act, user);
}

/* One that is named by itself stands otherwise; of a list it is none the act could be about. */
static void refuse_one(struct act_case *act, const struct checking *checking)
{
    if (!checking->has_something && checking->count == 1 && !act->call->act.is_list &&
        act_case_is_open(act)) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
    }
}

static enum err check_whole(struct act_case *act, struct checking *checking)
{
    struct standing standing;
    const enum err err = act_names_standing(act, checking->names, checking->at, &standing);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    TRY(act_case_check_role(act, standing.user));
    checking->has_something = act->call->act.what != ACT_HOLD || standing_is_seen(&standing);
    refuse_one(act, checking);
    return ERR_OK;
}

/* Once it is known that there is something to do, whose the others are is all that matters. */
static enum err check_to_remove(struct act_case *act, struct checking *checking)
{
    if (checking->has_something) {
        TRY(check_author(act, checking));
    } else {
        TRY(check_whole(act, checking));
    }
    checking->is_settled = checking->has_something && act_case_may_all(act);
    return ERR_OK;
}

static enum err check_to_restore(struct act_case *act, struct checking *checking)
{
    struct standing standing;
    const enum err err = act_names_standing(act, checking->names, checking->at, &standing);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    checking->has_something = true; // a comment
    checking->is_settled = is_removed(&standing);
    return ERR_OK;
}

/* A rejection is done to its author as a removal is. */
static enum err check_to_judge(struct act_case *act, struct checking *checking)
{
    struct held_row held;
    const bool is_approval = act->call->act.what == ACT_APPROVE;
    const enum err err = act_names_held(act, checking->names, checking->at, &held);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    if (!is_approval) {
        TRY(act_case_check_role(act, held.user));
    }
    checking->has_something = checking->has_something || held.state == COMMENT_HELD;
    checking->is_settled = checking->has_something && (is_approval || act_case_may_all(act));
    refuse_one(act, checking);
    return ERR_OK;
}

/* From where the last piece ended. */
static enum err check_piece(struct act_case *act, struct checking *checking)
{
    const struct act_look *before = &act->call->look;
    const bool goes_on = before->like == 0;
    checking->at = goes_on ? before->count : 0;
    checking->has_something = goes_on && before->has_something;
    const uint32_t end = piece_end(checking->at, checking->count);
    for (; checking->at < end && act_case_is_open(act) && !checking->is_settled; checking->at++) {
        TRY(checking->one(act, checking));
    }
    if (!checking->is_settled && checking->at < checking->count) {
        act->verdict.look.count = checking->at;
        act->verdict.look.has_something = checking->has_something;
    }
    return ERR_OK;
}

/* ---- one after the other ---- */

static enum err look_at(struct act_case *act, struct checking *checking)
{
    const struct act_look *before = &act->call->look;
    const struct likeness first = {.names = checking->names};
    struct likeness likeness = first;
    act->verdict.look.unlike = before->unlike;
    if (before->count == 0 || before->like != 0) {
        TRY(compare(act, &likeness));
    }
    if (act_look_is_over(act)) {
        TRY(check_piece(act, checking));
    }
    if (act_look_is_over(act) && before->count > 0) { // the same may have been done since
        likeness = first;
        TRY(compare(act, &likeness));
    }
    return ERR_OK;
}

/* ---- what is left of a list when some were spared ---- */

static enum err waits_none(const struct act_case *act, const struct act_names *names,
                           bool *ret_waits_none)
{
    bool waits = false;
    for (uint32_t i = 0; i < names->count && !waits; i++) {
        struct held_row held;
        const enum err err = act_names_held(act, names, i, &held);
        waits = err == ERR_OK && held.state == COMMENT_HELD;
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    *ret_waits_none = !waits;
    return ERR_OK;
}

/* `id`: of the act in force on them; 0: there is none. */
static enum err is_rest_done(const struct act_case *act, uint64_t id, const struct act_names *names,
                             bool *ret_is_done)
{
    struct likeness likeness = {.names = names};
    *ret_is_done = false;
    TRY(id != 0 ? is_begun(act, id, ret_is_done) : ERR_OK);
    if (*ret_is_done) {
        return ERR_OK;
    }
    if (act->call->act.what != ACT_DELETE) {
        return waits_none(act, names, ret_is_done);
    }
    TRY(id != 0 ? removes_all(act, id, names, ret_is_done) : ERR_OK);
    if (id != 0 && !*ret_is_done && names->count <= ACT_CASE_PIECE) { // some may not be there
        TRY(compare_piece(act, &likeness));
        *ret_is_done = likeness.is_like;
    }
    return ERR_OK;
}

static enum err look_at_rest(struct act_case *act, const struct act_names *names)
{
    struct store_act before = {.id = 0};
    bool is_done = false;
    const enum err err = act_case_in_force(act, act->call->act.what, &before);
    const uint64_t id = err == ERR_OK ? before.id : 0;
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    TRY(is_rest_done(act, id, names, &is_done));
    if (is_done && id == 0) {
        act_case_refuse(act, ACT_REFUSAL_CLAIMED);
    } else if (is_done) {
        TRY(store_acts_get(act->ordering->store, id, &before));
        act_case_repeat(act, &before);
    }
    return ERR_OK;
}

enum err act_look_spare(struct act_case *act, struct act_names *names)
{
    const uint32_t count = names->count;
    TRY(act_names_spare(act, names));
    return act_case_is_open(act) && names->count < count ? look_at_rest(act, names) : ERR_OK;
}

/* ---- each kind ---- */

enum err act_look_at_removal(struct act_case *act, const struct act_names *names)
{
    struct checking checking = {.count = names->count, .names = names, .one = check_to_remove};
    TRY(look_at(act, &checking));
    if (act_look_is_over(act) && !checking.has_something) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

enum err act_look_at_restore(struct act_case *act, const struct act_names *names)
{
    struct checking checking = {.count = names->count, .names = names, .one = check_to_restore};
    TRY(look_at(act, &checking));
    if (act_look_is_over(act) && !checking.is_settled) {
        act_case_refuse(act, checking.has_something ? ACT_REFUSAL_STATE : ACT_REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

enum err act_look_at_queue(struct act_case *act, const struct act_names *names)
{
    struct checking checking = {.count = names->count, .names = names, .one = check_to_judge};
    TRY(look_at(act, &checking));
    if (act_look_is_over(act) && !checking.has_something) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

enum err act_look_at_users(struct act_case *act)
{
    struct checking checking = {.count = act->call->act.target_count, .one = check_user};
    return act_case_may_all(act) ? ERR_OK : check_piece(act, &checking);
}
