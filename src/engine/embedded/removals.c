// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/removals.h"

#include "base/mutant.h"
#include "engine/embedded/carried.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/sweeps.h"
#include "wire/cursor.h"

#include <stddef.h>
#include <stdlib.h>

/* Of a comment's entries in `removals`:
 *
 *      act > 0           that act removes it, if it is not being lifted
 *      EVIDENCE_SHADOW   it is its author's alone
 *      -act < 0          it was restored: sweeps of acts up to that one do not remove it
 *
 * and at seq 0 of a stream: an act on all streams has a retract event of its own there. */
enum { TOLD_SEQ = 0 };

/* ---- how a comment stands ---- */

struct acts_on { // a comment
    bool is_removed, is_shadowed;
    uint64_t excepted; // sweeps of acts up to it
};

static enum err find_acts_on(struct store *store, const struct sweeps *sweeps,
                             const struct store_row *row, struct acts_on *ret_acts)
{
    struct acts_on acts = {.is_removed = false};
    sqlite3_stmt *walk = NULL;
    int64_t act = 0;
    enum err err = ERR_OK;
    TRY(evidence_acts(store, row->stream, row->seq, &walk));
    while ((err = evidence_next_act(store, walk, &act)) == ERR_OK) {
        if (act == EVIDENCE_SHADOW) {
            acts.is_shadowed = true;
        } else if (act > 0) {
            acts.is_removed = acts.is_removed || !sweeps_is_lifted(sweeps, (uint64_t)act);
        } else if ((uint64_t)-act > acts.excepted) {
            acts.excepted = (uint64_t)-act;
        }
    }
    *ret_acts = acts;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static bool is_comment(const struct store_row *row)
{
    return row->kind == EVENT_COMMENT || row->kind == EVENT_REMOVED;
}

enum err removals_standing(struct store *store, const struct sweeps *sweeps,
                           const struct store_row *row, enum comment_state *ret_state)
{
    struct acts_on acts = {.is_shadowed = (row->flags & EVENT_FLAG_SHADOW) != 0};
    if (row->kind == EVENT_REMOVED) {
        TRY(find_acts_on(store, sweeps, row, &acts));
    }
    if (acts.is_removed || sweeps_judge(sweeps, row, acts.excepted) == SWEEPS_REMOVED) {
        *ret_state = COMMENT_DELETED;
    } else {
        *ret_state = acts.is_shadowed ? COMMENT_SHADOWED : COMMENT_VISIBLE;
    }
    return ERR_OK;
}

/* ---- removing ---- */

/* The text goes from the log to the evidence. */
static enum err take_text(struct store *store, const struct store_row *row, int64_t removed_ms)
{
    const struct evidence_row evidence = {.n = row->n,
                                          .stream = row->stream,
                                          .seq = row->seq,
                                          .removed_ms = removed_ms,
                                          .user = row->user,
                                          .body = row->body};
    struct store_row rest = *row;
    TRY(evidence_put(store, &evidence));
    rest.kind = EVENT_REMOVED;
    rest.body = STR_NONE;
    if (!mutant(LOG_KEEPS_TEXT)) {
        TRY(store_rows_rewrite(store, &rest));
    }
    return carried_mark(store, row->stream, row->seq);
}

/* Restored before: it is not kept for ever any more. */
static enum err take_again(struct store *store, const struct store_row *row, int64_t removed_ms)
{
    struct evidence_row evidence;
    const enum err err = evidence_find(store, row->stream, row->seq, &evidence);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    if (evidence.removed_ms == EVIDENCE_RESTORED) {
        evidence.removed_ms = removed_ms;
        TRY(evidence_put(store, &evidence));
    }
    return carried_mark(store, row->stream, row->seq);
}

/* The same, and that it is its author's alone, if it is. */
static enum err take_comment(struct store *store, const struct store_row *row, int64_t removed_ms)
{
    TRY(take_text(store, row, removed_ms));
    return (row->flags & EVENT_FLAG_SHADOW) == 0 || mutant(SWEEP_FORGETS_SHADOW)
               ? ERR_OK
               : evidence_add_act(store, row->stream, row->seq, EVIDENCE_SHADOW);
}

static enum err remove_row(const struct removals_by *by, const struct store_row *row)
{
    struct store *store = by->store;
    if (row->kind == EVENT_REMOVED) {
        TRY(take_again(store, row, by->wall_ms));
    } else {
        TRY(take_comment(store, row, by->wall_ms));
    }
    return evidence_add_act(store, row->stream, row->seq, (int64_t)by->act);
}

static enum err find_comment(struct store *store, int64_t stream, uint64_t seq,
                             struct store_row *ret_row)
{
    TRY(store_rows_at(store, stream, seq, ret_row));
    return is_comment(ret_row) ? ERR_OK : ERR_NOT_FOUND;
}

enum err removals_remove(const struct removals_by *by, uint64_t seq, enum comment_state *ret_was)
{
    struct sweeps sweeps;
    struct store_row row;
    enum comment_state was = COMMENT_VISIBLE;
    TRY(find_comment(by->store, by->stream, seq, &row));
    TRY(sweeps_load_on(by->store, &row, &sweeps));
    enum err err = removals_standing(by->store, &sweeps, &row, &was);
    sweeps_done(&sweeps);
    if (err == ERR_OK) {
        err = remove_row(by, &row);
    }
    if (err == ERR_OK) {
        *ret_was = was;
    }
    return err;
}

/* ---- sweeping ---- */

/* The newest row the sweep may reach; 0: none. */
static enum err newest_swept(struct store *store, int64_t stream, uint64_t upto_n, uint64_t *ret_n)
{
    const struct store_range range = {
        .stream = stream, .upto = SEQ_MAX, .kinds = UINT32_MAX, .newest_first = true};
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    if (stream == 0) {
        *ret_n = upto_n;
        return ERR_OK;
    }
    TRY(store_rows_range(store, &range, &walk));
    const enum err err = store_rows_next(store, walk, &row);
    if (err != ERR_OK && err != ERR_NOT_FOUND && err != ERR_GONE) {
        return err;
    }
    *ret_n = row.n;
    return ERR_OK;
}

static enum err add_sweep(const struct removals_by *by, struct str user, uint64_t upto_n,
                          uint64_t left_n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(by->store, STORE_SWEEP_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)by->act);
    store_bind_text(query, 2, user);
    (void)sqlite3_bind_int64(query, 3, by->stream);
    (void)sqlite3_bind_int64(query, 4, (int64_t)upto_n);
    (void)sqlite3_bind_int64(query, 5, (int64_t)left_n);
    (void)sqlite3_bind_int(query, 6, 0);
    return store_run(by->store, query);
}

