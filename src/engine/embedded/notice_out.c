// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/notice_out.h"

#include "wire/act.h"
#include "wire/json.h"

#include <stddef.h>

enum { BYTES_MAX = 16 << 10 };

static void begin(struct buf *json, const char *type, const struct head *head)
{
    buf_init(json, MEM_ENGINE, BYTES_MAX);
    buf_add_byte(json, '{');
    json_write_member_str(json, "type", str_of(type));
    json_write_member_str(json, "stream", head->node.key);
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
    begin(&json, comment->type, head);
    json_write_member_str(&json, "id", comment->id);
    if (comment->cid.len > 0) {
        json_write_member_str(&json, "cid", comment->cid);
    }
    TRY(end(&json, &notice));
    notice->to_moderators = true;
    notice->user_hash = comment->author;
    return outbox_notify(outbox, head, notice);
}

enum err notice_out_warned(struct outbox *outbox, struct head *head, uint64_t user, uint64_t act,
                           struct str words)
{
    struct buf json;
    char id[ACT_ID_TEXT_MAX];
    struct notice *notice = NULL;
    act_id_write(act, id);
    begin(&json, "warned", head);
    json_write_member_str(&json, "act", str_of(id));
    json_write_member_str(&json, "text", words);
    TRY(end(&json, &notice));
    notice->user_hash = user;
    return outbox_notify(outbox, head, notice);
}
