// SPDX-License-Identifier: Apache-2.0
/* The head is gathered raw, past the policy's scan, and parsed at once when it is whole: so every
 * name and value is one piece, and how the bytes were cut cannot matter. The body streams through
 * the parser; of a chunked one, the parser's content is kept and all else is scanned as framing.
 *
 * The parser is stopped at each request's end and begun anew for the next. That is also how an
 * Upgrade we do not take is passed over: llhttp's own wish to stop there is never waited for.
 */
#include "serve/http_reader.h"

#include "base/must.h"

#include <string.h>

static struct http_reader *reader_of(llhttp_t *parser)
{
    return parser->data;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct request *request = reader_of(parser)->request;
    request->target = (struct str){.at = at, .len = len};
    return HPE_OK;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    struct http_reader *reader = reader_of(parser);
    if (reader->stage == HTTP_STAGE_HEAD) { // else a trailer: read over
        struct request *request = reader->request;
        must(request->field_count < reader->scan.fields); // there is room for what the scan counted
        request->fields[request->field_count++] =
            (struct field){.name = {.at = at, .len = len}, .value = {.at = at + len, .len = 0}};
    }
    return HPE_OK;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct http_reader *reader = reader_of(parser);
    if (reader->stage == HTTP_STAGE_HEAD) {
        struct request *request = reader->request;
        must(request->field_count > 0);
        request->fields[request->field_count - 1].value =
            str_trim((struct str){.at = at, .len = len});
    }
    return HPE_OK;
}

static int on_head(llhttp_t *parser)
{
    struct http_reader *reader = reader_of(parser);
    const struct http_facts facts = {.is_http_1_0 = parser->http_minor == 0,
                                     .limits = reader->scan.limits};
    reader->request->is_http_1_0 = facts.is_http_1_0;
    reader->request->method = str_of(llhttp_method_name(parser->method));
    if (http_policy_judge(reader->request, &facts, &reader->verdict, &reader->fault) != ERR_OK) {
        return -1;
    }
    reader->body.len_max = reader->verdict.body_bytes_max;
    reader->keep_alive = !facts.is_http_1_0 && llhttp_should_keep_alive(parser) != 0;
    reader->stage = HTTP_STAGE_BODY;
    return HPE_OK;
}

static int too_large(struct http_reader *reader)
{
    reader->fault = (struct http_fault){.code = PROBLEM_TOO_LARGE,
                                        .detail = "bytes of the body",
                                        .most = reader->verdict.body_bytes_max};
    return -1;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct http_reader *reader = reader_of(parser);
    if (reader->verdict.is_chunked) {
        const struct str framing = {.at = reader->unscanned,
                                    .len = (size_t)(at - reader->unscanned)};
        reader->unscanned = at + len;
        if (http_policy_framing(&reader->framing, framing, &reader->fault) != ERR_OK) {
            return -1;
        }
    }
    if (len > reader->verdict.body_bytes_max - reader->body.len) {
        return too_large(reader);
    }
    buf_add(&reader->body, at, len);
    reader->out_of_memory = !buf_ok(&reader->body);
    return reader->out_of_memory ? -1 : HPE_OK;
}

/* How much the next chunk says it will be. */
static int on_chunk(llhttp_t *parser)
{
    struct http_reader *reader = reader_of(parser);
    return parser->content_length <= reader->verdict.body_bytes_max - reader->body.len
               ? HPE_OK
               : too_large(reader);
}

static int on_end(llhttp_t *parser)
{
    reader_of(parser)->stage = HTTP_STAGE_WHOLE;
    return HPE_PAUSED; // what follows is another request
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head,
    .on_chunk_header = on_chunk,
    .on_body = on_body,
    .on_message_complete = on_end,
};

static void begin_bufs(struct http_reader *reader)
{
    buf_init(&reader->head, MEM_CONN, reader->scan.limits->head_bytes);
    buf_init(&reader->body, MEM_CONN, reader->scan.limits->body_bytes);
}

void http_reader_init(struct http_reader *reader, const struct request_limits *limits)
{
    *reader = (struct http_reader){.stage = HTTP_STAGE_HEAD, .scan = {.limits = limits}};
    llhttp_init(&reader->parser, HTTP_REQUEST, &settings);
    reader->parser.data = reader;
    begin_bufs(reader);
}

void http_reader_done(struct http_reader *reader)
{
    buf_done(&reader->head);
    buf_done(&reader->body);
    mem_free(MEM_CONN, reader->request);
    reader->request = NULL;
}

