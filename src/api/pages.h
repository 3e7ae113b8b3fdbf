// SPDX-License-Identifier: Apache-2.0
/* pages -- the page at /, its scripts and styles, the API's description: files in the binary. */
#pragma once

#include "base/str.h"

struct ask;

void pages_get(struct ask *ask);

/* Which coding to send of those we have (RFC 9110 12.5.3). Pure. */
enum pages_coding { PAGES_PLAIN, PAGES_GZIP, PAGES_BROTLI };
enum pages_coding pages_coding_for(struct str accept_encoding);
