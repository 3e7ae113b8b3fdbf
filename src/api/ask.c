// SPDX-License-Identifier: Apache-2.0
#include "api/ask.h"

#include "api/respond.h"
#include "base/must.h"
#include "rules/token_name.h"
#include "serve/server.h"
#include "wire/url.h"
#include "wire/utf8.h"

enum { PARAM_BYTES_MAX = 512 };

void ask_keep_name(struct kept_name *kept, struct str name)
{
    memcpy(kept->text, name.at, name.len);
    kept->text[name.len] = '\0';
    kept->len = (uint8_t)name.len;
}

void ask_again(struct exchange *exchange, struct routed *routed, struct ask *ret_ask)
{
    struct server *server = exchange_server(exchange);
    *ret_ask = (struct ask){
        .api = desk_of(server),
        .exchange = exchange,
        .server = server,
        .request = exchange_request(exchange),
    };
    const struct request *request = ret_ask->request;
    must(router_find(ret_ask->api->shared->routes, request->method, request->path, routed) ==
         ROUTE_FOUND);
    ret_ask->route = routed->route;
    ret_ask->stream = routed->stream;
    ret_ask->part = routed->part;
}

uint64_t ask_view(const struct ask *ask)
{
    return ask->claims == NULL ? 0 : port_user_hash(ask->api->shared->port, ask->claims->sub);
}

void ask_fail(struct ask *ask, enum problem_code code, const char *field, const char *detail)
{
    respond_problem(
        ask->exchange,
        &(struct problem){.code = code, .field = str_of(field), .detail = str_of(detail)});
}

static enum err wrong_param(struct problem *ret_why, enum problem_code code, const char *name,
                            const char *detail)
{
    *ret_why = (struct problem){.code = code, .field = str_of(name), .detail = str_of(detail)};
    return ERR_PROTO;
}

/* ERR_NOT_FOUND: absent. ERR_PROTO: twice, too long, or badly encoded; ERR_NOMEM: `*ret_why` says
 * so. */
static enum err param(const struct ask *ask, const char *name, struct buf *out,
                      struct problem *ret_why)
{
    buf_init(out, MEM_CONN, PARAM_BYTES_MAX);
    const enum err err = url_param(ask->request->query, name, out);
    if (err == ERR_NOMEM) {
        *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
        return err;
    }
    return err == ERR_OK || err == ERR_NOT_FOUND ? err : ERR_PROTO;
}

enum err ask_number(const struct ask *ask, const char *name, uint64_t max, uint64_t *ret,
                    struct problem *ret_why)
{
    struct buf text;
    enum err err = param(ask, name, &text, ret_why);
    if (err == ERR_PROTO || (err == ERR_OK && !str_to_u64(buf_str(&text), max, ret))) {
        err = wrong_param(ret_why, PROBLEM_BAD_FIELD, name,
                          "The parameter is to be one whole number within its bounds.");
    }
    buf_done(&text);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err ask_cursor(const struct ask *ask, const char *name, struct cursor *ret_cursor,
                    bool *ret_has, struct problem *ret_why)
{
    struct buf text;
    enum err err = param(ask, name, &text, ret_why);
    *ret_has = err == ERR_OK;
    if (err == ERR_PROTO || (err == ERR_OK && cursor_parse(buf_str(&text), ret_cursor) != ERR_OK)) {
        err = wrong_param(ret_why, PROBLEM_BAD_CURSOR, name,
                          "A cursor is <epoch>.<seq> as an answer gave it, a bare <seq>, or 0.");
    }
    buf_done(&text);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err ask_token_name(const struct ask *ask, const char *name, char *ret_text,
                        struct problem *ret_why)
{
    ret_text[0] = '\0';
    struct buf text;
    enum err err = param(ask, name, &text, ret_why);
    if (err == ERR_PROTO || (err == ERR_OK && !token_name_is_valid(buf_str(&text)))) {
        err = wrong_param(ret_why, PROBLEM_BAD_FIELD, name,
                          "The parameter is 1 to 64 of A-Z a-z 0-9 _ and -.");
    }
    if (err == ERR_OK) {
        memcpy(ret_text, text.bytes, text.len);
        ret_text[text.len] = '\0';
    }
    buf_done(&text);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* application/json, with nothing or charset=utf-8 behind it (RFC 8259 section 8.1 and 11). */
static bool is_json_type(struct str type)
{
    struct str parameter;
    if (!str_eq_nocase(str_trim(str_cut(type, ';', &parameter)), STR("application/json"))) {
        return false;
    }
    parameter = str_trim(parameter);
    return parameter.len == 0 || str_eq_nocase(parameter, STR("charset=utf-8")) ||
           str_eq_nocase(parameter, STR("charset=\"utf-8\""));
}

static enum err read_object(const struct json_limits *limits, struct str text,
                            struct json **ret_object, struct json_fault *fault,
                            struct problem *ret_why)
{
    if (!utf8_is_valid(text)) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_UTF8,
                                    .detail = STR("JSON is to be sent as UTF-8; these bytes are "
                                                  "not.")};
        return ERR_PROTO;
    }
    struct json *object = NULL;
    const enum err err = json_parse_within(text, limits, &object, fault);
    if (err == ERR_NOMEM) {
        *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
        return ERR_PROTO;
    }
    if (err != ERR_OK) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_JSON, .detail = str_of(fault->detail)};
        return ERR_PROTO;
    }
    if (json_kind(object) != JSON_KIND_OBJECT) {
        json_free(object);
        *ret_why = (struct problem){.code = PROBLEM_BAD_JSON,
                                    .detail = STR("This is JSON, but no object: {...}.")};
        return ERR_PROTO;
    }
    *ret_object = object;
    return ERR_OK;
}

enum err ask_object(struct api *api, struct str text, struct json **ret_object,
                    struct json_fault *fault, struct problem *ret_why)
{
    return read_object(&desk_policy(api)->is.json, text, ret_object, fault, ret_why);
}

static enum err read_body(struct ask *ask, const struct json_limits *limits,
                          struct json **ret_object)
{
    const struct request *request = ask->request;
    if (request_field_count(request, "content-type") != 1 ||
        !is_json_type(request_field(request, "content-type"))) {
        ask_fail(ask, PROBLEM_BAD_TYPE, "Content-Type",
                 "Send the body as JSON with `Content-Type: application/json`.");
        return ERR_PROTO;
    }
    if (request_field(request, "content-encoding").len > 0) {
        ask_fail(ask, PROBLEM_BAD_TYPE, "Content-Encoding", "Send the body uncompressed.");
        return ERR_PROTO;
    }
    struct json_fault fault;
    struct problem why;
    if (read_object(limits, request->body, ret_object, &fault, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return ERR_PROTO;
    }
    return ERR_OK;
}

enum err ask_body(struct ask *ask, struct json **ret_object)
{
    return read_body(ask, &desk_policy(ask->api)->is.json, ret_object);
}

enum err ask_long_body(struct ask *ask, struct json **ret_object)
{
    const struct json_limits limits = {.depth = desk_policy(ask->api)->is.json.depth,
                                       .keys = SIZE_MAX};
    return read_body(ask, &limits, ret_object);
}

enum err ask_body_if_any(struct ask *ask, struct json **ret_object)
{
    if (ask->request->body.len == 0) {
        *ret_object = NULL;
        return ERR_OK;
    }
    return ask_body(ask, ret_object);
}