enum err removals_sweep_users(const struct removals_by *by, const struct str *users, uint32_t count,
                              uint64_t upto_n)
{
    uint64_t left_n = 0;
    TRY(newest_swept(by->store, by->stream, upto_n, &left_n));
    for (uint32_t i = 0; i < count; i++) {
        TRY(add_sweep(by, users[i], upto_n, left_n));
    }
    return ERR_OK;
}

enum err removals_sweep(const struct removals_by *by, struct str user, uint64_t upto_n)
{
    return removals_sweep_users(by, &user, 1, upto_n);
}

enum err removals_told(struct store *store, uint64_t act, int64_t stream)
{
    const enum err err = evidence_add_act(store, stream, TOLD_SEQ, (int64_t)act);
    return err == ERR_EXISTS ? ERR_OK : err;
}

struct place {
    int64_t stream;
    uint64_t seq;
};

struct piece { // of one act's sweep
    struct store *store;
    const struct sweeps *sweeps;
    uint64_t act;
    int64_t stream;
    uint64_t left_n;
    int64_t wall_ms;
    struct restoring_out *out;
    uint32_t seen; // rows looked at, or restored
    uint32_t place_count;
    struct place places[REMOVALS_PIECE_ROWS]; // that it reached
};

static enum err walk_down(const struct piece *piece, sqlite3_stmt **ret_walk)
{
    struct store_range range = {.kinds = 1U << EVENT_COMMENT, .newest_first = true};
    if (piece->stream == 0) {
        return store_rows_down(piece->store, piece->left_n, ret_walk);
    }
    TRY(store_rows_place(piece->store, piece->left_n, &range.stream, &range.upto));
    return store_rows_range(piece->store, &range, ret_walk);
}

