// SPDX-License-Identifier: Apache-2.0
/* cursor -- where a reader stands: `<epoch>.<seq>`, a bare `<seq>` (the present epoch) or `0` (the
 * beginning). Also stream names, because both are what a URL says of a place. protocol.md
 * section 1. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { EPOCH_LEN_MAX = 16, STREAM_NAME_LEN_MAX = 128 };
#define SEQ_MAX ((UINT64_C(1) << 53) - 1)

struct epoch {
    char text[EPOCH_LEN_MAX + 1]; // NUL-terminated; empty in a cursor that named none
};

struct cursor {
    struct epoch epoch;
    uint64_t seq; // 0..SEQ_MAX
};

/* ERR_PROTO: not a cursor. */
MUST_USE enum err cursor_parse(struct str text, struct cursor *ret_cursor);
void cursor_write(struct buf *out, const struct cursor *cursor);
bool epoch_eq(const struct epoch *a, const struct epoch *b);
/* [A-Za-z0-9][A-Za-z0-9._~-]{0,127} */
bool stream_name_is_valid(struct str name);
