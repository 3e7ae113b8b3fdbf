// SPDX-License-Identifier: Apache-2.0
/* etag -- entity tags (RFC 9110 8.8.3) and the If-None-Match that names them. Pure. */
#pragma once

#include "base/str.h"

#include <stdbool.h>

enum { ETAG_LEN = 18 };

/* A strong tag of these bytes, quoted, with a NUL behind it. */
void etag_write(char ret_etag[ETAG_LEN + 1], struct str bytes);
/* Does If-None-Match name it (weak comparison)? `header` empty: no. `etag` is quoted. */
bool etag_is_named(struct str header, struct str etag);
