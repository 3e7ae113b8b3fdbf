// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_removal.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/act_look.h"
#include "engine/embedded/act_names.h"
#include "engine/embedded/act_queue.h"
#include "engine/embedded/act_reject.h"
#include "engine/embedded/act_told.h"
#include "engine/embedded/aftermath.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/notice_out.h"
#include "engine/embedded/rejections.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_streams.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQ_TEXT_MAX = 32 };

static struct removals_by by_of(const struct act_case *act, uint64_t id)
{
    return (struct removals_by){.store = act->ordering->store,
                                .stream = act_case_stream(act),
                                .act = id,
                                .wall_ms = act->now.wall_ms};
}

/* ---- one comment by its id is the same as by its place ---- */

static enum err name_one(struct act_case *act, struct act_names *names)
{
    struct standing standing;
    const enum err err = act_names_standing(act, names, 0, &standing);
    if (err == ERR_OK && standing.seq != 0) {
        names->are_ids = false;
        names->numbers[0] = standing.seq;
        act_case_name_seq(act, standing.seq);
    } else if (err == ERR_OK && act->call->act.what == ACT_DELETE) {
        act_case_name_id(act, standing.n, standing.at_ms);
    } else if (err == ERR_OK) { // it waits for a place
        const bool is_list = act->call->act.is_list && act->call->act.what == ACT_HOLD;
        act_case_refuse(act, is_list ? ACT_REFUSAL_NO_COMMENT : ACT_REFUSAL_STATE);
    } else if (err == ERR_NOT_FOUND) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err find_names(struct act_case *act, struct act_names *names)
{
    TRY(act_names_read(act, buf_str(&act->target), 0, ACT_TARGETS_MAX, names));
    if (names->count == 0) { // none of the ids is one
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
    } else if (names->count == 1 && names->are_ids) {
        return name_one(act, names);
    }
    return ERR_OK;
}

/* ---- delete, hold ---- */

/* A restore of this comment before is of no more account. */
static enum err end_restore(struct act_case *act, uint64_t seq)
{
    char text[SEQ_TEXT_MAX];
    struct store_act before;
    snprintf(text, sizeof(text), "seq:%llu", (unsigned long long)seq);
    const enum err err =
        store_acts_in_force(act->ordering->store, act_case_key(act, ACT_RESTORE, str_of(text)),
                            act->now.wall_ms, &before);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    return err == ERR_OK ? store_acts_lift(act->ordering->store, before.id, act->id) : ERR_OK;
}

static enum err queue(struct act_case *act, const struct standing *standing)
{
    const struct held_row row = {.n = standing->n,
                                 .stream = standing->stream,
                                 .state = COMMENT_HELD,
                                 .seq = standing->seq,
                                 .log_n = standing->log_n,
                                 .act = act->id,
                                 .at_ms = standing->at_ms,
                                 .flags = standing->flags,
                                 .user = standing->user,
                                 .cid = standing->cid};
    struct comment_id id;
    comment_id_write(act->ordering->identity.id_key, standing->n, standing->at_ms, &id);
    const struct notice_out_comment notice = {
        .type = "held",
        .id = {.at = id.text, .len = COMMENT_ID_LEN},
        .cid = standing->cid,
        .author = hash_str(act->ordering->identity.hash_key, standing->user),
        .kind = act->call->by.kind};
    TRY(notice_out_comment(&act->ordering->outbox, act->head, &notice));
    return held_add(act->ordering->store, &row, UINT64_MAX);
}

/* ---- piece by piece ---- */

struct told {
    uint64_t seqs[ACT_CASE_PIECE];
    uint32_t count;
};

/* Longer than the statement that read it. */
static void keep_user(struct standing *standing, char user[ACT_USER_BYTES_MAX])
{
    const size_t len =
        standing->user.len < ACT_USER_BYTES_MAX ? standing->user.len : ACT_USER_BYTES_MAX;
    if (standing->user.at != NULL) {
        memcpy(user, standing->user.at, len);
    }
    standing->user = (struct str){.at = user, .len = len};
}

/* Whoever sees it is told: everybody by the act's event, of what is shadowed its author alone. */
static enum err note_told(struct act_case *act, const struct standing *standing,
                          enum comment_state was, struct told *told)
{
    struct aftermath aftermath;
    act->verdict.changed += was == COMMENT_VISIBLE || was == COMMENT_SHADOWED;
    if (was == COMMENT_VISIBLE) {
        told->seqs[told->count++] = standing->seq;
    }
    if (was != COMMENT_SHADOWED) {
        return ERR_OK;
    }
    aftermath_begin(&aftermath, act);
    return aftermath_retract_hidden(&aftermath, act->head, standing->user, standing->seq);
}

/* Of one with a place. */
static enum err take_placed(struct act_case *act, struct standing *standing, struct told *told)
{
    const struct removals_by by = by_of(act, act->id);
    enum comment_state was = COMMENT_DELETED;
    char user[ACT_USER_BYTES_MAX];
    keep_user(standing, user);
    const enum err err = removals_remove(&by, standing->seq, &was);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || err == ERR_EXISTS ? ERR_OK : err;
    }
    TRY(end_restore(act, standing->seq));
    return note_told(act, standing, was, told);
}

