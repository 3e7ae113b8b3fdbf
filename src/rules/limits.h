// SPDX-License-Identifier: Apache-2.0
/* limits -- "at most n accepted in any window of w", exactly, for users, addresses and streams.
 *
 * Owns:    the times of what was accepted and is still inside a window.
 * Thread:  the ordering point's.
 * Bound:   n (times the factor asked with) times 8 bytes a key that is inside a window; keys leave
 *          when their window has passed (limits_sweep()).
 * Promise: pure: time comes as an argument (mono, never going back; before 0 is legal: what was
 *          accepted before a restart). limits_ask() changes nothing; limits_take() counts; so a
 *          refusal costs no budget.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "rules/limit.h"

#include <stdbool.h>
#include <stdint.h>

struct limits; // one kind of key, e.g. users

struct limit_answer {
    bool allowed;
    uint32_t limit, remaining; // remaining after this one if it is taken; limit 0: there is none
    uint32_t reset_ms;         // until the oldest in the window leaves it
    uint32_t retry_after_ms;   // 0 when allowed
};

MUST_USE enum err limits_new(struct limit limit, uint64_t seed, struct limits **ret_limits);
void limits_free(struct limits *limits); // NULL is legal
/* A new limit applies to what was counted before, too, as far as it is still remembered. */
void limits_set(struct limits *limits, struct limit limit);
/* `factor` multiplies the count (10 for moderators). */
struct limit_answer limits_ask(const struct limits *limits, struct str key, uint32_t factor,
                               int64_t mono_ms);
MUST_USE enum err limits_take(struct limits *limits, struct str key, int64_t mono_ms); // ERR_NOMEM
/* The commit failed: the newest at that time is forgotten; none is legal. */
void limits_untake(struct limits *limits, struct str key, int64_t mono_ms);
/* A bounded piece of tidying: of keys whose window has passed, the longest unused first. */
void limits_sweep(struct limits *limits, int64_t mono_ms, uint32_t keys_max);
uint64_t limits_keys(const struct limits *limits);