static enum err reach(struct piece *piece, const struct store_row *row)
{
    const struct removals_by by = {
        .store = piece->store, .stream = row->stream, .act = piece->act, .wall_ms = piece->wall_ms};
    struct acts_on acts = {.excepted = 0};
    if (!is_comment(row) || !sweeps_names(piece->sweeps, piece->act, row)) {
        return ERR_OK;
    }
    if (row->kind == EVENT_REMOVED) {
        TRY(find_acts_on(piece->store, piece->sweeps, row, &acts));
    }
    if (acts.excepted >= piece->act) {
        return ERR_OK;
    }
    const enum err err = remove_row(&by, row);
    if (err == ERR_OK) {
        piece->places[piece->place_count++] =
            (struct place){.stream = row->stream, .seq = row->seq};
    }
    return err == ERR_EXISTS ? ERR_OK : err;
}

/* `*ret_left_n`: the first row it did not look at; 0: there is none. */
static enum err rewrite(struct piece *piece, uint64_t *ret_left_n)
{
    sqlite3_stmt *walk = NULL;
    enum err err = walk_down(piece, &walk);
    for (; err == ERR_OK; piece->seen++) {
        struct store_row row = {.n = 0};
        err = store_rows_next(piece->store, walk, &row);
        if (err != ERR_OK && err != ERR_GONE) {
            break;
        }
        if (piece->seen == REMOVALS_PIECE_ROWS) {
            *ret_left_n = row.n;
            return ERR_OK;
        }
        err = err == ERR_OK ? reach(piece, &row) : ERR_OK; // what is damaged is not served
    }
    *ret_left_n = 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static int by_place(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->stream != right->stream) {
        return (left->stream > right->stream) - (left->stream < right->stream);
    }
    return (left->seq > right->seq) - (left->seq < right->seq);
}

static enum err tell_stream(struct piece *piece, const struct place *places, uint32_t count)
{
    uint64_t seqs[REMOVALS_PIECE_ROWS];
    bool is_told = false;
    TRY(evidence_has_act(piece->store, places[0].stream, TOLD_SEQ, (int64_t)piece->act, &is_told));
    if (is_told) {
        return ERR_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        seqs[i] = places[i].seq;
    }
    return piece->out->retract(piece->out, places[0].stream, seqs, count);
}

static enum err tell_streams(struct piece *piece)
{
    if (piece->stream != 0 || piece->place_count == 0) {
        return ERR_OK;
    }
    qsort(piece->places, piece->place_count, sizeof(piece->places[0]), by_place);
    for (uint32_t first = 0, i = 1; i <= piece->place_count; i++) {
        if (i == piece->place_count || piece->places[i].stream != piece->places[first].stream) {
            TRY(tell_stream(piece, &piece->places[first], i - first));
            first = i;
        }
    }
    return ERR_OK;
}

static enum err run_for(struct store *store, enum store_query which, uint64_t act, uint64_t left_n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    if (which == STORE_SWEEP_LEFT) {
        (void)sqlite3_bind_int64(query, 2, (int64_t)left_n);
    }
    return store_run(store, query);
}

