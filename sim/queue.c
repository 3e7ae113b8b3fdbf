// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include "base/must.h"
#include "base/reach.h"
#include "deed.h"
#include "deeds.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/store_schema.h"
#include "ledger.h"
#include "under.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUED_MAX = USERS * CIDS_MAX };
#define EVIDENCE_MS (INT64_C(24) * 3600 * 1000 * EVIDENCE_DAYS)

/* ---- what came into it ---- */

static struct str column_text(sqlite3_stmt *query, int column)
{
    return (struct str){.at = (const char *)sqlite3_column_text(query, column),
                        .len = (size_t)sqlite3_column_bytes(query, column)};
}

static void take_row(struct world *world, sqlite3_stmt *query)
{
    struct queue *queue = &world->queue;
    const struct ledger *ledger = ledger_by_id(world, sqlite3_column_int64(query, 3));
    const struct queued queued = {
        .n = (uint64_t)sqlite3_column_int64(query, 0),
        .user = (uint8_t)(column_text(query, 1).at[1] - '0'),
        .cid = (uint16_t)strtoul(column_text(query, 2).at + 1, NULL, 10),
        .stream = (uint8_t)(ledger - world->ledgers),
        .due_ms = sqlite3_column_int64(query, 4),
        .at_ms = sqlite3_column_int64(query, 5),
    };
    const bool had_place = (uint64_t)sqlite3_column_int64(query, 6) == queued.n;
    queue->upto_n = queued.n;
    world->posters[queued.user].comments[queued.cid].is_held = true;
    if (!had_place) {
        must(queue->count < QUEUED_MAX);
        queue->at[queue->count++] = queued;
    }
}

