// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/held.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/store_rows.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SUM_NUMBERS = 9 };

static int flags_of(const struct held_row *row)
{
    return row->flags | row->marks << STORE_ROWS_MARKS_SHIFT;
}

uint64_t held_sum(const struct held_row *row)
{
    const uint64_t numbers[SUM_NUMBERS] = {
        row->n,
        (uint64_t)row->stream,
        (uint64_t)row->state,
        row->seq,
        row->log_n,
        row->act,
        (uint64_t)row->due_ms,
        (uint64_t)row->at_ms,
        (uint64_t)flags_of(row),
    };
    const struct str parts[] = {{.at = (const char *)numbers, .len = sizeof(numbers)},
                                row->user,
                                row->cid,
                                row->rule,
                                row->body};
    return hash_parts(0, parts, sizeof(parts) / sizeof(parts[0]));
}

static enum err put(struct store *store, const struct held_row *row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_HELD_PUT, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)row->n);
    (void)sqlite3_bind_int64(query, 2, row->stream);
    (void)sqlite3_bind_int(query, 3, (int)row->state);
    (void)sqlite3_bind_int64(query, 4, (int64_t)row->seq);
    (void)sqlite3_bind_int64(query, 5, (int64_t)row->log_n);
    (void)sqlite3_bind_int64(query, 6, (int64_t)row->act);
    (void)sqlite3_bind_int64(query, 7, row->due_ms);
    (void)sqlite3_bind_int64(query, 8, row->at_ms);
    (void)sqlite3_bind_int(query, 9, flags_of(row));
    store_bind_text(query, 10, row->user);
    store_bind_text(query, 11, row->cid);
    store_bind_text(query, 12, row->rule);
    store_bind_text(query, 13, row->body);
    (void)sqlite3_bind_int64(query, 14, (int64_t)held_sum(row));
    return store_run(store, query);
}

enum err held_next(struct store *store, sqlite3_stmt *walk, struct held_row *ret_row)
{
    TRY(store_step(store, walk));
    const struct held_row row = {
        .n = (uint64_t)sqlite3_column_int64(walk, 0),
        .stream = sqlite3_column_int64(walk, 1),
        .state = (enum comment_state)sqlite3_column_int(walk, 2),
        .seq = (uint64_t)sqlite3_column_int64(walk, 3),
        .log_n = (uint64_t)sqlite3_column_int64(walk, 4),
        .act = (uint64_t)sqlite3_column_int64(walk, 5),
        .due_ms = sqlite3_column_int64(walk, 6),
        .at_ms = sqlite3_column_int64(walk, 7),
        .flags = (uint8_t)sqlite3_column_int(walk, 8),
        .marks = (uint16_t)(sqlite3_column_int(walk, 8) >> STORE_ROWS_MARKS_SHIFT),
        .user = store_column_text(walk, 9),
        .cid = store_column_text(walk, 10),
        .rule = store_column_text(walk, 11),
        .body = store_column_text(walk, 12),
    };
    if (held_sum(&row) != (uint64_t)sqlite3_column_int64(walk, 13)) {
        ret_row->n = row.n;
        return ERR_GONE;
    }
    *ret_row = row;
    return ERR_OK;
}

static enum err find(struct store *store, enum store_query which, uint64_t n,
                     struct held_row *ret_row)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)n);
    return held_next(store, query, ret_row);
}

enum err held_find(struct store *store, uint64_t n, struct held_row *ret_row)
{
    return find(store, STORE_HELD_GET, n, ret_row);
}

enum err held_stream_of(struct store *store, uint64_t n, int64_t *ret_stream)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_HELD_STREAM, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)n);
    TRY(store_step(store, query));
    *ret_stream = sqlite3_column_int64(query, 0);
    return ERR_OK;
}

enum err held_find_placed(struct store *store, uint64_t log_n, struct held_row *ret_row)
{
    return find(store, STORE_HELD_BY_ROW, log_n, ret_row);
}

enum err held_queue(struct store *store, int64_t stream, uint64_t after_n, sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_HELD_QUEUE, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, stream);
    (void)sqlite3_bind_int64(*ret_walk, 2, (int64_t)after_n);
    return ERR_OK;
}

enum err held_since(struct store *store, int64_t stream, int64_t at_ms, sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_HELD_SINCE, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, stream);
    (void)sqlite3_bind_int64(*ret_walk, 2, at_ms);
    return ERR_OK;
}

enum err held_newest(struct store *store, int64_t stream, sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_HELD_NEWEST_IN, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, stream);
    return ERR_OK;
}

enum err held_count(struct store *store, int64_t stream, uint64_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, stream == 0 ? STORE_HELD_COUNT_ALL : STORE_HELD_COUNT, &query));
    if (stream != 0) {
        (void)sqlite3_bind_int64(query, 1, stream);
    }
    TRY(store_step(store, query));
    *ret_count = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

