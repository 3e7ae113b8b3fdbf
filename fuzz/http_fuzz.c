// SPDX-License-Identifier: Apache-2.0
/* The same bytes give the same requests and the same refusal, wherever the network cuts them, and a
 * request that is given is within its bounds. The first byte says in pieces of what size. */
#include "fuzz.h"
#include "serve/http_reader.h"

static void check_bounds(const struct request *request)
{
    must(request->method.len > 0 && request->target.len > 0);
    must(request->target.len <= REQUEST_URL_BYTES_MAX);
    must(request->field_count <= REQUEST_FIELDS_MAX);
    must(request->body.len <= REQUEST_BODY_BYTES_MAX);
    must(request->host.len > 0 || request_field_count(request, "host") <= 1);
}

/* Writes what was read as text that can be compared. */
static void record(struct buf *out, const struct http_message *message)
{
    const struct request *request = message->request;
    buf_addf(out, "%.*s %.*s host %.*s path %.*s query %.*s keep %d\n", STR_ARG(request->method),
             STR_ARG(request->target), STR_ARG(request->host), STR_ARG(request->path),
             STR_ARG(request->query), message->keep_alive);
    for (uint32_t i = 0; i < request->field_count; i++) {
        must(request->fields[i].name.len <= FIELD_NAME_BYTES_MAX);
        buf_addf(out, "%.*s: %.*s\n", STR_ARG(request->fields[i].name),
                 STR_ARG(request->fields[i].value));
    }
    buf_addf(out, "body %d %zu ", request->has_body, request->body.len);
    buf_add_str(out, request->body);
}

static void give(struct http_reader *reader, struct buf *out)
{
    struct http_message message = http_reader_give(reader);
    check_bounds(message.request);
    record(out, &message);
    mem_free(MEM_CONN, message.request);
    buf_done(&message.head);
    buf_done(&message.body);
    http_reader_done(reader);
    http_reader_init(reader);
}

/* All of one piece; false when the connection is over. */
static bool take(struct http_reader *reader, struct str piece, struct buf *out)
{
    while (piece.len > 0) {
        const enum err err = http_reader_take(reader, &piece);
        if (err == ERR_PROTO) {
            must(reader->fault.detail != NULL);
            buf_addf(out, "refused %d", (int)reader->fault.code);
            return false;
        }
        must(err == ERR_OK || (err == ERR_AGAIN && piece.len == 0));
        if (err == ERR_OK) {
            give(reader, out);
        }
    }
    return true;
}

static struct buf read_all(struct str input, size_t piece_max)
{
    struct buf out = fuzz_buf();
    struct http_reader reader;
    http_reader_init(&reader);
    while (input.len > 0) {
        const size_t len = input.len < piece_max ? input.len : piece_max;
        if (!take(&reader, (struct str){.at = input.at, .len = len}, &out)) {
            break;
        }
        input = (struct str){.at = input.at + len, .len = input.len - len};
    }
    http_reader_done(&reader);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const struct str input = fuzz_str(bytes + 1, len - 1);
    struct buf whole = read_all(input, SIZE_MAX);
    struct buf pieces = read_all(input, (size_t)bytes[0] + 1);
    must(str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
