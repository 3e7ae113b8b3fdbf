// SPDX-License-Identifier: Apache-2.0
/* moderation_api -- acts of moderation over HTTP: on one stream by moderators, hosts and admins, on
 * all of them by admins; and what they do not say by `do`: undo, and a warning's acknowledgement.
 *
 *      POST /v1/streams/{stream}/moderation        POST /v1/moderation
 *      POST /v1/streams/{stream}/moderation/undo   POST /v1/moderation/undo
 *      POST /v1/streams/{stream}/acknowledge       by whom it was given to
 */
#pragma once

struct ask;

void moderation_api_act(struct ask *ask);
void moderation_api_undo(struct ask *ask);
void moderation_api_acknowledge(struct ask *ask);