enum err held_add(struct store *store, const struct held_row *row, uint64_t held_max)
{
    uint64_t count = 0;
    TRY(held_count(store, row->stream, &count));
    return count < held_bound(held_max) ? put(store, row) : ERR_LIMIT;
}

enum err held_step(struct store *store, uint64_t n, enum comment_step step,
                   struct held_row *ret_row)
{
    struct held_row row;
    TRY(held_find(store, n, &row));
    TRY(comment_state_step(row.state, step, &row.state));
    row.due_ms = 0; // what was judged once is not approved by time alone
    TRY(put(store, &row));
    *ret_row = row;
    return ERR_OK;
}

enum err held_place(struct store *store, uint64_t n, uint64_t log_n)
{
    struct held_row row;
    TRY(held_find(store, n, &row));
    row.log_n = log_n;
    row.body = STR_NONE; // it stands in the log
    return put(store, &row);
}

static enum err collect(struct store *store, sqlite3_stmt *query, uint64_t *ret_ns, uint32_t count,
                        uint32_t *ret_count)
{
    uint32_t found = 0;
    enum err err = ERR_OK;
    while (found < count && (err = store_step(store, query)) == ERR_OK) {
        ret_ns[found++] = (uint64_t)sqlite3_column_int64(query, 0);
    }
    *ret_count = found;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err held_due(struct store *store, int64_t wall_ms, uint64_t *ret_ns, uint32_t count,
                  uint32_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_HELD_DUE, &query));
    (void)sqlite3_bind_int64(query, 1, wall_ms);
    (void)sqlite3_bind_int64(query, 2, count);
    return collect(store, query, ret_ns, count, ret_count);
}

enum err held_forget_due(struct store *store, uint64_t n)
{
    struct held_row row;
    sqlite3_stmt *query = NULL;
    const enum err err = held_find(store, n, &row);
    if (err == ERR_OK) {
        row.due_ms = 0;
        return put(store, &row);
    }
    if (err != ERR_GONE) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    TRY(store_ask(store, STORE_HELD_NOT_DUE, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)n);
    return store_run(store, query);
}

int held_user_order(const void *a, const void *b)
{
    const struct str *first = a;
    const struct str *second = b;
    if (first->len != second->len) {
        return first->len < second->len ? -1 : 1;
    }
    return first->len == 0 ? 0 : memcmp(first->at, second->at, first->len);
}

bool held_is_of(const struct held_of *of, struct str user)
{
    return of->count == 0 ||
           bsearch(&user, of->users, of->count, sizeof(*of->users), held_user_order) != NULL;
}

/* HELD_AT_ONCE of them at most: those that wait for somebody are not among the next. */
static enum err find_timed(struct store *store, const struct held_of *of,
                           uint64_t ret_ns[HELD_AT_ONCE], uint32_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    uint32_t found = 0;
    enum err err = ERR_OK;
    TRY(store_ask(store, STORE_HELD_TIMED, &query));
    (void)sqlite3_bind_int64(query, 1, of->stream);
    while (found < HELD_AT_ONCE && (err = store_step(store, query)) == ERR_OK) {
        if (held_is_of(of, store_column_text(query, 1))) {
            ret_ns[found++] = (uint64_t)sqlite3_column_int64(query, 0);
        }
    }
    *ret_count = found;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err held_stop_clocks(struct store *store, const struct held_of *of)
{
    uint64_t ns[HELD_AT_ONCE];
    uint32_t found = mutant(CLOCK_RUNS_ON) ? 0 : HELD_AT_ONCE;
    while (found == HELD_AT_ONCE) {
        TRY(find_timed(store, of, ns, &found));
        for (uint32_t i = 0; i < found; i++) {
            TRY(held_forget_due(store, ns[i]));
        }
    }
    return ERR_OK;
}

enum err held_off(struct store *store, const struct held_off_place *after, sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_HELD_OFF, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, after->stream);
    (void)sqlite3_bind_int64(*ret_walk, 2, (int64_t)after->n);
    return ERR_OK;
}

enum err held_off_next(struct store *store, sqlite3_stmt *walk, struct held_off_place *ret_place)
{
    TRY(store_step(store, walk));
    *ret_place = (struct held_off_place){.stream = sqlite3_column_int64(walk, 0),
                                         .n = (uint64_t)sqlite3_column_int64(walk, 1),
                                         .user = store_column_text(walk, 2)};
    return ERR_OK;
}

enum err held_by_user(struct store *store, const struct held_by *by, uint64_t *ret_ns,
                      uint32_t count, uint32_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_HELD_BY_USER, &query));
    (void)sqlite3_bind_int64(query, 1, by->stream);
    store_bind_text(query, 2, by->user);
    (void)sqlite3_bind_int(query, 3, HELD_LOOKS_MAX);
    return collect(store, query, ret_ns, count, ret_count);
}

