// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_queue.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/act_look.h"
#include "engine/embedded/act_names.h"
#include "engine/embedded/act_reject.h"
#include "engine/embedded/act_told.h"
#include "engine/embedded/aftermath.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/store_streams.h"

#include <stddef.h>
#include <stdio.h>

enum { SEQ_TEXT_MAX = 32 };

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

/* What was on screens before it was held is removed by its rejection, too: that may outlast the
 * hold. */
static enum err keep_off(struct act_case *act, const struct held_row *held)
{
    enum comment_state was = COMMENT_DELETED;
    const struct removals_by by = by_of(act);
    const enum err err = held->seq == 0 ? ERR_OK : removals_remove(&by, held->seq, &was);
    return err == ERR_NOT_FOUND || err == ERR_EXISTS ? ERR_OK : err;
}

static enum err approve(struct act_case *act, uint64_t n)
{
    struct held_row held;
    TRY(held_step(act->ordering->store, n, COMMENT_STEP_APPROVE, &held));
    act->verdict.changed++;
    TRY(act_told_judged(act, act->head, &held));
    return held.seq != 0 ? put_back(act, &held) : place(act, &held);
}

static enum err reject(struct act_case *act, const struct held_row *held)
{
    const uint64_t n = held->n;
    TRY(keep_off(act, held));
    return act_reject(act, act->head, n);
}

/* Of many, what does not wait any more is as somebody else wanted it. */
static enum err judge_each(struct act_case *act, const struct act_names *names)
{
    const uint32_t count = names->count - (mutant(GROUP_CUT) && names->count > 1);
    for (uint32_t i = 0; i < count; i++) {
        struct held_row held;
        const enum err err = act_names_held(act, names, i, &held);
        if (err == ERR_OK && held.state == COMMENT_HELD) {
            TRY(act->call->act.what == ACT_APPROVE ? approve(act, held.n) : reject(act, &held));
        }
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    return ERR_OK;
}

enum err act_queue_go_on(struct act_case *act)
{
    struct act_names names;
    TRY(act_names_take_piece(act, buf_str(&act->target), &names));
    const enum err err = judge_each(act, &names);
    act_names_done(&names);
    return err;
}

/* One by its place is the same as by its id. */
static enum err name_one(struct act_case *act, struct act_names *names)
{
    struct held_row held;
    const enum err err = act_names_held(act, names, 0, &held);
    if (err == ERR_OK) {
        names->are_ids = true;
        names->numbers[0] = held.n;
        act_case_name_id(act, held.n, held.at_ms);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err decide(struct act_case *act, struct act_names *names)
{
    TRY(act_names_read(act, buf_str(&act->target), 0, ACT_TARGETS_MAX, names));
    TRY(names->count == 1 ? name_one(act, names) : ERR_OK);
    TRY(act_look_at_queue(act, names));
    TRY(act_look_is_over(act) ? act_look_spare(act, names) : ERR_OK);
    if (!act_look_is_over(act)) {
        return ERR_OK;
    }
    TRY(act_case_record(act));
    return act->call->act.what == ACT_REJECT ? act_reject_stop_clocks(act, names) : ERR_OK;
}

enum err act_queue_judge(struct act_case *act)
{
    struct act_names names = {.count = 0};
    const enum err err = decide(act, &names);
    act_names_done(&names);
    TRY(err);
    return act->id == 0 ? ERR_OK : act_queue_go_on(act);
}

enum err act_queue_release(struct act_case *act, const struct store_act *before)
{
    struct held_row held = {.n = 0};
    uint64_t n = 0;
    enum err err = comment_id_of_target(act->ordering->identity.id_key, before->target, &n);
    if (err == ERR_OK) {
        err = held_find(act->ordering->store, n, &held);
    }
    if (err != ERR_OK || held.state != COMMENT_HELD || held.act != before->id) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    return approve(act, n);
}

/* In its own stream, of an act on all, whose events are none of the act's own. Where the end of its
 * log is damaged nothing takes a place: it waits. */
static enum err approve_there(struct act_case *act, int64_t stream, uint64_t n, bool *ret_is_in)
{
    struct store_stream row;
    struct str name = STR_NONE;
    struct head *head = NULL;
    const uint64_t seq = act->verdict.seq;
    TRY(store_streams_by_id(act->ordering->store, stream, &row, &name));
    const enum err found = ordering_find(act->ordering, name, &head);
    if (found != ERR_OK) {
        return found == ERR_GONE ? ERR_OK : found;
    }
    act->head = head;
    const enum err err = approve(act, n);
    act->verdict.seq = seq;
    act->head = NULL;
    *ret_is_in = err == ERR_OK;
    return err;
}

enum err act_queue_let_in(struct act_case *act, uint64_t n, bool *ret_is_in)
{
    static const struct str by_a_rule = STR("id:");
    struct held_row held;
    struct store_act hold;
    *ret_is_in = false;
    TRY(held_find(act->ordering->store, n, &held));
    const enum err err = store_acts_get(act->ordering->store, held.act, &hold);
    if (err != ERR_OK || hold.lifted_by == 0 || !str_has_prefix(hold.target, by_a_rule)) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    if (act->head == NULL) {
        return approve_there(act, held.stream, n, ret_is_in);
    }
    TRY(approve(act, n));
    *ret_is_in = true;
    return ERR_OK;
}
