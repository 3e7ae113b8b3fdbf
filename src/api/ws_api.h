// SPDX-License-Identifier: Apache-2.0
/* ws_api -- GET /v1/streams/{stream}/ws and /v1/ws, and what a client may say there.
 *
 * One object a message, told apart by `do`: post, beat, join, leave, lane, auth. Each is answered
 * by one `reply` with its `ref`. protocol.md section 5.
 */
#pragma once

struct ask;

void ws_api_open(struct ask *ask);
