// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/housekeeping.h"

#include "base/log.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_dedupe.h"

#include <stddef.h>

/* A thousand pages are 4 MiB: copying them takes about as long as a commit. */
enum { CHECKPOINT_PAGES = 1000 };
enum { TICK_MS = 1000, TIDY_MS = 60 * 1000, EXPIRY_BUSY_MS = 50, RECOVERY_MS = 1000 };

void housekeeping_init(struct housekeeping *keeping, struct ordering *ordering,
                       struct log_tail *tail, struct bus *bus, struct engine_metrics *metrics)
{
    *keeping =
        (struct housekeeping){.ordering = ordering, .tail = tail, .bus = bus, .metrics = metrics};
    upkeep_init(&keeping->upkeep, ordering);
}

void housekeeping_wake(struct housekeeping *keeping)
{
    retention_wake(&keeping->retention);
}

void housekeeping_wake_acts(struct housekeeping *keeping)
{
    upkeep_wake(&keeping->upkeep);
}

static enum err checkpoint(struct housekeeping *keeping, bool truncate)
{
    struct store *store = keeping->ordering->store;
    const enum err err = store_checkpoint(store, truncate);
    if (err == ERR_AGAIN) {
        return ERR_OK; // a reader was in the way: the next one will do
    }
    if (err != ERR_OK) {
        return err == ERR_PROTO ? ERR_SYS : err; // a damaged WAL is the whole log's matter
    }
    keeping->wal_pages_done = store->wal_pages;
    keeping->upkeep.has_erased = keeping->upkeep.has_erased && !truncate;
    metric_count(&keeping->metrics->checkpoints, 1);
    return ERR_OK;
}

static enum err checkpoint_if_due(struct housekeeping *keeping)
{
    const struct store *store = keeping->ordering->store;
    if (store->wal_pages < keeping->wal_pages_done) {
        keeping->wal_pages_done = 0; // the WAL was begun anew
    }
    const bool is_due = store->wal_pages - keeping->wal_pages_done >= CHECKPOINT_PAGES;
    if (!is_due && !keeping->upkeep.has_erased) {
        return ERR_OK;
    }
    return checkpoint(keeping,
                      keeping->upkeep.has_erased || store_wal_bytes(store) > STORE_WAL_BYTES_MAX);
}

static enum err tidy(struct housekeeping *keeping, struct moment now)
{
    struct ordering *ordering = keeping->ordering;
    struct store_dedupe dedupe = ordering->dedupe;
    TRY(store_begin_write(ordering->store));
    const enum err err = store_dedupe_tidy(ordering->store, &dedupe, ordering->next_n, now.mono_ms);
    if (err != ERR_OK) {
        store_rollback(ordering->store);
        return err;
    }
    TRY(store_commit(ordering->store));
    ordering->dedupe = dedupe;
    keeping->wrote = true;
    return ERR_OK;
}

static enum err empty_idle_wal(struct housekeeping *keeping)
{
    const uint32_t pages = keeping->ordering->store->wal_pages;
    const bool is_idle = pages == keeping->wal_pages_seen && !keeping->has_work;
    keeping->wal_pages_seen = pages;
    return is_idle && pages > 0 ? checkpoint(keeping, true) : ERR_OK;
}

static enum err tick(struct housekeeping *keeping, struct moment now)
{
    struct ordering *ordering = keeping->ordering;
    keeping->next_tick_ms = now.mono_ms + TICK_MS;
    ordering_sweep(ordering, now);
    metric_set(&keeping->metrics->wal_bytes, (int64_t)store_wal_bytes(ordering->store));
    metric_set(&keeping->metrics->users_limited, (int64_t)limits_keys(ordering->budget.users));
    metric_set(&keeping->metrics->heads, (int64_t)ordering->heads.by_name.count);
    metric_set(&keeping->metrics->sqlite, (int64_t)sqlite3_memory_used());
    if (now.mono_ms >= keeping->next_tidy_ms || keeping->is_full) {
        TRY(tidy(keeping, now)); // on a full disk: does it take a write again?
        keeping->next_tidy_ms = now.mono_ms + TIDY_MS;
    }
    return empty_idle_wal(keeping);
}

