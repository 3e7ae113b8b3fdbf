// SPDX-License-Identifier: Apache-2.0
/* admission -- may this exchange become a reader? What is asked before the hub is. */
#pragma once

#include "base/str.h"
#include "serve/exchange.h"

#include <stdbool.h>

/* False: it was answered (503 draining or full, 429 conns_address; with `headers`) or the client
 * is gone, and the exchange is freed. True: it counts as a viewer until its connection ends, or
 * admission_return(). */
bool admission_grant(struct exchange *exchange, struct str headers);
/* It is no reader after all, or no longer; the exchange may be gone, and still wants an answer. */
void admission_return(struct exchange *exchange);
