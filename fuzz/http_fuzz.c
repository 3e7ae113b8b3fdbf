// SPDX-License-Identifier: Apache-2.0
/* The same bytes give the same requests and the same refusal, wherever the network cuts them; a
 * request that is given is within its bounds; what we accept llhttp alone accepts with the same
 * fields and body; and a request that is written again is read again as it was. The first byte says
 * in pieces of what size. */
#include "fuzz.h"
#include "serve/http_reader.h"

#include <llhttp.h>

static void check_bounds(const struct request *request)
{
    must(request->method.len > 0 && request->target.len > 0);
    must(request->target.len <= server_limits_usual.request.url_bytes);
    must(request->field_count <= server_limits_usual.request.fields);
    must(request->body.len <= server_limits_usual.request.body_bytes);
    must(request->host.len > 0 || request_field_count(request, "host") <= 1);
}

/* What llhttp tells, too; in the form of plain_end(). */
static void record_facts(struct buf *out, const struct request *request)
{
    buf_addf(out, "%.*s %.*s\n", STR_ARG(request->method), STR_ARG(request->target));
    for (uint32_t i = 0; i < request->field_count; i++) {
        must(request->fields[i].name.len <= server_limits_usual.request.name_bytes);
        buf_add_str(out, request->fields[i].name);
        buf_add_str(out, STR(": "));
        buf_add_str(out, request->fields[i].value);
        buf_add_byte(out, '\n');
    }
    buf_addf(out, "body %zu ", request->body.len);
    buf_add_str(out, request->body);
}

/* ---- what is written again is read again ---- */

static void write_request(struct buf *out, const struct request *request)
{
    buf_addf(out, "%.*s %.*s HTTP/1.%d\r\n", STR_ARG(request->method), STR_ARG(request->target),
             request->is_http_1_0 ? 0 : 1);
    for (uint32_t i = 0; i < request->field_count; i++) {
        if (str_eq_nocase(request->fields[i].name, STR("transfer-encoding"))) {
            buf_addf(out, "Content-Length: %zu\r\n", request->body.len);
            continue;
        }
        buf_add_str(out, request->fields[i].name);
        buf_add_str(out, STR(": "));
        buf_add_str(out, request->fields[i].value);
        buf_add_str(out, STR("\r\n"));
    }
    buf_add_str(out, STR("\r\n"));
    buf_add_str(out, request->body);
}

static void is_read_again_as_it_was(const struct request *request)
{
    struct buf bytes = fuzz_buf();
    struct http_reader reader;
    write_request(&bytes, request);
    struct str input = buf_str(&bytes);
    http_reader_init(&reader, &server_limits_usual.request);
    const enum err err = http_reader_take(&reader, &input);
    if (reader.scan.bytes <
        server_limits_usual.request.head_bytes - 64) { // else it grew by blanks past the bound
        must(err == ERR_OK && input.len == 0);
        struct http_message message = http_reader_give(&reader);
        must(str_eq(message.request->method, request->method));
        must(str_eq(message.request->path, request->path));
        must(str_eq(message.request->query, request->query));
        must(str_eq(message.request->host, request->host));
        must(str_eq(message.request->body, request->body));
        must(message.request->field_count == request->field_count);
        mem_free(MEM_CONN, message.request);
        buf_done(&message.head);
        buf_done(&message.body);
    }
    http_reader_done(&reader);
    buf_done(&bytes);
}

/* ---- ours ---- */

struct ours {
    struct buf *out;   // everything, to compare cuts
    struct buf *facts; // NULL, or what llhttp should have found, too
    bool is_over;      // nothing behind is compared: the connection closes here
};

static void give(struct ours *ours, struct http_reader *reader)
{
    struct http_message message = http_reader_give(reader);
    const struct request *request = message.request;
    check_bounds(request);
    buf_addf(ours->out, "keep %d has %d host %.*s path %.*s query %.*s\n", message.keep_alive,
             request->has_body, STR_ARG(request->host), STR_ARG(request->path),
             STR_ARG(request->query));
    record_facts(ours->out, request);
    if (ours->facts != NULL && !ours->is_over) {
        record_facts(ours->facts, request);
        is_read_again_as_it_was(request);
        ours->is_over = !message.keep_alive;
    }
    mem_free(MEM_CONN, message.request);
    buf_done(&message.head);
    buf_done(&message.body);
    http_reader_done(reader);
    http_reader_init(reader, &server_limits_usual.request);
}

/* All of one piece; false when the connection is over. */
static bool take(struct ours *ours, struct http_reader *reader, struct str piece)
{
    while (piece.len > 0) {
        const enum err err = http_reader_take(reader, &piece);
        if (err == ERR_PROTO) {
            must(reader->fault.detail != NULL);
            buf_addf(ours->out, "refused %d", (int)reader->fault.code);
            return false;
        }
        must(err == ERR_OK || (err == ERR_AGAIN && piece.len == 0));
        if (err == ERR_OK) {
            give(ours, reader);
        }
    }
    return true;
}

