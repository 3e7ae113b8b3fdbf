// SPDX-License-Identifier: Apache-2.0
/* base64 -- RFC 4648, strict: no white space, no stray bits behind the last byte, padding exactly
 * where the alphabet has it. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum base64_kind {
    BASE64_STANDARD, // + and /, padded with =
    BASE64_URL,      // - and _, never padded (as in JOSE)
};

void base64_write(struct buf *out, enum base64_kind kind, struct str bytes);
/* Appends the bytes. ERR_PROTO: not this kind of base64, nothing useful appended. */
MUST_USE enum err base64_read(struct buf *out, enum base64_kind kind, struct str text);