/* What outlasted its comment, or holds a damaged one. As long as there is some, one row is left. */
static enum err reach_rest(struct piece *piece, uint64_t *left_n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < piece->sweeps->count && count == 0; i++) {
        const struct sweep *sweep = &piece->sweeps->items[i];
        const struct carried_of of = {
            .stream = sweep->stream, .user = sweep->user, .upto_n = sweep->upto_n};
        if (sweep->act == piece->act) {
            TRY(carried_mark_of(piece->store, &of, &count));
        }
    }
    *left_n = count > 0 ? 1 : 0;
    return ERR_OK;
}

static enum err sweep_on(struct piece *piece)
{
    uint64_t left_n = 0;
    TRY(rewrite(piece, &left_n));
    TRY(left_n == 0 ? reach_rest(piece, &left_n) : ERR_OK);
    TRY(tell_streams(piece));
    return run_for(piece->store, STORE_SWEEP_LEFT, piece->act, left_n);
}

/* ---- restoring ---- */

static enum err restore_place(struct store *store, const struct sweeps *sweeps,
                              const struct place *place, struct restoring *restoring)
{
    struct store_row row;
    struct evidence_row evidence;
    enum comment_state state = COMMENT_DELETED;
    enum err err = store_rows_at(store, place->stream, place->seq, &row);
    if (err == ERR_OK) {
        err = removals_standing(store, sweeps, &row, &state);
    }
    const bool is_shown = state == COMMENT_VISIBLE || state == COMMENT_SHADOWED;
    if (err == ERR_OK && is_shown) {
        err = evidence_find(store, place->stream, place->seq, &evidence);
    }
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        return ERR_OK; // it expired, its text was erased, or it is damaged
    }
    if (err != ERR_OK || !is_shown || mutant(RESTORE_SKIPPED)) {
        return err;
    }
    const struct restoring_comment comment = {.stream = place->stream,
                                              .seq = place->seq,
                                              .author = state == COMMENT_SHADOWED ? evidence.user
                                                                                  : STR_NONE,
                                              .body = evidence.body};
    TRY(restoring_add(restoring, &comment));
    evidence.removed_ms = EVIDENCE_RESTORED;
    return evidence_put(store, &evidence);
}