static void read_ours(struct ours *ours, struct str input, struct fuzz_cut cut)
{
    struct str piece;
    struct http_reader reader;
    http_reader_init(&reader, &server_limits_usual.request);
    while (fuzz_piece(&cut, &input, &piece) && take(ours, &reader, piece)) {
    }
    http_reader_done(&reader);
}

static struct buf read_all(struct str input, struct fuzz_cut cut)
{
    struct buf out = fuzz_buf();
    struct ours ours = {.out = &out};
    read_ours(&ours, input, cut);
    return out;
}

/* ---- llhttp's, without the policy ---- */

struct plain {
    struct buf out;                   // of whole messages
    struct buf target, fields, value; // of the present one
    struct buf body;
    bool in_body; // fields from now on are trailers
};

static struct plain *plain_of(llhttp_t *parser)
{
    return parser->data;
}

static int plain_url(llhttp_t *parser, const char *at, size_t len)
{
    buf_add(&plain_of(parser)->target, at, len);
    return 0;
}

static int plain_field(llhttp_t *parser, const char *at, size_t len)
{
    if (!plain_of(parser)->in_body) {
        buf_add(&plain_of(parser)->fields, at, len);
    }
    return 0;
}

static int plain_value(llhttp_t *parser, const char *at, size_t len)
{
    buf_add(&plain_of(parser)->value, at, len);
    return 0;
}

static int plain_value_end(llhttp_t *parser)
{
    struct plain *plain = plain_of(parser);
    if (!plain->in_body) {
        buf_add_str(&plain->fields, STR(": "));
        buf_add_str(&plain->fields, str_trim(buf_str(&plain->value)));
        buf_add_byte(&plain->fields, '\n');
    }
    buf_reset(&plain->value);
    return 0;
}

static int plain_head_end(llhttp_t *parser)
{
    plain_of(parser)->in_body = true;
    return 0;
}

static int plain_body(llhttp_t *parser, const char *at, size_t len)
{
    buf_add(&plain_of(parser)->body, at, len);
    return 0;
}

static int plain_end(llhttp_t *parser)
{
    struct plain *plain = plain_of(parser);
    buf_addf(&plain->out, "%s %.*s\n", llhttp_method_name(parser->method),
             STR_ARG(buf_str(&plain->target)));
    buf_add_str(&plain->out, buf_str(&plain->fields));
    buf_addf(&plain->out, "body %zu ", plain->body.len);
    buf_add_str(&plain->out, buf_str(&plain->body));
    plain->in_body = false;
    buf_reset(&plain->target);
    buf_reset(&plain->fields);
    buf_reset(&plain->body);
    return 0;
}

static struct buf read_plain(struct str input)
{
    const llhttp_settings_t settings = {.on_url = plain_url,
                                        .on_header_field = plain_field,
                                        .on_header_value = plain_value,
                                        .on_header_value_complete = plain_value_end,
                                        .on_headers_complete = plain_head_end,
                                        .on_body = plain_body,
                                        .on_message_complete = plain_end};
    struct plain plain = {.out = fuzz_buf(),
                          .target = fuzz_buf(),
                          .fields = fuzz_buf(),
                          .value = fuzz_buf(),
                          .body = fuzz_buf()};
    const char *end = input.at + input.len;
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &plain;
    llhttp_errno_t result = llhttp_execute(&parser, input.at, input.len);
    while (result == HPE_PAUSED_UPGRADE) { // an Upgrade that nobody takes
        const char *at = llhttp_get_error_pos(&parser);
        llhttp_resume_after_upgrade(&parser);
        result = llhttp_execute(&parser, at, (size_t)(end - at));
    }
    buf_done(&plain.target);
    buf_done(&plain.fields);
    buf_done(&plain.value);
    buf_done(&plain.body);
    return plain.out;
}

static void llhttp_accepts_what_we_accept(struct str input)
{
    struct buf out = fuzz_buf();
    struct buf facts = fuzz_buf();
    struct ours ours = {.out = &out, .facts = &facts};
    read_ours(&ours, input, fuzz_uncut());
    if (facts.len > 0) {
        struct buf plain = read_plain(input);
        must(str_has_prefix(buf_str(&plain), buf_str(&facts)));
        buf_done(&plain);
    }
    buf_done(&out);
    buf_done(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const struct str input = fuzz_str(bytes + 1, len - 1);
    fuzz_every_cut(input, (size_t)bytes[0] + 1, read_all);
    llhttp_accepts_what_we_accept(input);
    return 0;
}
