// SPDX-License-Identifier: Apache-2.0
/* tickets_api -- POST /v1/tickets: a ticket for the token of the request. */
#pragma once

struct ask;

void tickets_api_post(struct ask *ask);
