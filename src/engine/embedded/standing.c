// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/standing.h"

#include "base/mutant.h"
#include "base/str.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/sweeps.h"

#include <stddef.h>
#include <stdio.h>

/* A comment whose name is `n` and whose row of the log this is. */
static enum err judge(struct store *store, uint64_t n, const struct store_row *row,
                      struct standing *ret_standing)
{
    struct sweeps sweeps;
    struct held_row held;
    struct standing standing = {.n = n,
                                .log_n = row->n,
                                .stream = row->stream,
                                .seq = row->seq,
                                .at_ms = row->at_ms,
                                .flags = row->flags,
                                .user = row->user,
                                .cid = row->cid};
    if (row->kind != EVENT_COMMENT && row->kind != EVENT_REMOVED) {
        return ERR_NOT_FOUND;
    }
    TRY(sweeps_load_on(store, row, &sweeps));
    enum err err = removals_standing(store, &sweeps, row, &standing.state);
    sweeps_done(&sweeps);
    if (err == ERR_OK && standing.state == COMMENT_DELETED) {
        err = held_find(store, n, &held);
        if (err == ERR_OK && held.state == COMMENT_HELD) {
            standing.state = COMMENT_HELD;
        }
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    if (err == ERR_OK) {
        *ret_standing = standing;
    }
    return err;
}

/* One that has, or had, to wait before it was in the log. */
static enum err find_held(struct store *store, uint64_t n, struct standing *ret_standing)
{
    struct held_row held;
    struct store_row row;
    TRY(held_find(store, n, &held));
    if (held.log_n != 0) {
        TRY(store_rows_get(store, held.log_n, &row));
        return judge(store, n, &row, ret_standing);
    }
    *ret_standing = (struct standing){.state = held.state,
                                      .n = n,
                                      .stream = held.stream,
                                      .at_ms = held.at_ms,
                                      .flags = held.flags,
                                      .user = held.user,
                                      .cid = held.cid};
    return ERR_OK;
}

enum err standing_of(struct store *store, uint64_t n, struct standing *ret_standing)
{
    struct store_row row;
    const enum err err = store_rows_get(store, n, &row);
    if (err == ERR_NOT_FOUND) {
        return find_held(store, n, ret_standing);
    }
    TRY(err);
    return judge(store, n, &row, ret_standing);
}

enum err standing_name(struct store *store, uint64_t log_n, uint64_t *ret_n, int64_t *ret_at_ms)
{
    struct held_row held;
    const enum err err = held_find_placed(store, log_n, &held);
    if (err == ERR_OK) {
        *ret_n = held.n;
        *ret_at_ms = held.at_ms;
    } else if (err == ERR_NOT_FOUND) {
        *ret_n = log_n;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err standing_at(struct store *store, int64_t stream, uint64_t seq,
                     struct standing *ret_standing)
{
    struct store_row row;
    TRY(store_rows_at(store, stream, seq, &row));
    uint64_t n = row.n;
    int64_t at_ms = row.at_ms;
    TRY(standing_name(store, row.n, &n, &at_ms));
    TRY(judge(store, n, &row, ret_standing));
    ret_standing->at_ms = at_ms; // its id says when it was posted, wherever it found its place
    return ERR_OK;
}

/* ---- what its author is told ---- */

struct event *standing_tombstone(const struct store_identity *identity, const struct store_row *row,
                                 uint64_t n, int64_t at_ms)
{
    struct comment_id id;
    char body[COMMENT_ID_LEN + 8];
    comment_id_write(identity->id_key, n, at_ms, &id);
    const int len = snprintf(body, sizeof(body), "\"id\":\"%s\"", id.text);
    struct store_row removed = *row;
    removed.kind = EVENT_REMOVED;
    removed.body = (struct str){.at = body, .len = (size_t)len};
    return store_rows_event(&removed, identity->hash_key);
}

static enum err deleted(struct store *store, const struct store_identity *identity,
                        const struct standing *standing, struct event **ret_event)
{
    struct store_row row = {.stream = standing->stream, .user = standing->user};
    int64_t at_ms = standing->at_ms;
    uint64_t n = standing->n;
    if (standing->log_n != 0) {
        TRY(store_rows_get(store, standing->log_n, &row));
        TRY(standing_name(store, standing->log_n, &n, &at_ms));
    }
    *ret_event = standing_tombstone(identity, &row, standing->n, at_ms);
    return *ret_event == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err whole(struct store *store, const struct store_identity *identity,
                      const struct standing *standing, struct event **ret_event)
{
    struct store_row row = {.stream = standing->stream, .at_ms = standing->at_ms};
    struct evidence_row evidence;
    struct held_row held;
    if (standing->log_n == 0) {
        TRY(held_find(store, standing->n, &held));
        row.user = held.user;
        row.body = held.body;
    } else {
        TRY(store_rows_get(store, standing->log_n, &row));
    }
    if (standing->log_n != 0 && row.kind == EVENT_REMOVED) {
        TRY(evidence_find(store, row.stream, row.seq, &evidence));
        row.body = evidence.body;
    }
    row.kind = EVENT_COMMENT;
    row.seq = standing->state == COMMENT_HELD ? 0 : row.seq;
    *ret_event = store_rows_event(&row, identity->hash_key);
    return *ret_event == NULL ? ERR_NOMEM : ERR_OK;
}

enum err standing_event(struct store *store, const struct store_identity *identity,
                        const struct standing *standing, struct event **ret_event)
{
    if (standing->state == COMMENT_DELETED && !mutant(RETRY_TELLS_TEXT)) {
        return deleted(store, identity, standing, ret_event);
    }
    const enum err err = whole(store, identity, standing, ret_event);
    return err == ERR_NOT_FOUND ? ERR_GONE : err; // its text was there a moment ago
}
