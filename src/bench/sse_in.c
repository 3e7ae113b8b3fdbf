// SPDX-License-Identifier: Apache-2.0
#include "bench/sse_in.h"

void sse_in_init(struct sse_in *in)
{
    buf_init(&in->rest, MEM_VIEWER, SSE_IN_BYTES_MAX);
}

void sse_in_done(struct sse_in *in)
{
    buf_done(&in->rest);
}

void sse_in_restart(struct sse_in *in)
{
    buf_done(&in->rest);
    sse_in_init(in);
}

/* One event: lines, of which `id` and `data` are ours. */
static void tell(struct str block, sse_in_event *event, void *user)
{
    struct str id = STR_NONE, data = STR_NONE;
    while (block.len > 0) {
        const struct str line = str_cut(block, '\n', &block);
        if (str_has_prefix(line, STR("data: "))) {
            data = (struct str){.at = line.at + 6, .len = line.len - 6};
        } else if (str_has_prefix(line, STR("id: "))) {
            id = (struct str){.at = line.at + 4, .len = line.len - 4};
        }
    }
    if (data.len > 0) {
        event(user, id, data);
    }
}

/* Tells all that ended; returns what is left. */
static struct str tell_whole(struct str bytes, sse_in_event *event, void *user)
{
    while (bytes.len > 0) {
        const char *end = memmem(bytes.at, bytes.len, "\n\n", 2);
        if (end == NULL) {
            break;
        }
        const size_t len = (size_t)(end - bytes.at);
        tell((struct str){.at = bytes.at, .len = len}, event, user);
        bytes.at += len + 2;
        bytes.len -= len + 2;
    }
    return bytes;
}

enum err sse_in_feed(struct sse_in *in, struct str bytes, sse_in_event *event, void *user)
{
    if (in->rest.len == 0) {
        bytes = tell_whole(bytes, event, user);
        if (bytes.len > 0) {
            buf_add_str(&in->rest, bytes);
        }
        return buf_ok(&in->rest) ? ERR_OK : ERR_LIMIT;
    }
    buf_add_str(&in->rest, bytes);
    if (!buf_ok(&in->rest)) {
        return ERR_LIMIT;
    }
    const struct str left = tell_whole(buf_str(&in->rest), event, user);
    if (left.len == 0) {
        sse_in_restart(in); // idle, it holds no memory
    } else {
        buf_drop(&in->rest, in->rest.len - left.len);
    }
    return ERR_OK;
}
