// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_sweep.h"

#include "base/mutant.h"
#include "engine/embedded/act_look.h"
#include "engine/embedded/act_reject.h"
#include "engine/embedded/aftermath.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/store_rows.h"

#include <stddef.h>
#include <stdlib.h>

enum { SINCE_ROWS_MAX = 20000 };

/* ---- told ---- */

struct sweep_telling {
    struct act_telling telling; // first
    const struct head *head;    // whose newest place it reaches this is
    uint64_t upto;
};

/* What was posted since the act is not its. */
static enum err find_upto(struct act_case *act, struct sweep_telling *sweep,
                          const struct head *head)
{
    uint64_t upto_n = 0;
    if (sweep->head == head) {
        return ERR_OK;
    }
    (void)str_to_u64(buf_str(&act->value), COMMENT_ID_ROW_MAX, &upto_n);
    TRY(store_rows_newest_upto(act->ordering->store, head->row.id, upto_n, &sweep->upto));
    if (sweep->upto == 0 && bus_is_followed(&head->subs)) { // memory may hold what has expired
        sweep->upto = head->row.ground_seq;
    }
    sweep->head = head;
    return ERR_OK;
}

static bool is_last(const struct act_telling *telling, struct str user)
{
    return str_eq(telling->users[telling->count - 1], user);
}

static enum err tell_sweep(struct act_case *act, struct act_telling *telling, struct head *head,
                           struct str user)
{
    struct sweep_telling *sweep = (struct sweep_telling *)(void *)telling;
    struct aftermath aftermath;
    if (head->row.id == 0) { // nothing was ever posted there
        return ERR_OK;
    }
    TRY(find_upto(act, sweep, head));
    const struct removal removal = {
        .of = user.len > 0 ? REMOVAL_USER : REMOVAL_ALL, .user = user, .upto = sweep->upto};
    if (sweep->upto == 0) {
        return ERR_OK;
    }
    if (act->head == NULL && is_last(telling, user)) { // before, the sweep tells it all, too
        TRY(removals_told(act->ordering->store, act->id, head->row.id));
    }
    aftermath_begin(&aftermath, act);
    TRY(aftermath_retract(&aftermath, head, &removal));
    aftermath_end(&aftermath, act);
    return ERR_OK;
}

/* Of all streams: at once where somebody follows, elsewhere when the sweep comes by. */
static enum err tell_on(struct act_case *act)
{
    static const struct str everybody[] = {STR("")};
    struct act_users users;
    TRY(act_case_users(buf_str(&act->target), &users));
    const bool is_clear = act->call->act.what == ACT_CLEAR;
    struct sweep_telling sweep = {.telling = {.tell = tell_sweep,
                                              .users = is_clear ? everybody : users.names,
                                              .count = is_clear ? 1 : users.count}};
    const enum err err = act_case_tell(act, &sweep.telling);
    act_case_users_done(&users);
    return err;
}

/* ---- the queue ---- */

struct swept { // whose comments an act takes
    struct act_users users;
    struct held_of of;
};

static enum err find_swept(const struct act_case *act, struct swept *swept)
{
    TRY(act_case_users(buf_str(&act->target), &swept->users));
    const uint32_t count = swept->users.count;
    if (count > 0) {
        qsort(swept->users.names, count, sizeof(*swept->users.names), held_user_order);
    }
    swept->of = (struct held_of){
        .stream = act_case_stream(act), .users = swept->users.names, .count = count};
    return ERR_OK;
}

/* What waits to be approved by time alone is not, once all they posted is removed. */
static enum err stop_clocks(struct act_case *act)
{
    struct swept swept;
    TRY(find_swept(act, &swept));
    const enum err err = held_stop_clocks(act->ordering->store, &swept.of);
    act_case_users_done(&swept.users);
    return err;
}

static enum err reject_on(struct act_case *act)
{
    struct swept swept;
    uint64_t upto_n = 0;
    (void)str_to_u64(buf_str(&act->value), COMMENT_ID_ROW_MAX, &upto_n);
    TRY(find_swept(act, &swept));
    const enum err err = act_reject_all(act, &swept.of, upto_n);
    act_case_users_done(&swept.users);
    return err;
}

