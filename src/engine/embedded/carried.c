// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/carried.h"

#include "base/mutant.h"
#include "wire/removal.h"

#include <stddef.h>

enum { CARRIED_BYTES_MAX = 128 << 10 };

enum err carried_add(struct store *store, int64_t stream, uint64_t seq, uint64_t row_n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_CARRIED_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
    (void)sqlite3_bind_int64(query, 3, (int64_t)row_n);
    return store_run(store, query);
}

enum err carried_mark(struct store *store, int64_t stream, uint64_t seq)
{
    sqlite3_stmt *query = NULL;
    if (mutant(CARRIERS_KEEP_TEXT)) {
        return ERR_OK;
    }
    TRY(store_ask(store, STORE_CARRIED_MARK, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
    return store_run(store, query);
}

struct mark {
    int64_t stream, seq, row_n;
};

static enum err find_unmarked(struct store *store, const struct carried_of *of, struct mark *marks,
                              uint32_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    enum err err = ERR_OK;
    uint32_t count = 0;
    TRY(store_ask(store, of->user.len == 0 ? STORE_CARRIED_ALL : STORE_CARRIED_OF, &query));
    (void)sqlite3_bind_int64(query, 1, of->stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)of->upto_n);
    if (of->user.len > 0) {
        store_bind_text(query, 3, of->user);
    }
    while (count < CARRIED_SEQS_MAX && (err = store_step(store, query)) == ERR_OK) {
        marks[count++] =
            (struct mark){sqlite3_column_int64(query, 0), sqlite3_column_int64(query, 1),
                          sqlite3_column_int64(query, 2)};
    }
    *ret_count = count;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err carried_mark_of(struct store *store, const struct carried_of *of, uint32_t *ret_count)
{
    struct mark marks[CARRIED_SEQS_MAX];
    uint32_t count = 0;
    TRY(find_unmarked(store, of, marks, &count));
    for (uint32_t i = 0; i < count; i++) {
        sqlite3_stmt *query = NULL;
        TRY(store_ask(store, STORE_CARRIED_MARK_IN, &query));
        (void)sqlite3_bind_int64(query, 1, marks[i].stream);
        (void)sqlite3_bind_int64(query, 2, marks[i].seq);
        (void)sqlite3_bind_int64(query, 3, marks[i].row_n);
        TRY(store_run(store, query));
    }
    *ret_count = count;
    return ERR_OK;
}

/* ---- overwriting ---- */

/* Of one row, ascending. */
struct due {
    uint64_t seqs[CARRIED_SEQS_MAX];
    uint32_t count;
};

static enum err find_due(struct store *store, uint64_t row_n, struct due *due)
{
    sqlite3_stmt *query = NULL;
    enum err err = ERR_OK;
    due->count = 0;
    TRY(store_ask(store, STORE_CARRIED_DUE_OF, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row_n);
    while (due->count < CARRIED_SEQS_MAX && (err = store_step(store, query)) == ERR_OK) {
        due->seqs[due->count++] = (uint64_t)sqlite3_column_int64(query, 0);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* A row that expired or is damaged is served to nobody. `*bytes` grows by what was rewritten. */
static enum err overwrite(struct store *store, uint64_t row_n, const struct removal *removal,
                          size_t *bytes)
{
    struct store_row row;
    struct buf body;
    enum err err = store_rows_get(store, row_n, &row);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    buf_init(&body, MEM_ENGINE, CARRIED_BYTES_MAX);
    buf_add_str(&body, row.body);
    err = buf_err(&body);
    if (err == ERR_OK && removal_redact(removal, body.bytes, body.len) > 0) {
        row.body = buf_str(&body);
        err = store_rows_rewrite(store, &row);
        *bytes += body.len;
    }
    buf_done(&body);
    return err;
}

/* At most CARRIED_SEQS_MAX of what a row holds; what is left of it is still marked. */
static enum err redact_row(struct store *store, uint64_t row_n, size_t *bytes)
{
    struct due due;
    sqlite3_stmt *query = NULL;
    TRY(find_due(store, row_n, &due));
    const struct removal removal = {.of = REMOVAL_SEQS, .seqs = due.seqs, .count = due.count};
    TRY(overwrite(store, row_n, &removal, bytes));
    TRY(store_ask(store, STORE_CARRIED_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row_n);
    (void)sqlite3_bind_int64(query, 2, (int64_t)due.seqs[due.count - 1]);
    return store_run(store, query);
}

/* ERR_NOT_FOUND: none is. */
static enum err next_due(struct store *store, uint64_t *ret_row_n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_CARRIED_DUE, &query));
    TRY(store_step(store, query));
    *ret_row_n = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

enum err carried_redact(struct store *store, bool *ret_is_left)
{
    enum err err = ERR_OK;
    uint64_t row_n = 0;
    size_t bytes = 0;
    for (uint32_t rows = 0; (err = next_due(store, &row_n)) == ERR_OK; rows++) {
        if (rows == CARRIED_PIECE_ROWS || bytes >= CARRIED_PIECE_BYTES) {
            *ret_is_left = true;
            return ERR_OK;
        }
        TRY(redact_row(store, row_n, &bytes));
    }
    *ret_is_left = false;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- seeing ---- */

struct seeing {
    struct removal_asked asked; // first
    const struct sweeps *sweeps;
    const struct store_row *row;
    struct due due;
};

static bool is_gone(const struct removal_asked *asked, uint64_t seq, struct str author)
{
    const struct seeing *seeing = (const struct seeing *)(const void *)asked;
    const struct removal removal = {
        .of = REMOVAL_SEQS, .seqs = seeing->due.seqs, .count = seeing->due.count};
    return removal_covers(&removal, seq, STR_NONE) ||
           sweeps_take_from(seeing->sweeps, seeing->row, author);
}

enum err carried_see(struct store *store, const struct sweeps *sweeps, struct store_row *row,
                     struct buf *copy)
{
    struct seeing seeing = {.asked = {.covers = is_gone}, .sweeps = sweeps, .row = row};
    if ((row->kind != EVENT_RESTORE && row->kind != EVENT_PIN) || mutant(CARRIERS_UNSEEN)) {
        return ERR_OK;
    }
    TRY(find_due(store, row->n, &seeing.due));
    if (seeing.due.count == 0 && !sweeps_are_above(sweeps, row)) {
        return ERR_OK;
    }
    buf_reset(copy);
    buf_add_str(copy, row->body);
    TRY(buf_err(copy));
    (void)removal_redact_asked(&seeing.asked, copy->bytes, copy->len);
    row->body = buf_str(copy);
    return ERR_OK;
}
