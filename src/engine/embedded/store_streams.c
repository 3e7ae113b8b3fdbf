// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_streams.h"

#include "base/hash.h"
#include "engine/embedded/store_rows.h"

#include <stddef.h>

/* {"type":"comment","stream":"","seq":,"prev":,} with two positions of 16 digits, and a comma. */
enum { EVENT_FRAME_BYTES = 80, MS_A_SECOND = 1000 };

static struct str rules_of(sqlite3_stmt *query)
{
    const char *text = (const char *)sqlite3_column_text(query, 8);
    return (struct str){.at = text,
                        .len = text == NULL ? 0 : (size_t)sqlite3_column_bytes(query, 8)};
}

static struct store_stream columns(sqlite3_stmt *query)
{
    return (struct store_stream){
        .id = sqlite3_column_int64(query, 0),
        .state = (enum stream_state)sqlite3_column_int(query, 2),
        .retention_days = sqlite3_column_int(query, 3),
        .created_ms = sqlite3_column_int64(query, 4),
        .ground_seq = (uint64_t)sqlite3_column_int64(query, 5),
        .ground_at_ms = sqlite3_column_int64(query, 6),
        .ground_segment = (uint64_t)sqlite3_column_int64(query, 7),
        .rules = rules_of(query),
    };
}

static struct str name_of(sqlite3_stmt *query)
{
    const char *text = (const char *)sqlite3_column_text(query, 1);
    return (struct str){.at = text,
                        .len = text == NULL ? 0 : (size_t)sqlite3_column_bytes(query, 1)};
}

enum err store_streams_find(struct store *store, struct str name, struct store_stream *ret_stream)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_STREAM_FIND, &query));
    (void)sqlite3_bind_text(query, 1, name.at, (int)name.len, SQLITE_STATIC);
    TRY(store_step(store, query));
    *ret_stream = columns(query);
    return ERR_OK;
}

static enum err find_by_number(struct store *store, enum store_query which, int64_t id,
                               sqlite3_stmt **ret_query)
{
    TRY(store_ask(store, which, ret_query));
    (void)sqlite3_bind_int64(*ret_query, 1, id);
    return store_step(store, *ret_query);
}

enum err store_streams_by_id(struct store *store, int64_t id, struct store_stream *ret_stream,
                             struct str *ret_name)
{
    sqlite3_stmt *query = NULL;
    TRY(find_by_number(store, STORE_STREAM_BY_ID, id, &query));
    *ret_stream = columns(query);
    *ret_name = name_of(query);
    return ERR_OK;
}

enum err store_streams_after(struct store *store, int64_t id, struct store_stream *ret_stream,
                             struct str *ret_name)
{
    sqlite3_stmt *query = NULL;
    TRY(find_by_number(store, STORE_STREAM_AFTER, id, &query));
    *ret_stream = columns(query);
    *ret_name = name_of(query);
    return ERR_OK;
}

enum err store_streams_add(struct store *store, struct str name, struct store_stream *stream)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_STREAM_ADD, &query));
    (void)sqlite3_bind_text(query, 1, name.at, (int)name.len, SQLITE_STATIC);
    (void)sqlite3_bind_int(query, 2, (int)stream->state);
    (void)sqlite3_bind_int(query, 3, stream->retention_days);
    (void)sqlite3_bind_int64(query, 4, stream->created_ms);
    TRY(store_run(store, query));
    stream->id = sqlite3_last_insert_rowid(store->db);
    return ERR_OK;
}

enum err store_streams_set(struct store *store, const struct store_stream *stream)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_STREAM_SET, &query));
    (void)sqlite3_bind_int64(query, 1, stream->id);
    (void)sqlite3_bind_int(query, 2, (int)stream->state);
    (void)sqlite3_bind_int(query, 3, stream->retention_days);
    const struct str rules = stream->rules;
    (void)sqlite3_bind_text(query, 4, rules.len == 0 ? "" : rules.at, (int)rules.len,
                            SQLITE_STATIC);
    return store_run(store, query);
}