/* What waits is rejected, too, with a place or without. */
static enum err delete_one(struct act_case *act, struct standing *standing, struct told *told)
{
    const uint64_t n = standing->n;
    TRY(standing->seq != 0 ? take_placed(act, standing, told) : ERR_OK);
    return act_reject(act, act->head, n);
}

static enum err hold_one(struct act_case *act, struct standing *standing, struct told *told)
{
    if (!standing_is_seen(standing)) {
        return ERR_OK;
    }
    TRY(queue(act, standing));
    return take_placed(act, standing, told);
}

static enum err take_each(struct act_case *act, const struct act_names *names, struct told *told)
{
    const bool is_hold = act->call->act.what == ACT_HOLD;
    const uint32_t count = names->count - (mutant(GROUP_CUT) && names->count > 1);
    for (uint32_t i = 0; i < count; i++) {
        struct standing standing;
        const enum err err = act_names_standing(act, names, i, &standing);
        if (err == ERR_OK) {
            TRY(is_hold ? hold_one(act, &standing, told) : delete_one(act, &standing, told));
        } else {
            TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
        }
    }
    return ERR_OK;
}

/* In the order of places, which is not that of ids. */
static enum err tell_taken(struct act_case *act, struct told *told)
{
    struct aftermath aftermath;
    const struct removal removal = {.of = REMOVAL_SEQS, .seqs = told->seqs, .count = told->count};
    if (told->count == 0) {
        return ERR_OK;
    }
    qsort(told->seqs, told->count, sizeof(told->seqs[0]), act_case_number_order);
    aftermath_begin(&aftermath, act);
    TRY(aftermath_retract(&aftermath, act->head, &removal));
    aftermath_end(&aftermath, act);
    return ERR_OK;
}

enum err act_removal_take_on(struct act_case *act)
{
    struct act_names names;
    struct told told = {.count = 0};
    TRY(act_names_take_piece(act, buf_str(&act->target), &names));
    const enum err err = take_each(act, &names, &told);
    act_names_done(&names);
    TRY(err);
    return tell_taken(act, &told);
}

/* There is an act once all that it names was looked at and nothing speaks against it. */
static enum err decide(struct act_case *act,
                       enum err (*look)(struct act_case *act, const struct act_names *names))
{
    struct act_names names = {.count = 0};
    enum err err = find_names(act, &names);
    if (err == ERR_OK && act_case_is_open(act)) {
        err = look(act, &names);
    }
    if (err == ERR_OK && act_look_is_over(act) && act->call->act.what == ACT_DELETE) {
        err = act_look_spare(act, &names);
    }
    if (err == ERR_OK && act_look_is_over(act)) {
        err = act_case_record(act);
    }
    if (err == ERR_OK && act->id != 0 && act->call->act.what == ACT_DELETE) {
        err = act_reject_stop_clocks(act, &names);
    }
    act_names_done(&names);
    return err;
}

enum err act_removal_take(struct act_case *act)
{
    TRY(decide(act, act_look_at_removal));
    return act->id == 0 ? ERR_OK : act_removal_take_on(act);
}