static enum err find_removed_by(struct piece *piece)
{
    sqlite3_stmt *query = NULL;
    enum err err = ERR_OK;
    TRY(store_ask(piece->store, STORE_REMOVALS_BY, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)piece->act);
    (void)sqlite3_bind_int64(query, 2, REMOVALS_PIECE_ROWS);
    while (piece->place_count < REMOVALS_PIECE_ROWS &&
           (err = store_step(piece->store, query)) == ERR_OK) {
        piece->places[piece->place_count++] =
            (struct place){.stream = sqlite3_column_int64(query, 0),
                           .seq = (uint64_t)sqlite3_column_int64(query, 1)};
    }
    piece->seen = piece->place_count;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* One by one, in their order: whoever's are shadowed, an author is told of theirs by as many
 * events, of the same shape and in the same places. Of several in one theirs would stand apart. */
static enum err restore_places(struct piece *piece, struct restoring *restoring)
{
    for (uint32_t i = 0; i < piece->place_count; i++) {
        const struct place *place = &piece->places[i];
        TRY(evidence_lift_act(piece->store, place->stream, place->seq, (int64_t)piece->act));
        if (place->seq != TOLD_SEQ) {
            TRY(restore_place(piece->store, piece->sweeps, place, restoring));
        }
        if (!mutant(RESTORES_TOGETHER)) {
            TRY(restoring_flush(restoring));
        }
    }
    return restoring_flush(restoring);
}

static enum err restore_on(struct piece *piece)
{
    struct restoring restoring;
    TRY(find_removed_by(piece));
    if (piece->place_count == 0) {
        return run_for(piece->store, STORE_SWEEP_DELETE, piece->act, 0);
    }
    restoring_init(&restoring, piece->store, piece->out);
    const enum err err = restore_places(piece, &restoring);
    restoring_done(&restoring);
    return err;
}

/* ---- piece by piece ---- */

static enum err go_on(const struct sweeps *sweeps, const struct sweep *sweep, struct piece *piece)
{
    piece->sweeps = sweeps;
    piece->act = sweep->act;
    piece->stream = sweep->stream;
    piece->left_n = sweep->left_n;
    if (sweep->left_n > 0) {
        return sweep_on(piece);
    }
    if (sweep->is_lifted) {
        return restore_on(piece);
    }
    return run_for(piece->store, STORE_SWEEP_DELETE, piece->act, 0);
}

static const struct sweep *find_sweep(const struct sweeps *sweeps, uint64_t act)
{
    for (uint32_t i = 0; i < sweeps->count; i++) {
        if (sweeps->items[i].act == act) {
            return &sweeps->items[i];
        }
    }
    return NULL;
}

struct turn {
    uint64_t act; // 0: the oldest
    int64_t wall_ms;
    uint32_t seen; // rows
    bool is_done;  // nothing was left
};

static enum err one_piece(struct store *store, struct turn *turn, struct restoring_out *out)
{
    struct sweeps sweeps;
    TRY(sweeps_load(store, &sweeps));
    const struct sweep *sweep =
        turn->act == 0 ? sweeps_next(&sweeps) : find_sweep(&sweeps, turn->act);
    turn->is_done = sweep == NULL;
    enum err err = ERR_OK;
    struct piece *piece = sweep == NULL ? NULL : mem_new(MEM_ENGINE, sizeof(*piece));
    if (piece != NULL) {
        *piece = (struct piece){.store = store, .wall_ms = turn->wall_ms, .out = out};
        err = go_on(&sweeps, sweep, piece);
        turn->seen += piece->seen;
    } else if (sweep != NULL) {
        err = ERR_NOMEM;
    }
    mem_free(MEM_ENGINE, piece);
    sweeps_done(&sweeps);
    return err;
}

enum err removals_piece(struct store *store, int64_t wall_ms, struct restoring_out *out,
                        bool *ret_is_done)
{
    struct turn turn = {.wall_ms = wall_ms};
    const enum err err = one_piece(store, &turn, out);
    *ret_is_done = turn.is_done;
    return err;
}

/* ---- lifting ---- */

/* An act without a sweep of its own gets one that has reached everything. */
static enum err begin_lift(struct store *store, uint64_t act)
{
    sqlite3_stmt *query = NULL;
    TRY(run_for(store, STORE_SWEEP_LIFT, act, 0));
    if (sqlite3_changes64(store->db) > 0) {
        return ERR_OK;
    }
    TRY(store_ask(store, STORE_REMOVALS_BY, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    (void)sqlite3_bind_int64(query, 2, 1);
    TRY(store_step(store, query));
    TRY(store_ask(store, STORE_SWEEP_ADD, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    store_bind_text(query, 2, STR_NONE);
    (void)sqlite3_bind_int64(query, 3, 0);
    (void)sqlite3_bind_int64(query, 4, 0);
    (void)sqlite3_bind_int64(query, 5, 0);
    (void)sqlite3_bind_int(query, 6, 1);
    return store_run(store, query);
}

enum err removals_lift(struct store *store, uint64_t act, int64_t wall_ms,
                       struct restoring_out *out)
{
    struct turn turn = {.act = act, .wall_ms = wall_ms};
    TRY(begin_lift(store, act));
    while (!turn.is_done && turn.seen < REMOVALS_LIFTED_ROWS) {
        TRY(one_piece(store, &turn, out));
    }
    return ERR_OK;
}

/* What removes it, one after the other, but that its author alone may see it. */
static enum err lift_each(struct store *store, const struct evidence_lifted *lifted)
{
    for (;;) {
        sqlite3_stmt *walk = NULL;
        int64_t act = 0;
        enum err err = ERR_OK;
        TRY(evidence_acts(store, lifted->stream, lifted->seq, &walk));
        do {
            err = evidence_next_act(store, walk, &act);
        } while (err == ERR_OK && (act == EVIDENCE_SHADOW || act < 0));
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        TRY(evidence_lift_act(store, lifted->stream, lifted->seq, act));
        TRY(evidence_note_lifted(store, lifted, (uint64_t)act));
    }
}

/* Sweeps that have not reached it are not to. */
static enum err except(struct store *store, const struct sweeps *sweeps,
                       const struct store_row *row, const struct evidence_lifted *lifted)
{
    const uint64_t newest = sweeps_newest(sweeps, row);
    uint64_t act = 0;
    uint32_t at = 0;
    if (newest == 0) {
        return ERR_OK;
    }
    while ((act = sweeps_each(sweeps, row, 0, &at)) != 0) {
        TRY(evidence_note_lifted(store, lifted, act));
    }
    const enum err err = evidence_add_act(store, row->stream, row->seq, -(int64_t)newest);
    return err == ERR_EXISTS ? ERR_OK : err;
}

static enum err lift_all(const struct removals_by *by, const struct sweeps *sweeps,
                         const struct store_row *row, struct restoring *restoring)
{
    const struct place place = {.stream = row->stream, .seq = row->seq};
    struct evidence_row evidence;
    enum comment_state state = COMMENT_VISIBLE;
    TRY(removals_standing(by->store, sweeps, row, &state));
    if (state != COMMENT_DELETED) {
        return ERR_EXISTS;
    }
    if (row->kind == EVENT_COMMENT) { // a sweep has not reached it: its place stays removed
        TRY(take_comment(by->store, row, by->wall_ms));
    }
    const enum err err = evidence_find(by->store, place.stream, place.seq, &evidence);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_GONE : err;
    }
    const struct evidence_lifted lifted = {
        .stream = place.stream, .seq = place.seq, .restore = by->act};
    TRY(except(by->store, sweeps, row, &lifted));
    TRY(carried_mark(by->store, place.stream, place.seq)); // what sweeps pass over from now on
    TRY(lift_each(by->store, &lifted));
    TRY(restore_place(by->store, sweeps, &place, restoring));
    return restoring_flush(restoring);
}

enum err removals_lift_all(const struct removals_by *by, uint64_t seq, struct restoring_out *out)
{
    struct sweeps sweeps;
    struct restoring restoring;
    struct store_row row;
    TRY(find_comment(by->store, by->stream, seq, &row));
    TRY(sweeps_load_on(by->store, &row, &sweeps));
    restoring_init(&restoring, by->store, out);
    const enum err err = lift_all(by, &sweeps, &row, &restoring);
    restoring_done(&restoring);
    sweeps_done(&sweeps);
    return err;
}

/* ---- shadows ---- */

static enum err unshadow_row(const struct removals_by *by, const struct sweeps *sweeps,
                             const struct store_row *row, struct restoring *restoring)
{
    const struct place place = {.stream = row->stream, .seq = row->seq};
    if (row->kind == EVENT_COMMENT) {
        TRY(take_text(by->store, row, by->wall_ms));
    } else {
        const enum err err = evidence_lift_act(by->store, row->stream, row->seq, EVIDENCE_SHADOW);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err; // it was unshadowed before
        }
    }
    return restore_place(by->store, sweeps, &place, restoring);
}

struct unshadowing {
    const struct removals_by *by;
    const struct removals_shadow *shadow;
    const struct sweeps *sweeps;
    uint64_t next_n;
};

/* What waits is noted as lifted by none. */
enum err removals_let_wait(const struct removals_by *by, int64_t stream, uint64_t seq)
{
    const struct evidence_lifted lifted = {.stream = stream, .seq = seq};
    return evidence_note_lifted(by->store, &lifted, by->act);
}

static enum err is_its_own_or_waits(const struct unshadowing *unshadowing,
                                    const struct store_row *row, bool *ret_is_its_own)
{
    const struct evidence_lifted lifted = {.stream = row->stream, .seq = row->seq};
    uint64_t act = 0;
    if (row->n >= unshadowing->shadow->since_n) {
        *ret_is_its_own = true;
        return ERR_OK;
    }
    const enum err err = evidence_next_lifted(unshadowing->by->store, &lifted, 0, &act);
    *ret_is_its_own = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err unshadow_unless_kept(const struct unshadowing *unshadowing,
                                     const struct store_row *row, struct restoring *restoring)
{
    const struct removals_shadow *shadow = unshadowing->shadow;
    enum removals_keep keep = REMOVALS_SHOW;
    bool is_its_own = false;
    TRY(is_its_own_or_waits(unshadowing, row, &is_its_own));
    if (!is_its_own) {
        return ERR_OK;
    }
    if (shadow->judge != NULL) {
        TRY(shadow->judge(shadow->asked, row, &keep));
    }
    if (keep == REMOVALS_WAIT) {
        return removals_let_wait(unshadowing->by, row->stream, row->seq);
    }
    return keep == REMOVALS_KEEP
               ? ERR_OK
               : unshadow_row(unshadowing->by, unshadowing->sweeps, row, restoring);
}

static enum err unshadow(struct unshadowing *unshadowing, sqlite3_stmt *walk,
                         struct restoring *restoring)
{
    for (uint32_t seen = 0;; seen++) {
        struct store_row row = {.n = 0};
        const enum err err = store_rows_next(unshadowing->by->store, walk, &row);
        if (err == ERR_NOT_FOUND) {
            return restoring_flush(restoring);
        }
        TRY(err == ERR_GONE ? ERR_OK : err);
        if (seen == REMOVALS_SHADOWS_MAX) {
            unshadowing->next_n = row.n;
            return restoring_flush(restoring);
        }
        if (err == ERR_OK) {
            TRY(unshadow_unless_kept(unshadowing, &row, restoring));
        }
    }
}

enum err removals_unshadow(const struct removals_by *by, const struct removals_shadow *shadow,
                           struct restoring_out *out, uint64_t *ret_next_n)
{
    struct sweeps sweeps;
    struct restoring restoring;
    sqlite3_stmt *walk = NULL;
    TRY(store_ask(by->store, STORE_SHADOWS_OF, &walk));
    store_bind_text(walk, 1, shadow->user);
    (void)sqlite3_bind_int64(walk, 2, (int64_t)shadow->from_n);
    (void)sqlite3_bind_int64(walk, 3, by->stream);
    (void)sqlite3_bind_int64(walk, 4, (int64_t)shadow->upto_n);
    TRY(sweeps_load(by->store, &sweeps));
    restoring_init(&restoring, by->store, out);
    struct unshadowing unshadowing = {.by = by, .shadow = shadow, .sweeps = &sweeps};
    const enum err err = unshadow(&unshadowing, walk, &restoring);
    restoring_done(&restoring);
    sweeps_done(&sweeps);
    *ret_next_n = unshadowing.next_n;
    return err;
}

enum err removals_unshadow_one(const struct removals_by *by, uint64_t seq,
                               struct restoring_out *out)
{
    struct sweeps sweeps;
    struct restoring restoring;
    struct store_row row;
    TRY(find_comment(by->store, by->stream, seq, &row));
    if ((row.flags & EVENT_FLAG_SHADOW) == 0) {
        return ERR_OK;
    }
    TRY(sweeps_load_on(by->store, &row, &sweeps));
    restoring_init(&restoring, by->store, out);
    enum err err = unshadow_row(by, &sweeps, &row, &restoring);
    if (err == ERR_OK) {
        err = restoring_flush(&restoring);
    }
    restoring_done(&restoring);
    sweeps_done(&sweeps);
    return err;
}
