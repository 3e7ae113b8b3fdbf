// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_reject.h"

#include "engine/embedded/act_told.h"
#include "engine/embedded/held.h"
#include "engine/embedded/rejections.h"
#include "engine/embedded/store_streams.h"

#include <stddef.h>

/* That a piece passes over, of what others posted. */
enum { LOOKS_MAX = 16 * ACT_CASE_PIECE };

enum err act_reject(struct act_case *act, struct head *head, uint64_t n)
{
    struct held_row held;
    bool has_left = false;
    const enum err err = rejections_add(act->ordering->store, n, act->id, &has_left);
    if (err != ERR_OK || !has_left) {
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    act->verdict.changed++;
    TRY(held_find(act->ordering->store, n, &held));
    return act_told_judged(act, head, &held);
}

/* ---- clocks ---- */

enum err act_reject_stop_clocks(const struct act_case *act, const struct act_names *names)
{
    if (!names->are_ids) { // what has a place has no clock
        return ERR_OK;
    }
    for (uint32_t i = 0; i < names->count; i++) {
        struct held_row held;
        const enum err err = act_names_held(act, names, i, &held);
        if (err == ERR_OK && held.due_ms != 0) {
            TRY(held_forget_due(act->ordering->store, held.n));
        }
        TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    }
    return ERR_OK;
}

/* ---- the queue ---- */

struct pass { // over the queue
    const struct held_of *of;
    uint64_t upto_n;
    struct held_off_place found[ACT_CASE_PIECE]; // without their users
    uint32_t count;
    uint64_t last_n; // that was looked at
    bool is_over;
};

/* Where the last piece ended, damaged or not. Of all streams what was there may be forgotten: then
 * from the beginning. */
static enum err find_begin(const struct act_case *act, const struct held_of *of,
                           struct held_off_place *ret_after)
{
    *ret_after = (struct held_off_place){.stream = of->stream, .n = act->place.at};
    if (act->place.at == 0 || of->stream != 0) {
        return ERR_OK;
    }
    const enum err err = held_stream_of(act->ordering->store, act->place.at, &ret_after->stream);
    if (err == ERR_NOT_FOUND) {
        *ret_after = (struct held_off_place){.stream = 0};
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err find_piece(const struct act_case *act, struct pass *pass)
{
    struct held_off_place place;
    sqlite3_stmt *walk = NULL;
    TRY(find_begin(act, pass->of, &place));
    TRY(held_off(act->ordering->store, &place, &walk));
    for (uint32_t looks = 0; looks < LOOKS_MAX && pass->count < ACT_CASE_PIECE; looks++) {
        const enum err err = held_off_next(act->ordering->store, walk, &place);
        const bool is_elsewhere =
            err == ERR_OK && pass->of->stream != 0 && place.stream != pass->of->stream;
        if (err == ERR_NOT_FOUND || is_elsewhere) {
            pass->is_over = true;
            return ERR_OK;
        }
        TRY(err);
        pass->last_n = place.n;
        if (place.n <= pass->upto_n && held_is_of(pass->of, place.user)) {
            pass->found[pass->count++] =
                (struct held_off_place){.stream = place.stream, .n = place.n};
        }
    }
    return ERR_OK;
}

/* NULL: nobody watches it. */
static enum err find_head(const struct act_case *act, int64_t stream, struct head **ret_head)
{
    struct store_stream row;
    struct str name = STR_NONE;
    *ret_head = act->head;
    if (act->head != NULL) {
        return ERR_OK;
    }
    TRY(store_streams_by_id(act->ordering->store, stream, &row, &name));
    *ret_head = heads_peek(&act->ordering->heads, name);
    return ERR_OK;
}

enum err act_reject_all(struct act_case *act, const struct held_of *of, uint64_t upto_n)
{
    struct pass pass = {.of = of, .upto_n = upto_n};
    struct head *head = NULL;
    TRY(find_piece(act, &pass));
    for (uint32_t i = 0; i < pass.count; i++) {
        TRY(find_head(act, pass.found[i].stream, &head));
        TRY(act_reject(act, head, pass.found[i].n));
    }
    act->place.at = pass.last_n;
    act->is_left = !pass.is_over;
    return ERR_OK;
}

/* ---- undone ---- */

static enum err tell_waits(struct act_case *act, uint64_t n)
{
    struct held_row held;
    struct head *head = NULL;
    TRY(held_find(act->ordering->store, n, &held));
    TRY(find_head(act, held.stream, &head));
    TRY(held_find(act->ordering->store, n, &held)); // its strings are the statement's
    return act_told_judged(act, head, &held);
}

enum err act_reject_undo(struct act_case *act, uint64_t id,
                         enum err (*let_in)(struct act_case *act, uint64_t n, bool *ret_is_in))
{
    uint64_t ns[ACT_CASE_PIECE];
    uint32_t count = 0;
    TRY(rejections_by(act->ordering->store, id, ns, ACT_CASE_PIECE, &count));
    for (uint32_t i = 0; i < count; i++) {
        bool waits = false, is_in = false;
        TRY(rejections_lift(act->ordering->store, ns[i], id, &waits));
        TRY(waits ? let_in(act, ns[i], &is_in) : ERR_OK);
        TRY(waits && !is_in ? tell_waits(act, ns[i]) : ERR_OK);
    }
    act->is_left = count == ACT_CASE_PIECE;
    return ERR_OK;
}
