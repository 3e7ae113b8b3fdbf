// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/acts.h"

#include "base/must.h"
#include "engine/embedded/act_appeal.h"
#include "engine/embedded/act_audit.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/act_pin.h"
#include "engine/embedded/act_queue.h"
#include "engine/embedded/act_removal.h"
#include "engine/embedded/act_sanction.h"
#include "engine/embedded/act_setting.h"
#include "engine/embedded/act_told.h"
#include "engine/embedded/act_undo.h"

#include <stddef.h>

static enum err find_stream(struct act_case *act)
{
    struct ordering *ordering = act->ordering;
    if (act->call->stream.len == 0) {
        return ERR_OK;
    }
    const enum err err = ordering_find(ordering, act->call->stream, &act->head);
    if (err == ERR_GONE) {
        act_case_refuse(act, ACT_REFUSAL_STORE_DOWN);
        return ERR_OK;
    }
    TRY(err);
    if (act->head->row.id == 0 && ordering->rules.streams_explicit) {
        act_case_refuse(act, ACT_REFUSAL_NO_STREAM);
    }
    return ERR_OK;
}

static enum err refuse_unknown(struct act_case *act)
{
    act_case_refuse_value(act, "this engine does not know such an act");
    return ERR_OK;
}

static enum err judge_kind(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    switch (asked->what) {
    case ACT_BAN:
    case ACT_SHADOW:
    case ACT_WARN:
        return act_sanction_put(act);
    case ACT_TIMEOUT:
        return asked->seconds == 0 ? act_sanction_lift(act) : act_sanction_put(act);
    case ACT_HOLD:
        return asked->at == ACT_AT_USERS ? act_sanction_put(act) : act_removal_take(act);
    case ACT_DELETE:
        return act_removal_take(act);
    case ACT_RESTORE:
        return act_removal_restore(act);
    case ACT_PURGE:
    case ACT_CLEAR:
        return act_removal_sweep(act);
    case ACT_UNBAN:
    case ACT_UNSHADOW:
        return act_sanction_lift(act);
    case ACT_ACKNOWLEDGE:
        return act_sanction_acknowledge(act);
    case ACT_SLOW:
    case ACT_MODE:
    case ACT_SHIELD:
    case ACT_TERMS:
    case ACT_RULES:
        return act_setting_put(act);
    case ACT_UNDO:
        return act_undo_do(act);
    case ACT_APPROVE:
    case ACT_REJECT:
        return act_queue_judge(act);
    case ACT_PIN:
        return act_pin_put(act);
    case ACT_UNPIN:
        return act_pin_take(act);
    case ACT_APPEAL:
        return act_appeal_put(act);
    case ACT_DECIDE:
        return act_appeal_decide(act);
    case ACTS:
        break;
    }
    return refuse_unknown(act);
}

/* What was done is in the audit before it is answered. */
static enum err close_case(struct act_case *act)
{
    const struct act_call *call = act->call;
    const struct act_audit audit = {
        .chain = act_case_stream(act),
        .stream = act_case_stream_name(act),
        .act = act->id,
        .what = call->act.what,
        .by = &call->by,
        .target = buf_str(&act->target),
        .reason = call->act.reason,
        .value = call->act.value,
        .seconds = call->act.seconds,
        .seq = act->verdict.seq,
    };
    uint64_t n = 0;
    if (act->id == 0) {
        return ERR_OK;
    }
    if (act->verdict.seq != 0) {
        TRY(store_acts_set_seq(act->ordering->store, act->id, act->verdict.seq));
    }
    TRY(act_audit_add(act->ordering->store, &audit, act->now.wall_ms, &n));
    return act_told_send(act, &audit, n);
}

static enum err judge(struct act_case *act)
{
    TRY(find_stream(act));
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_write_target(act));
    act->key = act_case_key(act, act->call->act.what, buf_str(&act->target));
    if (act->call->act.value.len > 0) {
        buf_add_str(&act->value, act->call->act.value);
        TRY(buf_err(&act->value));
    }
    TRY(judge_kind(act));
    must(act->id == 0 || act_case_is_open(act)); // what is refused or repeated changed nothing
    return close_case(act);
}

enum err acts_judge(struct ordering *ordering, const struct act_call *call, struct moment now,
                    struct act_verdict *ret_verdict)
{
    struct act_case act = {
        .ordering = ordering, .call = call, .now = now, .verdict = {.end = ACT_DONE}};
    buf_init(&act.target, MEM_ENGINE, SIZE_MAX);
    buf_init(&act.value, MEM_ENGINE, SIZE_MAX);
    buf_init(&act.lifts, MEM_ENGINE, SIZE_MAX);
    const enum err err = judge(&act);
    buf_reset(&ordering->staff);
    buf_done(&act.target);
    buf_done(&act.value);
    buf_done(&act.lifts);
    mem_free(MEM_ENGINE, act.hidden);
    TRY(err);
    *ret_verdict = act.verdict;
    return ERR_OK;
}
