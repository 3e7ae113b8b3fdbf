// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/held_reads.h"

#include "base/mutant.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/store_rows.h"
#include "rules/house_json.h"
#include "wire/act.h"
#include "wire/json.h"

#include <stdbool.h>
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

/* Of one that was visible, it stands in the evidence. */
enum err held_reads_body(struct store *store, const struct held_row *row, struct str *ret_body)
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

static enum err is_of(struct store *store, int64_t stream, uint64_t n)
{
    int64_t place = 0;
    uint64_t seq = 0;
    TRY(store_rows_place(store, n, &place, &seq));
    return place == stream ? ERR_DENIED : ERR_NOT_FOUND;
}

/* One that was held has a row of the queue, others have one of the log: under the same number. */
enum err held_reads_waits(struct store *store, int64_t stream, uint64_t id_key, struct str id)
{
    struct held_row held;
    uint64_t n = 0;
    int64_t at_ms = 0;
    if (comment_id_parse(id_key, id, &n, &at_ms) != ERR_OK) {
        return ERR_NOT_FOUND;
    }
    const enum err err = held_find(store, n, &held);
    if (err == ERR_NOT_FOUND) {
        return is_of(store, stream, n);
    }
    if (err != ERR_OK) {
        return err == ERR_GONE ? ERR_DENIED : err; // nobody is shown a damaged one
    }
    if (held.stream != stream) {
        return ERR_NOT_FOUND;
    }
    return held.state == COMMENT_HELD ? ERR_OK : ERR_DENIED;
}

struct writing {
    struct store *store;
    const struct held_page *page;
    struct comment_id last; // told; '': none was
    bool has_more;
};

/* Nobody can judge what nobody can read: ERR_NOT_FOUND. */
static enum err next_readable(const struct writing *writing, sqlite3_stmt *walk,
                              struct held_row *ret_row, struct str *ret_body)
{
    for (;;) {
        enum err err = held_next(writing->store, walk, ret_row);
        if (err == ERR_NOT_FOUND) {
            return ERR_NOT_FOUND;
        }
        if (err == ERR_OK) {
            err = held_reads_body(writing->store, ret_row, ret_body);
        }
        if (err != ERR_NOT_FOUND && err != ERR_GONE) {
            return err;
        }
    }
}

static enum err write_comments(struct writing *writing, uint64_t after_n, struct buf *out)
{
    const struct held_page *page = writing->page;
    sqlite3_stmt *walk = NULL;
    struct held_row row = {.n = 0};
    struct str body = STR_NONE;
    enum err err = ERR_OK;
    after_n -= mutant(QUEUE_PAGE_AGAIN) && after_n > 0;
    TRY(held_queue(writing->store, page->stream, after_n, &walk));
    if (mutant(QUEUE_PAGE_LATE) && after_n > 0) {
        (void)!next_readable(writing, walk, &row, &body);
    }
    json_write_name(out, "comments");
    buf_add_byte(out, '[');
    for (uint32_t count = 0;
         (err = next_readable(writing, walk, &row, &body)) == ERR_OK && !writing->has_more;) {
        writing->has_more = count == page->limit;
        if (!writing->has_more) {
            buf_add_str(out, count++ == 0 ? STR_NONE : STR(","));
            write_one(&row, page->name, body, out);
            comment_id_write(page->id_key, row.n, row.at_ms, &writing->last);
        }
    }
    buf_add_byte(out, ']');
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err held_reads_write(struct store *store, const struct held_page *page, struct buf *out)
{
    struct writing writing = {.store = store, .page = page, .last = {.text = ""}};
    uint64_t after_n = 0, count = 0;
    int64_t at_ms = 0;
    if (page->after.len > 0 &&
        comment_id_parse(page->id_key, page->after, &after_n, &at_ms) != ERR_OK) {
        return ERR_DENIED;
    }
    TRY(write_comments(&writing, after_n, out));
    TRY(held_count(store, page->stream, &count));
    json_write_member_u64(out, "count", count - (mutant(QUEUE_COUNT_REST) && after_n > 0));
    json_write_member_str(out, "cursor",
                          writing.last.text[0] == '\0' ? page->after : str_of(writing.last.text));
    json_write_member_bool(out, "more", writing.has_more && !mutant(QUEUE_MORE_UNTOLD));
    return buf_err(out);
}