static bool prepare(struct world *world)
{
    static const char rows[] =
        "SELECT n, user, cid, stream, due, at, log_n FROM held WHERE n > ?1 ORDER BY n";
    static const char waiting[] =
        "SELECT n, stream, seq, due, at FROM held WHERE state = 2 ORDER BY n";
    struct queue *queue = &world->queue;
    sqlite3 *db = world->audit->db;
    return queue->waiting_rows != NULL ||
           (store_schema_number(world->audit, "id_key", &queue->id_key) == ERR_OK &&
            sqlite3_prepare_v2(db, rows, -1, &queue->rows, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(db, waiting, -1, &queue->waiting_rows, NULL) == SQLITE_OK);
}

void queue_look(struct world *world)
{
    struct queue *queue = &world->queue;
    if (!world->is_moderated || !prepare(world)) {
        return; // a disk that fails is looked at again
    }
    (void)sqlite3_bind_int64(queue->rows, 1, (int64_t)queue->upto_n);
    while (sqlite3_step(queue->rows) == SQLITE_ROW) {
        take_row(world, queue->rows);
    }
    (void)sqlite3_reset(queue->rows);
}

void queue_close(struct world *world)
{
    (void)sqlite3_finalize(world->queue.rows);
    (void)sqlite3_finalize(world->queue.waiting_rows);
    world->queue.rows = world->queue.waiting_rows = NULL;
}

void queue_reset(struct world *world)
{
    for (uint32_t i = 0; i < world->queue.count; i++) {
        free(world->queue.at[i].by);
    }
    world->queue.count = 0;
    world->queue.upto_n = 0;
}

void queue_begin(struct world *world)
{
    world->queue.at = calloc(QUEUED_MAX, sizeof(*world->queue.at));
    world->queue.waiting = calloc(QUEUED_MAX, sizeof(*world->queue.waiting));
    must(world->queue.at != NULL && world->queue.waiting != NULL);
}

void queue_end(struct world *world)
{
    queue_reset(world);
    free(world->queue.at);
    free(world->queue.waiting);
    free(world->queue.stays);
}

/* ---- what is known of it ---- */

struct queued *queue_find(const struct world *world, uint64_t n)
{
    uint32_t from = 0, to = world->queue.count;
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        if (world->queue.at[middle].n < n) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    const bool is_there = from < world->queue.count && world->queue.at[from].n == n;
    return is_there ? &world->queue.at[from] : NULL;
}

const struct queued *queue_of(const struct world *world, uint8_t stream, const struct entry *entry)
{
    for (uint32_t i = 0; i < world->queue.count; i++) {
        const struct queued *queued = &world->queue.at[i];
        if (queued->stream == stream && queued->user == entry->user && queued->cid == entry->cid) {
            return queued;
        }
    }
    return NULL;
}

uint64_t queue_place(const struct world *world, const struct queued *queued, uint64_t n)
{
    const struct ledger *ledger = &world->ledgers[queued->stream];
    const uint64_t seq = ledger_seq_of(ledger, queued->user, queued->cid);
    return seq != 0 && ledger->entries[seq - 1].n <= n ? seq : 0;
}

enum queue_state queue_state(const struct world *world, const struct queued *queued)
{
    enum queue_state state = QUEUE_WAITS;
    for (uint32_t i = 0; i < queued->by_count; i++) {
        const struct deed *deed = deeds_find(world, queued->by[i].act);
        const struct deed *lifter = deeds_find(world, deed->lifted_by);
        if (lifter == NULL && queued->by[i].is_sure) {
            return QUEUE_REJECTED;
        }
        if (lifter == NULL || lifter->is_left) {
            state = QUEUE_MAYBE;
        }
    }
    return state;
}

static const struct waiting *find_waiting(const struct world *world, uint8_t stream, uint64_t n,
                                          uint64_t seq)
{
    const struct queue *queue = &world->queue;
    for (uint32_t i = 0; i < queue->waiting_count; i++) {
        const struct waiting *waiting = &queue->waiting[i];
        const bool is_it = n != 0 ? waiting->n == n : waiting->seq == seq;
        if (is_it && waiting->stream == stream) {
            return waiting;
        }
    }
    return NULL;
}

bool queue_waited(const struct world *world, uint8_t stream, uint64_t n, uint64_t seq)
{
    return find_waiting(world, stream, n, seq) != NULL;
}

/* ---- acts ---- */

void queue_reject(struct queued *queued, const struct deed *deed, bool is_sure)
{
    if (queued->by_count == queued->by_room) {
        queued->by_room = 2 * queued->by_room + 4;
        queued->by = realloc(queued->by, queued->by_room * sizeof(*queued->by));
        must(queued->by != NULL);
    }
    queued->by[queued->by_count++] = (struct rejecter){.act = deed->id, .is_sure = is_sure};
}

static struct rejecter *find_rejecter(struct queued *queued, uint64_t act)
{
    for (uint32_t i = 0; i < queued->by_count; i++) {
        if (queued->by[i].act == act) {
            return &queued->by[i];
        }
    }
    return NULL;
}

/* What was posted up to it: for sure once it is at its end. */
void queue_sweep(struct world *world, const struct deed *deed, const struct deed_step *step)
{
    for (uint32_t i = 0; i < world->queue.count; i++) {
        struct queued *queued = &world->queue.at[i];
        const bool is_its = deed->what == ACT_CLEAR || deed_names_user(deed, queued->user);
        if (!is_its || queued->n > deed->value_n ||
            !deed_is_on(deed, &world->ledgers[queued->stream])) {
            continue;
        }
        struct rejecter *before = find_rejecter(queued, deed->id);
        if (before != NULL) {
            before->is_sure = !deed->is_left;
        } else if (queue_place(world, queued, step->newest_n) == 0) {
            queue_reject(queued, deed, !deed->is_left);
            reach(QUEUE_SWEPT);
        }
    }
}

void queue_approve(struct world *world, struct queued *queued, const struct deed *deed)
{
    queued->is_approved = true;
    world_holds(world, queue_state(world, queued) != QUEUE_REJECTED,
                "P9: a%llu approves u%u's c%u, which is rejected", (unsigned long long)deed->id,
                queued->user, queued->cid);
}

/* ---- what waits on the disk ---- */

static bool is_same_waiting(const struct waiting *a, const struct waiting *b)
{
    return a->n == b->n && a->stream == b->stream && a->seq == b->seq;
}

static bool is_stay_of(const struct stay *stay, const struct waiting *waiting)
{
    return stay->to == 0 && stay->n == waiting->n && stay->stream == waiting->stream &&
           stay->seq == waiting->seq;
}

static void begin_stay(struct queue *queue, const struct waiting *waiting)
{
    if (queue->stay_count == queue->stay_room) {
        queue->stay_room = 2 * queue->stay_room + 64;
        queue->stays = realloc(queue->stays, queue->stay_room * sizeof(*queue->stays));
        must(queue->stays != NULL);
    }
    queue->stays[queue->stay_count++] = (struct stay){.n = waiting->n,
                                                      .seq = waiting->seq,
                                                      .from = queue->version,
                                                      .at_ms = waiting->at_ms,
                                                      .stream = waiting->stream};
}

/* Whoever waits, or waits no more, since this version. */
static void note_stays(struct queue *queue)
{
    bool *is_known = calloc(queue->waiting_count + 1, sizeof(*is_known));
    must(is_known != NULL);
    for (uint32_t i = 0; i < queue->stay_count; i++) {
        struct stay *stay = &queue->stays[i];
        uint32_t at = 0;
        while (stay->to == 0 && at < queue->waiting_count &&
               !is_stay_of(stay, &queue->waiting[at])) {
            at++;
        }
        if (stay->to == 0 && at == queue->waiting_count) {
            stay->to = queue->version;
        } else if (stay->to == 0) {
            is_known[at] = true;
        }
    }
    for (uint32_t i = 0; i < queue->waiting_count; i++) {
        if (!is_known[i]) {
            begin_stay(queue, &queue->waiting[i]);
        }
    }
    free(is_known);
}

static void read_waiting(struct world *world)
{
    struct queue *queue = &world->queue;
    uint32_t count = 0;
    bool is_same = true;
    while (sqlite3_step(queue->waiting_rows) == SQLITE_ROW) {
        const struct ledger *ledger =
            ledger_by_id(world, sqlite3_column_int64(queue->waiting_rows, 1));
        const struct waiting waiting = {
            .n = (uint64_t)sqlite3_column_int64(queue->waiting_rows, 0),
            .seq = (uint64_t)sqlite3_column_int64(queue->waiting_rows, 2),
            .stream = (uint8_t)(ledger - world->ledgers),
            .is_timed = sqlite3_column_int64(queue->waiting_rows, 3) != 0,
            .at_ms = sqlite3_column_int64(queue->waiting_rows, 4),
        };
        must(count < QUEUED_MAX);
        is_same = is_same && count < queue->waiting_count &&
                  is_same_waiting(&waiting, &queue->waiting[count]);
        queue->waiting[count++] = waiting;
    }
    (void)sqlite3_reset(queue->waiting_rows);
    is_same = is_same && count == queue->waiting_count;
    queue->waiting_count = count;
    if (!is_same) {
        queue->version++;
        note_stays(queue);
    }
}

bool queue_may_be_erased(const struct world *world, int64_t at_ms)
{
    return at_ms <= world->now_ms + world->wall_ms - EVIDENCE_MS || world->clock_stepped;
}

/* What rejects it, or is to, stopped its clock in its first transaction, and for good. */
static void check_clock(struct world *world, const struct queued *queued)
{
    const struct waiting *waiting = find_waiting(world, queued->stream, queued->n, 0);
    const uint64_t act = queued->by_count > 0 ? queued->by[0].act : queued->stopped_by;
    world_holds(world, act == 0 || waiting == NULL || !waiting->is_timed,
                "P9: a%llu rejects u%u's c%u, and its clock runs on", (unsigned long long)act,
                queued->user, queued->cid);
}

static void check_one(struct world *world, const struct queued *queued)
{
    const bool waits = queue_waited(world, queued->stream, queued->n, 0);
    if (queue_place(world, queued, UINT64_MAX) != 0) {
        world_holds(world, queued->is_approved, "P9: u%u's c%u waited, and nobody approved it",
                    queued->user, queued->cid);
        return;
    }
    const enum queue_state state = queue_state(world, queued);
    check_clock(world, queued);
    world_holds(world, state != QUEUE_REJECTED || !waits, "P6: u%u's c%u is rejected, and waits",
                queued->user, queued->cid);
    world_holds(world, state != QUEUE_WAITS || !queued->is_released || !waits,
                "P1: nothing keeps u%u's c%u off any more, and it waits", queued->user,
                queued->cid);
    world_holds(world, state != QUEUE_WAITS || waits || queue_may_be_erased(world, queued->at_ms),
                "P1: u%u's c%u is in the queue, and does not wait", queued->user, queued->cid);
    reach_if(state == QUEUE_REJECTED, QUEUE_REJECTED);
    reach_if(state == QUEUE_WAITS && queued->by_count > 0 && waits, QUEUED_AGAIN);
}

/* Acts on comments that are under way: what was on screens is amid them. */
static bool is_any_left(const struct world *world)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        if (world->deeds.at[i].is_left) {
            return true;
        }
    }
    return false;
}

