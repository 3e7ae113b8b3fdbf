// SPDX-License-Identifier: Apache-2.0
/* encoding -- the two shapes in which frames leave: SSE blocks and WebSocket messages. */
#pragma once

#include "hub/seat.h"

extern const struct encoding encoding_sse, encoding_ws;
