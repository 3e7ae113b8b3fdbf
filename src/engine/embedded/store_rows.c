// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_rows.h"

#include "base/hash.h"

#include <stddef.h>

/* The checksum of a row is hash_parts() with key 0 of four parts: nine 64-bit numbers in the
 * machine's (little-endian) order -- n, stream, seq, prev, at, kind, flags, rank, segment -- then
 * user, cid and body; a fifth, staff, where it is not empty. */
enum { SUM_NUMBERS = 9, SUM_PARTS = 5 };
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the checksum's numbers are written so");

static int flags_of(const struct store_row *row)
{
    return row->flags | row->marks << STORE_ROWS_MARKS_SHIFT;
}

static uint64_t sum_of(const struct store_row *row)
{
    const uint64_t numbers[SUM_NUMBERS] = {
        row->n,    (uint64_t)row->stream,   row->seq,  row->prev,    (uint64_t)row->at_ms,
        row->kind, (uint64_t)flags_of(row), row->rank, row->segment,
    };
    const struct str parts[SUM_PARTS] = {{.at = (const char *)numbers, .len = sizeof(numbers)},
                                         row->user,
                                         row->cid,
                                         row->body,
                                         row->staff};
    return hash_parts(0, parts, row->staff.len > 0 ? SUM_PARTS : SUM_PARTS - 1);
}

enum err store_rows_add(struct store *store, const struct store_row *row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROW_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row->n);
    (void)sqlite3_bind_int64(query, 2, row->stream);
    (void)sqlite3_bind_int64(query, 3, (int64_t)row->seq);
    (void)sqlite3_bind_int64(query, 4, (int64_t)row->prev);
    (void)sqlite3_bind_int64(query, 5, row->at_ms);
    (void)sqlite3_bind_int(query, 6, row->kind);
    (void)sqlite3_bind_int(query, 7, flags_of(row));
    (void)sqlite3_bind_int(query, 8, row->rank);
    (void)sqlite3_bind_int64(query, 9, (int64_t)row->segment);
    store_bind_text(query, 10, row->user);
    store_bind_text(query, 11, row->cid);
    store_bind_text(query, 12, row->body);
    (void)sqlite3_bind_int64(query, 13, (int64_t)sum_of(row));
    store_bind_text(query, 14, row->staff);
    return store_run(store, query);
}

static uint64_t column_u64(sqlite3_stmt *walk, int place)
{
    return (uint64_t)sqlite3_column_int64(walk, place);
}

enum err store_rows_next(struct store *store, sqlite3_stmt *walk, struct store_row *ret_row)
{
    TRY(store_step(store, walk));
    const struct store_row row = {
        .n = column_u64(walk, 0),
        .stream = sqlite3_column_int64(walk, 1),
        .seq = column_u64(walk, 2),
        .prev = column_u64(walk, 3),
        .at_ms = sqlite3_column_int64(walk, 4),
        .kind = (uint8_t)sqlite3_column_int(walk, 5),
        .flags = (uint8_t)sqlite3_column_int(walk, 6),
        .marks = (uint16_t)(sqlite3_column_int(walk, 6) >> STORE_ROWS_MARKS_SHIFT),
        .rank = (uint16_t)sqlite3_column_int(walk, 7),
        .segment = column_u64(walk, 8),
        .user = store_column_text(walk, 9),
        .cid = store_column_text(walk, 10),
        .body = store_column_text(walk, 11),
        .staff = store_column_text(walk, 13),
    };
    if (sum_of(&row) != column_u64(walk, 12)) {
        ret_row->n = row.n;
        return ERR_GONE;
    }
    *ret_row = row;
    return ERR_OK;
}

enum err store_rows_get(struct store *store, uint64_t n, struct store_row *ret_row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROW_GET, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)n);
    return store_rows_next(store, query, ret_row);
}

enum err store_rows_at(struct store *store, int64_t stream, uint64_t seq, struct store_row *ret_row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROW_AT, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
    return store_rows_next(store, query, ret_row);
}

enum err store_rows_place(struct store *store, uint64_t n, int64_t *ret_stream, uint64_t *ret_seq)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROW_SEQ, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)n);
    TRY(store_step(store, query));
    *ret_stream = sqlite3_column_int64(query, 0);
    *ret_seq = column_u64(query, 1);
    return ERR_OK;
}

enum err store_rows_rewrite(struct store *store, const struct store_row *row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROW_SET, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row->n);
    (void)sqlite3_bind_int(query, 2, row->kind);
    store_bind_text(query, 3, row->body);
    (void)sqlite3_bind_int64(query, 4, (int64_t)sum_of(row));
    return store_run(store, query);
}

