// SPDX-License-Identifier: Apache-2.0
/* log_api -- GET /v1/streams/{stream}/log: the events themselves, for bots and archives. */
#pragma once

struct ask;

void log_api_get(struct ask *ask);
