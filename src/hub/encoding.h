// SPDX-License-Identifier: Apache-2.0
/* encoding -- the shapes in which frames leave: SSE blocks and WebSocket messages, and both for who
 * decodes what is compressed. There, what one viewer alone is sent costs no compressor: an SSE
 * block is a stored block of the gzip stream, a WebSocket message is one without RSV1. */
#pragma once

#include "hub/seat.h"

extern const struct encoding encoding_sse, encoding_ws;
extern const struct encoding encoding_sse_gzip, encoding_ws_deflate;
