// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/marked_reads.h"

#include "engine/embedded/comment_body.h"
#include "engine/embedded/store_rows.h"
#include "rules/house_json.h"
#include "wire/cursor.h"
#include "wire/json.h"

#include <stddef.h>

_Static_assert((int)HOUSE_RULES <= (int)STORE_ROWS_MARKS, "a row has a mark for each rule");

static void write_one(const struct store_row *row, struct buf *out)
{
    buf_add_byte(out, '{');
    json_write_member_str(out, "id", comment_body_id(row->body));
    json_write_member_u64(out, "seq", row->seq);
    house_json_write_marks(out, row->marks);
    buf_add_byte(out, '}');
}

enum err marked_reads_write(struct store *store, int64_t stream, uint32_t limit, struct buf *out)
{
    sqlite3_stmt *walk = NULL;
    uint32_t count = 0;
    const struct store_range range = {.stream = stream,
                                      .upto = SEQ_MAX,
                                      .kinds = 1U << EVENT_COMMENT | 1U << EVENT_REMOVED,
                                      .newest_first = true};
    TRY(store_rows_range(store, &range, &walk));
    json_write_name(out, "comments");
    buf_add_byte(out, '[');
    for (uint32_t looks = 0; looks < MARKED_ROWS_MAX && count < limit; looks++) {
        struct store_row row = {.n = 0};
        const enum err err = store_rows_next(store, walk, &row);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        if (err == ERR_OK && row.marks != 0 && row.kind == EVENT_COMMENT) {
            buf_add_str(out, count++ == 0 ? STR_NONE : STR(","));
            write_one(&row, out);
        } else if (err != ERR_GONE) {
            TRY(err);
        }
    }
    buf_add_byte(out, ']');
    return buf_err(out);
}
