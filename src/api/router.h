// SPDX-License-Identifier: Apache-2.0
/* router -- which route a method and a path name. A table goes in, an entry comes out; pure.
 *
 * A pattern is literal segments, `{stream}` and one other name in braces for one segment each, and
 * a last `*` for all that follows, as in "/v1/streams/{stream}/comments". Segments are
 * percent-decoded before they are compared, so one resource has one meaning however a client spells
 * it. The first entry that fits wins. A HEAD is taken by the GET of the same pattern unless that
 * opens a reader.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ask;

enum route_flag {
    ROUTE_READER = 1 << 0,    // opens a reader (SSE, WebSocket): no HEAD
    ROUTE_OPEN = 1 << 1,      // neither Origin nor token is looked at: pages, health
    ROUTE_TOKENLESS = 1 << 2, // needs no token even with auth.read = "token"
    ROUTE_UPGRADE = 1 << 3,   // so does this, if it upgrades: the token may be its first message
    ROUTE_DEV = 1 << 4,       // only with --dev
};

struct route {
    const char *method;
    const char *pattern;
    void (*handle)(struct ask *ask);
    uint8_t flags; // enum route_flag
};

struct route_table {
    const struct route *routes;
    size_t count;
    bool is_dev;
};

enum { ROUTE_NAME_BYTES_MAX = 256 };

struct routed {
    const struct route *route;
    struct str stream; // what stood for {stream}, decoded; borrowed from `name`
    struct str part;   // the same of the other name; borrowed from `part_text`
    char name[ROUTE_NAME_BYTES_MAX];
    char part_text[ROUTE_NAME_BYTES_MAX];
};

enum route_end {
    ROUTE_FOUND,
    ROUTE_NO_PATH,   // 404
    ROUTE_NO_METHOD, // 405: the path is there, this method is not
    ROUTE_BAD_PATH   // 400: a broken percent sign, or not UTF-8
};
enum route_end router_find(const struct route_table *table, struct str method, struct str path,
                           struct routed *ret_routed);
/* "GET, HEAD, OPTIONS": the methods of that path, for Allow; nothing when the path is not there. */
void router_methods(const struct route_table *table, struct str path, struct buf *out);