/* What is swept is a comment in the log still: who wants either kind gets both. */
static uint32_t kinds_of(const struct store_range *range)
{
    const uint32_t either = 1U << EVENT_COMMENT | 1U << EVENT_REMOVED;
    return (range->kinds & either) != 0 ? range->kinds | either : range->kinds;
}

static enum store_query range_query(const struct store_range *range)
{
    if ((kinds_of(range) & 1U << EVENT_COMMENT) != 0) {
        return range->newest_first ? STORE_ROWS_BEFORE : STORE_ROWS_AFTER;
    }
    return range->newest_first ? STORE_ACTS_BEFORE : STORE_ACTS_AFTER;
}

enum err store_rows_range(struct store *store, const struct store_range *range,
                          sqlite3_stmt **ret_walk)
{
    sqlite3_stmt *walk = NULL;
    TRY(store_ask(store, range_query(range), &walk));
    (void)sqlite3_bind_int64(walk, 1, range->stream);
    (void)sqlite3_bind_int64(walk, 2, (int64_t)range->after);
    (void)sqlite3_bind_int64(walk, 3, (int64_t)range->upto);
    (void)sqlite3_bind_int64(walk, 4, kinds_of(range));
    *ret_walk = walk;
    return ERR_OK;
}

enum err store_rows_newest(struct store *store, sqlite3_stmt **ret_walk)
{
    return store_ask(store, STORE_ROWS_NEWEST, ret_walk);
}

enum err store_rows_down(struct store *store, uint64_t n, sqlite3_stmt **ret_walk)
{
    sqlite3_stmt *walk = NULL;
    TRY(store_ask(store, STORE_ROWS_DOWN, &walk));
    (void)sqlite3_bind_int64(walk, 1, (int64_t)n);
    *ret_walk = walk;
    return ERR_OK;
}

enum err store_rows_since(struct store *store, uint64_t n, sqlite3_stmt **ret_walk)
{
    sqlite3_stmt *walk = NULL;
    TRY(store_ask(store, STORE_ROWS_SINCE, &walk));
    (void)sqlite3_bind_int64(walk, 1, (int64_t)n);
    *ret_walk = walk;
    return ERR_OK;
}

enum err store_rows_delete_upto(struct store *store, int64_t stream, uint64_t seq,
                                uint64_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROWS_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
    TRY(store_run(store, query));
    *ret_count = (uint64_t)sqlite3_changes64(store->db);
    return ERR_OK;
}

enum err store_rows_authors(struct store *store, int64_t stream, uint64_t n,
                            sqlite3_stmt **ret_walk)
{
    sqlite3_stmt *walk = NULL;
    TRY(store_ask(store, STORE_ROWS_AUTHORS, &walk));
    (void)sqlite3_bind_int64(walk, 1, (int64_t)n);
    (void)sqlite3_bind_int64(walk, 2, stream);
    *ret_walk = walk;
    return ERR_OK;
}

enum err store_rows_next_author(struct store *store, sqlite3_stmt *walk, struct str *ret_user)
{
    TRY(store_step(store, walk));
    *ret_user = store_column_text(walk, 0);
    return ERR_OK;
}

enum err store_rows_newest_upto(struct store *store, int64_t stream, uint64_t n, uint64_t *ret_seq)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROW_UPTO, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)n);
    const enum err err = store_step(store, query);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    *ret_seq = err == ERR_OK ? column_u64(query, 0) : 0;
    return ERR_OK;
}

enum err store_rows_any_by(struct store *store, const struct store_author *author,
                           uint32_t rows_max, bool *ret_is_any)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROW_BY, &query));
    (void)sqlite3_bind_int64(query, 1, author->stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)author->below);
    store_bind_text(query, 3, author->user);
    (void)sqlite3_bind_int64(query, 4, rows_max);
    const enum err err = store_step(store, query);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    *ret_is_any = err == ERR_OK;
    return ERR_OK;
}

enum err store_rows_newest_n(struct store *store, uint64_t *ret_n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_ROWS_NEWEST_N, &query));
    TRY(store_step(store, query));
    *ret_n = column_u64(query, 0);
    return ERR_OK;
}

struct event *store_rows_event(const struct store_row *row, uint64_t hash_key)
{
    struct event *event = event_new_with_staff(row->body, row->staff);
    if (event != NULL) {
        event->kind = row->kind;
        event->flags = row->flags;
        event->rank = row->rank;
        event->seq = row->seq;
        event->prev = row->prev;
        event->segment = row->segment;
        event->at_ms = row->at_ms;
        event->user_hash = row->user.len == 0 ? 0 : hash_str(hash_key, row->user);
        event->published_mono_ms = 0;
    }
    return event;
}
