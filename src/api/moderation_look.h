// SPDX-License-Identifier: Apache-2.0
/* moderation_look -- what moderators, hosts and admins look up.
 *
 *      GET  /v1/streams/{stream}/moderation/log                 the audit, by after= or before=
 *      GET  /v1/moderation/log                                  that of acts on all streams
 *      GET  /v1/moderation/rules, /v1/moderation/acts/{act}     the same
 *                                 .../moderation/held           what waits, and who looks at what
 *                                 .../moderation/users/{user}   sanctions and newest comments
 *                                 .../moderation/acts/{act}     one act
 *                                 .../moderation/rules          slow, modes, shield, terms, rules
 *                                 .../moderation/similar        the raid view
 *                                 .../moderation/marked         which comments rules have marked
 *      POST .../moderation/held/{id}/claim, .../release         so that nobody else takes it
 */
#pragma once

#include <stdbool.h>

struct ask;

/* Who asks may see what moderators of the ask's stream do, or of all when it has none. Answered
 * when not. */
bool moderation_look_may(struct ask *ask);

void moderation_look_log(struct ask *ask);
void moderation_look_held(struct ask *ask);
void moderation_look_user(struct ask *ask);
void moderation_look_act(struct ask *ask);
void moderation_look_rules(struct ask *ask);
void moderation_look_similar(struct ask *ask);
void moderation_look_marked(struct ask *ask);
void moderation_look_claim(struct ask *ask);
void moderation_look_release(struct ask *ask);
