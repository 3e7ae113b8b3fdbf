// SPDX-License-Identifier: Apache-2.0
/* sse -- server-sent events out (HTML Living Standard 9.2). JSON without CR or LF is one data:
 * line. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* `id: <id>\n` (none when id is empty), `data: <json>\n\n`. */
void sse_write(struct buf *out, struct str id, struct str json);
void sse_write_retry(struct buf *out, uint32_t retry_ms); // "retry: n\n\n"
