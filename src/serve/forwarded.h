// SPDX-License-Identifier: Apache-2.0
/* forwarded -- who a request comes from when trusted proxies stand between.
 *
 * Every proxy appends to X-Forwarded-For whom it had the request from. Read from the right, as long
 * as the one who says it is trusted: the first address that is not is the client. What stands left
 * of it is the client's own invention. Where one says what is no address, that one is the client,
 * and not trusted: whoever stands behind it shares its limits.
 */
#pragma once

#include "serve/request.h"

struct server;

/* Sets client and client_is_trusted of the request from peer and fields. */
void forwarded_resolve(struct server *server, struct request *request);
