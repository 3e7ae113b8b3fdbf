// SPDX-License-Identifier: Apache-2.0
/* url -- percent-encoding (RFC 3986) and query parameters (WHATWG URL: `+` is a space there),
 * strict. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Appends what a path segment says. ERR_PROTO: a `%` that two hex digits do not follow, or the
 * result is not UTF-8; ERR_LIMIT: `out` is full; ERR_NOMEM. */
MUST_USE enum err url_decode(struct str text, struct buf *out);

/* Appends the value of the parameter, decoded. ERR_NOT_FOUND; ERR_PROTO: it is there more than
 * once, or as in url_decode(); ERR_LIMIT; ERR_NOMEM. */
MUST_USE enum err url_param(struct str query, const char *name, struct buf *out);

/* Everything but the unreserved characters as %XX. */
void url_write(struct buf *out, struct str text);
