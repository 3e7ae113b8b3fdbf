// SPDX-License-Identifier: Apache-2.0
/* cursor -- where a reader stands: `<epoch>.<seq>`, a bare `<seq>` (the present epoch) or `0` (the
 * beginning). protocol.md section 1. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/epoch.h"
#include "wire/stream_name.h"

#include <stdint.h>

#define SEQ_MAX ((UINT64_C(1) << 53) - 1)

struct cursor {
    struct epoch epoch;
    uint64_t seq; // 0..SEQ_MAX
};

/* ERR_PROTO: not a cursor. One place has one spelling: leading zeros are refused. */
MUST_USE enum err cursor_parse(struct str text, struct cursor *ret_cursor);
void cursor_write(struct buf *out, const struct cursor *cursor);
