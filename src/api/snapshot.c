// SPDX-License-Identifier: Apache-2.0
#include "api/snapshot.h"

#include "api/ask.h"
#include "api/etag.h"
#include "api/pin_list.h"
#include "api/respond.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "hub/port.h"

/* A document's key: its stream, NUL, its view. */
enum { KEY_BYTES_MAX = STREAM_NAME_LEN_MAX + 1 + sizeof(uint64_t) };

struct waiter {
    struct waiter *next;
    struct exchange *exchange;
};

struct snapshot {
    struct read read; // first: what the port holds
    struct snapshots *all;
    struct server *server;
    struct map_node node; // in all->by_key
    struct link link;     // in all->by_age; the newest last
    struct kept_name stream;
    uint64_t view; // whose it is; 0: everybody's
    char key[KEY_BYTES_MAX];
    struct waiter *waiters; // owned
    struct buf body;
    char etag[ETAG_LEN + 1];
    int64_t made_ms;
    bool is_reading;
};

struct snapshots {
    struct api *api;
    struct map by_key;
    struct link by_age;
    uint64_t held_bytes;
};

enum err snapshot_new(struct api *api, uint64_t seed, struct snapshots **ret_snapshots)
{
    struct snapshots *all = mem_new(MEM_EVENT, sizeof(*all));
    if (all == NULL) {
        return ERR_NOMEM;
    }
    all->api = api;
    map_init(&all->by_key, MEM_EVENT, seed);
    list_init(&all->by_age);
    *ret_snapshots = all;
    return ERR_OK;
}

static void forget(struct snapshot *snapshot)
{
    struct snapshots *all = snapshot->all;
    all->held_bytes -= snapshot->body.cap;
    map_remove(&all->by_key, &snapshot->node);
    list_remove(&snapshot->link);
    buf_done(&snapshot->body);
    mem_free(MEM_EVENT, snapshot);
}

/* Drops the oldest that nobody reads until there is room for one more. */
static void make_room(struct snapshots *all)
{
    struct link *at = all->by_age.next;
    while (at != &all->by_age &&
           (all->by_key.count >= SNAPSHOTS_MAX || all->held_bytes > SNAPSHOT_BYTES_MAX)) {
        struct snapshot *snapshot = list_entry(at, struct snapshot, link);
        at = at->next;
        if (!snapshot->is_reading) {
            forget(snapshot);
        }
    }
}

void snapshot_free(struct snapshots *all)
{
    if (all == NULL) {
        return;
    }
    while (!list_is_empty(&all->by_age)) {
        forget(list_entry(all->by_age.next, struct snapshot, link));
    }
    map_done(&all->by_key);
    mem_free(MEM_EVENT, all);
}

static void reply_document(const struct snapshot *snapshot, struct exchange *exchange)
{
    const struct str etag = {.at = snapshot->etag, .len = ETAG_LEN};
    const struct policy *policy = desk_policy(snapshot->all->api);
    struct buf headers;
    buf_init(&headers, MEM_CONN, 256);
    const bool is_private = policy->is.read_needs_token || snapshot->view != 0;
    buf_add_str(&headers, is_private ? STR("Cache-Control: private, max-age=1\r\nETag: ")
                                     : STR("Cache-Control: public, max-age=1\r\nETag: "));
    buf_add_str(&headers, etag);
    buf_add_str(&headers, STR("\r\n"));
    struct answer answer = {.status = 200,
                            .type = STR(RESPOND_JSON),
                            .body = buf_str(&snapshot->body),
                            .headers = buf_str(&headers)};
    if (etag_is_named(request_field(exchange_request(exchange), "if-none-match"), etag)) {
        answer = (struct answer){.status = 304, .headers = buf_str(&headers)};
    }
    respond_bytes(exchange, &answer);
    buf_done(&headers);
}

static void write_document(struct snapshot *snapshot)
{
    const struct read *read = &snapshot->read;
    struct buf *out = &snapshot->body;
    const struct cursor cursor = {.epoch = read->epoch, .seq = read->head};
    buf_add_str(out, STR("{\"type\":\"snapshot\""));
    json_write_member_str(out, "stream", read->stream);
    json_write_member_str(out, "epoch", str_of(read->epoch.text));
    json_write_name(out, "cursor");
    buf_add_byte(out, '"');
    cursor_write(out, &cursor);
    buf_add_str(out, STR("\",\"comments\":["));
    for (uint32_t i = 0; i < read->count; i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        event_write(out, read->events[i], read->stream, read->events[i]->prev);
    }
    buf_add_byte(out, ']');
}

static void write_pins(struct snapshot *snapshot)
{
    struct buf *out = &snapshot->body;
    pin_list_write(out, snapshot->read.events, snapshot->read.count);
    buf_add_byte(out, '}');
    etag_write(snapshot->etag, buf_str(out));
}

