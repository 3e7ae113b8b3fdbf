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
 *           gone, and the answer then goes nowhere. So a handler that waits for a letter may keep
 *           the pointer.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "serve/request.h"

#include <stdbool.h>
#include <stdint.h>

struct server; // of one reactor: serve/server.h
struct exchange;

const struct request *exchange_request(const struct exchange *exchange);
struct server *exchange_server(struct exchange *exchange);

struct answer {
    int status;
    struct str type;    // Content-Type; empty: no body
    struct str body;    // borrowed for the call
    struct str headers; // further header lines, each "Name: value\r\n"
    bool close;         // close the connection after it
};
/* Once an exchange; frees it. HEAD sends no body but its length. */
void exchange_answer(struct exchange *exchange, const struct answer *answer);
