// SPDX-License-Identifier: Apache-2.0
/* deflater -- one DEFLATE stream being written (RFC 1951), without a wrapper, that never ends.
 *
 * Owns:     zlib's state, about 86 KiB, counted as MEM_RING.
 * Used by:  hub/train.c.
 * Thread:   its owner's.
 * Promise:  after deflater_flush() all that was added can be read, and the stream stands at a byte.
 *           After deflater_begin() nothing refers to what came before: a reader may step in there.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct deflater;

enum {
    DEFLATER_WINDOW_BITS = 14, // 16 KiB: half a hundred comments; and what a reader has to keep
    DEFLATER_TAIL_BYTES = 4,   // 00 00 ff ff, what each flush ends with
};

/* What a gzip stream begins with (RFC 1952 section 2.3): no name, no time. */
#define DEFLATER_GZIP_HEAD ((struct str){"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10})

MUST_USE enum err deflater_new(struct deflater **ret_deflater); // ERR_NOMEM
void deflater_free(struct deflater *deflater);                  // NULL is legal

/* What was added since the last flush is forgotten, and the window with it. */
void deflater_begin(struct deflater *deflater);
/* Compressed bytes are appended to `out`, some now and some with the flush. ERR_NOMEM or ERR_LIMIT:
 * `out` could not hold them, and the stream is broken until deflater_begin(). */
MUST_USE enum err deflater_add(struct deflater *deflater, struct str bytes, struct buf *out);
MUST_USE enum err deflater_flush(struct deflater *deflater, struct buf *out);
