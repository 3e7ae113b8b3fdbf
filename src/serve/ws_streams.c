// SPDX-License-Identifier: Apache-2.0
#include "serve/ws_streams.h"

#include "hub/encoding.h"
#include "serve/front.h"

struct ws_stream {
    struct viewer viewer;
    struct link link;           // in streams->list
    struct ws_streams *streams; // they own this
    bool is_open;
    bool deflates; // at most one of a socket: its messages share one window
    uint8_t name_len;
    char name[];
};
_Static_assert(offsetof(struct ws_stream, name) <= 128, "every viewer by WebSocket has one");

static struct ws_stream *of_link(struct link *link)
{
    return list_entry(link, struct ws_stream, link);
}

static struct ws_stream *of_viewer(struct viewer *viewer)
{
    return list_entry(viewer, struct ws_stream, viewer);
}

static struct str name_of(const struct ws_stream *stream)
{
    return (struct str){.at = stream->name, .len = stream->name_len};
}

static struct ws_stream *find(struct ws_streams *streams, struct str name)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        if (str_eq(name_of(of_link(link)), name)) {
            return of_link(link);
        }
    }
    return NULL;
}

static bool has_deflated(const struct ws_streams *streams)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        if (of_link(link)->deflates) {
            return true;
        }
    }
    return false;
}

static struct server *server_of(const struct ws_streams *streams)
{
    return streams->output.carrier->server;
}

static struct ws_conn *ws_of(struct ws_streams *streams)
{
    return (struct ws_conn *)(void *)streams; // its first member
}

static uint32_t count_of(const struct ws_streams *streams)
{
    uint32_t count = 0;
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        count++;
    }
    return count;
}

/* The first stream is the viewer that the connection was admitted as. */
static enum err count_further(struct ws_streams *streams)
{
    struct carrier *carrier = streams->output.carrier;
    struct census *census = carrier->server->census;
    if (list_is_empty(&streams->list) || census == NULL) {
        return ERR_OK;
    }
    return census_count_further(census, &carrier->seat) == ERR_OK ? ERR_OK : ERR_DENIED;
}

static void uncount_further(struct ws_streams *streams)
{
    struct carrier *carrier = streams->output.carrier;
    if (!list_is_empty(&streams->list) && carrier->server->census != NULL) {
        census_leave_further(carrier->server->census, &carrier->seat);
    }
}

static void drop(struct ws_stream *stream)
{
    struct ws_streams *streams = stream->streams;
    viewer_leave(server_of(streams)->hub, &stream->viewer);
    list_remove(&stream->link);
    uncount_further(streams);
    meter_count(&server_of(streams)->meter, METER_VIEWERS_WS, stream->is_open ? -1 : 0);
    mem_free(MEM_VIEWER, stream);
}

/* ---- what the hub says ---- */

static void on_open(struct viewer *viewer)
{
    struct ws_stream *stream = of_viewer(viewer);
    struct ws_streams *streams = stream->streams;
    stream->is_open = true;
    meter_count(&server_of(streams)->meter, METER_VIEWERS_WS, 1);
    streams->ops->joined(ws_of(streams), name_of(stream));
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct ws_stream *stream = of_viewer(viewer);
    struct ws_streams *streams = stream->streams;
    char name[STREAM_NAME_LEN_MAX];
    const struct str kept = {.at = name, .len = stream->name_len};
    memcpy(name, stream->name, stream->name_len);
    drop(stream);
    streams->ops->refused(ws_of(streams), kept, why);
}

static size_t on_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    return ws_output_take(&of_viewer(viewer)->streams->output, bytes, len);
}

static void on_keep(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    ws_output_keep(&of_viewer(viewer)->streams->output, bytes, len);
}

static const struct viewer_ops viewer_ops = {
    .open = on_open,
    .refuse = on_refuse,
    .write = on_write,
    .keep = on_keep,
};

/* ---- what the connection says ---- */

void ws_streams_init(struct ws_streams *streams, const struct ws_ops *ops, struct carrier *carrier)
{
    ws_output_init(&streams->output, carrier, 2 * ops->message_bytes_max);
    streams->ops = ops;
    list_init(&streams->list);
}

void ws_streams_done(struct ws_streams *streams)
{
    while (!list_is_empty(&streams->list)) {
        drop(of_link(streams->list.next));
    }
}

enum err ws_streams_join(struct ws_streams *streams, const struct join *join)
{
    if (find(streams, join->stream) != NULL) {
        return ERR_EXISTS;
    }
    if (count_of(streams) >= server_of(streams)->limits.ws.streams ||
        join->stream.len > STREAM_NAME_LEN_MAX) {
        return ERR_LIMIT;
    }
    TRY(count_further(streams));
    struct ws_stream *stream = mem_new(MEM_VIEWER, sizeof(*stream) + join->stream.len);
    if (stream == NULL) {
        uncount_further(streams);
        return ERR_NOMEM;
    }
    stream->streams = streams;
    stream->deflates = streams->output.deflates && !has_deflated(streams);
    stream->name_len = (uint8_t)join->stream.len;
    memcpy(stream->name, join->stream.at, join->stream.len);
    list_push(&streams->list, &stream->link);
    struct join by_ws = *join;
    by_ws.encoding = stream->deflates ? &encoding_ws_deflate : &encoding_ws;
    by_ws.retry_ms = 0;
    viewer_join(server_of(streams)->hub, &stream->viewer, &viewer_ops, &by_ws);
    return ERR_OK;
}

enum err ws_streams_leave(struct ws_streams *streams, struct str name)
{
    struct ws_stream *stream = find(streams, name);
    if (stream == NULL) {
        return ERR_NOT_FOUND;
    }
    drop(stream);
    return ERR_OK;
}

struct str ws_streams_denied(const struct ws_streams *streams, const struct claims *claims)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        if (claims != NULL && !claims_allow_stream(claims, name_of(of_link(link)))) {
            return name_of(of_link(link));
        }
    }
    return STR_NONE;
}

bool ws_streams_have(struct ws_streams *streams, struct str name)
{
    return find(streams, name) != NULL;
}

struct str ws_streams_only(const struct ws_streams *streams)
{
    return count_of(streams) == 1 ? name_of(of_link(streams->list.next)) : STR_NONE;
}

void ws_streams_writable(struct ws_streams *streams)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        struct viewer *viewer = &of_link(link)->viewer;
        if (viewer->blocked) {
            viewer_writable(server_of(streams)->hub, viewer);
        }
    }
}

void ws_streams_beat(struct ws_streams *streams, bool alive)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        viewer_beats(server_of(streams)->hub, &of_link(link)->viewer, alive);
    }
}

void ws_streams_identify(struct ws_streams *streams, uint64_t identity)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        viewer_identify(server_of(streams)->hub, &of_link(link)->viewer, identity);
    }
}
