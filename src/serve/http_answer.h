// SPDX-License-Identifier: Apache-2.0
/* http_answer -- the head of an HTTP/1.1 answer as bytes (RFC 9112 section 4). No I/O. */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "serve/exchange.h"

#include <stdbool.h>

struct http_answer_line {
    struct str date; // empty: without (a 5xx may be, RFC 9110 6.6.1)
    bool close;      // say that the connection closes after it
    bool is_endless; // no length: the body lasts until the close, or it is no HTTP any more (101)
};
void http_answer_write(struct buf *out, const struct answer *answer,
                       const struct http_answer_line *line);
/* Does an answer of this status have a body at all (RFC 9110 6.4.1)? */
bool http_answer_has_body(int status);
