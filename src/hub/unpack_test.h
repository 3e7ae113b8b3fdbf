// SPDX-License-Identifier: Apache-2.0
/* unpack_test -- for tests: a client's half of shared compression. "gzip" is one DEFLATE stream, as
 * SSE; "messages" are WebSocket frames, where only those with RSV1 go through the inflater.
 */
#pragma once

#include "base/buf.h"
#include "wire/inflater.h"

#include <stdbool.h>
#include <stdint.h>

enum unpack_kind { UNPACK_NOTHING, UNPACK_GZIP, UNPACK_MESSAGES };

struct unpack {
    uint8_t kind; // enum unpack_kind
    struct inflater inflater;
    struct buf wire; // messages: what came of the next frame
};

void unpack_begin(struct unpack *unpack, enum unpack_kind kind);
void unpack_end(struct unpack *unpack); // zeroed is legal
/* Appends the text of `bytes`, as far as it can be read. False: no such stream. */
MUST_USE bool unpack_take(struct unpack *unpack, struct str bytes, struct buf *text);
/* Between two frames. */
bool unpack_is_whole(const struct unpack *unpack);
