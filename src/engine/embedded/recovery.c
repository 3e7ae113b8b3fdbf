// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/recovery.h"

#include "engine/embedded/sight.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/store_streams.h"
#include "engine/embedded/store_wal.h"

#include <stddef.h>
#include <stdio.h>

/* A damaged WAL is left as it is, for the next start to find: SQLite would cut it off. */
static enum err look_at_wal(const struct recovery *recovery)
{
    char path[STORE_PATH_MAX + 8];
    struct store_wal_verdict verdict;
    snprintf(path, sizeof(path), "%s-wal", recovery->path);
    TRY(store_wal_scan(path, &verdict));
    return verdict.is_damaged ? ERR_GONE : ERR_OK;
}

static enum err open_again(const struct recovery *recovery)
{
    struct store *store = recovery->ordering->store;
    struct store_fault fault;
    struct store_identity identity;
    store_close(store);
    TRY(look_at_wal(recovery));
    TRY(store_open(store, recovery->path, STORE_WRITES));
    TRY(store_schema_prepare(store, &fault, &identity));
    return epoch_eq(&identity.epoch, &recovery->ordering->identity.epoch) ? ERR_OK : ERR_GONE;
}

struct publishing {
    struct sweeps sweeps;
    struct buf copy; // of the row under way
};

/* The rows from `first` on: nobody was told of them yet. */
static enum err publish_each(const struct recovery *recovery, uint64_t first,
                             struct publishing *publishing)
{
    struct ordering *ordering = recovery->ordering;
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    TRY(store_rows_since(ordering->store, first, &walk));
    for (;;) {
        struct store_stream stream;
        struct str name;
        const enum err err = store_rows_next(ordering->store, walk, &row);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        }
        TRY(store_streams_by_id(ordering->store, row.stream, &stream, &name));
        struct head *head = heads_peek(&ordering->heads, name);
        TRY(sight_clean(ordering->store, &publishing->sweeps, &row, &publishing->copy));
        struct event *event = store_rows_event(&row, ordering->identity.hash_key);
        if (event == NULL) {
            return ERR_NOMEM;
        }
        if (head != NULL) {
            bus_publish(recovery->bus, &head->subs, event);
        }
        if (head != NULL && !bus_is_watched(&head->subs)) {
            heads_idle(&ordering->heads, head);
        }
        event_unref(event);
        ordering->next_n = row.n + 1; // published: not again, should the next one fail
    }
}

static enum err publish_since(const struct recovery *recovery, uint64_t first)
{
    struct publishing publishing;
    TRY(sweeps_load(recovery->ordering->store, &publishing.sweeps));
    buf_init(&publishing.copy, MEM_ENGINE, SIGHT_BYTES_MAX);
    const enum err err = publish_each(recovery, first, &publishing);
    buf_done(&publishing.copy);
    sweeps_done(&publishing.sweeps);
    return err;
}

static enum err go_on(const struct recovery *recovery, struct moment now)
{
    struct ordering *ordering = recovery->ordering;
    const uint64_t known = ordering->next_n;
    TRY(open_again(recovery));
    TRY(ordering_reload(ordering, now));
    const uint64_t next_n = ordering->next_n;
    ordering->next_n = known;
    if (next_n < known) { // what comes next is another life, also for the next start
        struct store_identity identity = ordering->identity;
        return store_schema_renew_epoch(ordering->store, &identity) == ERR_OK ? ERR_GONE : ERR_SYS;
    }
    TRY(store_empty_wal(ordering->store));
    TRY(store_begin_read(ordering->store));
    log_tail_set_ahead(recovery->tail, true);
    const enum err err = publish_since(recovery, known);
    store_rollback(ordering->store);
    bus_flush(recovery->bus);
    log_tail_set_ahead(recovery->tail, false);
    ordering->next_n = err == ERR_OK ? next_n : ordering->next_n;
    return err;
}

enum err recovery_run(const struct recovery *recovery, struct moment now)
{
    readers_pause(recovery->readers);
    log_tail_forget(recovery->tail);
    const enum err err = go_on(recovery, now);
    if (err == ERR_GONE) {
        store_close(recovery->ordering->store);
        readers_refuse(recovery->readers);
    }
    readers_resume(recovery->readers);
    return err == ERR_OK || err == ERR_GONE ? err : ERR_SYS;
}