/* Who sees what it removes is told before the queue is gone through. */
enum err act_sweep_go_on(struct act_case *act)
{
    if (act->place.part != ACT_PART_QUEUE) {
        TRY(tell_on(act));
        if (act->is_left || mutant(QUEUE_LEFT)) {
            return ERR_OK;
        }
        act->place.part = ACT_PART_QUEUE;
        act->place.at = 0;
    }
    return reject_on(act);
}

/* ---- decided ---- */

/* What waits and is not its to reject still. */
static enum err is_any_waiting(const struct act_case *act, const struct store_act *before,
                               const struct held_of *of, bool *ret_is_any)
{
    struct store_act_place place;
    uint64_t upto_n = 0;
    (void)str_to_u64(before->value, COMMENT_ID_ROW_MAX, &upto_n);
    const enum err err = store_acts_place(act->ordering->store, before->id, &place);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    return held_waits(act->ordering->store, of, err == ERR_OK ? upto_n : 0, ret_is_any);
}

/* Whether one of them commented above row `n`. */
static enum err is_any_since(const struct act_case *act, const struct held_of *of, uint64_t n,
                             bool *ret_is_any)
{
    sqlite3_stmt *walk = NULL;
    struct str user;
    enum err err = ERR_OK;
    TRY(store_rows_authors(act->ordering->store, of->stream, n, &walk));
    while (!*ret_is_any &&
           (err = store_rows_next_author(act->ordering->store, walk, &user)) == ERR_OK) {
        *ret_is_any = held_is_of(of, user);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Whether there is more to remove than the one before had, or that removes less by now. */
static enum err is_any_new(const struct act_case *act, const struct store_act *before,
                           const struct held_of *of, bool *ret_is_any)
{
    struct store *store = act->ordering->store;
    uint64_t upto_n = 0;
    *ret_is_any = !str_to_u64(before->value, COMMENT_ID_ROW_MAX, &upto_n) ||
                  act->ordering->next_n > upto_n + SINCE_ROWS_MAX;
    if (!*ret_is_any) {
        TRY(is_any_waiting(act, before, of, ret_is_any));
    }
    if (!*ret_is_any) {
        TRY(is_any_since(act, of, upto_n, ret_is_any));
    }
    return *ret_is_any ? ERR_OK : store_acts_restored(store, of->stream, before->id, ret_is_any);
}

/* Has it nothing to remove that the one before has not, and does that still remove it all? */
static enum err judge_sweep_again(struct act_case *act)
{
    struct store_act before;
    struct swept swept;
    bool is_any = false;
    const enum err err = act_case_in_force(act, act->call->act.what, &before);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    TRY(err);
    const uint64_t id = before.id;
    TRY(find_swept(act, &swept));
    const enum err asked = is_any_new(act, &before, &swept.of, &is_any);
    act_case_users_done(&swept.users);
    TRY(asked);
    if (!is_any) {
        TRY(store_acts_get(act->ordering->store, id, &before));
        act_case_repeat(act, &before);
    }
    return ERR_OK;
}

enum err act_sweep_do(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    const uint32_t count = asked->what == ACT_CLEAR ? 1 : asked->target_count;
    const uint64_t upto_n = act->ordering->next_n - 1;
    if (asked->what == ACT_PURGE) {
        TRY(act_look_at_users(act));
    }
    if (act_look_is_over(act)) {
        TRY(judge_sweep_again(act));
    }
    if (!act_look_is_over(act)) {
        return ERR_OK;
    }
    buf_reset(&act->value);
    buf_add_u64(&act->value, upto_n);
    TRY(buf_err(&act->value));
    TRY(act_case_record(act));
    TRY(stop_clocks(act));
    const struct removals_by by = {.store = act->ordering->store,
                                   .stream = act_case_stream(act),
                                   .act = act->id,
                                   .wall_ms = act->now.wall_ms};
    TRY(asked->what == ACT_CLEAR ? removals_sweep(&by, STR_NONE, upto_n)
                                 : removals_sweep_users(&by, asked->users, count, upto_n));
    TRY(act->head == NULL ? outbox_forget(&act->ordering->outbox) : ERR_OK);
    return act_sweep_go_on(act);
}
