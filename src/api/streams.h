// SPDX-License-Identifier: Apache-2.0
/* streams -- a stream as a thing: its settings, state and figures. protocol.md section 10. */
#pragma once

struct ask;

void streams_put(struct ask *ask);
void streams_get(struct ask *ask);
void streams_end(struct ask *ask);
void streams_metrics(struct ask *ask);
void streams_explain(struct ask *ask);
void streams_node(struct ask *ask);
