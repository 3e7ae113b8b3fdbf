// SPDX-License-Identifier: Apache-2.0
/* hook_answer -- what the hook after publishing says to an event it took:
 *
 *      ""  null  {}  {"ok":true}               nothing: it knows now
 *      {"do":"timeout","seconds":600,
 *       "reason":"spam"}                       an act on the comment or its author
 *      <html>  ok  []  {"do":"explode"}        garbage: whoever wrote that meant something else
 *      {"verdict":"hold"}                      garbage, too: so answers the hook before publishing
 *
 * Used by:  hook_feed.c.
 * Thread:   any; pure.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "wire/act.h"

#include <stdint.h>

enum hook_answer_kind { HOOK_ANSWER_NOTHING, HOOK_ANSWER_ACT, HOOK_ANSWER_GARBAGE };

struct hook_answer {
    enum hook_answer_kind kind;
    const char *why; // of garbage: a static text that repeats nothing of the answer
    /* -- of an act -- */
    enum act_do what;
    enum act_target at;                    // ACT_AT_SEQS or ACT_AT_USERS
    int64_t seconds;                       // -1: it has none
    char reason[ACT_REASON_BYTES_MAX + 1]; // valid UTF-8, cut where it is longer; "": none
};

struct hook_answer hook_answer_garbage(const char *why); // static text
/* ERR_NOMEM. */
MUST_USE enum err hook_answer_read(struct str body, struct hook_answer *ret);
