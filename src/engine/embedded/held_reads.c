// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/held_reads.h"

#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "rules/house_json.h"
#include "wire/act.h"
#include "wire/json.h"

#include <stddef.h>

static void write_one(const struct held_row *row, struct str name, struct str body, struct buf *out)
{
    char act[ACT_ID_TEXT_MAX];
    act_id_write(row->act, act);
    buf_add_byte(out, '{');
    json_write_member_str(out, "type", STR("comment"));
    json_write_member_str(out, "stream", name);
    if (row->seq != 0) {
        json_write_member_u64(out, "seq", row->seq);
    }
    buf_add_byte(out, ',');
    buf_add_str(out, body);
    json_write_member_str(out, "act", str_of(act));
    if (row->rule.len > 0) {
        json_write_member_str(out, "rule", row->rule);
    }
    house_json_write_marks(out, row->marks);
    if (row->due_ms > 0) {
        json_write_member_i64(out, "due_at", row->due_ms);
    }
    buf_add_byte(out, '}');
}

/* Of one that was visible, it stands in the evidence. ERR_NOT_FOUND: it was erased. */
static enum err find_body(struct store *store, const struct held_row *row, struct str *ret_body)
{
    struct evidence_row evidence;
    if (row->seq == 0) {
        *ret_body = row->body;
        return ERR_OK;
    }
    TRY(evidence_find(store, row->stream, row->seq, &evidence));
    *ret_body = evidence.body;
    return ERR_OK;
}

enum err held_reads_write(struct store *store, const struct held_page *page, struct buf *out)
{
    sqlite3_stmt *walk = NULL;
    struct held_row row = {.n = 0};
    struct str body = STR_NONE;
    TRY(held_queue(store, page->stream, 0, &walk));
    json_write_name(out, "comments");
    buf_add_byte(out, '[');
    for (uint32_t count = 0; count < page->limit;) {
        enum err err = held_next(store, walk, &row);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        if (err == ERR_OK) {
            err = find_body(store, &row, &body);
        }
        if (err == ERR_NOT_FOUND || err == ERR_GONE) {
            continue; // nobody can judge what nobody can read
        }
        TRY(err);
        buf_add_str(out, count++ == 0 ? STR_NONE : STR(","));
        write_one(&row, page->name, body, out);
    }
    buf_add_byte(out, ']');
    return buf_err(out);
}