enum err held_waits(struct store *store, const struct held_of *of, uint64_t after_n,
                    bool *ret_waits)
{
    sqlite3_stmt *query = NULL;
    enum err err = ERR_OK;
    *ret_waits = false;
    TRY(store_ask(store, STORE_HELD_WAITS, &query));
    (void)sqlite3_bind_int64(query, 1, of->stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)after_n);
    while (!*ret_waits && (err = store_step(store, query)) == ERR_OK) {
        *ret_waits = held_is_of(of, store_column_text(query, 0));
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

bool held_is_erased(const struct held_row *row)
{
    return row->state == COMMENT_DELETED && row->log_n == 0 && row->body.len == 0;
}

static enum err run_on(struct store *store, enum store_query which, uint64_t n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)n);
    return store_run(store, query);
}

static enum err empty(struct store *store, uint64_t n)
{
    struct held_row row;
    const enum err err = held_find(store, n, &row);
    if (err == ERR_GONE) {
        return run_on(store, STORE_HELD_EMPTY, n); // and stays damaged
    }
    TRY(err);
    row.body = STR_NONE;
    return put(store, &row);
}

struct held_stretch held_stretch_until(int64_t at_ms)
{
    return (struct held_stretch){.upto_ms = at_ms, .upto_n = INT64_MAX, .is_last = true};
}

enum err held_stretch_next(struct store *store, int64_t at_ms, struct held_stretch *stretch)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_HELD_STRETCH, &query));
    struct held_stretch next = held_stretch_until(at_ms);
    if (!stretch->is_last) {
        next.from_ms = stretch->upto_ms;
        next.from_n = stretch->upto_n;
    }
    (void)sqlite3_bind_int64(query, 1, next.from_ms);
    (void)sqlite3_bind_int64(query, 2, (int64_t)next.from_n);
    (void)sqlite3_bind_int64(query, 3, at_ms);
    (void)sqlite3_bind_int64(query, 4, HELD_STRETCH - 1);
    const enum err err = store_step(store, query);
    if (err == ERR_OK) {
        next.upto_ms = sqlite3_column_int64(query, 0);
        next.upto_n = (uint64_t)sqlite3_column_int64(query, 1);
        next.is_last = false;
    }
    *stretch = err == ERR_OK || err == ERR_NOT_FOUND ? next : *stretch;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err ask_in(struct store *store, enum store_query which,
                       const struct held_stretch *stretch, sqlite3_stmt **ret_query)
{
    TRY(store_ask(store, which, ret_query));
    (void)sqlite3_bind_int64(*ret_query, 1, stretch->from_ms);
    (void)sqlite3_bind_int64(*ret_query, 2, (int64_t)stretch->from_n);
    (void)sqlite3_bind_int64(*ret_query, 3, stretch->upto_ms);
    (void)sqlite3_bind_int64(*ret_query, 4, (int64_t)stretch->upto_n);
    (void)sqlite3_bind_int64(*ret_query, 5, HELD_AT_ONCE);
    return ERR_OK;
}

enum err held_erase(struct store *store, const struct held_stretch *stretch, uint32_t *ret_count)
{
    uint64_t ns[HELD_AT_ONCE];
    uint32_t found = 0;
    sqlite3_stmt *query = NULL;
    TRY(ask_in(store, STORE_HELD_TEXTS, stretch, &query));
    TRY(collect(store, query, ns, HELD_AT_ONCE, &found));
    for (uint32_t i = 0; i < found; i++) {
        TRY(empty(store, ns[i]));
    }
    *ret_count = found;
    return ERR_OK;
}

enum err held_forget(struct store *store, const struct held_stretch *stretch, uint64_t oldest_n,
                     uint32_t *ret_count)
{
    uint64_t ns[HELD_AT_ONCE];
    uint32_t found = 0;
    sqlite3_stmt *query = NULL;
    TRY(ask_in(store, STORE_HELD_OLD, stretch, &query));
    (void)sqlite3_bind_int64(query, 6, (int64_t)oldest_n);
    TRY(collect(store, query, ns, HELD_AT_ONCE, &found));
    for (uint32_t i = 0; i < found; i++) {
        TRY(run_on(store, STORE_HELD_DELETE, ns[i]));
        TRY(run_on(store, STORE_REJECTIONS_FORGET, ns[i]));
    }
    *ret_count = found;
    return ERR_OK;
}

static enum err run_upto(struct store *store, enum store_query which, int64_t stream, uint64_t seq)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, stream);
    (void)sqlite3_bind_int64(query, 2, (int64_t)seq);
    return store_run(store, query);
}

enum err held_expire(struct store *store, int64_t stream, uint64_t seq)
{
    TRY(run_upto(store, STORE_REJECTIONS_EXPIRE, stream, seq));
    return run_upto(store, STORE_HELD_EXPIRE, stream, seq);
}

enum err held_newest_n(struct store *store, uint64_t *ret_n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_HELD_NEWEST, &query));
    TRY(store_step(store, query));
    *ret_n = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}
