// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/restoring.h"

#include "engine/embedded/carried.h"
#include "engine/embedded/store_streams.h"
#include "wire/event.h"

#include <stddef.h>
#include <string.h>

void restoring_init(struct restoring *restoring, struct store *store, struct restoring_out *out)
{
    restoring->store = store;
    restoring->out = out;
    restoring->stream = 0;
    restoring->author_len = 0;
    restoring->count = 0;
    buf_init(&restoring->comments, MEM_ENGINE, RESTORING_BYTES_MAX);
}

void restoring_done(struct restoring *restoring)
{
    buf_done(&restoring->comments);
}

enum err restoring_flush(struct restoring *restoring)
{
    uint64_t row_n = 0;
    if (restoring->count == 0) {
        return ERR_OK;
    }
    buf_add_byte(&restoring->comments, ']');
    TRY(buf_err(&restoring->comments));
    const struct restoring_event event = {
        .stream = restoring->stream,
        .author = {.at = restoring->author, .len = restoring->author_len},
        .comments = buf_str(&restoring->comments)};
    TRY(restoring->out->restore(restoring->out, &event, &row_n));
    for (uint32_t i = 0; i < restoring->count; i++) {
        TRY(carried_add(restoring->store, restoring->stream, restoring->seqs[i], row_n));
    }
    buf_reset(&restoring->comments);
    restoring->count = 0;
    return ERR_OK;
}

static enum err turn_to(struct restoring *restoring, int64_t stream)
{
    struct store_stream row;
    struct str name;
    if (restoring->stream == stream) {
        return ERR_OK;
    }
    TRY(restoring_flush(restoring));
    TRY(store_streams_by_id(restoring->store, stream, &row, &name));
    restoring->name_len = name.len < sizeof(restoring->name) ? name.len : sizeof(restoring->name);
    memcpy(restoring->name, name.at, restoring->name_len);
    restoring->stream = stream;
    return ERR_OK;
}

static enum err turn_to_author(struct restoring *restoring, struct str author)
{
    if (str_eq((struct str){.at = restoring->author, .len = restoring->author_len}, author)) {
        return ERR_OK;
    }
    TRY(restoring_flush(restoring));
    if (author.len > sizeof(restoring->author)) {
        return ERR_LIMIT;
    }
    if (author.len > 0) {
        memcpy(restoring->author, author.at, author.len);
    }
    restoring->author_len = author.len;
    return ERR_OK;
}

enum err restoring_add(struct restoring *restoring, const struct restoring_comment *comment)
{
    TRY(turn_to(restoring, comment->stream));
    TRY(turn_to_author(restoring, comment->author));
    const size_t bytes = store_streams_segment_bytes(restoring->name_len, comment->body.len);
    if (restoring->count == RESTORING_COMMENTS_MAX ||
        restoring->comments.len + bytes + 2 > RESTORING_BYTES_MAX) {
        TRY(restoring_flush(restoring));
    }
    struct event *event = event_new(comment->body);
    if (event == NULL) {
        return ERR_NOMEM;
    }
    event->kind = EVENT_COMMENT;
    event->seq = comment->seq;
    const struct str name = {.at = restoring->name, .len = restoring->name_len};
    buf_add_byte(&restoring->comments, restoring->count == 0 ? '[' : ',');
    event_write(&restoring->comments, event, name, event_prev_apart(event));
    event_unref(event);
    restoring->seqs[restoring->count++] = comment->seq;
    return buf_err(&restoring->comments);
}
