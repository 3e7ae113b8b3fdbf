// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_removal.h"

#include "base/hash.h"
#include "engine/embedded/aftermath.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/notice_out.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_rows.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQ_TEXT_MAX = 32, TOLD_MAX = 4096, SINCE_ROWS_MAX = 20000 };

static struct removals_by by_of(const struct act_case *act, uint64_t id)
{
    return (struct removals_by){.store = act->ordering->store,
                                .stream = act_case_stream(act),
                                .act = id,
                                .wall_ms = act->now.wall_ms};
}

static void begin(struct act_case *act, struct aftermath *aftermath)
{
    aftermath_init(aftermath, act->ordering, act->now);
    aftermath->asked_ms = act->call->asked_mono_ms;
    aftermath->stream = act_case_stream(act);
}

static void end(struct act_case *act, const struct aftermath *aftermath)
{
    act->verdict.seq = aftermath->seq != 0 ? aftermath->seq : act->verdict.seq;
}

/* ---- one comment by its id is the same as by its place ---- */

static enum err seq_of_id(struct act_case *act, uint64_t *ret_seq)
{
    struct standing standing;
    TRY(act_case_standing(act, act->call->act.id, &standing));
    *ret_seq = standing.seq;
    return standing.seq == 0 ? ERR_DENIED : ERR_OK;
}

struct seqs {
    const uint64_t *at;
    uint32_t count;
    uint64_t one; // of an id
};

static enum err find_seqs(struct act_case *act, struct seqs *seqs)
{
    const struct act *asked = &act->call->act;
    if (asked->at == ACT_AT_SEQS) {
        *seqs = (struct seqs){.at = asked->seqs, .count = asked->target_count};
        return ERR_OK;
    }
    const enum err err = seq_of_id(act, &seqs->one);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
        return ERR_OK;
    }
    if (err == ERR_DENIED) { // it is held and has no place
        act_case_refuse(act, ACT_REFUSAL_STATE);
        return ERR_OK;
    }
    TRY(err);
    seqs->at = &seqs->one;
    seqs->count = 1;
    act_case_name_seq(act, seqs->one);
    return ERR_OK;
}

static enum err standing_here(const struct act_case *act, uint64_t seq,
                              struct standing *ret_standing)
{
    const int64_t stream = act_case_stream(act);
    const enum err err =
        stream == 0 ? ERR_NOT_FOUND : standing_at(act->ordering->store, stream, seq, ret_standing);
    return err == ERR_GONE ? ERR_NOT_FOUND : err;
}

/* ---- delete, hold ---- */

