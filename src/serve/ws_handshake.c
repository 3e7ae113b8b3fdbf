// SPDX-License-Identifier: Apache-2.0
#include "serve/ws_handshake.h"

#include "wire/ws.h"
#include "wire/ws_extension.h"

/* Do the fields of that name, taken together as a comma list, hold the token (any case)? */
static bool list_holds_token(const struct request *request, const char *name, struct str token)
{
    for (uint32_t i = 0; i < request->field_count; i++) {
        struct str rest = request->fields[i].value;
        if (!str_eq_nocase(request->fields[i].name, str_of(name))) {
            continue;
        }
        while (rest.len > 0) {
            if (str_eq_nocase(str_trim(str_cut(rest, ',', &rest)), token)) {
                return true;
            }
        }
    }
    return false;
}

static enum err refuse(struct problem *ret_why, enum problem_code code, struct str detail)
{
    *ret_why = (struct problem){.code = code, .detail = detail};
    return ERR_PROTO;
}

static enum err ask_for_upgrade(struct buf *headers, struct problem *ret_why, struct str detail)
{
    buf_add_str(headers,
                STR("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"));
    return refuse(ret_why, PROBLEM_UPGRADE_REQUIRED, detail);
}

enum err ws_handshake_check(const struct request *request, struct buf *headers,
                            struct problem *ret_why)
{
    char accept[29];
    if (!str_eq(request->method, STR("GET"))) {
        buf_add_str(headers, STR("Allow: GET\r\n"));
        return refuse(ret_why, PROBLEM_METHOD_NOT_ALLOWED, STR("A WebSocket begins with GET."));
    }
    if (request->is_http_1_0) {
        return refuse(ret_why, PROBLEM_BAD_REQUEST, STR("A WebSocket needs HTTP/1.1."));
    }
    if (!list_holds_token(request, "upgrade", STR("websocket")) ||
        !list_holds_token(request, "connection", STR("upgrade"))) {
        return ask_for_upgrade(headers, ret_why, STR("This is a WebSocket's address."));
    }
    if (request_field_count(request, "sec-websocket-version") != 1 ||
        !str_eq(request_field(request, "sec-websocket-version"), STR("13"))) {
        return ask_for_upgrade(headers, ret_why, STR("Sec-WebSocket-Version 13 is spoken here."));
    }
    if (request->has_body) {
        return refuse(ret_why, PROBLEM_BAD_REQUEST, STR("A WebSocket's request has no body."));
    }
    const bool one_key = request_field_count(request, "sec-websocket-key") == 1;
    const enum err err =
        one_key ? ws_accept_key(request_field(request, "sec-websocket-key"), accept) : ERR_PROTO;
    if (err == ERR_PROTO) {
        return refuse(ret_why, PROBLEM_BAD_REQUEST,
                      STR("Sec-WebSocket-Key is not 16 bytes of base64."));
    }
    TRY(err);
    buf_add_str(headers,
                STR("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "));
    buf_add_str(headers, str_of(accept));
    buf_add_str(headers, STR("\r\n"));
    if (list_holds_token(request, "sec-websocket-protocol", STR("roar.v1"))) {
        buf_add_str(headers, STR("Sec-WebSocket-Protocol: roar.v1\r\n"));
    }
    return buf_ok(headers) ? ERR_OK : ERR_NOMEM;
}

enum err ws_handshake_agree(const struct request *request, struct buf *headers, bool *ret_deflates,
                            struct problem *ret_why)
{
    bool deflates = false;
    for (uint32_t i = 0; i < request->field_count; i++) {
        bool can = false;
        if (!str_eq_nocase(request->fields[i].name, STR("sec-websocket-extensions"))) {
            continue;
        }
        if (ws_extension_choose(request->fields[i].value, &can) != ERR_OK) {
            return refuse(ret_why, PROBLEM_BAD_REQUEST,
                          STR("Sec-WebSocket-Extensions is no list of extensions (RFC 6455)."));
        }
        deflates = deflates || can;
    }
    if (deflates) {
        buf_add_str(headers, STR("Sec-WebSocket-Extensions: "));
        buf_add_str(headers, WS_EXTENSION_ANSWER);
        buf_add_str(headers, STR("\r\n"));
    }
    TRY(buf_err(headers));

    *ret_deflates = deflates;
    return ERR_OK;
}
