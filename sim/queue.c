// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/reach.h"
#include "deed.h"
#include "deeds.h"
#include "engine/embedded/comment_body.h"
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUED_MAX = USERS * CIDS_MAX };

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
        .id_hash = hash_str(LEDGER_HASH_KEY, comment_body_id(column_text(query, 5))),
    };
    must(queue->count < QUEUED_MAX);
    queue->at[queue->count++] = queued;
    queue->upto_n = queued.n;
    world->posters[queued.user].comments[queued.cid].is_held = true;
}

void queue_look(struct world *world)
{
    static const char rows[] =
        "SELECT n, user, cid, stream, due, body FROM held WHERE n > ?1 ORDER BY n";
    struct queue *queue = &world->queue;
    if (!world->is_moderated ||
        (queue->rows == NULL &&
         sqlite3_prepare_v2(world->audit->db, rows, -1, &queue->rows, NULL) != SQLITE_OK)) {
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
    world->queue.rows = NULL;
}

void queue_reset(struct world *world)
{
    world->queue.count = 0;
    world->queue.upto_n = 0;
}

void queue_begin(struct world *world)
{
    world->queue.at = calloc(QUEUED_MAX, sizeof(*world->queue.at));
    must(world->queue.at != NULL);
}

void queue_end(struct world *world)
{
    free(world->queue.at);
}

/* ---- clocks ---- */

static struct queued *find_by_id(const struct world *world, struct str id)
{
    const uint64_t hash = hash_str(LEDGER_HASH_KEY, id);
    for (uint32_t i = 0; i < world->queue.count; i++) {
        if (world->queue.at[i].id_hash == hash) {
            return &world->queue.at[i];
        }
    }
    return NULL;
}

/* What stops its clock for good, undone or not: all that its author had posted was judged. */
static bool is_swept(const struct deed *deed, const struct queued *queued)
{
    return (deed->what == ACT_CLEAR || (deed->what == ACT_PURGE && deed->user == queued->user)) &&
           (deed->stream == STREAMS || deed->stream == queued->stream) &&
           queued->n <= deed->value_n;
}

/* Of timeouts only the end is by the clock. */
static bool is_under(const struct world *world, const struct deed *deed,
                     const struct queued *queued)
{
    const bool is_sanction =
        deed->what == ACT_BAN || deed->what == ACT_HOLD ||
        (deed->what == ACT_TIMEOUT && !world->is_verifying && world->scenario->clock_steps == 0);
    return is_sanction && deed->lifted_by == 0 && deed->user == queued->user &&
           deed_is_on(deed, &world->ledgers[queued->stream]) &&
           deed->until_ms > world->now_ms + TIMEOUT_SLACK_MS;
}

void queue_approves_itself(struct world *world, const struct deed *deed)
{
    const struct queued *queued = find_by_id(world, str_of(deed->target + strlen("id:")));
    if (queued == NULL) {
        return; // its text stood in the log when it was first seen
    }
    for (uint64_t id = 1; id < deed->id; id++) {
        const struct deed *before = deeds_find(world, id);
        world_holds(world, !is_swept(before, queued) && !is_under(world, before, queued),
                    "P9: a%llu of the clock approves u%u's c%u in spite of a%llu",
                    (unsigned long long)deed->id, queued->user, queued->cid,
                    (unsigned long long)id);
    }
    reach(APPROVED_ITSELF);
}

static bool is_running(const struct world *world, const struct queued *queued)
{
    return queued->due_ms > world->now_ms + world->wall_ms;
}

const struct queued *queue_clocked(const struct world *world)
{
    const struct queue *queue = &world->queue;
    for (uint32_t i = queue->count; i > 0; i--) {
        if (is_running(world, &queue->at[i - 1])) {
            return &queue->at[i - 1];
        }
    }
    return NULL;
}
