// SPDX-License-Identifier: Apache-2.0
/* inflater -- a compressed stream being read: bounded, whatever it holds.
 *
 * Owns:     zlib's state, about 40 KiB, from the first byte to inflater_done().
 * Used by:  wire/ws.c for one message at a time; the bench's viewers; tests.
 * Thread:   any.
 * Bound:    the output's own: a bomb stops there.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum inflater_kind { INFLATER_RAW, INFLATER_GZIP };
enum { INFLATER_WINDOW_BITS_MAX = 15 };

struct inflater {
    void *zlib;          // owned; NULL before the first byte
    uint8_t kind;        // enum inflater_kind
    uint8_t window_bits; // INFLATER_WINDOW_BITS_MAX; the owner's to lower before the first byte
};

void inflater_init(struct inflater *inflater, enum inflater_kind kind);
void inflater_done(struct inflater *inflater); // zeroed is legal

/* All of `bytes`, appended to `out` as far as it can be known. ERR_PROTO: no such stream;
 * ERR_LIMIT: more than `out` may hold; ERR_NOMEM. After a failure it is of no more use. */
MUST_USE enum err inflater_take(struct inflater *inflater, struct str bytes, struct buf *out);
