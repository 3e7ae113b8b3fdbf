// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_check.h"

#include "engine/embedded/comment_body.h"
#include "engine/embedded/comment_check.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_dedupe.h"
#include "engine/embedded/store_pages.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_streams.h"
#include "engine/embedded/store_wal.h"
#include "sys/sys.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { PROGRESS_EVERY = 20000, PAGES_AT_ONCE = 16 };

struct round { // of one check
    const struct store_check *check;
    struct store *store;
    const struct store_identity *identity;
    struct store_dedupe dedupe;
    struct store_check_found *found;
};

__attribute__((format(printf, 2, 3))) static void tell(const struct round *round,
                                                       const char *format, ...)
{
    char text[STORE_CHECK_TEXT_MAX];
    va_list rest;
    va_start(rest, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() stands above
    vsnprintf(text, sizeof(text), format, rest);
    va_end(rest);
    if (round->found->damages++ < STORE_CHECK_DAMAGES_MAX) {
        round->check->on_damage(round->check, text);
    }
}

static void progress(const struct round *round, const char *what, uint64_t done, uint64_t total)
{
    if (done % PROGRESS_EVERY == 0 || done == total) {
        round->check->on_progress(round->check, what, done, total);
    }
}

static void tell_broken_off(const struct round *round, const char *what)
{
    tell(round, "roar.db: %s could not be gone through to the end: %s", what,
         store_failure_text(round->store));
}

/* ---- trees and indexes, as SQLite sees them ---- */

typedef void row_fn(const struct round *round, sqlite3_stmt *query);

/* Runs what has no place among the store's own statements. */
static void each_row(const struct round *round, const char *what, const char *sql, row_fn *fn)
{
    sqlite3_stmt *query = NULL;
    int code = sqlite3_prepare_v2(round->store->db, sql, -1, &query, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(query)) == SQLITE_ROW) {
        fn(round, query);
        code = SQLITE_OK;
    }
    if (code != SQLITE_DONE) {
        round->store->failure = code;
        tell_broken_off(round, what);
    }
    (void)sqlite3_finalize(query);
}

static void on_integrity(const struct round *round, sqlite3_stmt *query)
{
    const char *text = (const char *)sqlite3_column_text(query, 0);
    if (text != NULL && strcmp(text, "ok") != 0) {
        tell(round, "roar.db: %s", text);
    }
}

/* ---- rows ---- */

/* What the comment's id and its retries name; a held one had its number before its row. */
static uint64_t name_of(const struct round *round, const struct store_row *row)
{
    uint64_t n = row->n;
    int64_t at_ms = 0;
    const enum err err = standing_name(round->store, row->n, &n, &at_ms);
    return err == ERR_OK ? n : row->n;
}

static void check_retry(const struct round *round, const struct store_row *row, struct str name)
{
    const struct store_dedupe_key key = {.stream = name, .user = row->user, .cid = row->cid};
    const uint64_t own = name_of(round, row);
    uint64_t n = 0;
    if (row->cid.len == 0 || own < store_dedupe_oldest_n(&round->dedupe)) {
        return;
    }
    const enum err err = store_dedupe_find(round->store, &round->dedupe, &key, &n);
    if (err != ERR_OK || n != own) {
        tell(round, "roar.db: stream %.*s seq %llu (row %llu): a retry of it would not be known",
             STR_ARG(name), (unsigned long long)row->seq, (unsigned long long)row->n);
    }
}

static void check_id(const struct round *round, const struct store_row *row, struct str name)
{
    uint64_t n = 0;
    int64_t at_ms = 0;
    if (row->kind == EVENT_COMMENT &&
        (comment_id_parse(round->identity->id_key, comment_body_id(row->body), &n, &at_ms) !=
             ERR_OK ||
         n != name_of(round, row))) {
        tell(round, "roar.db: stream %.*s seq %llu (row %llu): its id is not its own",
             STR_ARG(name), (unsigned long long)row->seq, (unsigned long long)row->n);
    }
}

static void check_row(const struct round *round, const struct store_row *row)
{
    struct store_stream stream;
    struct str name = STR_NONE;
    const enum err err = store_streams_by_id(round->store, row->stream, &stream, &name);
    if (err != ERR_OK) {
        tell(round, "roar.db: row %llu belongs to stream %lld, which is not there",
             (unsigned long long)row->n, (long long)row->stream);
        return;
    }
    char kept[STREAM_NAME_LEN_MAX]; // store_dedupe_find() asks the same statement
    name.len = name.len < sizeof(kept) ? name.len : sizeof(kept);
    memcpy(kept, name.len == 0 ? "" : name.at, name.len);
    name.at = kept;
    bool follows = false;
    if (comment_check_follows(round->store, row, &follows) != ERR_OK || !follows) {
        tell(round, "roar.db: stream %.*s seq %llu (row %llu) does not follow on the one before",
             STR_ARG(name), (unsigned long long)row->seq, (unsigned long long)row->n);
    }
    check_id(round, row, name);
    check_retry(round, row, name);
}