enum err store_streams_set_ground(struct store *store, const struct store_stream *stream)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_STREAM_GROUND, &query));
    (void)sqlite3_bind_int64(query, 1, stream->id);
    (void)sqlite3_bind_int64(query, 2, (int64_t)stream->ground_seq);
    (void)sqlite3_bind_int64(query, 3, stream->ground_at_ms);
    (void)sqlite3_bind_int64(query, 4, (int64_t)stream->ground_segment);
    return store_run(store, query);
}

static enum err walk_down(struct store *store, const struct store_stream *stream,
                          sqlite3_stmt **ret_walk)
{
    const struct store_range range = {
        .stream = stream->id, .upto = SEQ_MAX, .kinds = UINT32_MAX, .newest_first = true};
    return store_rows_range(store, &range, ret_walk);
}

enum err store_streams_head(struct store *store, const struct store_stream *stream,
                            struct store_head *ret_head, uint64_t *ret_row_n)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    TRY(walk_down(store, stream, &walk));
    const enum err err = store_rows_next(store, walk, &row);
    if (err == ERR_NOT_FOUND) {
        *ret_head =
            (struct store_head){.seq = stream->ground_seq, .public_seq = stream->ground_seq};
        return ERR_OK;
    }
    if (err != ERR_OK) {
        *ret_row_n = row.n;
        return err;
    }
    ret_head->seq = row.seq;
    ret_head->public_seq = (row.flags & EVENT_FLAG_SHADOW) != 0 ? row.prev : row.seq;
    return ERR_OK;
}

/* What was a comment is one still, wherever places are counted. */
static bool is_comment(const struct store_row *row)
{
    return row->kind == EVENT_COMMENT || row->kind == EVENT_REMOVED;
}

/* Those with the flag are the first of their window: below one without it all of them stand. False:
 * they are counted. */
static bool count_window(struct store_end *end, const struct store_row *row)
{
    const bool is_other = is_comment(row) && (row->flags & EVENT_FLAG_PRIVILEGED) == 0;
    if ((uint64_t)row->at_ms / EVENT_DIGEST_MS != end->window ||
        end->window_count >= EVENT_DIGEST_OTHERS) {
        return false;
    }
    if (is_other && (row->flags & EVENT_FLAG_DIGEST) == 0) {
        end->window_count = EVENT_DIGEST_OTHERS;
    } else if (is_other) {
        end->window_count++;
    }
    return true;
}

/* One row further down; false: it is neither of the newest segment nor of the newest second or
 * window. */
static bool count_row(struct store_end *end, const struct store_row *row, size_t name_len)
{
    const bool same_second = (uint64_t)row->at_ms / MS_A_SECOND == end->second;
    const bool same_segment = row->segment == end->segment;
    const bool counts = is_comment(row);
    if ((row->flags & EVENT_FLAG_SHADOW) != 0) {
        return true; // of no account
    }
    if (same_second && counts && (row->flags & EVENT_FLAG_PRIVILEGED) == 0) {
        end->rank_count++;
    }
    const bool goes_on = count_window(end, row);
    if (same_segment) {
        end->segment_at_ms = row->at_ms;
        end->segment_comments += counts;
        end->segment_bytes += counts ? store_streams_segment_bytes(name_len, row->body.len) : 0;
    }
    return same_second || same_segment || goes_on;
}

/* From the newest row, which `row` is, down. A damaged one below it cannot be counted: what comes
 * next begins a segment of its own and has the rank of those past counting. */
static enum err count_down(struct store *store, sqlite3_stmt *walk, size_t name_len,
                           struct store_end *end, struct store_row *row)
{
    enum err err = ERR_OK;
    while (err == ERR_OK && count_row(end, row, name_len)) {
        err = store_rows_next(store, walk, row);
    }
    if (err == ERR_GONE) {
        end->rank_count = UINT16_MAX;
        end->window_count = EVENT_DIGEST_OTHERS;
        end->segment_comments = UINT16_MAX;
        return ERR_OK;
    }
    return err;
}

