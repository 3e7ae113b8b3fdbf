// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/feed.h"

#include "engine/embedded/sight.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_streams.h"
#include "engine/embedded/sweeps.h"
#include "wire/event.h"
#include "wire/json.h"

static enum err write_event(struct store *store, const struct store_row *row, struct buf *out)
{
    struct store_stream stream;
    struct str name;
    struct event *event = store_rows_event(row, 0);
    if (event == NULL) {
        return ERR_NOMEM;
    }
    const enum err err = store_streams_by_id(store, row->stream, &stream, &name);
    if (err == ERR_OK) {
        json_write_name(out, "event");
        event_write(out, event, name, event->prev);
    }
    event_unref(event);
    return err == ERR_OK ? buf_err(out) : err;
}

enum err feed_read(struct store *store, struct moderation_call *call)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    if (call->limit == 0) {
        return store_rows_newest_n(store, &call->seq);
    }
    TRY(store_rows_since(store, call->after + 1, &walk));
    enum err err = store_rows_next(store, walk, &row);
    while (err == ERR_GONE) {
        err = store_rows_next(store, walk, &row);
    }
    if (err != ERR_OK) {
        return err;
    }
    call->seq = row.n;
    struct sweeps sweeps;
    TRY(row.kind == EVENT_COMMENT ? sweeps_load_on(store, &row, &sweeps)
                                  : sweeps_load(store, &sweeps));
    struct buf copy;
    buf_init(&copy, MEM_ENGINE, SIGHT_BYTES_MAX);
    err = sight_clean(store, &sweeps, &row, &copy);
    if (err == ERR_OK) {
        err = write_event(store, &row, &call->out);
    }
    buf_done(&copy);
    sweeps_done(&sweeps);
    return err;
}