static enum err expire(struct housekeeping *keeping, struct moment now)
{
    struct retention *retention = &keeping->retention;
    const uint64_t before = retention->expired_rows;
    keeping->is_busy = false;
    if (!retention_is_due(retention, now) || keeping->is_full ||
        (keeping->has_work && now.mono_ms < keeping->next_expiry_ms)) {
        return ERR_OK;
    }
    keeping->next_expiry_ms = now.mono_ms + EXPIRY_BUSY_MS;
    TRY(retention_step(retention, keeping->ordering, keeping->tail, now));
    metric_count(&keeping->metrics->expired, (int64_t)(retention->expired_rows - before));
    keeping->is_busy = retention_is_due(retention, now);
    return ERR_OK;
}

/* Where a piece of an act came before it, it takes turns with those: a post waits for one. */
static enum err keep_up(struct housekeeping *keeping, struct moment now)
{
    struct upkeep *upkeep = &keeping->upkeep;
    const struct upkeep before = *upkeep;
    const struct outlet outlet = {.heads = &keeping->ordering->heads,
                                  .bus = keeping->bus,
                                  .tail = keeping->tail,
                                  .mono_ms = now.mono_ms};
    if (!upkeep_is_due(upkeep, now) || keeping->is_full) {
        return ERR_OK;
    }
    if (keeping->ordering->act_pieces != keeping->pieces_seen && !keeping->was_spared) {
        keeping->was_spared = keeping->is_busy = true;
        return ERR_OK;
    }
    TRY(upkeep_step(upkeep, &outlet, now));
    keeping->was_spared = false;
    keeping->pieces_seen = keeping->ordering->act_pieces;
    metric_set(&keeping->metrics->held, (int64_t)upkeep->held);
    metric_count(&keeping->metrics->sweep_pieces, (int64_t)(upkeep->pieces - before.pieces));
    metric_count(&keeping->metrics->self_approved, (int64_t)(upkeep->approvals - before.approvals));
    metric_count(&keeping->metrics->erased, (int64_t)(upkeep->erased - before.erased));
    keeping->is_busy = keeping->is_busy || upkeep_has_more(upkeep);
    return ERR_OK;
}

/* While the disk is full the hubs hold it: an attempt would fail, and the turn with it. */
static enum err keep_reach(struct housekeeping *keeping)
{
    if (keeping->is_full) {
        reach_keeper_refuse(keeping->reach);
        return ERR_OK;
    }
    return reach_keeper_step(keeping->reach, keeping->ordering->store,
                             keeping->ordering->rules.reach_acts);
}

enum err housekeeping_turn(struct housekeeping *keeping, struct moment now)
{
    keeping->wrote = false;
    TRY(keep_reach(keeping));
    TRY(checkpoint_if_due(keeping));
    if (now.mono_ms >= keeping->next_tick_ms) {
        TRY(tick(keeping, now));
    }
    TRY(expire(keeping, now));
    return keep_up(keeping, now);
}

bool housekeeping_is_time_to_recover(struct housekeeping *keeping, struct moment now)
{
    if (now.mono_ms < keeping->next_recovery_ms) {
        return false;
    }
    keeping->next_recovery_ms = now.mono_ms + RECOVERY_MS;
    return true;
}

void housekeeping_end(struct housekeeping *keeping, struct moment now)
{
    enum err err = tidy(keeping, now);
    if (err == ERR_OK) {
        err = checkpoint(keeping, true);
    }
    if (err != ERR_OK) {
        log_line(LOG_WARN, "the store was closed with a log to be gone through at the next start",
                 LOG_STR("why", str_of(store_failure_text(keeping->ordering->store))));
    }
}
