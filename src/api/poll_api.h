// SPDX-License-Identifier: Apache-2.0
/* poll_api -- GET /v1/streams/{stream}/poll: what is newer than a cursor, now or when it comes. */
#pragma once

struct ask;

void poll_api_open(struct ask *ask);
