// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_queue.h"

#include "base/hash.h"
#include "engine/embedded/aftermath.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/notice_out.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/standing.h"

#include <stddef.h>
#include <stdio.h>

enum { SEQ_TEXT_MAX = 32 };

static void name_comment(struct act_case *act, uint64_t n, int64_t at_ms)
{
    struct comment_id id;
    comment_id_write(act->ordering->identity.id_key, n, at_ms, &id);
    buf_reset(&act->target);
    buf_add_str(&act->target, STR("id:"));
    buf_add_str(&act->target, (struct str){.at = id.text, .len = COMMENT_ID_LEN});
    act->key = act_case_key(act, act->call->act.what, buf_str(&act->target));
}

/* What its id names, by id or by where it stood. */
static enum err find(struct act_case *act, uint64_t *ret_n)
{
    const struct act *asked = &act->call->act;
    struct store *store = act->ordering->store;
    struct standing standing;
    int64_t at_ms = 0;
    if (asked->at == ACT_AT_ID) {
        const uint64_t key = act->ordering->identity.id_key;
        return comment_id_parse(key, asked->id, ret_n, &at_ms) == ERR_OK ? ERR_OK : ERR_NOT_FOUND;
    }
    if (asked->at != ACT_AT_SEQS || asked->target_count != 1) {
        return ERR_DENIED;
    }
    TRY(standing_at(store, act_case_stream(act), asked->seqs[0], &standing));
    *ret_n = standing.n;
    return ERR_OK;
}

static enum err find_held(struct act_case *act, struct held_row *held)
{
    uint64_t n = 0;
    enum err err = act_case_stream(act) == 0 ? ERR_NOT_FOUND : find(act, &n);
    if (err == ERR_OK) {
        err = held_find(act->ordering->store, n, held);
    }
    if (err == ERR_OK && held->stream != act_case_stream(act)) {
        err = ERR_NOT_FOUND;
    }
    if (err == ERR_NOT_FOUND || err == ERR_GONE || err == ERR_DENIED) {
        act_case_refuse(act, err == ERR_DENIED ? ACT_REFUSAL_STATE : ACT_REFUSAL_NO_COMMENT);
        return ERR_OK;
    }
    TRY(err);
    name_comment(act, held->n, held->at_ms);
    return ERR_OK;
}