/* ---- restore ---- */

/* The acts that removed this one alone are lifted. */
static enum err lift_acts_on(struct act_case *act, uint64_t seq)
{
    static const enum act_do takers[] = {ACT_DELETE, ACT_HOLD};
    char text[SEQ_TEXT_MAX];
    struct store *store = act->ordering->store;
    snprintf(text, sizeof(text), "seq:%llu", (unsigned long long)seq);
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
        struct store_act before;
        const uint64_t key = act_case_key(act, takers[i], str_of(text));
        const enum err err = store_acts_in_force(store, key, act->now.wall_ms, &before);
        if (err == ERR_OK) {
            TRY(store_acts_lift(store, before.id, act->id));
        }
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    return ERR_OK;
}

static enum err restore_one(struct act_case *act, uint64_t seq, struct restoring_out *out)
{
    const struct removals_by by = by_of(act, act->id);
    struct standing standing;
    bool waits = false;
    TRY(standing_at(act->ordering->store, by.stream, seq, &standing));
    const bool was_seen = standing_is_seen(&standing);
    TRY(removals_lift_all(&by, seq, out));
    act->verdict.changed += !was_seen;
    TRY(lift_acts_on(act, seq));
    return rejections_settle(act->ordering->store, standing.n, &waits);
}

static enum err restore_each(struct act_case *act, const struct act_names *names)
{
    struct aftermath aftermath;
    aftermath_begin(&aftermath, act);
    for (uint32_t i = 0; i < names->count; i++) {
        const enum err err = restore_one(act, names->numbers[i], &aftermath.out);
        TRY(err == ERR_NOT_FOUND || err == ERR_EXISTS || err == ERR_GONE ? ERR_OK : err);
    }
    aftermath_end(&aftermath, act);
    return ERR_OK;
}

enum err act_removal_restore_on(struct act_case *act)
{
    struct act_names names;
    TRY(act_names_take_piece(act, buf_str(&act->target), &names));
    const enum err err = restore_each(act, &names);
    act_names_done(&names);
    return err;
}

enum err act_removal_restore(struct act_case *act)
{
    TRY(decide(act, act_look_at_restore));
    return act->id == 0 ? ERR_OK : act_removal_restore_on(act);
}

/* ---- undoing ---- */

static enum err settle_each(struct act_case *act, const struct act_names *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        struct standing standing;
        bool waits = false;
        enum err err = act_names_standing(act, names, i, &standing);
        if (err == ERR_OK) {
            err = rejections_settle(act->ordering->store, standing.n, &waits);
        }
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    return ERR_OK;
}

static enum err unqueue(struct act_case *act, const struct store_act *before)
{
    struct act_names names;
    TRY(act_names_take_piece(act, before->target, &names));
    const enum err err = settle_each(act, &names);
    act_names_done(&names);
    return err;
}

/* What it removed is back at once, for whoever reads; events of it follow. */
static enum err let_go(struct act_case *act, const struct store_act *before)
{
    struct aftermath aftermath;
    aftermath_begin(&aftermath, act);
    const enum err err =
        removals_lift(act->ordering->store, before->id, act->now.wall_ms, &aftermath.out);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err); // another lifted what it removed
    aftermath_end(&aftermath, act);
    return ERR_OK;
}

/* What it holds leaves the queue before it comes back; what it rejected waits again behind what
 * comes back of the rest. */
enum err act_removal_undo(struct act_case *act, const struct store_act *before)
{
    if (before->what == ACT_HOLD) {
        TRY(unqueue(act, before));
        return act->is_left ? ERR_OK : let_go(act, before);
    }
    if (act->place.part != ACT_PART_QUEUE) {
        TRY(let_go(act, before));
        act->place.part = ACT_PART_QUEUE;
    }
    return act_reject_undo(act, before->id, act_queue_let_in);
}

