// SPDX-License-Identifier: Apache-2.0
#include "serve/server_limits.h"

#include "wire/ws.h"

const struct server_limits server_limits_usual = {
    .request = {.head_bytes = 16 * 1024,
                .fields = 100,
                .name_bytes = 256,
                .url_bytes = 4 * 1024,
                .body_bytes = 16 * 1024,
                .long_body_bytes = 512 * 1024},
    .ws = {.message_bytes = WS_MESSAGE_BYTES,
           .fragments = WS_FRAGMENTS,
           .control_frames = 50,
           .bad_messages = 10,
           .pings = 2,
           .streams = 64},
};
