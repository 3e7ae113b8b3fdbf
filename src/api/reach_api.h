// SPDX-License-Identifier: Apache-2.0
/* reach_api -- GET /v1/streams/{stream}/moderation/reach/{act}, and /v1/moderation/reach/{act} of
 * acts on all streams: to how many viewers an act got, and how soon. */
#pragma once

struct ask;

void reach_api_get(struct ask *ask);
