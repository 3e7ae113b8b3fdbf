// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_pin.h"

#include "engine/embedded/carried.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/standing.h"
#include "wire/json.h"

#include <stddef.h>
#include <stdio.h>

enum { SEQ_TEXT_MAX = 32 };

/* ---- events ---- */

static void begin_body(const struct act_case *act, uint64_t seq)
{
    struct buf *body = &act->ordering->body;
    buf_reset(body);
    json_write_member_i64(body, "at", stamp_at(&act->head->end, act->now.wall_ms));
    json_write_member_u64(body, "target", seq);
}

static enum err tell_pin(struct act_case *act, const struct standing *standing)
{
    struct ordering *ordering = act->ordering;
    struct event *comment = NULL;
    const uint64_t n = ordering->next_n;
    TRY(standing_event(ordering->store, &ordering->identity, standing, &comment));
    begin_body(act, standing->seq);
    json_write_name(&ordering->body, "comment");
    event_write(&ordering->body, comment, act->head->node.key, event_prev_apart(comment));
    event_unref(comment);
    TRY(act_case_add_event(act, act->head, EVENT_PIN));
    return carried_add(ordering->store, act_case_stream(act), standing->seq, n);
}

static enum err tell_unpin(struct act_case *act, uint64_t seq)
{
    begin_body(act, seq);
    return act_case_add_event(act, act->head, EVENT_UNPIN);
}

/* ---- what is pinned ---- */

static bool seq_in(struct str target, uint64_t *ret_seq)
{
    static const struct str prefix = STR("seq:");
    return str_has_prefix(target, prefix) &&
           str_to_u64((struct str){.at = target.at + prefix.len, .len = target.len - prefix.len},
                      SEQ_MAX, ret_seq);
}

static enum err pin_of(const struct act_case *act, uint64_t seq, struct store_act *ret_pin)
{
    char text[SEQ_TEXT_MAX];
    snprintf(text, sizeof(text), "seq:%llu", (unsigned long long)seq);
    return store_acts_in_force(act->ordering->store, act_case_key(act, ACT_PIN, str_of(text)),
                               act->now.wall_ms, ret_pin);
}

/* One more than there may be takes the place of the oldest; the new one is in force already. */
static enum err make_room(struct act_case *act)
{
    struct store_pins pins;
    struct store *store = act->ordering->store;
    TRY(store_acts_pins(store, act_case_stream(act), &pins));
    for (uint32_t i = 0; i + PINS_MAX < pins.count; i++) {
        TRY(store_acts_lift(store, pins.acts[i], act->id));
        TRY(tell_unpin(act, pins.targets[i]));
    }
    return ERR_OK;
}

/* ---- acts ---- */

static enum err find(struct act_case *act, struct standing *standing)
{
    const struct act *asked = &act->call->act;
    const int64_t stream = act_case_stream(act);
    enum err err = ERR_NOT_FOUND;
    if (stream != 0 && asked->at == ACT_AT_SEQS && asked->target_count == 1) {
        err = standing_at(act->ordering->store, stream, asked->seqs[0], standing);
    } else if (stream != 0 && asked->at == ACT_AT_ID) {
        err = act_case_standing(act, asked->id, standing);
    }
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
        return ERR_OK;
    }
    TRY(err);
    act_case_name_seq(act, standing->seq);
    return ERR_OK;
}

/* An unpin before is of no more account. */
static enum err end_unpin(struct act_case *act)
{
    struct store_act before;
    const enum err err = act_case_in_force(act, ACT_UNPIN, &before);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    return err == ERR_OK ? store_acts_lift(act->ordering->store, before.id, act->id) : ERR_OK;
}

enum err act_pin_put(struct act_case *act)
{
    struct standing standing = {.n = 0};
    struct store_act before;
    TRY(find(act, &standing));
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    const enum err err = pin_of(act, standing.seq, &before);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    if (err == ERR_OK) {
        act_case_repeat(act, &before);
        return ERR_OK;
    }
    if (standing.state != COMMENT_VISIBLE) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
        return ERR_OK;
    }
    TRY(act_case_record(act));
    TRY(make_room(act));
    TRY(end_unpin(act));
    return tell_pin(act, &standing);
}

enum err act_pin_take(struct act_case *act)
{
    struct store_act pin;
    struct store_act before;
    uint64_t seq = 0;
    if (act->call->act.at == ACT_AT_ID) {
        struct standing standing = {.n = 0};
        TRY(find(act, &standing));
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    if (!seq_in(buf_str(&act->target), &seq)) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
        return ERR_OK;
    }
    const enum err err = pin_of(act, seq, &pin);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    if (err == ERR_OK) {
        const uint64_t id = pin.id;
        TRY(act_case_record(act));
        TRY(store_acts_lift(act->ordering->store, id, act->id));
        return tell_unpin(act, seq);
    }
    const enum err again = act_case_in_force(act, ACT_UNPIN, &before);
    TRY(again == ERR_NOT_FOUND ? ERR_OK : again);
    if (again == ERR_OK) {
        act_case_repeat(act, &before);
    } else {
        act_case_refuse(act, ACT_REFUSAL_NOT_FOUND);
    }
    return ERR_OK;
}

enum err act_pin_undo(struct act_case *act, const struct store_act *before)
{
    struct standing standing;
    struct store_act pin;
    uint64_t seq = 0;
    if (!seq_in(before->target, &seq)) {
        return ERR_OK;
    }
    if (before->what == ACT_PIN) {
        return tell_unpin(act, seq);
    }
    const enum err err = standing_at(act->ordering->store, act_case_stream(act), seq, &standing);
    if (err == ERR_NOT_FOUND || err == ERR_GONE || standing.state != COMMENT_VISIBLE) {
        return err == ERR_OK || err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    TRY(err);
    const enum err lifted = store_acts_lifted(act->ordering->store, before->id, 0, &pin);
    TRY(lifted == ERR_NOT_FOUND ? ERR_OK : lifted);
    if (lifted == ERR_OK) {
        TRY(store_acts_lift(act->ordering->store, pin.id, 0));
        TRY(make_room(act));
        TRY(tell_pin(act, &standing));
    }
    return ERR_OK;
}
