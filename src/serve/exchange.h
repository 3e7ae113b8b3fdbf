// SPDX-License-Identifier: Apache-2.0
/* exchange -- one HTTP request and its answer, whatever HTTP version carries it.
 *
 * Made by serve/ when a request is whole (head and body, all limits held); handed to the handler
 * (api/), which answers it once, at once or later (after a letter), or turns it into a stream:
 * sse_reader_open(), ws_conn_open(), poll_open().
 *
 * Owns:     the request's bytes until it is answered.
 * Thread:   its reactor's.
 * Promise:  the client going away does not free an exchange that was not answered: it is marked
 * gone, and the answer then goes nowhere. So a handler that waits for a letter may keep the
 * pointer.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct server; // of one reactor: serve/server.h
struct exchange;

enum {
    REQUEST_FIELDS_MAX = 100,
    REQUEST_HEAD_BYTES_MAX = 16 * 1024,
    REQUEST_URL_BYTES_MAX = 4 * 1024,
    REQUEST_BODY_BYTES_MAX = 16 * 1024
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
    struct field fields[REQUEST_FIELDS_MAX];
    uint32_t field_count;
    struct str body;
    bool has_body;
    bool is_http_1_0;
    struct address peer; // of the socket
    struct address
        client; // peer, or what a trusted proxy says (X-Forwarded-For, rightmost untrusted)
    bool client_is_trusted; // its address is not counted
};

const struct request *exchange_request(const struct exchange *exchange);
struct server *exchange_server(struct exchange *exchange);
bool exchange_is_gone(const struct exchange *exchange);
/* First field of that name (any case); `.at` NULL: absent. */
struct str request_field(const struct request *request, const char *name);
/* How many fields of that name. */
uint32_t request_field_count(const struct request *request, const char *name);

struct answer {
    int status;
    struct str type;    // Content-Type; empty: no body
    struct str body;    // borrowed for the call
    struct str headers; // further header lines, each "Name: value\r\n"
    bool close;         // close the connection after it
};
/* Once an exchange; frees it. HEAD sends no body but its length. */
void exchange_answer(struct exchange *exchange, const struct answer *answer);

/* What api/ keeps with it while it waits; borrowed by the exchange, never freed by it. */
void exchange_set_user(struct exchange *exchange, void *user);
void *exchange_user(const struct exchange *exchange);
