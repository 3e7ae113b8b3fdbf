// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/acts.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/mutant.h"
#include "engine/embedded/act_appeal.h"
#include "engine/embedded/act_audit.h"
#include "engine/embedded/act_case.h"
#include "engine/embedded/act_pin.h"
#include "engine/embedded/act_queue.h"
#include "engine/embedded/act_removal.h"
#include "engine/embedded/act_sanction.h"
#include "engine/embedded/act_setting.h"
#include "engine/embedded/act_sweep.h"
#include "engine/embedded/act_told.h"
#include "engine/embedded/act_undo.h"
#include "engine/embedded/store_streams.h"

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
        return act_sweep_do(act);
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

static enum err put_place(struct act_case *act)
{
    act->place.staff = buf_str(&act->ordering->staff);
    return store_acts_put_place(act->ordering->store, &act->place);
}

/* Who acts in a stream as a host is spared there like who posts as one; on all, in each. */
static enum err note_rank(struct act_case *act)
{
    struct ordering *ordering = act->ordering;
    const struct actor *by = &act->call->by;
    const struct rank rank = {.stream = act_case_stream(act),
                              .user = by->id,
                              .user_hash = hash_str(ordering->identity.hash_key, by->id),
                              .roles = by->role_bits};
    return act_case_is_privileged(act) ? ranks_note(&ordering->ranks, ordering->store, &rank)
                                       : ERR_OK;
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
    if (act->is_left && !mutant(PIECES_LOST)) {
        act->place.act = act->id;
        TRY(put_place(act));
    }
    TRY(note_rank(act));
    TRY(act_audit_add(act->ordering->store, &audit, act->now.wall_ms, &n));
    return act_told_send(act, &audit, n);
}

/* Who asks for it again waits for it, too. */
static enum err note_unfinished(struct act_case *act)
{
    struct store_act_place place;
    struct act_verdict *verdict = &act->verdict;
    if (verdict->act_n == 0 || verdict->end == ACT_REFUSED) {
        return ERR_OK;
    }
    const enum err err = store_acts_place(act->ordering->store, verdict->act_n, &place);
    verdict->is_unfinished = err == ERR_OK && !mutant(PIECES_UNAWAITED);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err judge(struct act_case *act)
{
    TRY(find_stream(act));
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_write_target(act));
    act->key = act_case_own_key(act);
    if (act->call->act.value.len > 0) {
        buf_add_str(&act->value, act->call->act.value);
        TRY(buf_err(&act->value));
    }
    TRY(judge_kind(act));
    must(act->id == 0 || act_case_is_open(act)); // what is refused or repeated changed nothing
    TRY(close_case(act));
    return note_unfinished(act);
}

enum err acts_judge(struct ordering *ordering, const struct act_call *call, struct moment now,
                    struct act_verdict *ret_verdict)
{
    struct act_case act = {.ordering = ordering,
                           .call = call,
                           .now = now,
                           .place = {.part = -1, .upto_n = ordering->next_n - 1},
                           .verdict = {.end = ACT_DONE}};
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

/* ---- one piece after the other ---- */

static enum err go_on_kind(struct act_case *act)
{
    switch (act->call->act.what) {
    case ACT_DELETE:
        return act_removal_take_on(act);
    case ACT_HOLD:
        return act->place.part == ACT_PART_USERS ? act_sanction_go_on(act)
                                                 : act_removal_take_on(act);
    case ACT_RESTORE:
        return act_removal_restore_on(act);
    case ACT_PURGE:
    case ACT_CLEAR:
        return act_sweep_go_on(act);
    case ACT_APPROVE:
    case ACT_REJECT:
        return act_queue_go_on(act);
    case ACT_BAN:
    case ACT_TIMEOUT:
    case ACT_SHADOW:
    case ACT_WARN:
    case ACT_UNBAN:
    case ACT_UNSHADOW:
        return act_sanction_go_on(act);
    case ACT_SLOW:
    case ACT_MODE:
    case ACT_SHIELD:
    case ACT_TERMS:
    case ACT_RULES:
        return act_setting_tell(act);
    case ACT_UNDO:
    case ACT_DECIDE:
        return act_undo_go_on(act);
    case ACT_ACKNOWLEDGE:
    case ACT_PIN:
    case ACT_UNPIN:
    case ACT_APPEAL:
    case ACTS:
        break;
    }
    must(false); // such an act is one transaction
    return ERR_OK;
}

static enum err keep_place(struct act_case *act, uint64_t seq_before)
{
    struct store *store = act->ordering->store;
    if (act->verdict.seq != seq_before) {
        TRY(store_acts_set_seq(store, act->id, act->verdict.seq));
    }
    return act->is_left ? put_place(act) : store_acts_end_place(store, act->id);
}

/* Of a stream that was taken out, or whose end is damaged, nothing is left to be done. */
static enum err find_head(struct act_case *act, int64_t stream)
{
    struct store_stream row;
    struct str name;
    if (stream == 0) {
        return ERR_OK;
    }
    TRY(store_streams_by_id(act->ordering->store, stream, &row, &name));
    return ordering_find(act->ordering, name, &act->head);
}

static enum err go_on(struct act_case *act, const struct store_act *row)
{
    buf_add_str(&act->target, row->target);
    buf_add_str(&act->value, row->value);
    TRY(buf_err(&act->target));
    TRY(buf_err(&act->value));
    const bool is_undone = row->lifted_by != 0 && !mutant(UNDONE_GOES_ON);
    const uint64_t seq = row->seq;
    const enum err err = is_undone ? ERR_NOT_FOUND : find_head(act, row->stream);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        return store_acts_end_place(act->ordering->store, act->id);
    }
    TRY(err);
    TRY(go_on_kind(act));
    return keep_place(act, seq);
}

enum err acts_go_on(struct ordering *ordering, const struct store_act_place *place,
                    struct moment now, uint32_t *ret_changed)
{
    struct store_act row;
    buf_reset(&ordering->staff);
    buf_add_str(&ordering->staff, place->staff);
    TRY(buf_err(&ordering->staff));
    TRY(store_acts_get(ordering->store, place->act, &row));
    const struct act_call call = {.act = {.what = row.what, .seconds = row.seconds},
                                  .by = {.kind = ACTOR_SYSTEM, .role_bits = UINT32_MAX}};
    struct act_case act = {.ordering = ordering,
                           .call = &call,
                           .now = now,
                           .id = row.id,
                           .until_ms = row.until_ms,
                           .place = *place,
                           .verdict = {.end = ACT_DONE, .act_n = row.id, .seq = row.seq}};
    buf_init(&act.target, MEM_ENGINE, SIZE_MAX);
    buf_init(&act.value, MEM_ENGINE, SIZE_MAX);
    const enum err err = go_on(&act, &row);
    buf_done(&act.target);
    buf_done(&act.value);
    TRY(err);
    *ret_changed = act.verdict.changed;
    return ERR_OK;
}
