// SPDX-License-Identifier: Apache-2.0
/* goaway -- the last signal a reader gets: why it has to go, and when it may be back (protocol.md
 * section 7). */
#pragma once

#include "base/buf.h"

#include <stdint.h>

enum goaway_reason { GOAWAY_DRAIN, GOAWAY_EXPIRED, GOAWAY_SLOW, GOAWAY_REPLACED };

/* The JSON object. */
void goaway_write(struct buf *out, enum goaway_reason reason, uint32_t retry_ms);
