// SPDX-License-Identifier: Apache-2.0
/* act_appeal -- appeals against acts, and what is decided of them. Both are acts: in the audit, and
 * with an id.
 *
 *      appeal   target act:a81   value {"user":"u9","text":"It was a joke"}
 *      decide   target act:a90   value granted | rejected; its words are the act's reason
 *
 * The author of a comment that was removed names that: the act is the newest in force that keeps it
 * off and that may be appealed against. Of a comment that is not removed, or held, they learn that
 * alone, be it theirs only.
 *
 * An act concerns those it names, and the authors of comments it names; a clear the authors of what
 * it removed: those of its stream's newest ACT_APPEAL_CLEARED_ROWS rows, others by their comment. A
 * shadow may not be
 * appealed against: who asked would learn of it.
 *
 * Thread:   the ordering thread's; inside a write transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/act_case.h"

enum { ACT_APPEAL_CLEARED_ROWS = 4096 }; // looked at, at most

MUST_USE enum err act_appeal_put(struct act_case *act);
/* Granted, what was appealed against is undone, if it is in force and of this stream. */
MUST_USE enum err act_appeal_decide(struct act_case *act);
