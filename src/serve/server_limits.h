// SPDX-License-Identifier: Apache-2.0
/* server_limits -- what a peer may ask of a server, whatever it means by it.
 *
 * Used by:  http_policy.c and http_reader.c (a request), ws_conn.c and ws_streams.c (a WebSocket).
 * Thread:   any; a server keeps a copy, frozen.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct request_limits {  // beyond: 431, 414 or 413, and closed
    uint32_t head_bytes; // request line and fields
    uint32_t fields;
    uint32_t name_bytes; // of one field
    uint32_t url_bytes;
    uint32_t body_bytes;
    uint32_t long_body_bytes;            // the same where takes_long() says so
    bool (*takes_long)(struct str path); // decoded by nobody yet; NULL: no path does
};

struct ws_limits {                     // beyond: closed with 1008, for its size with 1009
    uint32_t message_bytes, fragments; // of one message
    uint32_t control_frames;           // a second; <= WS_COUNT_MAX
    uint32_t bad_messages;             // of which the last one closes; <= WS_COUNT_MAX
    uint32_t pings;                    // unanswered, then it is cut; <= WS_COUNT_MAX
    uint32_t streams;                  // joined at once; one more is refused
};
enum { WS_COUNT_MAX = 250 }; // a connection counts these in a byte each

struct server_limits {
    struct request_limits request;
    struct ws_limits ws;
};

extern const struct server_limits server_limits_usual; // of a server that was told nothing else
