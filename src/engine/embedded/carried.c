// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/carried.h"

#include "base/buf.h"
#include "base/mutant.h"
#include "engine/embedded/store_rows.h"
#include "wire/removal.h"

#include <stddef.h>

/* A restore holds RESTORING_COMMENTS_MAX comments, a pin one. */
enum { CARRIED_BYTES_MAX = 128 << 10, CARRIED_SEQS_MAX = 512 };

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

enum err carried_mark_of(struct store *store, int64_t stream, struct str user)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, user.len == 0 ? STORE_CARRIED_MARK_ALL : STORE_CARRIED_MARK_OF, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    if (user.len > 0) {
        store_bind_text(query, 2, user);
    }
    return store_run(store, query);
}

/* A row that expired or is damaged is served to nobody. */
static enum err overwrite(struct store *store, uint64_t row_n, const struct removal *removal)
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
    }
    buf_done(&body);
    return err;
}

/* At most CARRIED_SEQS_MAX of what a row holds; what is left of it is still marked. */
static enum err redact_row(struct store *store, uint64_t row_n)
{
    uint64_t seqs[CARRIED_SEQS_MAX];
    struct removal removal = {.of = REMOVAL_SEQS, .seqs = seqs};
    sqlite3_stmt *query = NULL;
    enum err err = ERR_OK;
    TRY(store_ask(store, STORE_CARRIED_DUE_OF, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row_n);
    while (removal.count < CARRIED_SEQS_MAX && (err = store_step(store, query)) == ERR_OK) {
        seqs[removal.count++] = (uint64_t)sqlite3_column_int64(query, 0);
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    TRY(overwrite(store, row_n, &removal));
    TRY(store_ask(store, STORE_CARRIED_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row_n);
    (void)sqlite3_bind_int64(query, 2, (int64_t)seqs[removal.count - 1]);
    return store_run(store, query);
}

enum err carried_redact(struct store *store)
{
    for (;;) {
        sqlite3_stmt *query = NULL;
        TRY(store_ask(store, STORE_CARRIED_DUE, &query));
        const enum err err = store_step(store, query);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        TRY(redact_row(store, (uint64_t)sqlite3_column_int64(query, 0)));
    }
}
