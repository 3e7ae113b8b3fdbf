// SPDX-License-Identifier: Apache-2.0
/* act_setting -- acts on how a stream is posted to: slow, mode, shield, terms, rules (settings.h).
 *
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

MUST_USE enum err act_setting_put(struct act_case *act);
/* A piece of what viewers are to be told. */
MUST_USE enum err act_setting_tell(struct act_case *act);
/* After one was lifted: the row follows, and viewers are told. */
MUST_USE enum err act_setting_follow(struct act_case *act);
