// SPDX-License-Identifier: Apache-2.0
/* presence_api -- who is there: POST .../heartbeat and GET .../presence. protocol.md section 8. */
#pragma once

struct ask;
struct buf;
struct presence_call;
struct problem;

void presence_api_beat(struct ask *ask);
void presence_api_get(struct ask *ask);

/* {"viewers","next_ms"}: the answer to a beat, on any transport. */
void presence_api_write_beat(struct buf *out, const struct presence_call *call);
const struct problem *presence_api_problem(const struct presence_call *call); // of one refused
