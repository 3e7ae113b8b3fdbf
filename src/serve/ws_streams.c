// SPDX-License-Identifier: Apache-2.0
#include "serve/ws_streams.h"

#include "hub/encoding.h"
#include "serve/front.h"

struct ws_stream {
    struct viewer viewer;
    struct link link;           // in streams->list
    struct ws_streams *streams; // they own this
    bool is_open;
    uint8_t name_len;
    char name[];
};

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

/* The first stream is the viewer that the connection was admitted as. */
static enum err count_further(struct ws_streams *streams)
{
    struct carrier *carrier = streams->output->carrier;
    struct census *census = streams->server->census;
    if (streams->count == 0 || census == NULL) {
        return ERR_OK;
    }
    return census_count_further(census, &carrier->seat) == ERR_OK ? ERR_OK : ERR_DENIED;
}

static void uncount_further(struct ws_streams *streams)
{
    if (streams->count > 0 && streams->server->census != NULL) {
        census_leave_further(streams->server->census, &streams->output->carrier->seat);
    }
}

static void drop(struct ws_stream *stream)
{
    struct ws_streams *streams = stream->streams;
    viewer_leave(streams->server->hub, &stream->viewer);
    list_remove(&stream->link);
    streams->count--;
    uncount_further(streams);
    meter_count(&streams->server->meter, METER_VIEWERS_WS, stream->is_open ? -1 : 0);
    mem_free(MEM_VIEWER, stream);
}

/* ---- what the hub says ---- */

static void on_open(struct viewer *viewer)
{
    struct ws_stream *stream = of_viewer(viewer);
    struct ws_streams *streams = stream->streams;
    stream->is_open = true;
    meter_count(&streams->server->meter, METER_VIEWERS_WS, 1);
    streams->ops->joined(streams->ws, name_of(stream));
}

static void on_refuse(struct viewer *viewer, enum viewer_refusal why)
{
    struct ws_stream *stream = of_viewer(viewer);
    struct ws_streams *streams = stream->streams;
    char name[STREAM_NAME_LEN_MAX];
    const struct str kept = {.at = name, .len = stream->name_len};
    memcpy(name, stream->name, stream->name_len);
    drop(stream);
    streams->ops->refused(streams->ws, kept, why);
}

static size_t on_write(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    return ws_output_take(of_viewer(viewer)->streams->output, bytes, len);
}

static void on_keep(struct viewer *viewer, const uint8_t *bytes, size_t len)
{
    ws_output_keep(of_viewer(viewer)->streams->output, bytes, len);
}

static const struct viewer_ops viewer_ops = {
    .open = on_open,
    .refuse = on_refuse,
    .write = on_write,
    .keep = on_keep,
};

/* ---- what the connection says ---- */

void ws_streams_init(struct ws_streams *streams, struct ws_conn *ws, const struct ws_ops *ops,
                     struct ws_output *output)
{
    *streams = (struct ws_streams){
        .ws = ws, .ops = ops, .output = output, .server = output->carrier->server};
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
    if (streams->count >= WS_STREAMS_MAX || join->stream.len > STREAM_NAME_LEN_MAX) {
        return ERR_LIMIT;
    }
    TRY(count_further(streams));
    struct ws_stream *stream = mem_new(MEM_VIEWER, sizeof(*stream) + join->stream.len);
    if (stream == NULL) {
        uncount_further(streams);
        return ERR_NOMEM;
    }
    stream->streams = streams;
    stream->name_len = (uint8_t)join->stream.len;
    memcpy(stream->name, join->stream.at, join->stream.len);
    list_push(&streams->list, &stream->link);
    streams->count++;
    struct join by_ws = *join;
    by_ws.encoding = &encoding_ws;
    by_ws.retry_ms = 0;
    viewer_join(streams->server->hub, &stream->viewer, &viewer_ops, &by_ws);
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
    return streams->count == 1 ? name_of(of_link(streams->list.next)) : STR_NONE;
}

void ws_streams_writable(struct ws_streams *streams)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        struct viewer *viewer = &of_link(link)->viewer;
        if (viewer->blocked) {
            viewer_writable(streams->server->hub, viewer);
        }
    }
}

void ws_streams_beat(struct ws_streams *streams, bool alive)
{
    for (struct link *link = streams->list.next; link != &streams->list; link = link->next) {
        viewer_beats(streams->server->hub, &of_link(link)->viewer, alive);
    }
}
