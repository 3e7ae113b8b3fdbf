// SPDX-License-Identifier: Apache-2.0
/* events -- GET /v1/streams/{stream}/events: the stream as Server-Sent Events. */
#pragma once

struct ask;

void events_open(struct ask *ask);
