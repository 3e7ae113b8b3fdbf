// SPDX-License-Identifier: Apache-2.0
/* client -- one HTTP/1.1 request over a blocking socket, for commands and for fetching keys. Plain
 * http only.
 *
 * Thread:  any.
 * Bound:   CLIENT_SILENCE_MS without a byte; what the body holds is the caller's to bound.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_URL_MAX = 1024, CLIENT_CONNECT_MS = 10 * 1000, CLIENT_WHY_MAX = 480 };

struct client_url {
    char host[256];
    uint16_t port;
    char path[CLIENT_URL_MAX]; // with its query; no slash at the end
};

/* "http://host[:port][/path]". ERR_PROTO: `why` says what is wrong (https is not spoken). */
MUST_USE enum err client_url_read(struct str text, struct client_url *ret_url,
                                  char why[CLIENT_WHY_MAX]);

struct client_request {
    const struct client_url *url;
    const char *method;
    struct str path;    // behind url->path
    struct str headers; // lines, each ended by CRLF
    struct str body;
    uint32_t silence_ms; // no byte for so long is the end
};

struct client_ops {
    bool (*status)(void *user, int status);     // false: that is enough
    bool (*body)(void *user, struct str bytes); // false: that is enough
};

/* ERR_OK: the whole answer came, or an op had enough. ERR_CLOSED: it ended too early; ERR_AGAIN:
 * silence; ERR_NOT_FOUND: no such host; ERR_PROTO: no HTTP; ERR_SYS: sys_last_failure(). */
MUST_USE enum err client_ask(const struct client_request *request, const struct client_ops *ops,
                             void *user);
/* What went wrong, for people. */
void client_explain(enum err err, const struct client_url *url, char why[CLIENT_WHY_MAX]);

/* The whole answer, up to the bound of `body`. ERR_LIMIT: it was longer. */
MUST_USE enum err client_fetch(const struct client_request *request, int *ret_status,
                               struct buf *body);
