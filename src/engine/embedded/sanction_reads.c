// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/sanction_reads.h"

#include "engine/embedded/store_audit.h"
#include "engine/embedded/store_sanctions.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stddef.h>

static void copy(struct buf *out, struct str members, const char *name)
{
    const struct str value = json_slice_member(members, str_of(name));
    if (value.len > 0 && !str_eq(value, STR("null"))) {
        json_write_name(out, name);
        buf_add_str(out, value);
    }
}

static enum err write_one(struct store *store, const struct store_sanction *sanction,
                          bool names_user, struct buf *out)
{
    char act[ACT_ID_TEXT_MAX];
    struct store_audit audit;
    act_id_write(sanction->act, act);
    buf_add_byte(out, '{');
    json_write_member_str(out, "act", str_of(act));
    json_write_member_str(out, "do", str_of(act_name(sanction->what)));
    if (names_user) {
        json_write_member_str(out, "user", sanction->user);
    }
    if (sanction->until_ms != 0) {
        json_write_member_i64(out, "until", sanction->until_ms);
    }
    if (sanction->stream == 0) {
        json_write_member_bool(out, "all", true);
    }
    const enum err err = store_audit_of(store, sanction->act, &audit);
    if (err == ERR_OK) {
        const struct str members = json_slice_members(audit.entry);
        copy(out, members, "at");
        copy(out, members, "by");
        copy(out, members, "kind");
        copy(out, members, "reason");
    }
    buf_add_byte(out, '}');
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err sanction_reads_write(struct store *store, const struct sanction_page *page,
                              struct buf *out)
{
    sqlite3_stmt *walk = NULL;
    struct store_sanction sanction;
    const struct store_sanction like = {
        .stream = page->stream, .user = page->user, .until_ms = page->wall_ms};
    TRY(store_sanctions_of(store, &like, &walk));
    json_write_name(out, "sanctions");
    buf_add_byte(out, '[');
    for (uint32_t count = 0; count < page->limit; count++) {
        const enum err err = store_sanctions_next(store, walk, &sanction);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        TRY(err);
        buf_add_str(out, count == 0 ? STR_NONE : STR(","));
        TRY(write_one(store, &sanction, page->user.len == 0, out));
    }
    buf_add_byte(out, ']');
    return buf_err(out);
}
