// SPDX-License-Identifier: Apache-2.0
/* limits -- "at most n accepted in any window of w", exactly, for users, addresses and streams.
 *
 * Owns:    the times of what was accepted and is still inside a window.
 * Thread:  the ordering point's.
 * Bound:   n times 8 bytes a key that is inside a window; keys leave when their window has passed
 *          (limits_sweep()).
 * Promise: pure: time comes as an argument (mono). limits_ask() changes nothing; limits_take()
 *          counts; so a refusal costs no budget.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct limit {
    uint32_t count;     // accepted at most; 0: no limit
    uint32_t window_ms; // in any window of
};

/* "5/10s", "100/1m", "5000/1s", "0" (no limit). ERR_PROTO. */
MUST_USE enum err limit_parse(struct str text, struct limit *ret_limit);

struct limits; // one kind of key, e.g. users

struct limit_answer {
    bool allowed;
    uint32_t limit, remaining; // remaining after this one if it is taken
    uint32_t reset_ms;         // until the oldest in the window leaves it
    uint32_t retry_after_ms;   // 0 when allowed
};

MUST_USE enum err limits_new(struct limit limit, uint64_t seed, struct limits **ret_limits);
void limits_free(struct limits *limits);
void limits_set(struct limits *limits,
                struct limit limit); // a new limit applies to what was counted before, too
/* `factor` multiplies the count (10 for moderators). */
struct limit_answer limits_ask(const struct limits *limits, struct str key, uint32_t factor,
                               int64_t mono_ms);
MUST_USE enum err limits_take(struct limits *limits, struct str key, int64_t mono_ms); // ERR_NOMEM
void limits_untake(struct limits *limits, struct str key,
                   int64_t mono_ms); // the commit failed: the newest at that time is forgotten
void limits_sweep(struct limits *limits, int64_t mono_ms,
                  uint32_t keys_max); // a bounded piece of tidying
uint64_t limits_keys(const struct limits *limits);