/* What the parser refused and the policy has no better word for. */
static enum err parser_refused(struct http_reader *reader)
{
    if (reader->out_of_memory) {
        return ERR_NOMEM;
    }
    if (reader->fault.detail != NULL) {
        return ERR_PROTO;
    }
    const llhttp_errno_t why = llhttp_get_errno(&reader->parser);
    if (why == HPE_INVALID_METHOD || why == HPE_PAUSED_H2_UPGRADE) {
        reader->fault = (struct http_fault){.code = PROBLEM_NOT_IMPLEMENTED,
                                            .detail = "a method that is not known here"};
        return ERR_PROTO;
    }
    const char *detail = llhttp_get_error_reason(&reader->parser);
    reader->fault =
        (struct http_fault){.code = PROBLEM_BAD_REQUEST, .detail = detail == NULL ? "" : detail};
    return ERR_PROTO;
}

/* Gives bytes to the parser; `*input` is advanced past what belongs to this request. */
static enum err parse(struct http_reader *reader, struct str *input)
{
    reader->unscanned = input->at;
    const bool was_body = reader->stage == HTTP_STAGE_BODY;
    const llhttp_errno_t result = llhttp_execute(&reader->parser, input->at, input->len);
    const char *end = input->at + input->len;
    if (reader->stage == HTTP_STAGE_WHOLE && result == HPE_PAUSED) {
        end = llhttp_get_error_pos(&reader->parser);
    } else if (result != HPE_OK) {
        return parser_refused(reader);
    }
    if (was_body && reader->verdict.is_chunked) {
        const struct str framing = {.at = reader->unscanned,
                                    .len = (size_t)(end - reader->unscanned)};
        TRY(http_policy_framing(&reader->framing, framing, &reader->fault));
    }
    input->len -= (size_t)(end - input->at);
    input->at = end;
    return reader->stage == HTTP_STAGE_WHOLE ? ERR_OK : ERR_AGAIN;
}

static struct str request_line(struct str head)
{
    while (head.len > 0 && (head.at[0] == '\r' || head.at[0] == '\n')) {
        head.at++;
        head.len--;
    }
    return str_cut(head, '\r', &head);
}

/* The fields lie behind the request, in the same piece. */
static enum err make_request(struct http_reader *reader)
{
    const size_t fields_bytes = reader->scan.fields * sizeof(struct field);
    struct request *request = mem_new(MEM_CONN, sizeof(*request) + fields_bytes);
    if (request == NULL) {
        return ERR_NOMEM;
    }
    request->fields = (struct field *)(void *)(request + 1);
    reader->request = request;
    return ERR_OK;
}

static enum err parse_head(struct http_reader *reader)
{
    struct str head = buf_str(&reader->head);
    TRY(http_policy_line(request_line(head), reader->scan.limits->url_bytes, &reader->fault));
    TRY(make_request(reader));
    return parse(reader, &head);
}

static enum err take_head(struct http_reader *reader, struct str *input)
{
    size_t used = 0;
    const enum err scanned = http_policy_scan(&reader->scan, *input, &used, &reader->fault);
    if (scanned == ERR_PROTO) {
        return scanned;
    }
    buf_add(&reader->head, input->at, used);
    if (!buf_ok(&reader->head)) {
        return ERR_NOMEM;
    }
    input->at += used;
    input->len -= used;
    return scanned == ERR_OK ? parse_head(reader) : ERR_AGAIN;
}

static void finish(struct http_reader *reader)
{
    reader->request->body = buf_str(&reader->body);
    reader->request->has_body = reader->verdict.is_chunked || reader->verdict.body_bytes > 0;
}

enum err http_reader_take(struct http_reader *reader, struct str *input)
{
    if (reader->stage == HTTP_STAGE_HEAD) {
        const enum err err = take_head(reader, input);
        if (err == ERR_OK) {
            finish(reader);
        }
        if (err != ERR_AGAIN || reader->stage != HTTP_STAGE_BODY || input->len == 0) {
            return err;
        }
    }
    TRY(parse(reader, input));
    finish(reader);
    return ERR_OK;
}

struct http_message http_reader_give(struct http_reader *reader)
{
    must(reader->stage == HTTP_STAGE_WHOLE);
    const struct http_message message = {.request = reader->request,
                                         .head = reader->head,
                                         .body = reader->body,
                                         .keep_alive = reader->keep_alive};
    reader->request = NULL;
    begin_bufs(reader);
    return message;
}