static struct problem failure_of(const struct snapshot *snapshot)
{
    if (snapshot->read.result == ERR_NOT_FOUND) {
        return (struct problem){.code = PROBLEM_NO_STREAM};
    }
    if (snapshot->read.result == ERR_OK || snapshot->read.result == ERR_NOMEM) {
        return (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
    }
    return (struct problem){.code = PROBLEM_STORE_DOWN,
                            .detail = STR("The store cannot be read at the moment."),
                            .retry_after_ms = 5000};
}

/* The document is written, or cannot be: those who wait are answered. */
static void finish(struct snapshot *snapshot)
{
    const bool was_read = snapshot->read.result == ERR_OK;
    const bool is_whole = was_read && buf_ok(&snapshot->body);
    const struct problem why = failure_of(snapshot);
    read_done(&snapshot->read);
    snapshot->is_reading = false;
    snapshot->all->held_bytes += snapshot->body.cap;
    struct waiter *waiters = snapshot->waiters;
    snapshot->waiters = NULL;
    while (waiters != NULL) {
        struct waiter *waiter = waiters;
        waiters = waiter->next;
        if (is_whole) {
            reply_document(snapshot, waiter->exchange);
        } else {
            respond_problem(waiter->exchange, &why);
        }
        mem_free(MEM_CONN, waiter);
    }
    if (!is_whole) {
        forget(snapshot);
    }
}

static void on_pins(struct call *call)
{
    struct snapshot *snapshot = (struct snapshot *)(void *)call;
    if (snapshot->read.result == ERR_OK) {
        write_pins(snapshot);
    }
    finish(snapshot);
}

_Static_assert(offsetof(struct snapshot, read) == 0 && offsetof(struct read, call) == 0,
               "a call of a read is its snapshot");

static void ask_log(struct snapshot *snapshot, struct read read, void (*done)(struct call *call))
{
    snapshot->read = read;
    snapshot->read.call = (struct call){.home = desk_home(snapshot->server), .done = done};
    snapshot->read.stream = ask_kept_name(&snapshot->stream);
    snapshot->read.from = READ_BEFORE;
    snapshot->read.bound = SEQ_MAX + 1;
    snapshot->read.upto = SEQ_MAX;
    port_read(desk_of(snapshot->server)->shared->port, &snapshot->read);
}

static void read_pins(struct snapshot *snapshot)
{
    const struct read pins = {.limit = READ_LIMIT_MAX,
                              .kinds = 1U << EVENT_PIN | 1U << EVENT_UNPIN};
    ask_log(snapshot, pins, on_pins);
}

static void on_read(struct call *call)
{
    struct snapshot *snapshot = (struct snapshot *)(void *)call;
    if (snapshot->read.result == ERR_OK) {
        write_document(snapshot);
        read_done(&snapshot->read);
        read_pins(snapshot);
    } else {
        finish(snapshot);
    }
}

static void start_read(struct snapshot *snapshot)
{
    struct snapshots *all = snapshot->all;
    all->held_bytes -= snapshot->body.cap;
    buf_done(&snapshot->body);
    snapshot->body = respond_body();
    snapshot->is_reading = true;
    snapshot->made_ms = desk_mono_ms(snapshot->server); // as old as the moment it was asked for
    list_remove(&snapshot->link);
    list_push(&all->by_age, &snapshot->link);
    const struct read comments = {.limit = SNAPSHOT_COMMENTS,
                                  .kinds = 1U << EVENT_COMMENT,
                                  .folded = true,
                                  .view = snapshot->view};
    ask_log(snapshot, comments, on_read);
}

static struct str write_key(struct str stream, uint64_t view, char key[KEY_BYTES_MAX])
{
    memcpy(key, stream.at, stream.len);
    key[stream.len] = '\0';
    memcpy(key + stream.len + 1, &view, sizeof(view));
    return (struct str){.at = key, .len = stream.len + 1 + sizeof(view)};
}

/* The stream's document for who asks, whatever its age; NULL: no room. */
static struct snapshot *find_or_make(struct ask *ask, struct snapshots *all)
{
    const uint64_t view = ask_view(ask);
    char key[KEY_BYTES_MAX];
    struct map_node *node = map_find(&all->by_key, write_key(ask->stream, view, key));
    if (node != NULL) {
        return map_entry(node, struct snapshot, node);
    }
    make_room(all);
    if (all->by_key.count >= SNAPSHOTS_MAX) {
        return NULL;
    }
    struct snapshot *snapshot = mem_new(MEM_EVENT, sizeof(*snapshot));
    if (snapshot == NULL) {
        return NULL;
    }
    snapshot->all = all;
    snapshot->server = ask->server;
    ask_keep_name(&snapshot->stream, ask->stream);
    snapshot->view = view;
    snapshot->node.key = write_key(ask->stream, view, snapshot->key);
    snapshot->made_ms = desk_mono_ms(ask->server) - SNAPSHOT_AGE_MS_MAX;
    if (map_add(&all->by_key, &snapshot->node) != ERR_OK) {
        mem_free(MEM_EVENT, snapshot);
        return NULL;
    }
    list_push(&all->by_age, &snapshot->link);
    return snapshot;
}

static enum err wait_for(struct snapshot *snapshot, struct exchange *exchange)
{
    struct waiter *waiter = mem_new(MEM_CONN, sizeof(*waiter));
    if (waiter == NULL) {
        return ERR_NOMEM;
    }
    waiter->exchange = exchange;
    waiter->next = snapshot->waiters;
    snapshot->waiters = waiter;
    return ERR_OK;
}

void snapshot_get(struct ask *ask)
{
    struct snapshot *snapshot = find_or_make(ask, ask->api->snapshots);
    if (snapshot != NULL && !snapshot->is_reading &&
        desk_mono_ms(ask->server) - snapshot->made_ms < SNAPSHOT_AGE_MS_MAX) {
        reply_document(snapshot, ask->exchange);
        return;
    }
    if (snapshot == NULL || wait_for(snapshot, ask->exchange) != ERR_OK) {
        respond_problem(ask->exchange, &(struct problem){.code = PROBLEM_OVERLOADED,
                                                         .detail = STR("Too many different "
                                                                       "snapshots at once."),
                                                         .retry_after_ms = 1000});
        return;
    }
    if (!snapshot->is_reading) {
        start_read(snapshot);
    }
}