/* One act that the restore lifted from a comment, unless it was undone since. */
static enum err remove_again(struct act_case *act, const struct standing *standing, uint64_t by_act,
                             const struct store_act *restore, enum comment_state *was)
{
    struct store_act taker;
    const struct removals_by by = by_of(act, by_act);
    const enum err found = store_acts_get(act->ordering->store, by_act, &taker);
    TRY(found == ERR_NOT_FOUND ? ERR_OK : found);
    const bool was_lifted_with_it = found == ERR_OK && taker.lifted_by == restore->id;
    if (found != ERR_OK || (taker.lifted_by != 0 && !was_lifted_with_it)) {
        return ERR_OK;
    }
    const bool is_hold = taker.what == ACT_HOLD;
    if (was_lifted_with_it) {
        TRY(store_acts_lift(act->ordering->store, by_act, 0));
    }
    const enum err err = removals_remove(&by, standing->seq, was);
    TRY(err == ERR_NOT_FOUND || err == ERR_EXISTS ? ERR_OK : err);
    return is_hold ? ERR_OK : rejections_note(act->ordering->store, standing->n, by_act);
}

/* What held it holds it again. */
static enum err wait_again(struct act_case *act, uint64_t n)
{
    struct held_row held;
    bool waits = false;
    TRY(rejections_settle(act->ordering->store, n, &waits));
    if (!waits) {
        return ERR_OK;
    }
    TRY(held_find(act->ordering->store, n, &held));
    return act_told_judged(act, act->head, &held);
}

static enum err redo_one(struct act_case *act, uint64_t seq, const struct store_act *restore,
                         struct told *told)
{
    const struct evidence_lifted lifted = {
        .stream = act_case_stream(act), .seq = seq, .restore = restore->id};
    struct standing standing = {.n = 0};
    char user[ACT_USER_BYTES_MAX];
    enum comment_state first = COMMENT_DELETED;
    uint64_t by_act = 0;
    enum err err = standing_at(act->ordering->store, lifted.stream, seq, &standing);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    keep_user(&standing, user);
    for (bool is_first = true;; is_first = false) {
        enum comment_state was = COMMENT_DELETED;
        err = evidence_next_lifted(act->ordering->store, &lifted, by_act, &by_act);
        if (err != ERR_OK) {
            break;
        }
        TRY(remove_again(act, &standing, by_act, restore, &was));
        first = is_first || was != COMMENT_DELETED ? was : first;
    }
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    TRY(wait_again(act, standing.n));
    return note_told(act, &standing, first, told);
}

enum err act_removal_redo(struct act_case *act, const struct store_act *before)
{
    struct act_names names;
    struct told told = {.count = 0};
    enum err err = ERR_OK;
    TRY(act_names_take_piece(act, before->target, &names));
    for (uint32_t i = 0; i < names.count && err == ERR_OK; i++) {
        err = redo_one(act, names.numbers[i], before, &told);
    }
    act_names_done(&names);
    TRY(err);
    return tell_taken(act, &told);
}

/* By one from before: one that comes amid an undo's pieces hides only what is posted since. */
static bool is_still_shadowed(const struct act_case *act, int64_t stream, struct str author)
{
    const struct store_sanction like = {.stream = stream, .user = author, .what = ACT_SHADOW};
    const uint64_t by = sanctions_after(&act->ordering->sanctions, &like, 0, act->now.mono_ms);
    return by != 0 && (act->id == 0 || by < act->id);
}

