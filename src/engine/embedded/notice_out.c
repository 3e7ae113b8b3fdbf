// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/notice_out.h"

#include "engine/embedded/comment_body.h"
#include "rules/house_json.h"
#include "wire/act.h"
#include "wire/json.h"

#include <stddef.h>

enum { BYTES_MAX = 64 << 10, TEXT_BYTES_MAX = 4 << 10, VALUE_BYTES_MAX = 1 << 10 };

static void begin(struct buf *json, const char *type, struct str stream)
{
    buf_init(json, MEM_ENGINE, BYTES_MAX);
    buf_add_byte(json, '{');
    json_write_member_str(json, "type", str_of(type));
    json_write_member_str(json, "stream", stream);
}

static enum err end(struct buf *json, struct notice **ret_notice)
{
    buf_add_byte(json, '}');
    struct notice *notice = buf_ok(json) ? notice_new(buf_str(json)) : NULL;
    buf_done(json);
    if (notice == NULL) {
        return ERR_NOMEM;
    }
    *ret_notice = notice;
    return ERR_OK;
}

enum err notice_out_comment(struct outbox *outbox, struct head *head,
                            const struct notice_out_comment *comment)
{
    struct buf json;
    struct notice *notice = NULL;
    begin(&json, comment->type, head->node.key);
    json_write_member_str(&json, "id", comment->id);
    if (comment->cid.len > 0) {
        json_write_member_str(&json, "cid", comment->cid);
    }
    TRY(end(&json, &notice));
    notice->to_moderators = !comment->is_for_author_alone;
    notice->is_routine = comment->kind != ACTOR_USER;
    notice->user_hash = comment->author;
    return outbox_notify(outbox, head, notice);
}

enum err notice_out_marked(struct outbox *outbox, struct head *head, const struct event *event,
                           uint32_t marks)
{
    struct buf json;
    struct notice *notice = NULL;
    if (!bus_is_watched(&head->subs)) {
        return ERR_OK; // nobody watches
    }
    begin(&json, "marked", head->node.key);
    json_write_member_str(&json, "id",
                          comment_body_id((struct str){.at = event->body, .len = event->body_len}));
    json_write_member_u64(&json, "seq", event->seq);
    house_json_write_marks(&json, marks);
    TRY(end(&json, &notice));
    notice->to_moderators = true;
    notice->is_routine = true;
    return outbox_notify(outbox, head, notice);
}

enum err notice_out_warning(struct str stream, const struct notice_out_warning *warning,
                            struct notice **ret_notice)
{
    struct buf json;
    char id[ACT_ID_TEXT_MAX];
    struct notice *notice = NULL;
    act_id_write(warning->act, id);
    begin(&json, "warned", stream);
    json_write_member_str(&json, "act", str_of(id));
    json_write_member_str(&json, "text", warning->words);
    TRY(end(&json, &notice));
    notice->user_hash = warning->user;
    *ret_notice = notice;
    return ERR_OK;
}

enum err notice_out_unwarned(struct outbox *outbox, struct head *head,
                             const struct notice_out_warning *warning)
{
    struct buf json;
    char id[ACT_ID_TEXT_MAX];
    struct notice *notice = NULL;
    if (head != NULL && !bus_is_watched(&head->subs)) {
        return ERR_OK; // nobody watches
    }
    act_id_write(warning->act, id);
    if (head != NULL) {
        begin(&json, "unwarned", head->node.key);
    } else {
        buf_init(&json, MEM_ENGINE, BYTES_MAX);
    }
    json_write_member_str(&json, "act", str_of(id));
    TRY(end(&json, &notice));
    notice->user_hash = warning->user;
    notice->is_of_all = head == NULL;
    notice->ends_warning = true;
    return outbox_notify(outbox, head, notice);
}

static void write_text(struct buf *json, const char *name, struct str text, size_t len_max)
{
    if (text.len > 0 && text.len <= len_max) {
        json_write_member_str(json, name, text);
    }
}

static void write_act(struct buf *json, const struct notice_out_act *act)
{
    const struct act_audit *audit = act->audit;
    char id[ACT_ID_TEXT_MAX];
    act_id_write(audit->act, id);
    if (audit->stream.len == 0) {
        json_write_member_bool(json, "all", true);
    }
    json_write_member_u64(json, "n", act->n);
    json_write_member_str(json, "act", str_of(id));
    json_write_member_str(json, "do", str_of(act_name(audit->what)));
    json_write_member_i64(json, "at", act->at_ms);
    json_write_member_str(json, "by", audit->by->id);
    json_write_member_str(json, "kind", act_audit_kind(audit->by->kind));
    write_text(json, "target", audit->target, TEXT_BYTES_MAX);
    write_text(json, "reason", audit->reason, TEXT_BYTES_MAX);
    write_text(json, "value", audit->value, VALUE_BYTES_MAX);
    if (audit->seconds >= 0) {
        json_write_member_i64(json, "seconds", audit->seconds);
    }
    if (audit->seq != 0) {
        json_write_member_u64(json, "seq", audit->seq);
    }
    if (act->lifts.len > 0) {
        json_write_name(json, "lifts");
        buf_add_str(json, act->lifts);
    }
}

/* A user's own words about an act, or their having read one, is nothing a moderator did. */
static bool is_routine(const struct act_audit *audit)
{
    return audit->by->kind != ACTOR_USER || audit->what == ACT_APPEAL ||
           audit->what == ACT_ACKNOWLEDGE;
}

enum err notice_out_act(struct outbox *outbox, struct head *head, const struct notice_out_act *act)
{
    struct buf json;
    struct notice *notice = NULL;
    if (head != NULL && !bus_is_watched(&head->subs)) {
        return ERR_OK; // nobody watches
    }
    if (head != NULL) {
        begin(&json, "notice", head->node.key);
    } else {
        buf_init(&json, MEM_ENGINE, BYTES_MAX);
    }
    write_act(&json, act);
    TRY(end(&json, &notice));
    notice->to_moderators = true;
    notice->is_of_all = head == NULL;
    notice->is_routine = is_routine(act->audit);
    const enum err err = notice_hide_from(notice, act->hidden, act->hidden_count);
    if (err != ERR_OK) {
        notice_unref(notice);
        return err;
    }
    return outbox_notify(outbox, head, notice);
}
