// SPDX-License-Identifier: Apache-2.0
#include "serve/ws_streams.h"

#include "hub/encoding.h"
#include "rules/claims.h"
#include "serve/front.h"

struct ws_stream {
    struct viewer viewer;       // first
    struct ws_stream *next;     // in streams
    struct ws_streams *streams; // they own this
    char *name;                 // owned until it is open; NULL: viewer_stream() knows it
};
_Static_assert(sizeof(struct ws_stream) <= 120, "every viewer by WebSocket has one");

static struct ws_stream *of_viewer(struct viewer *viewer)
{
    return list_entry(viewer, struct ws_stream, viewer);
}

static struct str name_of(const struct ws_stream *stream)
{
    return stream->name == NULL ? viewer_stream(&stream->viewer) : str_of(stream->name);
}

static struct ws_stream *find(struct ws_streams *streams, struct str name)
{
    struct ws_stream *stream = streams->first;
    while (stream != NULL && !str_eq(name_of(stream), name)) {
        stream = stream->next;
    }
    return stream;
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
    for (const struct ws_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        count++;
    }
    return count;
}

/* The first stream is the viewer that the connection was admitted as. */
static enum err count_further(struct ws_streams *streams)
{
    struct carrier *carrier = streams->output.carrier;
    struct census *census = carrier->server->census;
    if (streams->first == NULL || census == NULL) {
        return ERR_OK;
    }
    return census_count_further(census, &carrier->seat) == ERR_OK ? ERR_OK : ERR_DENIED;
}

static void uncount_further(struct ws_streams *streams)
{
    struct carrier *carrier = streams->output.carrier;
    if (streams->first != NULL && carrier->server->census != NULL) {
        census_leave_further(carrier->server->census, &carrier->seat);
    }
}

/* At most one of a socket: its messages share one window. */
static bool has_deflated(const struct ws_streams *streams)
{
    const struct ws_stream *stream = streams->first;
    while (stream != NULL && viewer_encoding(&stream->viewer) != &encoding_ws_deflate) {
        stream = stream->next;
    }
    return stream != NULL;
}

static struct ws_stream *make(struct ws_streams *streams, struct str name)
{
    struct ws_stream *stream = pool_new(&server_of(streams)->ws_streams);
    if (stream == NULL) {
        return NULL;
    }
    stream->streams = streams;
    stream->name = mem_copy_text(MEM_VIEWER, name.at, name.len);
    if (stream->name == NULL) {
        pool_free(&server_of(streams)->ws_streams, stream);
        return NULL;
    }
    return stream;
}

/* As the last. */
static void add(struct ws_streams *streams, struct ws_stream *stream)
{
    struct ws_stream **place = &streams->first;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    *place = stream;
}

static void take_out(struct ws_streams *streams, struct ws_stream *stream)
{
    struct ws_stream **place = &streams->first;
    while (*place != stream) {
        place = &(*place)->next;
    }
    *place = stream->next;
}

static void drop(struct ws_stream *stream)
{
    struct ws_streams *streams = stream->streams;
    viewer_leave(server_of(streams)->hub, &stream->viewer);
    take_out(streams, stream);
    uncount_further(streams);
    meter_count(&server_of(streams)->meter, METER_VIEWERS_WS, stream->name == NULL ? -1 : 0);
    mem_free(MEM_VIEWER, stream->name);
    pool_free(&server_of(streams)->ws_streams, stream);
}

/* ---- what the hub says ---- */

static void on_open(struct viewer *viewer)
{
    struct ws_stream *stream = of_viewer(viewer);
    struct ws_streams *streams = stream->streams;
    mem_free(MEM_VIEWER, stream->name);
    stream->name = NULL;
    meter_count(&server_of(streams)->meter, METER_VIEWERS_WS, 1);
    streams->ops->joined(ws_of(streams), name_of(stream));
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct ws_stream *stream = of_viewer(viewer);
    struct ws_streams *streams = stream->streams;
    char name[STREAM_NAME_LEN_MAX];
    const struct str kept = {.at = name, .len = strlen(stream->name)};
    memcpy(name, stream->name, kept.len);
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

static void on_cut(struct viewer *viewer)
{
    ws_conn_let_go(ws_of(of_viewer(viewer)->streams));
}

static uint64_t user_of(const struct viewer *viewer)
{
    struct ws_streams *streams = ((const struct ws_stream *)(const void *)viewer)->streams;
    return viewer_user_hash(server_of(streams)->hub, ws_conn_claims(ws_of(streams))->sub);
}

static const struct viewer_ops viewer_ops = {
    .open = on_open,
    .refuse = on_refuse,
    .cut = on_cut,
    .user = user_of,
    .write = on_write,
    .keep = on_keep,
};

/* ---- what the connection says ---- */

void ws_streams_pool_init(struct pool *pool)
{
    pool_init(pool, MEM_VIEWER, sizeof(struct ws_stream));
}

void ws_streams_init(struct ws_streams *streams, const struct ws_ops *ops, struct carrier *carrier)
{
    ws_output_init(&streams->output, carrier, 2 * ops->message_bytes_max);
    streams->ops = ops;
}

void ws_streams_done(struct ws_streams *streams)
{
    while (streams->first != NULL) {
        drop(streams->first);
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
    struct ws_stream *stream = make(streams, join->stream);
    if (stream == NULL) {
        uncount_further(streams);
        return ERR_NOMEM;
    }
    const bool deflates = streams->output.deflates && !has_deflated(streams);
    add(streams, stream);
    struct join by_ws = *join;
    by_ws.encoding = deflates ? &encoding_ws_deflate : &encoding_ws;
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
    for (struct ws_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (claims != NULL && !claims_allow_stream(claims, name_of(stream))) {
            return name_of(stream);
        }
    }
    return STR_NONE;
}

enum err ws_streams_change_lane(struct ws_streams *streams, struct str name, enum lane lane)
{
    struct ws_stream *stream = find(streams, name);
    if (stream == NULL) {
        return ERR_NOT_FOUND;
    }
    return viewer_change_lane(server_of(streams)->hub, &stream->viewer, lane);
}

struct str ws_streams_only(const struct ws_streams *streams)
{
    return count_of(streams) == 1 ? name_of(streams->first) : STR_NONE;
}

void ws_streams_writable(struct ws_streams *streams)
{
    for (struct ws_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (stream->viewer.blocked) {
            viewer_writable(server_of(streams)->hub, &stream->viewer);
        }
    }
}

void ws_streams_beat(struct ws_streams *streams, bool alive)
{
    for (struct ws_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        viewer_beats(server_of(streams)->hub, &stream->viewer, alive);
    }
}

enum err ws_streams_recognize(struct ws_streams *streams, const struct claims *claims)
{
    const uint64_t user = viewer_user_hash(server_of(streams)->hub, claims->sub);
    for (struct ws_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        TRY(viewer_recognize(&stream->viewer, user, claims_are_privileged(claims)));
    }
    return ERR_OK;
}

void ws_streams_identify(struct ws_streams *streams, uint64_t identity)
{
    for (struct ws_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        viewer_identify(server_of(streams)->hub, &stream->viewer, identity);
    }
}
