// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/comment_body.h"

#include "wire/json.h"

#include <stddef.h>
#include <string.h>

static const struct str id_before = STR("\"id\":\"");

static bool is_empty_array(struct str json)
{
    return json.len == 0 || str_eq(json, STR("[]"));
}

static void write_raw(struct buf *out, const char *name, struct str json)
{
    if (!is_empty_array(json)) {
        json_write_name(out, name);
        buf_add_str(out, json);
    }
}

static void write_author(struct buf *out, const struct author *author)
{
    json_write_name(out, "user");
    buf_add_byte(out, '{');
    json_write_member_str(out, "id", author->id);
    json_write_member_str(out, "name", author->name);
    if (author->avatar.len > 0) {
        json_write_member_str(out, "avatar", author->avatar);
    }
    write_raw(out, "roles", author->roles);
    write_raw(out, "badges", author->badges);
    buf_add_byte(out, '}');
}

void comment_body_write(struct buf *out, const struct submit *submit, const struct comment_id *id,
                        int64_t at_ms)
{
    buf_reset(out);
    json_write_member_str(out, "id", (struct str){.at = id->text, .len = COMMENT_ID_LEN});
    if (submit->cid.len > 0) {
        json_write_member_str(out, "cid", submit->cid);
    }
    json_write_member_i64(out, "at", at_ms);
    write_author(out, &submit->author);
    json_write_member_str(out, "text", submit->text);
    if (submit->reply_to.len > 0) {
        json_write_member_str(out, "reply_to", submit->reply_to);
    }
    if (submit->media_ms >= 0) {
        json_write_member_i64(out, "media_ms", submit->media_ms);
    }
}

/* `"id":".."`, perhaps `,"cid":".."`, then `,"at":` and digits: neither of the first two can hold a
 * quote, so that the first `"at":` is it. */
enum err comment_body_set_at(struct buf *out, struct str body, int64_t at_ms)
{
    static const struct str before = STR(",\"at\":");
    const char *at = body.len == 0 ? NULL : memmem(body.at, body.len, before.at, before.len);
    if (!str_has_prefix(body, id_before) || at == NULL) {
        return ERR_PROTO;
    }
    size_t len = (size_t)(at - body.at) + before.len;
    buf_reset(out);
    buf_add(out, body.at, len);
    buf_add_i64(out, at_ms);
    while (len < body.len && body.at[len] >= '0' && body.at[len] <= '9') {
        len++;
    }
    buf_add(out, body.at + len, body.len - len);
    return buf_err(out);
}

static const char *state_name(enum stream_state state)
{
    switch (state) {
    case STREAM_PAUSED:
        return "paused";
    case STREAM_ENDED:
        return "ended";
    case STREAM_LIVE:
        break;
    }
    return "live";
}

void comment_body_write_state(struct buf *out, enum stream_state state, int64_t at_ms)
{
    buf_reset(out);
    json_write_member_i64(out, "at", at_ms);
    json_write_member_str(out, "state", str_of(state_name(state)));
}

struct str comment_body_id(struct str body)
{
    if (!str_has_prefix(body, id_before) || body.len < id_before.len + COMMENT_ID_LEN) {
        return STR_NONE;
    }
    return (struct str){.at = body.at + id_before.len, .len = COMMENT_ID_LEN};
}
