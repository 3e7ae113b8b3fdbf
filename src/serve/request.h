// SPDX-License-Identifier: Apache-2.0
/* request -- what a client asked, parsed: method, target, fields, body.
 *
 * Owns:     nothing; all text is borrowed from the exchange.
 * Thread:   its reactor's.
 */
#pragma once

#include "base/str.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

enum { // the most that request_limits may be
    REQUEST_HEAD_BYTES_MAX = 64 * 1024,
    REQUEST_FIELDS_MAX = 1000,
    REQUEST_NAME_BYTES_MAX = 4 * 1024,
    REQUEST_URL_BYTES_MAX = 16 * 1024,
    REQUEST_BODY_BYTES_MAX = 1024 * 1024,
    REQUEST_LONG_BODY_BYTES_MAX = 8 * 1024 * 1024
};

struct field {
    struct str name, value; // value without surrounding blanks
};

struct request {       // all borrowed from the exchange
    struct str method; // "GET"
    struct str target; // as sent
    struct str path;   // before '?', still percent-encoded
    struct str query;  // behind '?'
    struct str host;
    struct field *fields; // [field_count]
    uint32_t field_count;
    struct str body;
    bool has_body;
    bool is_http_1_0;
    struct address peer;    // of the socket
    struct address client;  // peer, or whom trusted proxies name: forwarded.h
    bool client_is_trusted; // its address is not counted
};

/* First field of that name (any case); `.at` NULL: absent. */
struct str request_field(const struct request *request, const char *name);
/* How many fields of that name. */
uint32_t request_field_count(const struct request *request, const char *name);
