// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_sanction.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/act_look.h"
#include "engine/embedded/notice_out.h"
#include "engine/embedded/sanctions.h"

#include <stddef.h>
#include <string.h>

enum { MS_A_SECOND = 1000 };

enum act_do act_sanction_lifted(enum act_do what)
{
    if (what == ACT_UNBAN) {
        return ACT_BAN;
    }
    return what == ACT_UNSHADOW ? ACT_SHADOW : ACT_TIMEOUT;
}

/* What lifts such a sanction; a timeout is ended by one of 0 seconds. */
static enum act_do lifter_of(enum act_do what)
{
    if (what == ACT_BAN) {
        return ACT_UNBAN;
    }
    return what == ACT_SHADOW ? ACT_UNSHADOW : what;
}

static struct sanctions_now now_of(const struct act_case *act)
{
    return (struct sanctions_now){.mono_ms = act->now.mono_ms, .wall_ms = act->now.wall_ms};
}

/* ---- user by user, a piece a transaction ---- */

struct turn { // whose it is in this one
    struct act_users users;
    uint32_t from, to;
};

/* Ended by act_case_users_done(). */
static enum err begin_turn(struct act_case *act, struct str target, struct turn *ret_turn)
{
    struct act_users users;
    TRY(act_case_users(target, &users));
    const uint64_t at = act->place.part == ACT_PART_USERS ? act->place.at : 0;
    const uint32_t from = at < users.count ? (uint32_t)at : users.count;
    const uint32_t to = users.count - from > ACT_CASE_PIECE ? from + ACT_CASE_PIECE : users.count;
    act->is_left = to < users.count;
    act->place.part = ACT_PART_USERS;
    act->place.at = to;
    *ret_turn = (struct turn){.users = users, .from = from, .to = to};
    return ERR_OK;
}

static void begin_next_part(struct act_case *act)
{
    act->place.part = -1;
    act->place.at = 0;
}

/* Whoever has it on a screen need not read it any more. */
static enum err tell_over(struct act_case *act, const struct store_sanction *sanction)
{
    struct ordering *ordering = act->ordering;
    const struct notice_out_warning warning = {
        .user = hash_str(ordering->identity.hash_key, sanction->user), .act = sanction->act};
    if (sanction->what != ACT_WARN || mutant(WARNED_FOR_EVER)) {
        return ERR_OK;
    }
    return notice_out_unwarned(&ordering->outbox, sanction->stream == 0 ? NULL : act->head,
                               &warning);
}

static enum err take_off(struct act_case *act, const struct store_act *row, struct str user)
{
    const struct store_sanction sanction = {
        .act = row->id, .user = user, .stream = row->stream, .what = row->what};
    const enum err err = sanctions_lift(&act->ordering->sanctions, act->ordering->store, &sanction);
    if (err == ERR_NOT_FOUND) { // it has run out, or was lifted from this one
        return ERR_OK;
    }
    TRY(err);
    return tell_over(act, &sanction);
}

static enum err put_on(struct act_case *act, const struct store_act *row, struct str user)
{
    const struct store_sanction sanction = {.act = row->id,
                                            .user = user,
                                            .stream = row->stream,
                                            .what = row->what,
                                            .until_ms = row->until_ms,
                                            .words = row->value};
    return sanctions_add(&act->ordering->sanctions, act->ordering->store, &sanction, now_of(act));
}

