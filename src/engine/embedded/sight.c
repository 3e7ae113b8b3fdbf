// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/sight.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/carried.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_streams.h"

#include <stddef.h>

enum err sight_init(struct sight *sight, struct store *store, const struct store_identity *identity,
                    const struct read *read)
{
    struct sweeps sweeps;
    TRY(sweeps_load(store, &sweeps));
    *sight = (struct sight){
        .store = store,
        .identity = identity,
        .view = read->view,
        .kinds = read->kinds,
        .folded = read->folded,
        .ranks = {.store = store, .view = read->view, .hash_key = identity->hash_key},
        .sweeps = sweeps};
    buf_init(&sight->copy, MEM_ENGINE, SIGHT_BYTES_MAX);
    return ERR_OK;
}

void sight_done(struct sight *sight)
{
    sweeps_done(&sight->sweeps);
    buf_done(&sight->copy);
}

enum err sight_clean(struct store *store, const struct sweeps *sweeps, struct store_row *row,
                     struct buf *copy)
{
    if (row->kind == EVENT_COMMENT && !mutant(SWEEPS_UNSEEN) &&
        sweeps_judge(sweeps, row, 0) != SWEEPS_NOTHING) {
        row->kind = EVENT_REMOVED;
        row->body = STR_NONE;
    }
    return carried_see(store, sweeps, row, copy);
}

static bool is_wanted(const struct sight *sight, enum event_kind kind)
{
    return (sight->kinds >> kind & 1U) != 0;
}

static bool is_own(const struct sight *sight, const struct store_row *row)
{
    return (sight->view == READ_VIEW_ALL && !mutant(ALL_VIEW_PUBLIC)) || mutant(SHADOW_SHOWN) ||
           (sight->view != 0 && hash_str(sight->identity->hash_key, row->user) == sight->view);
}

/* In a view of one's own the chain runs over what is one's own, too. */
static enum err chain(const struct sight *sight, const struct store_row *row, uint64_t *ret_prev)
{
    const struct store_streams_hole hole = {.stream = row->stream,
                                            .after = row->prev,
                                            .upto = row->seq - 1,
                                            .view = sight->view,
                                            .hash_key = sight->identity->hash_key};
    uint64_t own = 0;
    if (sight->view != 0 && sight->view != READ_VIEW_ALL && hole.after < hole.upto) {
        TRY(store_streams_own_shadow(sight->store, &hole, &own));
    }
    *ret_prev = own > row->prev ? own : row->prev;
    return ERR_OK;
}

static enum err give(const struct sight *sight, const struct store_row *row,
                     struct event **ret_event)
{
    uint64_t prev = 0;
    TRY(chain(sight, row, &prev));
    struct event *event = store_rows_event(row, sight->identity->hash_key);
    if (event == NULL) {
        return ERR_NOMEM;
    }
    event->prev = prev;
    *ret_event = event;
    return ERR_OK;
}

/* ---- as the log ---- */

/* Where in its second and window it stands, likewise. */
static enum err rank(struct sight *sight, const struct store_row *row, struct event *event)
{
    struct event_own own = {.in_second = 0};
    if (sight->view == 0 || sight->view == READ_VIEW_ALL || !event_is_ranked(event)) {
        return ERR_OK;
    }
    TRY(own_rank_before(&sight->ranks, row, &own));
    event_put_behind(event, own);
    return ERR_OK;
}

static enum err as_logged(struct sight *sight, const struct store_row *row,
                          struct event **ret_event)
{
    struct store_row seen = *row;
    if ((row->flags & EVENT_FLAG_SHADOW) != 0 && !is_own(sight, row)) {
        return ERR_OK;
    }
    TRY(sight_clean(sight->store, &sight->sweeps, &seen, &sight->copy));
    if (!is_wanted(sight, (enum event_kind)seen.kind)) {
        return ERR_OK;
    }
    struct event *event = NULL;
    TRY(give(sight, &seen, &event));
    const enum err err = rank(sight, row, event);
    if (err != ERR_OK) {
        event_unref(event);
        return err;
    }
    *ret_event = event;
    return ERR_OK;
}

/* ---- folded ---- */

static enum err give_tombstone(const struct sight *sight, const struct store_row *row,
                               struct event **ret_event)
{
    uint64_t n = 0;
    int64_t at_ms = row->at_ms;
    if ((row->flags & EVENT_FLAG_SHADOW) != 0 && !is_own(sight, row)) {
        return ERR_OK;
    }
    TRY(standing_name(sight->store, row->n, &n, &at_ms));
    *ret_event = standing_tombstone(sight->identity, row, n, at_ms);
    return *ret_event == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err give_restored(const struct sight *sight, const struct store_row *row,
                              struct event **ret_event)
{
    struct store_row restored = *row;
    struct evidence_row evidence;
    TRY(evidence_find(sight->store, row->stream, row->seq, &evidence));
    restored.kind = EVENT_COMMENT;
    restored.body = evidence.body;
    return give(sight, &restored, ret_event);
}

static enum err give_comment(const struct sight *sight, const struct store_row *row,
                             struct event **ret_event)
{
    if (!is_wanted(sight, EVENT_COMMENT)) {
        return ERR_OK;
    }
    if (row->kind == EVENT_COMMENT) {
        return give(sight, row, ret_event);
    }
    if (mutant(FOLDED_LACKS_RESTORED)) {
        return ERR_OK;
    }
    const enum err err = give_restored(sight, row, ret_event);
    return err == ERR_NOT_FOUND ? ERR_OK : err; // its text was erased meanwhile
}

static enum err as_folded(const struct sight *sight, const struct store_row *row,
                          struct event **ret_event)
{
    enum comment_state state = COMMENT_DELETED;
    TRY(removals_standing(sight->store, &sight->sweeps, row, &state));
    if (state == COMMENT_DELETED && mutant(FOLDED_SHOWS_REMOVED)) {
        return give_comment(sight, row, ret_event);
    }
    switch (state) {
    case COMMENT_SHADOWED:
        return is_own(sight, row) ? give_comment(sight, row, ret_event) : ERR_OK;
    case COMMENT_VISIBLE:
        return give_comment(sight, row, ret_event);
    case COMMENT_HELD:
    case COMMENT_DELETED:
        break;
    }
    return is_wanted(sight, EVENT_REMOVED) ? give_tombstone(sight, row, ret_event) : ERR_OK;
}

enum err sight_of(struct sight *sight, const struct store_row *row, struct event **ret_event)
{
    const bool is_comment = row->kind == EVENT_COMMENT || row->kind == EVENT_REMOVED;
    *ret_event = NULL;
    return sight->folded && is_comment ? as_folded(sight, row, ret_event)
                                       : as_logged(sight, row, ret_event);
}