static void check_rows(const struct round *round, uint64_t total)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    enum err err = store_rows_since(round->store, 0, &walk);
    while (err == ERR_OK && (err = store_rows_next(round->store, walk, &row)) != ERR_NOT_FOUND) {
        if (err == ERR_GONE) {
            tell(round, "roar.db: row %llu (stream %lld, seq %lld) does not match its sum",
                 (unsigned long long)row.n, (long long)sqlite3_column_int64(walk, 1),
                 (long long)sqlite3_column_int64(walk, 2));
        } else if (err == ERR_OK) {
            check_row(round, &row);
        } else {
            break;
        }
        err = ERR_OK;
        progress(round, "rows", ++round->found->rows, total);
    }
    if (err != ERR_NOT_FOUND) {
        tell_broken_off(round, "the log");
    }
}

/* ---- streams: the log of each is whole from its ground to its head ---- */

static void on_stream(const struct round *round, sqlite3_stmt *query)
{
    const char *name = (const char *)sqlite3_column_text(query, 0);
    const int64_t ground = sqlite3_column_int64(query, 1);
    const int64_t count = sqlite3_column_int64(query, 2);
    const int64_t first = sqlite3_column_int64(query, 3);
    const int64_t last = sqlite3_column_int64(query, 4);
    round->found->streams++;
    if (count > 0 && (first != ground + 1 || last - ground != count)) {
        tell(round, "roar.db: stream %s should have all from seq %lld to %lld, and has %lld",
             name == NULL ? "?" : name, (long long)ground + 1, (long long)last, (long long)count);
    }
}

/* ---- retries ---- */

static void on_lost_row(const struct round *round, sqlite3_stmt *query)
{
    tell(round, "roar.db: a retry names row %lld, which is not there",
         (long long)sqlite3_column_int64(query, 0));
}

static void check_retries(const struct round *round)
{
    for (uint64_t age = 0; age < 2 && age <= round->dedupe.generation; age++) {
        char sql[224];
        snprintf(sql, sizeof(sql),
                 "SELECT d.n FROM dedupe_%u d LEFT JOIN log ON log.n = d.n WHERE log.n IS NULL "
                 "AND d.n NOT IN (SELECT n FROM held)",
                 (unsigned)((round->dedupe.generation - age) % STORE_DEDUPE_TABLES));
        each_row(round, "the retries", sql, on_lost_row);
    }
}

/* ---- what is kept of comments beside the log ---- */

struct comments_round {
    struct comment_check check; // first
    const struct round *round;
};

static void on_comment_damage(struct comment_check *check, const char *text)
{
    tell(((struct comments_round *)(void *)check)->round, "%s", text);
}

static void check_comments(const struct round *round)
{
    struct comments_round comments = {.check = {.on_damage = on_comment_damage}, .round = round};
    if (comment_check_all(&comments.check, round->store) != ERR_OK) {
        tell_broken_off(round, "what is kept of comments");
    }
}

void store_check_contents(const struct store_check *check, struct store *store,
                          const struct store_identity *identity, struct store_check_found *found)
{
    struct round round = {.check = check, .store = store, .identity = identity, .found = found};
    uint64_t total = 0;
    enum err err = store_begin_read(store);
    if (err == ERR_OK) {
        err = store_dedupe_open(store, identity->hash_key, 0, &round.dedupe);
    }
    if (err != ERR_OK || store_rows_newest_n(store, &total) != ERR_OK) {
        tell_broken_off(&round, "what every log has");
        store_rollback(store);
        return;
    }
    check->on_progress(check, "trees and indexes", 0, 0);
    each_row(&round, "a tree", "PRAGMA integrity_check", on_integrity);
    check_rows(&round, total);
    check->on_progress(check, "streams", 0, 0);
    each_row(&round, "the streams",
             "SELECT s.name, s.ground_seq, count(l.seq), min(l.seq), max(l.seq) FROM streams s "
             "LEFT JOIN log l INDEXED BY log_place ON l.stream = s.id GROUP BY s.id",
             on_stream);
    check->on_progress(check, "removed and held comments", 0, 0);
    check_comments(&round);
    check->on_progress(check, "retries", 0, 0);
    check_retries(&round);
    store_rollback(store);
}

/* ---- the files ---- */