/* The act in whose place `row` came; its id 0: none. */
static enum err find_replaced(const struct act_case *act, const struct store_act *row,
                              struct store_act *ret_replaced)
{
    struct store_act lifted = {.id = 0};
    enum err err = ERR_OK;
    do {
        err = store_acts_lifted(act->ordering->store, row->id, lifted.id, &lifted);
    } while (err == ERR_OK && (lifted.what != row->what || lifted.seconds == 0));
    *ret_replaced = (struct store_act){
        .id = err == ERR_OK ? lifted.id : 0, .stream = row->stream, .what = row->what};
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

struct in_force {
    struct store_act act;
    uint32_t holds; // on so many of those that it names
    bool is_lifter; // a timeout of no seconds: it is on nobody
};

/* One of so many seconds is in force as long as that takes, whatever the wall clock says: the store
 * is asked as if none ran out. */
static enum err find_in_force(const struct act_case *act, struct in_force *ret_found)
{
    const struct act *asked = &act->call->act;
    struct in_force found = {.holds = 0};
    TRY(store_acts_in_force(act->ordering->store, act->key, INT64_MIN, &found.act));
    for (uint32_t i = 0; i < asked->target_count; i++) {
        const struct store_sanction sanction = {.act = found.act.id,
                                                .user = asked->users[i],
                                                .stream = found.act.stream,
                                                .what = found.act.what};
        found.holds += sanctions_holds(&act->ordering->sanctions, &sanction, act->now.mono_ms);
    }
    found.is_lifter = asked->what == ACT_TIMEOUT && found.act.seconds == 0;
    *ret_found = found;
    return found.holds > 0 || found.is_lifter ? ERR_OK : ERR_NOT_FOUND;
}

/* The same again, or another of its kind that takes the place of the one before: as the same does
 * that was lifted from some. */
static enum err judge_again(struct act_case *act, uint64_t *ret_replaced)
{
    struct in_force before;
    const struct act *asked = &act->call->act;
    const enum err err = find_in_force(act, &before);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    TRY(err);
    const bool is_same = asked->what == ACT_WARN ? str_eq(before.act.value, asked->value)
                                                 : before.act.seconds == asked->seconds;
    if (is_same && before.holds == asked->target_count) {
        act_case_repeat(act, &before.act);
    } else {
        *ret_replaced = before.act.id;
    }
    return ERR_OK;
}

/* An unban before this ban is of no more account. */
static enum err end_lifter(struct act_case *act)
{
    struct store_act before;
    const enum act_do lifter = lifter_of(act->call->act.what);
    if (lifter == act->call->act.what) {
        return ERR_OK;
    }
    const enum err err = act_case_in_force(act, lifter, &before);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    return err == ERR_OK ? store_acts_lift(act->ordering->store, before.id, act->id) : ERR_OK;
}

static enum err warn(struct act_case *act, struct act_telling *telling, struct head *head,
                     struct str user)
{
    struct notice *notice = NULL;
    const struct notice_out_warning warning = {.user =
                                                   hash_str(act->ordering->identity.hash_key, user),
                                               .act = act->id,
                                               .words = buf_str(&act->value)};
    (void)telling;
    TRY(notice_out_warning(head->node.key, &warning, &notice));
    return outbox_notify(&act->ordering->outbox, head, notice);
}

static enum err tell(struct act_case *act)
{
    struct act_users users;
    TRY(act_case_users(buf_str(&act->target), &users));
    struct act_telling telling = {.tell = warn, .users = users.names, .count = users.count};
    const enum err err = act_case_tell(act, &telling);
    act_case_users_done(&users);
    return err;
}

static enum err put_piece(struct act_case *act)
{
    struct turn turn;
    struct store_act replaced;
    const struct store_act row = {.id = act->id,
                                  .stream = act_case_stream(act),
                                  .what = act->call->act.what,
                                  .target = buf_str(&act->target),
                                  .value = buf_str(&act->value),
                                  .until_ms = act->until_ms};
    TRY(find_replaced(act, &row, &replaced));
    TRY(begin_turn(act, row.target, &turn));
    turn.to = mutant(SANCTION_CUT) ? 1 : turn.to;
    enum err err = ERR_OK;
    for (uint32_t i = turn.from; err == ERR_OK && i < turn.to; i++) {
        err = replaced.id == 0 ? ERR_OK : take_off(act, &replaced, turn.users.names[i]);
        err = err == ERR_OK ? put_on(act, &row, turn.users.names[i]) : err;
    }
    act_case_users_done(&turn.users);
    if (err != ERR_OK || act->is_left || row.what != ACT_WARN) {
        return err;
    }
    begin_next_part(act);
    return tell(act);
}

enum err act_sanction_put(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    uint64_t replaced = 0;
    TRY(act_look_at_users(act));
    if (!act_look_is_over(act)) {
        return ERR_OK;
    }
    TRY(judge_again(act, &replaced));
    for (uint32_t i = 0; replaced != 0 && i < asked->target_count; i++) {
        act_case_check_own(act, asked->users[i]); // a shorter one would lift the longer
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    if (act->ordering->sanctions.count + asked->target_count > SANCTIONS_MAX) {
        act_case_refuse(act, ACT_REFUSAL_OVERLOADED);
        return ERR_OK;
    }
    if (asked->what == ACT_TIMEOUT) {
        act->until_ms = act->now.wall_ms + asked->seconds * MS_A_SECOND;
    }
    if (asked->what == ACT_SHADOW) { // what it hid, should it be undone, stands from here on
        buf_add_u64(&act->value, act->ordering->next_n);
    }
    TRY(act_case_record(act));
    TRY(end_lifter(act));
    TRY(replaced == 0 ? ERR_OK : store_acts_lift(act->ordering->store, replaced, act->id));
    return put_piece(act);
}

/* ---- lifting ---- */

struct lifting {
    struct act_case *act;
    enum act_do what; // is lifted
    bool is_found, is_on_all;
};

static struct store_sanction like(const struct lifting *lifting, struct str user)
{
    return (struct store_sanction){
        .user = user, .stream = act_case_stream(lifting->act), .what = lifting->what};
}

static void look(struct lifting *lifting, struct str user)
{
    const struct act_case *act = lifting->act;
    const struct sanctions *sanctions = &act->ordering->sanctions;
    struct store_sanction sanction = like(lifting, user);
    const bool has_own = sanction.stream != 0 || act->head == NULL; // one without a row has none
    lifting->is_found = lifting->is_found ||
                        (has_own && sanctions_newest(sanctions, &sanction, act->now.mono_ms) != 0);
    sanction.stream = 0;
    lifting->is_on_all =
        lifting->is_on_all || sanctions_newest(sanctions, &sanction, act->now.mono_ms) != 0;
}

/* Those whose turn has not come are under it, too. */
static enum err is_being_put(const struct act_case *act, uint64_t id, bool *ret_is)
{
    struct store_act_place place;
    const enum err err = store_acts_place(act->ordering->store, id, &place);
    *ret_is = err == ERR_OK && place.part == ACT_PART_USERS;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The act is lifted when nobody is left under it; of one that named many, one by one. One that is
 * being undone is lifted by that, which goes on to its end. */
static enum err lift_act(struct act_case *act, const struct store_sanction *sanction)
{
    struct store *store = act->ordering->store;
    struct store_act row;
    bool is_left = false;
    TRY(store_sanctions_any(store, sanction->act, &is_left));
    if (!is_left) {
        TRY(is_being_put(act, sanction->act, &is_left));
    }
    if (is_left && !mutant(LIFTED_FROM_ALL)) {
        return ERR_OK;
    }
    TRY(store_acts_get(store, sanction->act, &row));
    return row.lifted_by != 0 ? ERR_OK : store_acts_lift(store, sanction->act, act->id);
}

static enum err lift_from(struct lifting *lifting, struct str user)
{
    struct act_case *act = lifting->act;
    struct sanctions *sanctions = &act->ordering->sanctions;
    struct store_sanction sanction = like(lifting, user);
    for (;;) {
        sanction.act = act->id; // what came since it began is not its to lift
        sanction.act = sanctions_newest(sanctions, &sanction, act->now.mono_ms);
        if (sanction.act == 0) {
            return ERR_OK;
        }
        const struct store_lifted lifted = {.lifter = act->id, .act = sanction.act, .user = user};
        TRY(sanctions_lift(sanctions, act->ordering->store, &sanction));
        TRY(store_sanctions_note_lifted(act->ordering->store, &lifted));
        TRY(lift_act(act, &sanction));
    }
}

static enum err lift_piece(struct act_case *act)
{
    struct turn turn;
    struct lifting lifting = {.act = act, .what = act_sanction_lifted(act->call->act.what)};
    TRY(begin_turn(act, buf_str(&act->target), &turn));
    turn.to = mutant(LIFT_CUT) ? 1 : turn.to;
    enum err err = ERR_OK;
    for (uint32_t i = turn.from; err == ERR_OK && i < turn.to; i++) {
        err = lift_from(&lifting, turn.users.names[i]);
    }
    act_case_users_done(&turn.users);
    return err;
}

/* Nothing is there to be lifted: it was, or never was, which is as good to who asks; what is of all
 * streams would stay. */
static enum err judge_nothing(struct lifting *lifting)
{
    struct store_act before;
    struct act_case *act = lifting->act;
    if (lifting->is_on_all) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
        return ERR_OK;
    }
    const enum err err = act_case_in_force(act, act->call->act.what, &before);
    if (err == ERR_OK && before.seconds <= 0) {
        act_case_repeat(act, &before);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err act_sanction_lift(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    struct lifting lifting = {.act = act, .what = act_sanction_lifted(asked->what)};
    for (uint32_t i = 0; i < asked->target_count; i++) {
        look(&lifting, asked->users[i]);
        act_case_check_own(act, asked->users[i]);
    }
    if (act_case_is_open(act) && !lifting.is_found) {
        TRY(judge_nothing(&lifting));
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_record(act));
    return lift_piece(act);
}

enum err act_sanction_go_on(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    const bool is_lifter = asked->what == ACT_UNBAN || asked->what == ACT_UNSHADOW ||
                           (asked->what == ACT_TIMEOUT && asked->seconds == 0);
    if (act->place.part != ACT_PART_USERS) {
        return tell(act);
    }
    return is_lifter ? lift_piece(act) : put_piece(act);
}

/* ---- acknowledging ---- */

static enum err names(const struct store_act *warning, struct str user, bool *ret_does)
{
    struct act_users users;
    TRY(act_case_users(warning->target, &users));
    *ret_does = false;
    for (uint32_t i = 0; i < users.count; i++) {
        *ret_does = *ret_does || str_eq(users.names[i], user);
    }
    act_case_users_done(&users);
    return ERR_OK;
}

/* The warning of theirs, in force or not. ERR_NOT_FOUND: they never had it. */
static enum err find_warning(const struct act_case *act, struct store_act *ret_warning)
{
    struct store_act row;
    bool is_theirs = false;
    TRY(store_acts_get(act->ordering->store, act->call->act.act, &row));
    if (row.what != ACT_WARN || (row.stream != 0 && row.stream != act_case_stream(act))) {
        return ERR_NOT_FOUND;
    }
    TRY(names(&row, act->call->by.id, &is_theirs));
    if (!is_theirs) {
        return ERR_NOT_FOUND;
    }
    *ret_warning = row;
    return ERR_OK;
}

/* They have acknowledged it, or it was lifted, or another in the same words is in its place. */
static enum err judge_over(struct act_case *act, const struct store_act *warning)
{
    struct store_act before = {.id = warning->id};
    const enum err err =
        store_acts_in_force(act->ordering->store, act->key, act->now.wall_ms, &before);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    act_case_repeat(act, &before);
    return ERR_OK;
}

enum err act_sanction_acknowledge(struct act_case *act)
{
    struct store_act warning;
    const enum err err = find_warning(act, &warning);
    if (err == ERR_NOT_FOUND) {
        act_case_refuse(act, ACT_REFUSAL_NOT_FOUND);
        return ERR_OK;
    }
    TRY(err);
    struct ordering *ordering = act->ordering;
    const struct store_sanction sanction = {
        .act = warning.id, .user = act->call->by.id, .stream = warning.stream, .what = ACT_WARN};
    if (!sanctions_holds(&ordering->sanctions, &sanction, act->now.mono_ms)) {
        return judge_over(act, &warning);
    }
    TRY(act_case_record(act));
    TRY(sanctions_lift(&ordering->sanctions, ordering->store, &sanction));
    TRY(tell_over(act, &sanction));
    return lift_act(act, &sanction);
}

/* ---- undoing ---- */

/* Of one that was undone before it was done those whose turn had not come are under what it was to
 * replace. */
enum err act_sanction_undo(struct act_case *act, const struct store_act *before)
{
    struct turn turn;
    struct store_act replaced;
    TRY(find_replaced(act, before, &replaced));
    TRY(begin_turn(act, before->target, &turn));
    turn.to = mutant(SANCTION_UNDO_CUT) ? 1 : turn.to;
    enum err err = ERR_OK;
    for (uint32_t i = turn.from; err == ERR_OK && i < turn.to; i++) {
        err = take_off(act, before, turn.users.names[i]);
        if (err == ERR_OK && replaced.id != 0) {
            err = take_off(act, &replaced, turn.users.names[i]);
        }
    }
    act_case_users_done(&turn.users);
    return err;
}

static enum err put_back(struct act_case *act, const struct store_act *lifted, uint32_t *seen)
{
    struct turn turn;
    const bool has_run_out = lifted->until_ms != 0 && lifted->until_ms <= act->now.wall_ms;
    TRY(begin_turn(act, lifted->target, &turn));
    enum err err = ERR_OK;
    for (uint32_t i = turn.from; err == ERR_OK && i < turn.to && !has_run_out; i++) {
        err = put_on(act, lifted, turn.users.names[i]);
    }
    *seen += 1 + turn.to - turn.from;
    act_case_users_done(&turn.users);
    return err;
}

/* What was undone, or has another in its place, does not come back; what is lifted from the last of
 * those it was on does. */
static enum err may_come_back(const struct act_case *act, struct store_act *row, bool *ret_may)
{
    struct store *store = act->ordering->store;
    struct store_act by;
    const uint64_t id = row->id;
    *ret_may = true;
    if (row->lifted_by == 0) {
        return ERR_OK;
    }
    TRY(store_acts_get(store, row->lifted_by, &by));
    *ret_may = by.what == lifter_of(row->what) && by.seconds <= 0;
    return store_acts_get(store, id, row); // its strings are the statement's
}

static enum err put_one_back(struct act_case *act, const struct store_lifted *lifted)
{
    struct store *store = act->ordering->store;
    struct store_act row;
    bool may_come = false;
    TRY(store_acts_get(store, lifted->act, &row));
    TRY(may_come_back(act, &row, &may_come));
    const bool has_run_out = row.until_ms != 0 && row.until_ms <= act->now.wall_ms;
    if (!may_come) {
        return ERR_OK;
    }
    TRY(has_run_out ? ERR_OK : put_on(act, &row, lifted->user));
    return row.lifted_by == 0 ? ERR_OK : store_acts_lift(store, lifted->act, 0);
}

/* From each that it was lifted from, and from nobody else. */
static enum err put_each_back(struct act_case *act, uint64_t lifter)
{
    char user[ACT_USER_BYTES_MAX];
    struct store_lifted lifted;
    act->is_left = false;
    for (uint32_t i = 0; i < ACT_CASE_PIECE; i++) {
        const enum err err = store_sanctions_next_lifted(act->ordering->store, lifter, &lifted);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        const size_t len = lifted.user.len < sizeof(user) ? lifted.user.len : sizeof(user);
        memcpy(user, lifted.user.at, len); // longer than the statement
        lifted.user = (struct str){.at = user, .len = len};
        TRY(put_one_back(act, &lifted));
        TRY(store_sanctions_forget_lifted(act->ordering->store, &lifted));
    }
    act->is_left = true; // there may be more
    return ERR_OK;
}

/* One act after the other, each lifted no more when it is back on all: of a lifter from before it
 * was known whom it was about (format 5). */
static enum err put_all_back(struct act_case *act, uint64_t lifter)
{
    uint32_t seen = 0;
    while (seen < ACT_CASE_PIECE) {
        struct store_act lifted;
        const enum err err = store_acts_lifted(act->ordering->store, lifter, 0, &lifted);
        act->is_left = false;
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        TRY(err);
        const uint64_t id = lifted.id;
        TRY(put_back(act, &lifted, &seen));
        if (act->is_left) {
            return ERR_OK;
        }
        TRY(store_acts_lift(act->ordering->store, id, 0));
        act->place.at = 0;
    }
    act->is_left = true; // there may be more
    return ERR_OK;
}

enum err act_sanction_redo(struct act_case *act, const struct store_act *before)
{
    const uint64_t lifter = before->id;
    if (mutant(PUT_BACK_SKIPPED)) {
        return ERR_OK;
    }
    TRY(put_each_back(act, lifter));
    return act->is_left ? ERR_OK : put_all_back(act, lifter);
}