static enum err judge_state(struct act_case *act, const struct held_row *held)
{
    struct store_act before;
    const bool is_approval = act->call->act.what == ACT_APPROVE;
    if (held->state == COMMENT_HELD) {
        return ERR_OK;
    }
    struct standing standing;
    enum err err = standing_of(act->ordering->store, held->n, &standing);
    const bool is_so = is_approval ? held->state == COMMENT_VISIBLE
                                   : err == ERR_OK && standing.state == COMMENT_DELETED;
    TRY(err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err);
    err = is_so ? act_case_in_force(act, act->call->act.what, &before) : ERR_NOT_FOUND;
    if (err == ERR_OK) {
        act_case_repeat(act, &before);
    } else if (err == ERR_NOT_FOUND) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* It takes its place in the order now; that of somebody who is shadowed is still theirs alone. */
static enum err place(struct act_case *act, const struct held_row *held)
{
    struct ordering *ordering = act->ordering;
    struct event *event = NULL;
    const struct sanctions_found found =
        sanctions_find(&ordering->sanctions, act->head->row.id, held->user, act->now.mono_ms);
    const uint8_t shadow = found.shadow != 0 ? EVENT_FLAG_SHADOW : 0;
    const struct ordering_entry entry = {.head = act->head,
                                         .kind = EVENT_COMMENT,
                                         .flags = held->flags | shadow,
                                         .marks = held->marks,
                                         .user = held->user,
                                         .cid = held->cid,
                                         .asked_ms = act->call->asked_mono_ms};
    const int64_t at_ms = stamp_at(&act->head->end, act->now.wall_ms);
    const uint64_t n = ordering->next_n;
    TRY(comment_body_set_at(&ordering->body, held->body, at_ms));
    TRY(ordering_add(ordering, &entry, act->now, &event));
    act->verdict.seq = event->seq;
    if (act->head->house != NULL) {
        house_note_placed(act->head->house, hash_str(ordering->identity.hash_key, held->user));
    }
    return held_place(ordering->store, held->n, n);
}

static struct removals_by by_of(const struct act_case *act)
{
    return (struct removals_by){.store = act->ordering->store,
                                .stream = act_case_stream(act),
                                .act = act->id,
                                .wall_ms = act->now.wall_ms};
}

/* What held this one alone is lifted with it; an act on many is not: it holds the others. */
static enum err lift_hold(struct act_case *act, const struct held_row *held)
{
    char one[SEQ_TEXT_MAX];
    struct store_act hold;
    snprintf(one, sizeof(one), "seq:%llu", (unsigned long long)held->seq);
    const enum err err = store_acts_get(act->ordering->store, held->act, &hold);
    if (err != ERR_OK || !str_eq(hold.target, str_of(one))) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    return store_acts_lift(act->ordering->store, held->act, act->id);
}

static enum err put_back(struct act_case *act, const struct held_row *held)
{
    struct aftermath aftermath;
    const struct removals_by by = by_of(act);
    aftermath_begin(&aftermath, act);
    TRY(lift_hold(act, held));
    const enum err err = removals_lift_all(&by, held->seq, &aftermath.out);
    TRY(err == ERR_NOT_FOUND || err == ERR_EXISTS || err == ERR_GONE ? ERR_OK : err);
    aftermath_end(&aftermath, act);
    return ERR_OK;
}

static enum err tell(struct act_case *act, const struct held_row *held, bool is_approval)
{
    struct comment_id id;
    comment_id_write(act->ordering->identity.id_key, held->n, held->at_ms, &id);
    const struct notice_out_comment notice = {
        .type = is_approval ? "approved" : "rejected",
        .id = {.at = id.text, .len = COMMENT_ID_LEN},
        .cid = held->cid,
        .author = hash_str(act->ordering->identity.hash_key, held->user),
        .kind = act->call->by.kind};
    return notice_out_comment(&act->ordering->outbox, act->head, &notice);
}

/* What was on screens before it was held is removed by its rejection, too: that may outlast the
 * hold. */
static enum err keep_off(struct act_case *act, const struct held_row *held)
{
    enum comment_state was = COMMENT_DELETED;
    const struct removals_by by = by_of(act);
    const enum err err = held->seq == 0 ? ERR_OK : removals_remove(&by, held->seq, &was);
    return err == ERR_NOT_FOUND || err == ERR_EXISTS ? ERR_OK : err;
}

enum err act_queue_judge(struct act_case *act)
{
    struct held_row held = {.n = 0};
    const bool is_approval = act->call->act.what == ACT_APPROVE;
    TRY(find_held(act, &held));
    if (act_case_is_open(act)) {
        TRY(judge_state(act, &held));
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_record(act));
    TRY(held_step(act->ordering->store, held.n,
                  is_approval ? COMMENT_STEP_APPROVE : COMMENT_STEP_REJECT, &held));
    TRY(tell(act, &held, is_approval));
    if (!is_approval) {
        return keep_off(act, &held);
    }
    return held.seq != 0 ? put_back(act, &held) : place(act, &held);
}

/* In the queue, unless what held it was undone meanwhile, or it was restored from among others. */
static enum err wait_again(struct act_case *act, struct held_row *held)
{
    struct store_act hold = {.lifted_by = 0};
    bool is_held_off = true;
    if (held->seq != 0) {
        TRY(store_acts_get(act->ordering->store, held->act, &hold));
        TRY(evidence_has_act(act->ordering->store, held->stream, held->seq, (int64_t)held->act,
                             &is_held_off));
    }
    if (hold.lifted_by != 0 || !is_held_off) {
        return ERR_OK;
    }
    const uint64_t n = held->n;
    const enum err err = held_step(act->ordering->store, n, COMMENT_STEP_REQUEUE, held);
    return err == ERR_DENIED || err == ERR_EXISTS ? ERR_OK : err;
}

/* Of what the rejection removed. */
static enum err let_go(struct act_case *act, uint64_t rejection)
{
    struct aftermath aftermath;
    aftermath_begin(&aftermath, act);
    const enum err err =
        removals_lift(act->ordering->store, rejection, act->now.wall_ms, &aftermath.out);
    aftermath_end(&aftermath, act);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Whose id a target is. ERR_NOT_FOUND: no comment's. */
static enum err find_target(const struct act_case *act, struct str target, uint64_t *ret_n)
{
    static const struct str prefix = STR("id:");
    int64_t at_ms = 0;
    if (!str_has_prefix(target, prefix)) {
        return ERR_NOT_FOUND;
    }
    const struct str id = {.at = target.at + prefix.len, .len = target.len - prefix.len};
    return comment_id_parse(act->ordering->identity.id_key, id, ret_n, &at_ms) == ERR_OK
               ? ERR_OK
               : ERR_NOT_FOUND;
}

enum err act_queue_release(struct act_case *act, const struct store_act *before)
{
    struct held_row held = {.n = 0};
    uint64_t n = 0;
    enum err err = find_target(act, before->target, &n);
    if (err == ERR_OK) {
        err = held_find(act->ordering->store, n, &held);
    }
    if (err != ERR_OK || held.state != COMMENT_HELD || held.act != before->id) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    TRY(held_step(act->ordering->store, n, COMMENT_STEP_APPROVE, &held));
    TRY(tell(act, &held, true));
    return place(act, &held);
}

enum err act_queue_requeue(struct act_case *act, const struct store_act *before)
{
    struct held_row held;
    uint64_t n = 0;
    if (find_target(act, before->target, &n) != ERR_OK) {
        return ERR_OK;
    }
    const enum err err = held_find(act->ordering->store, n, &held);
    if (err != ERR_OK || held_is_erased(&held)) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    TRY(wait_again(act, &held));
    return held.seq == 0 ? ERR_OK : let_go(act, before->id);
}
