// SPDX-License-Identifier: Apache-2.0
/* comments -- POST /v1/streams/{stream}/comments: protocol.md section 4. */
#pragma once

struct ask;

void comments_post(struct ask *ask);
