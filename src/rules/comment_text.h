// SPDX-License-Identifier: Apache-2.0
/* comment_text -- what may be the text of a comment (protocol.md section 4): trimmed, LF for CR and
 * CRLF, 1..500 code points, <= 2,000 bytes, <= 20 lines, no controls but LF and TAB, <= 8 combining
 * marks on a base. Pure. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

enum { TEXT_BYTES_MAX = 2000, TEXT_LINES_MAX = 20, TEXT_MARKS_MAX = 8 };

enum text_fault { TEXT_OK, TEXT_EMPTY, TEXT_TOO_LONG, TEXT_BAD_UTF8, TEXT_BAD };

/* Appends the text as it is kept to `out`, whose len_max has room for TEXT_BYTES_MAX more (ask
 * buf_ok() for memory); on a fault `*ret_why` is a sentence for the answer's detail (static) and
 * nothing is appended. */
enum text_fault comment_text_keep(struct str text, uint32_t points_max, struct buf *out,
                                  const char **ret_why);
