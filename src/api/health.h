// SPDX-License-Identifier: Apache-2.0
/* health -- is it alive, may it be sent traffic, what has it measured. */
#pragma once

struct ask;

void health_alive(struct ask *ask);        // /healthz
void health_ready(struct ask *ask);        // /readyz
void health_metrics(struct ask *ask);      // /metrics of the main listener: a token, or open
void health_metrics_open(struct ask *ask); // of the listener of metrics.listen