/* Down to the newest row that everybody sees. ERR_NOT_FOUND: there is none. */
static enum err pass_shadows(struct store *store, sqlite3_stmt *walk, struct store_row *row)
{
    while ((row->flags & EVENT_FLAG_SHADOW) != 0) {
        TRY(store_rows_next(store, walk, row));
    }
    return ERR_OK;
}

static void begin_at(struct store_end *end, const struct store_row *row)
{
    end->public_seq = row->seq;
    end->second = (uint64_t)row->at_ms / MS_A_SECOND;
    end->window = (uint64_t)row->at_ms / EVENT_DIGEST_MS;
    end->segment = row->segment;
    end->segment_at_ms = 0;
}

static enum err walk_end(struct store *store, const struct store_stream *stream, size_t name_len,
                         struct store_end *end, uint64_t *ret_row_n)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    TRY(walk_down(store, stream, &walk));
    enum err err = store_rows_next(store, walk, &row);
    if (err == ERR_OK) {
        end->seq = row.seq;
        end->at_ms = row.at_ms;
        err = pass_shadows(store, walk, &row);
    }
    if (err == ERR_OK) {
        begin_at(end, &row);
        err = count_down(store, walk, name_len, end, &row);
    } else if (err == ERR_GONE) {
        *ret_row_n = row.n;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err look_for_shadows(struct store *store, const struct store_stream *stream,
                                 bool *ret_has_shadows)
{
    sqlite3_stmt *query = NULL;
    const enum err err = find_by_number(store, STORE_SHADOWS_ANY, stream->id, &query);
    *ret_has_shadows = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err store_streams_end(struct store *store, const struct store_stream *stream, size_t name_len,
                           struct store_end *ret_end, uint64_t *ret_row_n)
{
    struct store_end end = {
        .seq = stream->ground_seq,
        .public_seq = stream->ground_seq,
        .at_ms = stream->ground_at_ms,
        .second = (uint64_t)stream->ground_at_ms / MS_A_SECOND,
        .window = (uint64_t)stream->ground_at_ms / EVENT_DIGEST_MS,
        .segment = stream->ground_segment,
        .segment_at_ms = stream->ground_at_ms,
    };
    TRY(look_for_shadows(store, stream, &end.has_shadows));
    TRY(walk_end(store, stream, name_len, &end, ret_row_n));
    *ret_end = end;
    return ERR_OK;
}

static enum err ask_shadows(struct store *store, const struct store_streams_hole *hole,
                            sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_SHADOWS, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, hole->stream);
    (void)sqlite3_bind_int64(*ret_walk, 2, (int64_t)hole->after);
    (void)sqlite3_bind_int64(*ret_walk, 3, (int64_t)hole->upto);
    return ERR_OK;
}

static bool is_own(const struct store_streams_hole *hole, sqlite3_stmt *walk)
{
    return hole->view != 0 && hash_str(hole->hash_key, store_column_text(walk, 1)) == hole->view;
}

enum err store_streams_shadows(struct store *store, const struct store_streams_hole *hole,
                               uint64_t *ret_count)
{
    sqlite3_stmt *walk = NULL;
    uint64_t count = 0;
    enum err err = ERR_OK;
    TRY(ask_shadows(store, hole, &walk));
    while ((err = store_step(store, walk)) == ERR_OK) {
        count += !is_own(hole, walk);
    }
    *ret_count = count;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err store_streams_own_shadow(struct store *store, const struct store_streams_hole *hole,
                                  uint64_t *ret_seq)
{
    sqlite3_stmt *walk = NULL;
    enum err err = ERR_OK;
    TRY(ask_shadows(store, hole, &walk));
    do {
        err = store_step(store, walk);
    } while (err == ERR_OK && !is_own(hole, walk));
    *ret_seq = err == ERR_OK ? (uint64_t)sqlite3_column_int64(walk, 0) : 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

uint64_t store_streams_oldest(uint64_t ground_seq, uint64_t head)
{
    return head == 0 ? 0 : ground_seq + 1;
}

uint32_t store_streams_segment_bytes(size_t name_len, size_t body_len)
{
    return (uint32_t)(name_len + body_len) + EVENT_FRAME_BYTES;
}
