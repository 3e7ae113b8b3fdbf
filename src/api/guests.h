// SPDX-License-Identifier: Apache-2.0
/* guests -- POST /v1/guests: a name for somebody without an account, where auth.guests is on. */
#pragma once

struct ask;

enum { GUEST_TTL_S = 24 * 60 * 60 };

void guests_post(struct ask *ask);
