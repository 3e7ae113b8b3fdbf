// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/rejections.h"

#include "base/mutant.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/removers.h"
#include "engine/embedded/store_acts.h"

#include <stddef.h>

static enum err change(struct store *store, enum store_query which, uint64_t n, uint64_t act)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, which, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)n);
    (void)sqlite3_bind_int64(query, 2, (int64_t)act);
    return store_run(store, query);
}

/* ---- how it stands ---- */

/* The step that leads there; COMMENT_STEPS: it stands there. */
static enum comment_step step_to(enum comment_state from, enum comment_state to)
{
    if (from == to) {
        return COMMENT_STEPS;
    }
    if (to == COMMENT_HELD) {
        return from == COMMENT_VISIBLE ? COMMENT_STEP_HOLD : COMMENT_STEP_REQUEUE;
    }
    if (to == COMMENT_VISIBLE) {
        return from == COMMENT_HELD ? COMMENT_STEP_APPROVE : COMMENT_STEP_RESTORE;
    }
    return from == COMMENT_HELD ? COMMENT_STEP_REJECT : COMMENT_STEP_REMOVE;
}

static enum err put_state(struct store *store, const struct held_row *held, enum comment_state to,
                          bool *ret_waits)
{
    struct held_row row;
    const enum comment_step step = step_to(held->state, to);
    *ret_waits = false;
    if (step == COMMENT_STEPS) {
        return ERR_OK;
    }
    TRY(held_step(store, held->n, step, &row));
    *ret_waits = to == COMMENT_HELD;
    return ERR_OK;
}

struct keepers { // of a comment off the screens
    bool has_hold, has_other;
};

/* Leaves in `removers` those that are no holds. An act that is being undone keeps nothing off,
 * though its pieces have not come by. */
static enum err sort(struct store *store, struct removers *removers, struct keepers *ret_keepers)
{
    bool has_hold = false;
    uint32_t others = 0;
    for (uint32_t i = 0; i < removers->count; i++) {
        struct store_act act;
        const enum err err = store_acts_get(store, removers->acts[i], &act);
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
        if (err == ERR_NOT_FOUND || act.lifted_by != 0) {
            continue;
        }
        if (act.what == ACT_HOLD) {
            has_hold = true;
        } else {
            removers->acts[others++] = removers->acts[i];
        }
    }
    removers->count = others;
    *ret_keepers = (struct keepers){.has_hold = has_hold, .has_other = others > 0};
    return ERR_OK;
}

/* Whoever keeps off what would wait rejects it, though it came before the hold. */
static enum err note_all(struct store *store, uint64_t n, const struct removers *removers)
{
    for (uint32_t i = 0; i < removers->count; i++) {
        TRY(change(store, STORE_REJECTION_ADD, n, removers->acts[i]));
    }
    return ERR_OK;
}

/* Of a row of the log that expired nothing comes back. */
static enum err find_keepers(struct store *store, const struct held_row *held,
                             struct keepers *ret_keepers)
{
    struct store_row row;
    struct removers removers;
    const enum err err = store_rows_get(store, held->log_n, &row);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        *ret_keepers = (struct keepers){.has_other = true};
        return ERR_OK;
    }
    TRY(err);
    row.user = held->user;
    TRY(removers_find(store, &row, &removers));
    enum err sorted = sort(store, &removers, ret_keepers);
    if (sorted == ERR_OK && ret_keepers->has_hold) {
        sorted = note_all(store, held->n, &removers);
    }
    removers_done(&removers);
    return sorted;
}

static enum err settle(struct store *store, const struct held_row *held, bool *ret_waits)
{
    struct keepers keepers;
    TRY(find_keepers(store, held, &keepers));
    if (keepers.has_hold) {
        const enum comment_state to = keepers.has_other ? COMMENT_DELETED : COMMENT_HELD;
        return put_state(store, held, to, ret_waits);
    }
    /* Once it was judged, what becomes of it on screens is the log's matter alone. */
    const bool is_judged = held->state == COMMENT_VISIBLE || !keepers.has_other;
    return put_state(store, held, is_judged ? COMMENT_VISIBLE : COMMENT_DELETED, ret_waits);
}

enum err rejections_settle(struct store *store, uint64_t n, bool *ret_waits)
{
    struct held_row held;
    const enum err err = held_find(store, n, &held);
    *ret_waits = false;
    if (err != ERR_OK || held.seq == 0) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    return settle(store, &held, ret_waits);
}

/* ---- rejected ---- */

static bool may_be_rejected(const struct held_row *held)
{
    const bool is_off = held->state == COMMENT_HELD || held->state == COMMENT_DELETED;
    return is_off && !held_is_erased(held);
}

