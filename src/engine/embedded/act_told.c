// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_told.h"

#include "base/hash.h"
#include "base/mem.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/notice_out.h"
#include "wire/act.h"
#include "wire/json.h"

#include <stddef.h>
#include <string.h>

enum { TARGET_BYTES_MAX = 4 << 10 };

static enum err hide_from(struct act_case *act, struct str target)
{
    struct act_users users;
    TRY(act_case_users(target, &users));
    uint64_t *hidden = mem_resize(MEM_ENGINE, act->hidden,
                                  (act->hidden_count + users.count + 1) * sizeof(*act->hidden));
    if (hidden != NULL) {
        act->hidden = hidden;
        for (uint32_t i = 0; i < users.count; i++) {
            hidden[act->hidden_count++] =
                hash_str(act->ordering->identity.hash_key, users.names[i]);
        }
    }
    act_case_users_done(&users);
    return hidden == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err hide(struct act_case *act, enum act_do what, struct str target)
{
    const bool is_secret = what == ACT_SHADOW || what == ACT_UNSHADOW;
    return is_secret ? hide_from(act, target) : ERR_OK;
}

enum err act_told_lifts(struct act_case *act, const struct store_act *before)
{
    char id[ACT_ID_TEXT_MAX];
    act_id_write(before->id, id);
    buf_reset(&act->lifts);
    buf_add_byte(&act->lifts, '{');
    json_write_member_str(&act->lifts, "act", str_of(id));
    json_write_member_str(&act->lifts, "do", str_of(act_name(before->what)));
    if (before->target.len > 0 && before->target.len <= TARGET_BYTES_MAX) {
        json_write_member_str(&act->lifts, "target", before->target);
    }
    buf_add_byte(&act->lifts, '}');
    TRY(buf_err(&act->lifts));
    return hide(act, before->what, before->target);
}

/* Of an undo what it undoes is. */
static bool is_on_one(const struct act_case *act)
{
    const enum act_do what = act->call->act.what;
    const bool is_undo = what == ACT_UNDO || what == ACT_DECIDE;
    const struct str target = is_undo ? act->undoes : buf_str(&act->target);
    const bool names_comments =
        str_has_prefix(target, STR("id")) || str_has_prefix(target, STR("seq"));
    return names_comments && memchr(target.at, ',', target.len) == NULL;
}

static const char *name_of(enum comment_state state)
{
    if (state == COMMENT_HELD) {
        return "held";
    }
    return state == COMMENT_VISIBLE ? "approved" : "rejected";
}

enum err act_told_judged(struct act_case *act, struct head *head, const struct held_row *held)
{
    struct comment_id id;
    if (head == NULL) {
        return ERR_OK;
    }
    comment_id_write(act->ordering->identity.id_key, held->n, held->at_ms, &id);
    const struct notice_out_comment notice = {
        .type = name_of(held->state),
        .id = {.at = id.text, .len = COMMENT_ID_LEN},
        .cid = held->cid,
        .author = hash_str(act->ordering->identity.hash_key, held->user),
        .kind = act->call->by.kind,
        .is_for_author_alone = !is_on_one(act)};
    return notice_out_comment(&act->ordering->outbox, head, &notice);
}

enum err act_told_send(struct act_case *act, const struct act_audit *audit, uint64_t n)
{
    TRY(hide(act, audit->what, audit->target));
    const struct notice_out_act notice = {.audit = audit,
                                          .n = n,
                                          .at_ms = act->now.wall_ms,
                                          .lifts = buf_str(&act->lifts),
                                          .hidden = act->hidden,
                                          .hidden_count = act->hidden_count};
    return notice_out_act(&act->ordering->outbox, act->head, &notice);
}
