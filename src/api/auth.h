// SPDX-License-Identifier: Apache-2.0
/* auth -- who is asking: `Authorization: Bearer`, `?ticket=`, `?token=`, or nobody.
 *
 * Used by:  api.c for every request, ws_api.c for the message `auth`.
 * Thread:   the reactor's.
 * Promise:  a credential that is there and not good is a problem, never quietly anonymous.
 */
#pragma once

#include "api/desk.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/jwt.h"
#include "serve/exchange.h"
#include "wire/problem.h"

#include <stdbool.h>

/* ERR_OK: `*ret_claims` is a reference of the caller's, or NULL: anonymous. ERR_DENIED:
 * `*ret_why` says why (static texts). */
MUST_USE enum err auth_request(struct exchange *exchange, struct claims **ret_claims,
                               struct problem *ret_why);
/* The same for one token; never anonymous. */
MUST_USE enum err auth_token(struct server *server, struct str token, struct claims **ret_claims,
                             struct problem *ret_why);
/* May they read or post here? ERR_DENIED. `claims` NULL: anonymous, allowed. */
MUST_USE enum err auth_stream(const struct claims *claims, struct str stream,
                              struct problem *ret_why);
/* Are they host, moderator or admin? ERR_DENIED. */
MUST_USE enum err auth_manager(const struct claims *claims, struct problem *ret_why);
/* Are they admin, of all streams? ERR_DENIED. */
MUST_USE enum err auth_admin_of_all(const struct claims *claims, struct problem *ret_why);
bool auth_is_admin_of_all(const struct claims *claims);
/* Posting and the like: ERR_DENIED when anonymous. */
MUST_USE enum err auth_somebody(const struct claims *claims, struct problem *ret_why);
