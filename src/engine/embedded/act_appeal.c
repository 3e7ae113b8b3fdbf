// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_appeal.h"

#include "engine/embedded/act_names.h"
#include "engine/embedded/act_undo.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/rejections.h"
#include "engine/embedded/removers.h"
#include "engine/embedded/standing.h"
#include "wire/json.h"

#include <stddef.h>

enum { DAY_MS = 24 * 3600 * 1000 };

static bool may_be_appealed(enum act_do what)
{
    static const unsigned restricting = 1U << ACT_DELETE | 1U << ACT_HOLD | 1U << ACT_PURGE |
                                        1U << ACT_CLEAR | 1U << ACT_REJECT | 1U << ACT_BAN |
                                        1U << ACT_TIMEOUT | 1U << ACT_WARN;
    return (restricting >> what & 1U) != 0;
}

/* ---- whom an act concerns ---- */

static enum err names_user(const struct store_act *against, struct str user, bool *ret_does)
{
    struct act_users users;
    TRY(act_case_users(against->target, &users));
    for (uint32_t i = 0; i < users.count; i++) {
        *ret_does = *ret_does || str_eq(users.names[i], user);
    }
    act_case_users_done(&users);
    return ERR_OK;
}

static enum err names_theirs(const struct act_case *act, const struct act_names *names,
                             bool *ret_does)
{
    for (uint32_t i = 0; i < names->count && !*ret_does; i++) {
        struct standing standing;
        const enum err err = act_names_standing(act, names, i, &standing);
        if (err == ERR_OK) {
            *ret_does = str_eq(standing.user, act->call->by.id);
        }
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    return ERR_OK;
}

static enum err names_comment(const struct act_case *act, const struct store_act *against,
                              bool *ret_does)
{
    struct act_names names;
    TRY(act_names_read(act, against->target, 0, ACT_TARGETS_MAX, &names));
    const enum err err = names_theirs(act, &names, ret_does);
    act_names_done(&names);
    return err;
}

/* A clear names nobody, and removed all below its event. */
static enum err clears_theirs(const struct act_case *act, const struct store_act *against,
                              bool *ret_does)
{
    const struct store_author author = {
        .stream = against->stream, .below = against->seq, .user = act->call->by.id};
    return store_rows_any_by(act->ordering->store, &author, ACT_APPEAL_CLEARED_ROWS, ret_does);
}

static enum err concerns(const struct act_case *act, const struct store_act *against,
                         bool *ret_does)
{
    const struct str target = against->target;
    if (act->call->act.at == ACT_AT_ID) {
        *ret_does = true; // it removes the comment of theirs that they named
        return ERR_OK;
    }
    if (against->what == ACT_CLEAR) {
        TRY(clears_theirs(act, against, ret_does));
        return *ret_does ? ERR_OK
                         : rejections_concern(act->ordering->store, against->id, act->call->by.id,
                                              ret_does);
    }
    if (str_has_prefix(target, STR("seq:")) || str_has_prefix(target, STR("id"))) {
        return names_comment(act, against, ret_does);
    }
    return names_user(against, act->call->by.id, ret_does);
}

/* ---- what removed a comment ---- */

/* Dropped from the queue before it had a place. */
static enum err find_rejection(const struct act_case *act, uint64_t n, uint64_t *ret_act)
{
    struct store *store = act->ordering->store;
    sqlite3_stmt *walk = NULL;
    uint64_t id = 0;
    enum err err = ERR_OK;
    *ret_act = 0;
    TRY(rejections_of(store, n, &walk));
    while (*ret_act == 0 && (err = rejections_next(store, walk, &id)) == ERR_OK) {
        struct store_act rejecter;
        const enum err found = store_acts_get(store, id, &rejecter);
        TRY(found == ERR_NOT_FOUND ? ERR_OK : found);
        if (found == ERR_OK && rejecter.lifted_by == 0 && may_be_appealed(rejecter.what)) {
            *ret_act = id;
        }
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The newest that may be appealed against; 0: none may. */
static enum err choose_remover(struct store *store, const struct removers *removers,
                               uint64_t *ret_act)
{
    for (uint32_t i = 0; i < removers->count; i++) {
        struct store_act remover;
        const enum err err = store_acts_get(store, removers->acts[i], &remover);
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
        if (err == ERR_OK && may_be_appealed(remover.what)) {
            *ret_act = remover.id;
            return ERR_OK;
        }
    }
    *ret_act = 0;
    return ERR_OK;
}

static enum err find_remover(struct act_case *act, const struct standing *standing,
                             uint64_t *ret_act)
{
    struct store *store = act->ordering->store;
    struct removers removers;
    struct store_row row;
    TRY(store_rows_get(store, standing->log_n, &row));
    row.user = act->call->by.id; // theirs it is
    TRY(removers_find(store, &row, &removers));
    const enum err err = choose_remover(store, &removers, ret_act);
    removers_done(&removers);
    return err;
}

/* Which act `act->target`, a comment, was removed by; refused where there is none. What is visible
 * to them alone is answered as what everybody sees. */
static enum err find_against(struct act_case *act, uint64_t *ret_act)
{
    struct standing standing;
    uint64_t found = 0;
    const enum err err = act_case_standing(act, act->call->act.id, &standing);
    TRY(err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err);
    if (err != ERR_OK || !str_eq(standing.user, act->call->by.id)) {
        act_case_refuse(act, ACT_REFUSAL_NO_COMMENT);
        return ERR_OK;
    }
    if (standing.state == COMMENT_DELETED) {
        TRY(standing.log_n == 0 ? find_rejection(act, standing.n, &found)
                                : find_remover(act, &standing, &found));
    }
    if (found == 0) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
    }
    *ret_act = found;
    return ERR_OK;
}

static enum err name_act(struct act_case *act, uint64_t against)
{
    char id[ACT_ID_TEXT_MAX];
    act_id_write(against, id);
    buf_reset(&act->target);
    buf_add_str(&act->target, STR("act:"));
    buf_add_str(&act->target, str_of(id));
    return buf_err(&act->target);
}

/* ---- appealing ---- */

/* One appeal of a person against an act. */
static enum err find_key(struct act_case *act)
{
    struct buf text;
    buf_init(&text, MEM_ENGINE, SIZE_MAX);
    buf_add_str(&text, buf_str(&act->target));
    buf_add_byte(&text, ' ');
    buf_add_str(&text, act->call->by.id);
    const enum err err = buf_err(&text);
    act->key = act_case_key(act, ACT_APPEAL, buf_str(&text));
    buf_done(&text);
    return err;
}

static enum err write_value(struct act_case *act)
{
    buf_reset(&act->value);
    buf_add_byte(&act->value, '{');
    json_write_member_str(&act->value, "user", act->call->by.id);
    json_write_member_str(&act->value, "text", act->call->act.value);
    buf_add_byte(&act->value, '}');
    return buf_err(&act->value);
}

static enum err check(struct act_case *act)
{
    struct store_act against;
    bool is_concerned = false;
    const enum err err = store_acts_get(act->ordering->store, act->verdict.against, &against);
    const bool is_here = err == ERR_OK && may_be_appealed(against.what) &&
                         (against.stream == 0 || against.stream == act_case_stream(act));
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    if (is_here) {
        TRY(concerns(act, &against, &is_concerned));
    }
    if (!is_concerned) {
        act_case_refuse(act, ACT_REFUSAL_NOT_FOUND);
    } else if (act->now.wall_ms - against.at_ms > (int64_t)ACT_APPEAL_DAYS * DAY_MS) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
    }
    return ERR_OK;
}

static enum err find_act(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    act->verdict.against = asked->act;
    if (asked->at != ACT_AT_ID) {
        return ERR_OK;
    }
    TRY(find_against(act, &act->verdict.against));
    return name_act(act, act->verdict.against);
}

enum err act_appeal_put(struct act_case *act)
{
    struct store_act before;
    TRY(find_act(act));
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(find_key(act));
    const enum err again =
        store_acts_in_force(act->ordering->store, act->key, act->now.wall_ms, &before);
    if (again == ERR_OK) {
        act_case_repeat(act, &before);
        return ERR_OK;
    }
    TRY(again == ERR_NOT_FOUND ? ERR_OK : again);
    TRY(check(act));
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(write_value(act));
    return act_case_record(act);
}

/* ---- deciding ---- */

static enum err check_appellant(struct act_case *act, struct str value)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct str user = STR_NONE;
    const enum err err = json_parse(value, &root, &fault);
    if (err == ERR_OK && json_get_str(json_member(root, "user"), &user)) {
        act_case_check_own(act, user);
    }
    json_free(root);
    return err == ERR_PROTO ? ERR_OK : err;
}