/* A rule shadowed that comment by itself: an act of its own, to be undone by itself. */
static enum err is_by_rule(const struct act_case *act, const struct store_row *row,
                           bool *ret_is_by_rule)
{
    struct ordering *ordering = act->ordering;
    struct store_stream stream;
    struct store_act rule;
    struct comment_id id;
    struct str name;
    uint64_t n = row->n;
    int64_t at_ms = row->at_ms;
    char target[COMMENT_ID_LEN + 8];
    TRY(standing_name(ordering->store, row->n, &n, &at_ms));
    TRY(store_streams_by_id(ordering->store, row->stream, &stream, &name));
    comment_id_write(ordering->identity.id_key, n, at_ms, &id);
    snprintf(target, sizeof(target), "id:%s", id.text);
    const uint64_t key =
        store_acts_key(ordering->identity.hash_key, name, ACT_SHADOW, str_of(target));
    const enum err err = store_acts_in_force(ordering->store, key, act->now.wall_ms, &rule);
    *ret_is_by_rule = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Some shadow that is in force was when it was posted: undoing that one shows it. */
static enum err is_hid_by_another(const struct act_case *act, const struct store_row *row,
                                  bool *ret_is_hid)
{
    const struct store_sanction of = {.stream = row->stream, .user = row->user, .what = ACT_SHADOW};
    const struct sanctions *sanctions = &act->ordering->sanctions;
    uint64_t id = 0;
    *ret_is_hid = false;
    while (!*ret_is_hid && (id = sanctions_after(sanctions, &of, id, act->now.mono_ms)) != 0) {
        struct store_act shadow;
        uint64_t since_n = 0;
        const enum err err = store_acts_get(act->ordering->store, id, &shadow);
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
        *ret_is_hid = err == ERR_OK && str_to_u64(shadow.value, COMMENT_ID_ROW_MAX, &since_n) &&
                      since_n <= row->n;
    }
    return ERR_OK;
}

static enum err judge_shadowed(void *asked, const struct store_row *row,
                               enum removals_keep *ret_keep)
{
    const struct act_case *act = asked;
    bool is_hid = false;
    TRY(is_by_rule(act, row, &is_hid));
    if (!is_hid) {
        TRY(is_hid_by_another(act, row, &is_hid));
    }
    if (is_hid) {
        *ret_keep = REMOVALS_KEEP;
    } else {
        const bool waits = is_still_shadowed(act, row->stream, row->user);
        *ret_keep = waits ? REMOVALS_WAIT : REMOVALS_SHOW;
    }
    return ERR_OK;
}

/* Of one of its users, from row place.at on: what waits may be older than the shadow. */
static enum err unshadow_on(struct act_case *act, const struct store_act *before, struct str user)
{
    struct aftermath aftermath;
    uint64_t since_n = 0;
    const struct removals_by by = by_of(act, before->id);
    aftermath_begin(&aftermath, act);
    (void)str_to_u64(before->value, COMMENT_ID_ROW_MAX, &since_n);
    const struct removals_shadow shadow = {.user = user,
                                           .from_n = act->place.at,
                                           .since_n = since_n,
                                           .upto_n = act->place.upto_n,
                                           .judge = judge_shadowed,
                                           .asked = act};
    const enum err err = removals_unshadow(&by, &shadow, &aftermath.out, &act->place.at);
    aftermath_end(&aftermath, act);
    return err;
}

/* A piece of it: place.part is which of its users. */
enum err act_removal_unshadow(struct act_case *act, const struct store_act *before)
{
    struct act_users users;
    enum err err = ERR_OK;
    uint32_t seen = 0;
    TRY(act_case_users(before->target, &users));
    users.count = mutant(UNSHADOW_CUT) ? 1 : users.count;
    act->place.part = act->place.part < 0 ? 0 : act->place.part;
    while (err == ERR_OK && act->place.part < users.count && seen++ < ACT_CASE_PIECE) {
        err = unshadow_on(act, before, users.names[act->place.part]);
        if (act->place.at > 0) {
            break;
        }
        act->place.part++;
    }
    act->is_left = act->place.part < users.count;
    act_case_users_done(&users);
    return err;
}

static enum err let_wait(struct act_case *act, const struct removals_by *by,
                         const struct standing *standing)
{
    bool is_hid = false;
    const struct store_row row = {
        .n = standing->log_n, .stream = standing->stream, .user = standing->user};
    TRY(is_hid_by_another(act, &row, &is_hid));
    return is_hid ? ERR_OK : removals_let_wait(by, standing->stream, standing->seq);
}

enum err act_removal_unshadow_one(struct act_case *act, const struct store_act *before)
{
    const struct removals_by by = by_of(act, before->id);
    struct aftermath aftermath;
    struct standing standing;
    struct str id;
    (void)str_cut(before->target, ':', &id);
    enum err err = act_case_standing(act, id, &standing);
    if (err != ERR_OK || standing.seq == 0) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    if (is_still_shadowed(act, standing.stream, standing.user)) {
        return let_wait(act, &by, &standing);
    }
    aftermath_begin(&aftermath, act);
    err = removals_unshadow_one(&by, standing.seq, &aftermath.out);
    aftermath_end(&aftermath, act);
    return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
}
