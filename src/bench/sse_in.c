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
static void tell(struct str whole, const struct sse_in_ops *ops, void *user)
{
    struct str id = STR_NONE, data = STR_NONE;
    for (struct str block = {.at = whole.at, .len = whole.len - 1}; block.len > 0;) {
        const struct str line = str_cut(block, '\n', &block);
        if (str_has_prefix(line, STR("data: "))) {
            data = (struct str){.at = line.at + 6, .len = line.len - 6};
        } else if (str_has_prefix(line, STR("id: "))) {
            id = (struct str){.at = line.at + 4, .len = line.len - 4};
        }
    }
    if (data.len > 0) {
        ops->event(user, id, data, whole);
    }
}

/* How many bytes the event at the front has; 0: it has not ended. */
static size_t event_len(struct str bytes)
{
    const char *end = bytes.len == 0 ? NULL : memmem(bytes.at, bytes.len, "\n\n", 2);
    return end == NULL ? 0 : (size_t)(end - bytes.at) + 2;
}

/* How many of `bytes` end the event that `rest` begins; 0: it does not end there. */
static size_t end_of_rest(const struct sse_in *in, struct str bytes)
{
    const bool ends_between =
        in->rest.bytes[in->rest.len - 1] == '\n' && bytes.len > 0 && bytes.at[0] == '\n';
    return ends_between ? 1 : event_len(bytes);
}

static struct str behind(struct str bytes, size_t len)
{
    return (struct str){.at = bytes.at + len, .len = bytes.len - len};
}

/* Tells all that ended; returns what is left. */
static struct str tell_whole(struct str bytes, const struct sse_in_ops *ops, void *user)
{
    while (bytes.len > 0) {
        size_t len = ops->skip == NULL ? 0 : ops->skip(user, bytes);
        if (len == 0) {
            len = event_len(bytes);
            if (len == 0) {
                break;
            }
            tell((struct str){.at = bytes.at, .len = len}, ops, user);
        }
        bytes = behind(bytes, len);
    }
    return bytes;
}

enum err sse_in_feed(struct sse_in *in, struct str bytes, const struct sse_in_ops *ops, void *user)
{
    if (in->rest.len > 0) {
        const size_t len = end_of_rest(in, bytes);
        buf_add(&in->rest, bytes.at, len > 0 ? len : bytes.len);
        if (!buf_ok(&in->rest)) {
            return ERR_LIMIT;
        }
        if (len == 0) {
            return ERR_OK;
        }
        (void)tell_whole(buf_str(&in->rest), ops, user);
        sse_in_restart(in); // idle, it holds no memory
        bytes = behind(bytes, len);
    }
    buf_add_str(&in->rest, tell_whole(bytes, ops, user)); // of nothing it takes no memory
    return buf_ok(&in->rest) ? ERR_OK : ERR_LIMIT;
}
