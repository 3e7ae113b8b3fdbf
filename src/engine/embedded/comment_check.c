// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/comment_check.h"

#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/store_streams.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { TEXT_MAX = 256 };

__attribute__((format(printf, 2, 3))) static void tell(struct comment_check *check,
                                                       const char *format, ...)
{
    char text[TEXT_MAX];
    va_list rest;
    va_start(rest, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() stands above
    vsnprintf(text, sizeof(text), format, rest);
    va_end(rest);
    check->on_damage(check, text);
}

/* Between a row and its prev there is nothing but what is shadowed. */
enum err comment_check_follows(struct store *store, const struct store_row *row, bool *ret_follows)
{
    uint64_t shadowed = 0;
    if (row->prev >= row->seq) {
        *ret_follows = false;
        return ERR_OK;
    }
    const struct store_streams_hole hole = {
        .stream = row->stream, .after = row->prev, .upto = row->seq - 1};
    if (hole.after < hole.upto) {
        TRY(store_streams_shadows(store, &hole, &shadowed));
    }
    *ret_follows = hole.after + shadowed == hole.upto;
    return ERR_OK;
}

/* For what has no place among the store's own statements. */
static enum err each(struct comment_check *check, struct store *store, const char *sql,
                     enum err (*fn)(struct comment_check *check, struct store *store,
                                    sqlite3_stmt *query))
{
    sqlite3_stmt *query = NULL;
    enum err err = ERR_OK;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &query, NULL);
    while (err == ERR_OK && code == SQLITE_OK && (code = sqlite3_step(query)) == SQLITE_ROW) {
        err = fn(check, store, query);
        code = SQLITE_OK;
    }
    (void)sqlite3_finalize(query);
    if (err == ERR_OK && code != SQLITE_DONE) {
        store->failure = code;
        return ERR_SYS;
    }
    return err;
}

static enum err on_evidence(struct comment_check *check, struct store *store, sqlite3_stmt *query)
{
    struct evidence_row row;
    const int64_t stream = sqlite3_column_int64(query, 0);
    const int64_t seq = sqlite3_column_int64(query, 1);
    const enum err err = evidence_find(store, stream, (uint64_t)seq, &row);
    if (err == ERR_GONE) {
        tell(check, "roar.db: the kept text of stream %lld seq %lld does not match its sum",
             (long long)stream, (long long)seq);
        return ERR_OK;
    }
    return err;
}

static enum err on_held(struct comment_check *check, struct store *store, sqlite3_stmt *query)
{
    struct held_row row;
    const int64_t n = sqlite3_column_int64(query, 0);
    const enum err err = held_find(store, (uint64_t)n, &row);
    if (err == ERR_GONE) {
        tell(check, "roar.db: held comment %lld does not match its sum", (long long)n);
        return ERR_OK;
    }
    return err;
}

static enum err on_stray(struct comment_check *check, struct store *store, sqlite3_stmt *query)
{
    (void)store;
    tell(check, "roar.db: %s %lld has no place in the log",
         (const char *)sqlite3_column_text(query, 0), (long long)sqlite3_column_int64(query, 1));
    return ERR_OK;
}

static enum err on_rejection(struct comment_check *check, struct store *store, sqlite3_stmt *query)
{
    (void)store;
    tell(check, "roar.db: act a%lld rejects comment %lld, which %s",
         (long long)sqlite3_column_int64(query, 1), (long long)sqlite3_column_int64(query, 0),
         (const char *)sqlite3_column_text(query, 2));
    return ERR_OK;
}

static enum err on_unemptied(struct comment_check *check, struct store *store, sqlite3_stmt *query)
{
    (void)store;
    tell(check, "roar.db: row %lld is removed and holds a text",
         (long long)sqlite3_column_int64(query, 0));
    return ERR_OK;
}

enum err comment_check_all(struct comment_check *check, struct store *store)
{
    TRY(each(check, store, "SELECT stream, seq FROM evidence", on_evidence));
    TRY(each(check, store, "SELECT n FROM held", on_held));
    TRY(each(check, store,
             "SELECT 'the kept text of row', e.n FROM evidence e JOIN streams s ON s.id = e.stream "
             "LEFT JOIN log l ON l.n = e.n WHERE e.seq > s.ground_seq AND (l.n IS NULL OR "
             "l.kind <> 8 OR l.stream <> e.stream OR l.seq <> e.seq) "
             "UNION ALL SELECT 'held comment', h.n FROM held h LEFT JOIN log l ON l.n = h.log_n "
             "WHERE h.log_n > 0 AND l.n IS NULL",
             on_stray));
    TRY(each(check, store,
             "SELECT r.n, r.act, iif(h.n IS NULL, 'is not there', 'waits') FROM rejections r "
             "LEFT JOIN held h ON h.n = r.n WHERE h.n IS NULL OR (h.seq = 0 AND h.state = 2)",
             on_rejection));
    return each(check, store, "SELECT n FROM log WHERE kind = 8 AND body <> ''", on_unemptied);
}
