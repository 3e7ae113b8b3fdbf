// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_look.h"

#include "engine/embedded/evidence.h"
#include "engine/embedded/store_rows.h"

#include <stddef.h>

enum err act_look_standing(const struct act_case *act, uint64_t seq, struct standing *ret_standing)
{
    const int64_t stream = act_case_stream(act);
    const enum err err =
        stream == 0 ? ERR_NOT_FOUND : standing_at(act->ordering->store, stream, seq, ret_standing);
    return err == ERR_GONE ? ERR_NOT_FOUND : err;
}

/* A piece of `count` things, from `*at` on. */
static uint32_t piece_end(uint32_t at, uint32_t count)
{
    return count - at > ACT_CASE_PIECE ? at + ACT_CASE_PIECE : count;
}

static bool is_removed(const struct standing *standing)
{
    return standing->state == COMMENT_DELETED || standing->state == COMMENT_HELD;
}

/* ---- is it one in force? ---- */

struct likeness {
    const struct act_places *places;
    bool is_removal;
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

/* Each of the places, which the target names once, is removed by that act as it is. */
static enum err removes_all(const struct act_case *act, uint64_t id, bool *ret_does)
{
    struct str rest = buf_str(&act->target);
    uint64_t removed = 0, named = 0;
    while (rest.len > 0) {
        (void)str_cut(rest, ',', &rest);
        named++;
    }
    TRY(evidence_count_of(act->ordering->store, id, &removed));
    *ret_does = removed == named;
    return ERR_OK;
}

/* A piece of them, one by one: some may have been restored, or removed, since. */
static enum err compare_piece(const struct act_case *act, struct likeness *likeness)
{
    const struct act_places *places = likeness->places;
    const uint32_t end = piece_end(likeness->at, places->count);
    likeness->is_like = true;
    for (; likeness->at < end && likeness->is_like; likeness->at++) {
        struct standing standing;
        const enum err err = act_look_standing(act, places->seqs[likeness->at], &standing);
        if (err != ERR_NOT_FOUND) {
            TRY(err);
            likeness->is_like = is_removed(&standing) == likeness->is_removal;
        }
    }
    return ERR_OK;
}

static enum err compare_with(const struct act_case *act, uint64_t id, struct likeness *likeness)
{
    const struct act_look *look = &act->call->look;
    likeness->at = likeness->places->count;
    TRY(is_begun(act, id, &likeness->is_like));
    if (!likeness->is_like && likeness->is_removal) {
        TRY(removes_all(act, id, &likeness->is_like));
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
    } else if (likeness->at < likeness->places->count) {
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
    bool is_settled;                 // the rest need not be looked at
    const struct act_places *places; // NULL: users
    enum err (*one)(struct act_case *act, struct checking *checking);
};

static enum err check_user(struct act_case *act, struct checking *checking)
{
    return act_case_check_role(act, act->call->act.users[checking->at]);
}

static enum err check_author(struct act_case *act, uint64_t seq)
{
    struct store_row row;
    const enum err err = store_rows_at(act->ordering->store, act_case_stream(act), seq, &row);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        return ERR_OK;
    }
    TRY(err);
    return act_case_check_role(act, row.user);
}

static enum err check_whole(struct act_case *act, struct checking *checking)
{
    struct standing standing;
    const enum err err = act_look_standing(act, checking->places->seqs[checking->at], &standing);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    TRY(act_case_check_role(act, standing.user));
    checking->has_something = act->call->act.what != ACT_HOLD || standing_is_seen(&standing);
    if (!checking->has_something && checking->count == 1 && act_case_is_open(act)) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
    }
    return ERR_OK;
}

/* Once it is known that there is something to do, whose the others are is all that matters. */
static enum err check_to_remove(struct act_case *act, struct checking *checking)
{
    if (checking->has_something) {
        TRY(check_author(act, checking->places->seqs[checking->at]));
    } else {
        TRY(check_whole(act, checking));
    }
    checking->is_settled = checking->has_something && act_case_may_all(act);
    return ERR_OK;
}

static enum err check_to_restore(struct act_case *act, struct checking *checking)
{
    struct standing standing;
    const enum err err = act_look_standing(act, checking->places->seqs[checking->at], &standing);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    checking->has_something = true; // a comment
    checking->is_settled = is_removed(&standing);
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

static enum err look_at(struct act_case *act, struct checking *checking, bool is_removal)
{
    const struct act_look *before = &act->call->look;
    const struct likeness first = {.places = checking->places, .is_removal = is_removal};
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

enum err act_look_at_removal(struct act_case *act, const struct act_places *places)
{
    struct checking checking = {.count = places->count, .places = places, .one = check_to_remove};
    TRY(look_at(act, &checking, true));
    if (act_look_is_over(act) && !checking.has_something) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

enum err act_look_at_restore(struct act_case *act, const struct act_places *places)
{
    struct checking checking = {.count = places->count, .places = places, .one = check_to_restore};
    TRY(look_at(act, &checking, false));
    if (act_look_is_over(act) && !checking.is_settled) {
        act_case_refuse(act, checking.has_something ? ACT_REFUSAL_STATE : ACT_REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

enum err act_look_at_users(struct act_case *act)
{
    struct checking checking = {.count = act->call->act.target_count, .one = check_user};
    return act_case_may_all(act) ? ERR_OK : check_piece(act, &checking);
}
