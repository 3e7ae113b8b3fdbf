// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/appeal_reads.h"

#include "engine/embedded/store_acts.h"
#include "engine/embedded/store_audit.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stddef.h>
#include <stdio.h>

static void write_raw(struct buf *out, const char *name, struct str json)
{
    json_write_name(out, name);
    buf_add_str(out, json.len == 0 ? STR("null") : json);
}

/* Who decided, and in which words, stands in the audit. */
static enum err write_decision(struct store *store, const struct store_act *decision,
                               struct buf *out)
{
    struct store_audit audit;
    json_write_member_str(out, "state", decision->value);
    json_write_member_i64(out, "decided_at", decision->at_ms);
    const enum err err = store_audit_of(store, decision->id, &audit);
    if (err == ERR_OK) {
        const struct str members = json_slice_members(audit.entry);
        write_raw(out, "by", json_slice_member(members, STR("by")));
        write_raw(out, "words", json_slice_member(members, STR("reason")));
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err write_appeal(struct store *store, const struct store_act *appeal, struct buf *out)
{
    static const struct str prefix = STR("act:");
    char id[ACT_ID_TEXT_MAX];
    char target[ACT_ID_TEXT_MAX + 4];
    const struct str members = json_slice_members(appeal->value);
    act_id_write(appeal->id, id);
    buf_add_byte(out, '{');
    json_write_member_str(out, "id", str_of(id));
    json_write_member_str(
        out, "act",
        (struct str){.at = appeal->target.at + prefix.len, .len = appeal->target.len - prefix.len});
    write_raw(out, "user", json_slice_member(members, STR("user")));
    json_write_member_i64(out, "at", appeal->at_ms);
    write_raw(out, "text", json_slice_member(members, STR("text")));
    (void)snprintf(target, sizeof(target), "act:%s", id);
    struct store_act decision;
    enum err err = store_acts_decision(store, appeal->stream, str_of(target), &decision);
    if (err == ERR_OK) {
        err = write_decision(store, &decision, out);
    } else if (err == ERR_NOT_FOUND) {
        json_write_member_str(out, "state", STR("open"));
        err = ERR_OK;
    }
    buf_add_byte(out, '}');
    return err;
}

static bool is_wanted(const struct store_act *appeal, struct str user)
{
    const struct str members = json_slice_members(appeal->value);
    return user.len == 0 || json_slice_says(json_slice_member(members, STR("user")), user);
}

enum err appeal_reads_write(struct store *store, const struct appeal_page *page, struct buf *out)
{
    sqlite3_stmt *walk = NULL;
    struct store_act appeal;
    uint32_t count = 0;
    TRY(store_acts_appeals(store, page->stream, page->after, &walk));
    json_write_name(out, "appeals");
    buf_add_byte(out, '[');
    while (count < page->limit) {
        const enum err err = store_acts_next(store, walk, &appeal);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        TRY(err);
        if (is_wanted(&appeal, page->user)) {
            buf_add_str(out, count == 0 ? STR_NONE : STR(","));
            TRY(write_appeal(store, &appeal, out));
            count++;
        }
    }
    buf_add_byte(out, ']');
    return buf_err(out);
}