static enum err check_wal(const struct round *round, const char *path, bool *ret_is_damaged)
{
    char wal[STORE_PATH_MAX + 8];
    struct store_wal_verdict verdict;
    snprintf(wal, sizeof(wal), "%s-wal", path);
    TRY(store_wal_scan(wal, &verdict));
    *ret_is_damaged = verdict.is_damaged;
    if (verdict.is_damaged) {
        tell(round,
             "roar.db-wal: a flipped bit at or behind offset %llu; %llu commits before it are "
             "whole, %llu that were answered are not",
             (unsigned long long)verdict.bad_offset, (unsigned long long)verdict.commits,
             (unsigned long long)verdict.lost);
    }
    return ERR_OK;
}

static enum err check_pages_of(const struct round *round, int fd)
{
    uint8_t pages[PAGES_AT_ONCE * STORE_PAGES_BYTES];
    uint64_t bytes = 0;
    size_t len = 0;
    TRY(sys_file_size(fd, &bytes));
    const uint64_t total = bytes / STORE_PAGES_BYTES;
    for (uint64_t number = 1; number <= total;) {
        TRY(sys_file_read_at(fd, (number - 1) * STORE_PAGES_BYTES, pages, sizeof(pages), &len));
        for (size_t at = 0; at + STORE_PAGES_BYTES <= len; at += STORE_PAGES_BYTES, number++) {
            if (!store_pages_is_whole(pages + at, number)) {
                tell(round, "roar.db: page %llu does not match its sum",
                     (unsigned long long)number);
            }
            progress(round, "pages", ++round->found->pages, total);
        }
        if (len < STORE_PAGES_BYTES) {
            break;
        }
    }
    return ERR_OK;
}

static enum err check_pages(const struct round *round, const char *path)
{
    int fd = -1;
    TRY(sys_file_open_read(path, &fd));
    const enum err err = check_pages_of(round, fd);
    sys_close(fd);
    return err;
}

static enum err check_open(struct round *round, const char *path, bool renew_epoch,
                           char why[STORE_CHECK_TEXT_MAX])
{
    struct store_identity identity = {.hash_key = 0};
    struct store_fault fault = {.text = ""};
    enum err err = store_open(round->store, path, STORE_WRITES);
    if (err == ERR_OK) {
        err = store_schema_prepare(round->store, &fault, &identity);
    }
    if (err != ERR_OK) {
        tell(round, "roar.db: %s",
             fault.text[0] != '\0' ? fault.text : store_failure_text(round->store));
        return check_pages(round, path);
    }
    err = store_empty_wal(round->store);
    if (err != ERR_OK) {
        snprintf(why, STORE_CHECK_TEXT_MAX, "roar.db: %s", store_failure_text(round->store));
        return ERR_SYS;
    }
    TRY(check_pages(round, path));
    store_check_contents(round->check, round->store, &identity, round->found);
    if (renew_epoch) {
        err = store_schema_renew_epoch(round->store, &identity);
        err = err == ERR_OK ? store_checkpoint(round->store, true) : err;
    }
    round->found->epoch = identity.epoch;
    return err;
}

static enum err check_files(struct round *round, const char *path, bool renew_epoch,
                            char why[STORE_CHECK_TEXT_MAX])
{
    int fd = -1;
    bool is_damaged = false;
    TRY(sys_file_open_read(path, &fd));
    sys_close(fd);
    enum err err = check_wal(round, path, &is_damaged);
    if (err == ERR_OK && is_damaged) { // SQLite would cut it off
        return check_pages(round, path);
    }
    if (err == ERR_OK) {
        err = check_open(round, path, renew_epoch, why);
    }
    store_close(round->store);
    return err;
}

enum err store_check_folder(const struct store_check *check, const char *folder, bool renew_epoch,
                            struct store_check_found *ret_found, char why[STORE_CHECK_TEXT_MAX])
{
    char path[STORE_PATH_MAX];
    struct store store = {.db = NULL};
    struct store_check_found found = {.pages = 0};
    struct round round = {.check = check, .store = &store, .found = &found};
    int lock_fd = -1;
    int fd = -1;
    why[0] = '\0';
    if (strlen(folder) > STORE_PATH_MAX - 32) {
        snprintf(why, STORE_CHECK_TEXT_MAX, "the data folder's path is too long");
        return ERR_SYS;
    }
    snprintf(path, sizeof(path), "%s/roar.db", folder);
    enum err err = sys_file_open_read(path, &fd);
    sys_close(fd);
    TRY(err);
    snprintf(path, sizeof(path), "%s/lock", folder);
    err = sys_file_lock(path, &lock_fd);
    if (err == ERR_OK) {
        snprintf(path, sizeof(path), "%s/roar.db", folder);
        err = check_files(&round, path, renew_epoch, why);
    }
    if (err == ERR_SYS && why[0] == '\0') {
        char text[SYS_FAILURE_TEXT_MAX];
        snprintf(why, STORE_CHECK_TEXT_MAX, "%.*s", STR_ARG(sys_failure_write(text)));
    }
    sys_close(lock_fd);
    *ret_found = found;
    return err;
}
