// SPDX-License-Identifier: Apache-2.0
/* stored -- bytes as DEFLATE's stored blocks (RFC 1951 section 3.2.4): whole bytes, five more a
 * block, and nothing to be remembered, so that whoever writes them needs no compressor.
 *
 *     00            LEN          ~LEN         LEN bytes
 *     not the last  2, low first 2, low first
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { STORED_HEAD_BYTES = 5, STORED_BLOCK_BYTES_MAX = 65535 };

/* As many blocks as it takes; none for no bytes. Legal wherever the stream stands at a byte. */
void stored_write(struct buf *out, struct str bytes);
/* What the next block of `*blocks` holds, which is taken off; empty: there is none. They are as
 * stored_write() wrote them. Borrowed. */
struct str stored_next(struct str *blocks);
