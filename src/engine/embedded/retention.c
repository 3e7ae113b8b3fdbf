// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/retention.h"

#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/store_streams.h"

#include <stddef.h>
#include <string.h>

/* A walk goes over all streams by id and takes from each what is due; then it rests. What is taken
 * from a stream becomes its ground, below which nothing is kept:
 *
 *      before   ground ........ due due due kept kept     after          ground kept kept
 */
enum { STREAMS_AT_ONCE = 64, ROWS_AT_ONCE = 256, REST_MS = 10 * 60 * 1000 };
enum { DAY_MS = 24 * 60 * 60 * 1000 };

struct piece {
    struct store_stream row; // its ground is what it will be
    char name[STREAM_NAME_LEN_MAX];
    size_t name_len;
    uint64_t rows;
};

void retention_wake(struct retention *retention)
{
    retention->after_id = 0;
    retention->next_mono_ms = 0;
}

bool retention_is_due(const struct retention *retention, struct moment now)
{
    return now.mono_ms >= retention->next_mono_ms;
}

static int32_t days_of(const struct ordering *ordering, const struct store_stream *row)
{
    return row->retention_days >= 0 ? row->retention_days : ordering->rules.retention_days;
}

/* Moves the ground up to the newest row that is due; a damaged one goes with those behind it. */
static enum err find_ground(struct ordering *ordering, int64_t before_ms, struct store_stream *row)
{
    const struct store_range range = {
        .stream = row->id, .after = row->ground_seq, .upto = SEQ_MAX, .kinds = UINT32_MAX};
    const uint64_t oldest_n = store_dedupe_oldest_n(&ordering->dedupe);
    sqlite3_stmt *walk = NULL;
    TRY(store_rows_range(ordering->store, &range, &walk));
    for (uint32_t seen = 0; seen < ROWS_AT_ONCE; seen++) {
        struct store_row found;
        const enum err err = store_rows_next(ordering->store, walk, &found);
        if (err == ERR_GONE) {
            continue;
        }
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        if (found.at_ms >= before_ms || found.n >= oldest_n) {
            return ERR_OK;
        }
        row->ground_seq = found.seq;
        row->ground_at_ms = found.at_ms;
        row->ground_segment = found.segment;
    }
    return ERR_OK;
}

static enum err take_out(struct ordering *ordering, struct piece *piece)
{
    TRY(held_expire(ordering->store, piece->row.id, piece->row.ground_seq));
    TRY(evidence_expire(ordering->store, piece->row.id, piece->row.ground_seq));
    TRY(store_rows_delete_upto(ordering->store, piece->row.id, piece->row.ground_seq,
                               &piece->rows));
    TRY(store_streams_set_ground(ordering->store, &piece->row));
    return store_schema_set_number(ordering->store, "next_n", ordering->next_n);
}

/* The first stream of this piece that has something due; piece->rows 0: none has.
 * ERR_NOT_FOUND: the walk is over. */
static enum err expire_one(struct retention *retention, struct ordering *ordering,
                           struct moment now, struct piece *piece)
{
    for (uint32_t seen = 0; seen < STREAMS_AT_ONCE; seen++) {
        struct str name;
        TRY(store_streams_after(ordering->store, retention->after_id, &piece->row, &name));
        const uint64_t ground = piece->row.ground_seq;
        const int32_t days = days_of(ordering, &piece->row);
        if (days > 0) {
            TRY(find_ground(ordering, now.wall_ms - (int64_t)days * DAY_MS, &piece->row));
        }
        if (piece->row.ground_seq > ground) {
            piece->name_len = name.len < sizeof(piece->name) ? name.len : sizeof(piece->name);
            memcpy(piece->name, name.at, piece->name_len);
            return take_out(ordering, piece);
        }
        retention->after_id = piece->row.id;
    }
    return ERR_OK;
}

static void apply(struct retention *retention, struct ordering *ordering, struct log_tail *tail,
                  const struct piece *piece)
{
    const struct str name = {.at = piece->name, .len = piece->name_len};
    struct head *head = heads_peek(&ordering->heads, name);
    if (head != NULL) {
        head->row.ground_seq = piece->row.ground_seq;
        head->row.ground_at_ms = piece->row.ground_at_ms;
        head->row.ground_segment = piece->row.ground_segment;
    }
    log_tail_expire(tail, name, piece->row.ground_seq);
    retention->expired_rows += piece->rows;
}

enum err retention_step(struct retention *retention, struct ordering *ordering,
                        struct log_tail *tail, struct moment now)
{
    struct piece piece = {.rows = 0};
    TRY(store_begin_write(ordering->store));
    const enum err err = expire_one(retention, ordering, now, &piece);
    if (err == ERR_NOT_FOUND) {
        store_rollback(ordering->store);
        retention->after_id = 0;
        retention->next_mono_ms = now.mono_ms + REST_MS;
        return ERR_OK;
    }
    if (err != ERR_OK) {
        store_rollback(ordering->store);
        if (err == ERR_PROTO) { // a page of it is damaged: it keeps what it has, the others go on
            retention->after_id =
                piece.row.id > retention->after_id ? piece.row.id : retention->after_id + 1;
        }
        return err;
    }
    TRY(store_commit(ordering->store));
    if (piece.rows > 0) {
        apply(retention, ordering, tail, &piece);
    }
    return ERR_OK;
}
