// SPDX-License-Identifier: Apache-2.0
/* history -- GET /v1/streams/{stream}/comments: the folded view, in pages, oldest first. */
#pragma once

struct ask;

void history_get(struct ask *ask);
