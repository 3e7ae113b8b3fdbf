// SPDX-License-Identifier: Apache-2.0
/* comment_text -- what may be the text of a comment (protocol.md section 4): trimmed, LF for CR and
 * CRLF, at most so many code points, bytes and lines, no controls but LF and TAB, at most so many
 * combining marks on a base. Pure. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

enum { TEXT_BYTES_MAX = 4000 }; // the most that text_limits.bytes may be

struct text_limits {
    uint32_t points, bytes, lines, marks;
};
/* Of a server that was told nothing else: 500, 2,000, 20, 8. */
extern const struct text_limits comment_text_limits_usual;

enum text_fault { TEXT_OK, TEXT_EMPTY, TEXT_TOO_LONG, TEXT_BAD_UTF8, TEXT_BAD };

/* Appends the text as it is kept to `out`, whose len_max has room for limits->bytes more (ask
 * buf_ok() for memory); on a fault `*ret_why` is a sentence for the answer's detail (static) and
 * nothing is appended. */
enum text_fault comment_text_keep(struct str text, const struct text_limits *limits,
                                  struct buf *out, const char **ret_why);