/* Only holds keep it off. */
static void check_placed(struct world *world, const struct waiting *waiting)
{
    const struct ledger *ledger = &world->ledgers[waiting->stream];
    world_holds(world, waiting->seq <= ledger->ground || deeds_hold_alone(ledger, waiting->seq),
                "P6: seq %llu of %s waits, and no hold keeps it off alone",
                (unsigned long long)waiting->seq, ledger->name.at);
}

static void check_holds(struct world *world, const struct deed *deed)
{
    const struct ledger *ledger = &world->ledgers[deed->stream];
    for (uint32_t i = 0; i < deed->seq_count; i++) {
        const uint64_t seq = deed->seqs[i];
        if (seq <= ledger->ground || seq > ledger->head || !deed_holds(deed, deed->stream, seq) ||
            !deeds_hold_alone(ledger, seq)) {
            continue;
        }
        world_holds(world,
                    queue_waited(world, deed->stream, 0, seq) ||
                        queue_may_be_erased(world, ledger->entries[seq - 1].at_ms),
                    "P1: a%llu holds seq %llu of %s, and it does not wait",
                    (unsigned long long)deed->id, (unsigned long long)seq, ledger->name.at);
    }
}

static void check_placed_all(struct world *world)
{
    const struct queue *queue = &world->queue;
    const struct deeds *deeds = &world->deeds;
    for (uint32_t i = 0; i < queue->waiting_count; i++) {
        if (queue->waiting[i].seq != 0) {
            check_placed(world, &queue->waiting[i]);
        }
    }
    for (uint32_t i = 0; i < deeds->taker_count; i++) {
        const struct deed *deed = &deeds->at[deeds->takers[i]];
        if (deed->what == ACT_HOLD && deed->lifted_by == 0) {
            check_holds(world, deed);
        }
    }
}