static enum err check_each(struct act_case *act, const struct seqs *seqs)
{
    bool is_any = false;
    for (uint32_t i = 0; i < seqs->count && act_case_is_open(act); i++) {
        struct standing standing;
        const enum err err = standing_here(act, seqs->at[i], &standing);
        if (err == ERR_NOT_FOUND) {
            continue;
        }
        TRY(err);
        TRY(act_case_check_role(act, standing.user));
        const bool may_be_held =
            standing.state == COMMENT_VISIBLE || standing.state == COMMENT_SHADOWED;
        is_any = is_any || act->call->act.what != ACT_HOLD || may_be_held;
        if (!is_any && seqs->count == 1 && act_case_is_open(act)) {
            act_case_refuse(act, ACT_REFUSAL_STATE);
        }
    }
    if (act_case_is_open(act) && !is_any) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

/* The same act is in force, and each comment that it names stands as it left them: some may have
 * been restored, or removed, one by one. */
static enum err judge_again(struct act_case *act, const struct seqs *seqs, bool is_removal)
{
    struct store_act before;
    enum err err = act_case_in_force(act, act->call->act.what, &before);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    const uint64_t id = before.id;
    for (uint32_t i = 0; i < seqs->count; i++) {
        struct standing standing;
        err = standing_here(act, seqs->at[i], &standing);
        if (err == ERR_NOT_FOUND) {
            continue;
        }
        TRY(err);
        const bool is_removed = standing.state == COMMENT_DELETED || standing.state == COMMENT_HELD;
        if (is_removed != is_removal) {
            return ERR_OK;
        }
    }
    TRY(store_acts_get(act->ordering->store, id, &before));
    act_case_repeat(act, &before);
    return ERR_OK;
}

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

struct told {
    uint64_t *seqs; // owned by the caller, room for all
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
    if (was == COMMENT_VISIBLE) {
        told->seqs[told->count++] = standing->seq;
    }
    if (was != COMMENT_SHADOWED) {
        return ERR_OK;
    }
    begin(act, &aftermath);
    return aftermath_retract_hidden(&aftermath, act->head, standing->user, standing->seq);
}

static enum err take_each(struct act_case *act, const struct seqs *seqs, struct told *told)
{
    const struct removals_by by = by_of(act, act->id);
    const bool is_hold = act->call->act.what == ACT_HOLD;
    for (uint32_t i = 0; i < seqs->count; i++) {
        struct standing standing;
        enum comment_state was = COMMENT_DELETED;
        enum err err = standing_here(act, seqs->at[i], &standing);
        if (err == ERR_OK && is_hold && standing.state == COMMENT_VISIBLE) {
            err = queue(act, &standing);
        } else if (err == ERR_OK && is_hold) {
            continue;
        }
        char user[ACT_USER_BYTES_MAX];
        if (err == ERR_OK) {
            keep_user(&standing, user);
            err = removals_remove(&by, seqs->at[i], &was);
        }
        if (err == ERR_NOT_FOUND || err == ERR_EXISTS) {
            continue;
        }
        TRY(err);
        TRY(end_restore(act, seqs->at[i]));
        TRY(note_told(act, &standing, was, told));
    }
    return ERR_OK;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err take(struct act_case *act, const struct seqs *seqs)
{
    struct told told = {.seqs = mem_new(MEM_ENGINE, seqs->count * sizeof(uint64_t))};
    struct aftermath aftermath;
    if (told.seqs == NULL) {
        return ERR_NOMEM;
    }
    begin(act, &aftermath);
    enum err err = take_each(act, seqs, &told);
    qsort(told.seqs, told.count, sizeof(uint64_t), compare);
    if (err == ERR_OK && told.count > 0) {
        const struct removal removal = {.of = REMOVAL_SEQS, .seqs = told.seqs, .count = told.count};
        err = aftermath_retract(&aftermath, act->head, &removal);
    }
    mem_free(MEM_ENGINE, told.seqs);
    end(act, &aftermath);
    return err;
}

enum err act_removal_take(struct act_case *act)
{
    struct seqs seqs = {.count = 0};
    TRY(find_seqs(act, &seqs));
    if (act_case_is_open(act)) {
        TRY(judge_again(act, &seqs, true));
    }
    if (act_case_is_open(act)) {
        TRY(check_each(act, &seqs));
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_record(act));
    return take(act, &seqs);
}

/* ---- restore ---- */

static enum err check_removed(struct act_case *act, const struct seqs *seqs)
{
    bool is_any = false;
    bool is_there = false;
    for (uint32_t i = 0; i < seqs->count; i++) {
        struct standing standing;
        const enum err err = standing_here(act, seqs->at[i], &standing);
        if (err == ERR_NOT_FOUND) {
            continue;
        }
        TRY(err);
        is_there = true;
        is_any = is_any || standing.state == COMMENT_DELETED || standing.state == COMMENT_HELD;
    }
    if (!is_any) {
        act_case_refuse(act, is_there ? ACT_REFUSAL_STATE : ACT_REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

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

static enum err unqueue(struct act_case *act, uint64_t seq)
{
    struct standing standing;
    struct held_row row;
    TRY(standing_here(act, seq, &standing));
    if (standing.state != COMMENT_HELD) {
        return ERR_OK;
    }
    return held_step(act->ordering->store, standing.n, COMMENT_VISIBLE, &row);
}

static enum err restore_each(struct act_case *act, const struct seqs *seqs)
{
    struct aftermath aftermath;
    const struct removals_by by = by_of(act, act->id);
    begin(act, &aftermath);
    for (uint32_t i = 0; i < seqs->count; i++) {
        enum err err = unqueue(act, seqs->at[i]);
        if (err == ERR_OK) {
            err = removals_lift_all(&by, seqs->at[i], &aftermath.out);
        }
        if (err != ERR_NOT_FOUND && err != ERR_EXISTS && err != ERR_GONE) {
            TRY(err);
            TRY(lift_acts_on(act, seqs->at[i]));
        }
    }
    end(act, &aftermath);
    return ERR_OK;
}

enum err act_removal_restore(struct act_case *act)
{
    struct seqs seqs = {.count = 0};
    TRY(find_seqs(act, &seqs));
    if (act_case_is_open(act)) {
        TRY(judge_again(act, &seqs, false));
    }
    if (act_case_is_open(act)) {
        TRY(check_removed(act, &seqs));
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_record(act));
    return restore_each(act, &seqs);
}

/* ---- purge, clear ---- */

/* Has it nothing to remove that the one before has not, and does that still remove it all? */
static enum err judge_sweep_again(struct act_case *act, struct str user)
{
    struct store_act before;
    uint64_t upto_n = 0;
    bool is_any = false;
    const enum err err = act_case_in_force(act, act->call->act.what, &before);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    TRY(err);
    const struct store_since since = {.stream = act_case_stream(act), .user = user};
    if (str_to_u64(before.value, COMMENT_ID_ROW_MAX, &upto_n)) {
        const uint64_t id = before.id;
        TRY(store_rows_any_since(act->ordering->store, upto_n, &since, SINCE_ROWS_MAX, &is_any));
        if (!is_any) {
            TRY(store_acts_restored(act->ordering->store, since.stream, id, &is_any));
        }
        TRY(store_acts_get(act->ordering->store, id, &before));
        if (!is_any) {
            act_case_repeat(act, &before);
        }
    }
    return ERR_OK;
}

static enum err tell_sweep(struct act_case *act, struct aftermath *aftermath, struct head *head,
                           struct str user)
{
    const struct removal removal = {
        .of = user.len > 0 ? REMOVAL_USER : REMOVAL_ALL, .user = user, .upto = head->end.seq};
    if (head->end.seq == 0) {
        return ERR_OK;
    }
    if (act->head == NULL) {
        TRY(removals_told(act->ordering->store, act->id, head->row.id));
    }
    return aftermath_retract(aftermath, head, &removal);
}

/* On all streams: at once where somebody watches, elsewhere when the sweep comes by. */
static enum err tell_all(struct act_case *act, struct aftermath *aftermath, struct str user)
{
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    uint32_t told = 0;
    while (told < TOLD_MAX && (node = map_next(&act->ordering->heads.by_name, &walk)) != NULL) {
        struct head *head = map_entry(node, struct head, node);
        if (list_is_empty(&head->subs)) {
            continue;
        }
        const enum err err = ordering_find(act->ordering, head->node.key, &head); // as it is now
        if (err == ERR_GONE) {
            continue; // its end is damaged: nothing of it is served
        }
        TRY(err);
        if (head->row.id != 0) {
            TRY(tell_sweep(act, aftermath, head, user));
            told++;
        }
    }
    return ERR_OK;
}

static enum err sweep(struct act_case *act, struct str user, uint64_t upto_n)
{
    struct aftermath aftermath;
    const struct removals_by by = by_of(act, act->id);
    begin(act, &aftermath);
    TRY(removals_sweep(&by, user, upto_n));
    TRY(act->head == NULL ? tell_all(act, &aftermath, user)
                          : tell_sweep(act, &aftermath, act->head, user));
    end(act, &aftermath);
    return ERR_OK;
}

enum err act_removal_sweep(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    const uint32_t count = asked->what == ACT_CLEAR ? 1 : asked->target_count;
    const uint64_t upto_n = act->ordering->next_n - 1;
    for (uint32_t i = 0; i < count && asked->what == ACT_PURGE && act_case_is_open(act); i++) {
        TRY(act_case_check_role(act, asked->users[i]));
    }
    if (act_case_is_open(act) && count == 1) {
        TRY(judge_sweep_again(act, asked->what == ACT_CLEAR ? STR_NONE : asked->users[0]));
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    buf_reset(&act->value);
    buf_add_u64(&act->value, upto_n);
    TRY(buf_err(&act->value));
    TRY(act_case_record(act));
    for (uint32_t i = 0; i < count; i++) {
        TRY(sweep(act, asked->what == ACT_CLEAR ? STR_NONE : asked->users[i], upto_n));
    }
    return ERR_OK;
}

/* ---- undoing ---- */

/* The seqs that a target names. */
static bool next_seq(struct str *rest, uint64_t *ret_seq)
{
    const struct str text = str_cut(*rest, ',', rest);
    return text.len > 0 && str_to_u64(text, SEQ_MAX, ret_seq);
}

static struct str seqs_in(struct str target)
{
    static const struct str prefix = STR("seq:");
    return str_has_prefix(target, prefix)
               ? (struct str){.at = target.at + prefix.len, .len = target.len - prefix.len}
               : STR_NONE;
}

enum err act_removal_undo(struct act_case *act, const struct store_act *before)
{
    struct aftermath aftermath;
    struct str rest = seqs_in(before->target);
    uint64_t seq = 0;
    begin(act, &aftermath);
    while (before->what == ACT_HOLD && next_seq(&rest, &seq)) {
        const enum err err = unqueue(act, seq);
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    const enum err err =
        removals_lift(act->ordering->store, before->id, act->now.wall_ms, &aftermath.out);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err); // another lifted what it removed
    end(act, &aftermath);
    return ERR_OK;
}

static enum err remove_again(struct act_case *act, struct aftermath *aftermath,
                             const struct store_act *lifted)
{
    const struct removals_by by = by_of(act, lifted->id);
    struct str rest = seqs_in(lifted->target);
    uint64_t seq = 0;
    while (next_seq(&rest, &seq)) {
        enum comment_state was = COMMENT_DELETED;
        const enum err err = removals_remove(&by, seq, &was);
        const struct removal removal = {.of = REMOVAL_SEQS, .seqs = &seq, .count = 1};
        TRY(err == ERR_NOT_FOUND || err == ERR_EXISTS ? ERR_OK : err);
        if (err == ERR_OK && was == COMMENT_VISIBLE) {
            TRY(aftermath_retract(aftermath, act->head, &removal));
        }
    }
    return ERR_OK;
}

enum err act_removal_redo(struct act_case *act, const struct store_act *before)
{
    struct aftermath aftermath;
    struct store_act lifted = {.id = 0};
    begin(act, &aftermath);
    for (;;) {
        const enum err err =
            store_acts_lifted(act->ordering->store, before->id, lifted.id, &lifted);
        if (err == ERR_NOT_FOUND) {
            end(act, &aftermath);
            return ERR_OK;
        }
        TRY(err);
        TRY(remove_again(act, &aftermath, &lifted));
        TRY(store_acts_lift(act->ordering->store, lifted.id, 0));
    }
}

static bool is_still_shadowed(void *user, int64_t stream, struct str author)
{
    const struct act_case *act = user;
    return sanctions_find(&act->ordering->sanctions, stream, author, act->now.mono_ms).shadow != 0;
}

enum err act_removal_unshadow(struct act_case *act, const struct store_act *before)
{
    struct aftermath aftermath;
    struct act_users users;
    uint64_t since_n = 0;
    enum err err = ERR_OK;
    const struct removals_by by = by_of(act, before->id);
    TRY(act_case_users(before->target, &users));
    begin(act, &aftermath);
    (void)str_to_u64(before->value, COMMENT_ID_ROW_MAX, &since_n);
    for (uint32_t i = 0; err == ERR_OK && i < users.count; i++) {
        const struct removals_shadow shadow = {
            .user = users.names[i], .since_n = since_n, .is_kept = is_still_shadowed, .asked = act};
        err = removals_unshadow(&by, &shadow, &aftermath.out);
    }
    act_case_users_done(&users);
    end(act, &aftermath);
    return err;
}

enum err act_removal_unshadow_one(struct act_case *act, const struct store_act *before)
{
    static const struct str prefix = STR("id:");
    const struct str id = {.at = before->target.at + prefix.len,
                           .len = before->target.len - prefix.len};
    const struct removals_by by = by_of(act, before->id);
    struct aftermath aftermath;
    struct standing standing;
    enum err err = act_case_standing(act, id, &standing);
    if (err != ERR_OK || standing.seq == 0 ||
        is_still_shadowed(act, standing.stream, standing.user)) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    begin(act, &aftermath);
    err = removals_unshadow_one(&by, standing.seq, &aftermath.out);
    end(act, &aftermath);
    return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
}
