// SPDX-License-Identifier: Apache-2.0
/* appeals_api -- who an act concerns may appeal against it; a moderator decides; both may export
 * what was decided and why.
 *
 *      POST /v1/streams/{stream}/appeals                     {"act","text"}, or {"id","text"} of a
 *                                                        comment: the person concerned
 *      GET  /v1/streams/{stream}/appeals                     moderators: all; others: their own
 *      POST /v1/streams/{stream}/appeals/{appeal}/decision   {"decision","reason"}: moderators
 *      GET  /v1/streams/{stream}/appeals/{appeal}/statement  a statement of reasons
 */
#pragma once

struct ask;

void appeals_api_post(struct ask *ask);
void appeals_api_get(struct ask *ask);
void appeals_api_decide(struct ask *ask);
void appeals_api_statement(struct ask *ask);