void queue_check(struct world *world)
{
    struct queue *queue = &world->queue;
    const bool is_as_before = queue->checked_steps == world->deeds.step_count &&
                              queue->checked_count == queue->count && !world->is_verifying;
    const bool is_swept = is_any_left(world); // piece by piece, of which no step is known
    if (queue->waiting_rows == NULL || (is_as_before && !is_swept)) {
        return;
    }
    read_waiting(world);
    if (is_as_before) {
        return;
    }
    queue->checked_steps = world->deeds.step_count;
    queue->checked_count = queue->count;
    for (uint32_t i = 0; i < queue->count; i++) {
        check_one(world, &queue->at[i]);
    }
    if (!is_any_left(world)) {
        check_placed_all(world);
    }
}

/* ---- clocks ---- */

/* Of timeouts only the end is by the clock. */
static bool is_under(const struct world *world, const struct deed *deed,
                     const struct queued *queued)
{
    const bool is_sanction =
        deed->what == ACT_BAN || deed->what == ACT_HOLD ||
        (deed->what == ACT_TIMEOUT && !world->is_verifying && world->scenario->clock_steps == 0);
    return is_sanction && deed->lifted_by == 0 && under_is_on(deed, queued->user) &&
           deed_is_on(deed, &world->ledgers[queued->stream]) &&
           deed->until_ms > world->now_ms + TIMEOUT_SLACK_MS;
}

/* What once rejected it stopped its clock for good, undone or not. */
void queue_approves_itself(struct world *world, const struct deed *deed)
{
    const struct queued *queued = deed->n_count == 1 ? queue_find(world, deed->ns[0]) : NULL;
    if (queued == NULL) {
        return; // it had a place
    }
    world_holds(
        world, queued->by_count == 0 && queued->stopped_by == 0,
        "P9: a%llu of the clock approves u%u's c%u in spite of a%llu", (unsigned long long)deed->id,
        queued->user, queued->cid,
        (unsigned long long)(queued->by_count > 0 ? queued->by[0].act : queued->stopped_by));
    for (uint64_t id = 1; id < deed->id; id++) {
        world_holds(world, !is_under(world, deeds_find(world, id), queued),
                    "P9: a%llu of the clock approves u%u's c%u in spite of a%llu",
                    (unsigned long long)deed->id, queued->user, queued->cid,
                    (unsigned long long)id);
    }
    reach(APPROVED_ITSELF);
}

const struct queued *queue_clocked(const struct world *world)
{
    const struct queue *queue = &world->queue;
    for (uint32_t i = queue->count; i > 0; i--) {
        if (queue->at[i - 1].due_ms > world->now_ms + world->wall_ms) {
            return &queue->at[i - 1];
        }
    }
    return NULL;
}

uint64_t queue_rejecter(struct world *world)
{
    const struct queue *queue = &world->queue;
    for (int i = 0; i < 8 && queue->count > 0; i++) {
        const struct queued *queued = &queue->at[world_below(world, queue->count)];
        const struct rejecter *by =
            queued->by_count == 0 ? NULL : &queued->by[world_below(world, queued->by_count)];
        if (by != NULL && deeds_find(world, by->act)->lifted_by == 0) {
            return by->act;
        }
    }
    return 0;
}