enum err rejections_add(struct store *store, uint64_t n, uint64_t act, bool *ret_left)
{
    struct held_row held;
    bool waits = false;
    const enum err err = held_find(store, n, &held);
    if (err == ERR_GONE || (err == ERR_OK && !may_be_rejected(&held))) {
        return ERR_NOT_FOUND;
    }
    TRY(err);
    const enum comment_state was = held.state;
    TRY(change(store, STORE_REJECTION_ADD, n, act));
    if (held.seq == 0) {
        TRY(put_state(store, &held, COMMENT_DELETED, &waits));
    } else {
        TRY(settle(store, &held, &waits));
    }
    TRY(held_find(store, n, &held));
    *ret_left = was == COMMENT_HELD && held.state != COMMENT_HELD;
    return ERR_OK;
}

enum err rejections_note(struct store *store, uint64_t n, uint64_t act)
{
    struct held_row held;
    const enum err err = held_find(store, n, &held);
    if (err != ERR_OK || held.seq == 0) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    return change(store, STORE_REJECTION_ADD, n, act);
}

static enum err is_rejected(struct store *store, uint64_t n, bool *ret_is)
{
    sqlite3_stmt *walk = NULL;
    uint64_t act = 0;
    TRY(rejections_of(store, n, &walk));
    const enum err err = rejections_next(store, walk, &act);
    *ret_is = err == ERR_OK && !mutant(REQUEUE_EARLY);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err rejections_lift(struct store *store, uint64_t n, uint64_t act, bool *ret_waits)
{
    struct held_row held;
    bool is_one_left = false;
    *ret_waits = false;
    TRY(change(store, STORE_REJECTION_LIFT, n, act));
    const enum err err = mutant(REJECT_NOT_UNDONE) ? ERR_NOT_FOUND : held_find(store, n, &held);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    if (held.seq != 0) {
        return settle(store, &held, ret_waits);
    }
    if (held.state != COMMENT_DELETED || held_is_erased(&held)) {
        return ERR_OK;
    }
    TRY(is_rejected(store, n, &is_one_left));
    return is_one_left ? ERR_OK : put_state(store, &held, COMMENT_HELD, ret_waits);
}

/* ---- found ---- */

enum err rejections_by(struct store *store, uint64_t act, uint64_t *ret_ns, uint32_t count,
                       uint32_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    uint32_t found = 0;
    enum err err = ERR_OK;
    TRY(store_ask(store, STORE_REJECTIONS_BY, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    (void)sqlite3_bind_int64(query, 2, count);
    while (found < count && (err = store_step(store, query)) == ERR_OK) {
        ret_ns[found++] = (uint64_t)sqlite3_column_int64(query, 0);
    }
    *ret_count = found;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err rejections_count(struct store *store, uint64_t act, uint64_t *ret_count)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_REJECTIONS_COUNT, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    TRY(store_step(store, query));
    *ret_count = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

enum err rejections_concern(struct store *store, uint64_t act, struct str user, bool *ret_does)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_REJECTIONS_CONCERN, &query));
    (void)sqlite3_bind_int64(query, 1, (int64_t)act);
    store_bind_text(query, 2, user);
    const enum err err = store_step(store, query);
    *ret_does = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err rejections_of(struct store *store, uint64_t n, sqlite3_stmt **ret_walk)
{
    TRY(store_ask(store, STORE_REJECTIONS_OF, ret_walk));
    (void)sqlite3_bind_int64(*ret_walk, 1, (int64_t)n);
    return ERR_OK;
}

enum err rejections_next(struct store *store, sqlite3_stmt *walk, uint64_t *ret_act)
{
    TRY(store_step(store, walk));
    *ret_act = (uint64_t)sqlite3_column_int64(walk, 0);
    return ERR_OK;
}

/* ---- of a log from before ---- */

static enum err fill_one(struct store *store, uint64_t id_key, sqlite3_stmt *walk)
{
    struct held_row held;
    uint64_t n = 0;
    const uint64_t act = (uint64_t)sqlite3_column_int64(walk, 0);
    if (comment_id_of_target(id_key, store_column_text(walk, 1), &n) != ERR_OK) {
        return ERR_OK;
    }
    const enum err err = held_find(store, n, &held);
    if (err != ERR_OK || held.state != COMMENT_DELETED) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    return change(store, STORE_REJECTION_ADD, n, act);
}

enum err rejections_fill(struct store *store, uint64_t id_key)
{
    sqlite3_stmt *walk = NULL;
    enum err err = ERR_OK;
    TRY(store_ask(store, STORE_REJECTS, &walk));
    while ((err = store_step(store, walk)) == ERR_OK) {
        TRY(fill_one(store, id_key, walk));
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