static enum err find_appeal(struct act_case *act, uint64_t *ret_against)
{
    static const struct str prefix = STR("act:");
    struct store_act appeal;
    const enum err err = store_acts_get(act->ordering->store, act->call->act.act, &appeal);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    const bool is_here = err == ERR_OK && appeal.what == ACT_APPEAL && act_case_stream(act) != 0 &&
                         appeal.stream == act_case_stream(act);
    if (!is_here || !str_has_prefix(appeal.target, prefix) ||
        act_id_parse((struct str){.at = appeal.target.at + prefix.len,
                                  .len = appeal.target.len - prefix.len},
                     ret_against) != ERR_OK) {
        act_case_refuse(act, ACT_REFUSAL_NOT_FOUND);
        return ERR_OK;
    }
    return check_appellant(act, appeal.value);
}

static enum err judge_again(struct act_case *act)
{
    struct store_act before;
    const enum err err = act_case_in_force(act, ACT_DECIDE, &before);
    if (err == ERR_OK && str_eq(before.value, act->call->act.value)) {
        act_case_repeat(act, &before);
    } else if (err == ERR_OK) {
        act_case_refuse(act, ACT_REFUSAL_STATE);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* What holds in all streams is not for one stream's moderators to judge. */
static enum err check_reach(struct act_case *act, uint64_t against)
{
    struct store_act row;
    const enum err err = store_acts_get(act->ordering->store, against, &row);
    const struct actor *by = &act->call->by;
    if (err == ERR_OK && row.stream == 0 && by->kind == ACTOR_USER && !by->is_for_all) {
        act_case_refuse(act, ACT_REFUSAL_HIGHER_ROLE);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err act_appeal_decide(struct act_case *act)
{
    uint64_t against = 0;
    TRY(find_appeal(act, &against));
    if (act_case_is_open(act)) {
        TRY(check_reach(act, against));
    }
    if (act_case_is_open(act)) {
        TRY(judge_again(act));
    }
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    return str_eq(act->call->act.value, STR("granted")) ? act_undo_grant(act, against)
                                                        : act_case_record(act);
}
