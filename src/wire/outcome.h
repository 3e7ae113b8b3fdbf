// SPDX-License-Identifier: Apache-2.0
/* outcome -- what becomes of a comment that is posted, and why not: the words in which rules, the
 * ordering point and its askers speak of it.
 *
 * Thread:   any; values.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

enum refusal {
    REFUSAL_NONE,
    REFUSAL_NO_STREAM,
    REFUSAL_STREAM_ENDED,
    REFUSAL_UNFIT,      // as the asker said: see `unfit`
    REFUSAL_NO_COMMENT, // reply_to names none in this stream
    REFUSAL_RATE_USER,
    REFUSAL_RATE_ADDRESS,
    REFUSAL_RATE_STREAM,
    REFUSAL_OVERLOADED, // too many wait for the disk
    REFUSAL_STORE_DOWN, // the disk is full or fails; nothing was written
    REFUSAL_DRAINING,   // another process takes over: it will take this one
    /* -- by sanction or rule -- */
    REFUSAL_BANNED,
    REFUSAL_MUTED,            // a timeout; retry_after_ms: what is left of it
    REFUSAL_MUST_ACKNOWLEDGE, // a warning; `act` names it
    REFUSAL_SLOW_MODE,
    REFUSAL_WRONG_ROLE, // roles_only, or the account is too young
    REFUSAL_LINKS_OFF,
    REFUSAL_EMOTE_ONLY,
    REFUSAL_NOT_UNIQUE,
    REFUSAL_BLOCKED_TERM,
    REFUSAL_BAD_TEXT, // caps or marks over the stream's limit
    REFUSAL_BY_HOOK,
};

/* What rules outside the ordering point (terms of the server, a hook) want done with a comment. The
 * strictest of all rules wins: refuse, then shadow, then hold. */
enum outcome { OUTCOME_ALLOW, OUTCOME_HOLD, OUTCOME_SHADOW, OUTCOME_REFUSE };
struct wish {
    enum outcome outcome;
    enum refusal refusal; // of OUTCOME_REFUSE
    struct str rule;      // its name, for the audit; empty: none wished anything
    bool by_hook;         // a hook's, not a rule's
    bool hook_is_down;    // a hook was to judge and did not: the stream's rule `hook` says what
                          // then, and where it has none
    enum outcome if_down;
};
