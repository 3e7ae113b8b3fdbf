// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/carried.h"

#include "base/buf.h"
#include "engine/embedded/store_rows.h"
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

/* A row that expired or is damaged is served to nobody. */
static enum err redact_row(struct store *store, uint64_t row_n, uint64_t seq)
{
    const struct removal removal = {.of = REMOVAL_SEQS, .seqs = &seq, .count = 1};
    struct store_row row;
    struct buf body;
    enum err err = store_rows_get(store, row_n, &row);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    buf_init(&body, MEM_ENGINE, CARRIED_BYTES_MAX);
    buf_add_str(&body, row.body);
    err = buf_err(&body);
    if (err == ERR_OK && removal_redact(&removal, body.bytes, body.len) > 0) {
        row.body = buf_str(&body);
        err = store_rows_rewrite(store, &row);
    }
    buf_done(&body);
    return err;
}

enum err carried_redact(struct store *store, int64_t stream, uint64_t seq)
{
    for (;;) {
        sqlite3_stmt *query = NULL;
        TRY(store_ask(store, STORE_CARRIED_AT, &query));
        (void)sqlite3_bind_int64(query, 1, stream);
        (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
        const enum err err = store_step(store, query);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        const uint64_t row_n = (uint64_t)sqlite3_column_int64(query, 0);
        TRY(redact_row(store, row_n, seq));
        TRY(store_ask(store, STORE_CARRIED_DELETE, &query));
        (void)sqlite3_bind_int64(query, 1, stream);
        (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
        (void)sqlite3_bind_int64(query, 3, (int64_t)row_n);
        TRY(store_run(store, query));
    }
}

/* Of all that a sweep is about, at once. */
enum err carried_redact_of(struct store *store, int64_t stream, struct str user)
{
    for (;;) {
        sqlite3_stmt *query = NULL;
        TRY(store_ask(store, STORE_CARRIED_OF, &query));
        (void)sqlite3_bind_int64(query, 1, stream);
        store_bind_text(query, 2, user);
        const enum err err = store_step(store, query);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        TRY(carried_redact(store, sqlite3_column_int64(query, 0),
                           (uint64_t)sqlite3_column_int64(query, 1)));
    }
}
