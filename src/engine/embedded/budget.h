// SPDX-License-Identifier: Apache-2.0
/* budget -- how much a poster may still post: as a user over all streams, from an address, in a
 * stream.
 *
 * Owns:     the three kinds of windows.
 * Used by:  submits.c.
 * Thread:   the ordering thread's.
 * Promise:  asking changes nothing; a post is counted in all three or in none.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/embedded_rules.h"
#include "hub/port.h"
#include "rules/limits.h"

#include <stdint.h>

struct budget {
    struct limits *users, *addresses, *streams; // owned
};

struct budget_answer {
    enum refusal refusal; // REFUSAL_NONE: it may be posted
    uint32_t retry_after_ms;
    struct rate rate; // of the author; when it may be posted: once it is
};

/* A failure leaves what budget_close() takes. */
MUST_USE enum err budget_open(struct budget *budget, const struct embedded_rules *rules,
                              uint64_t seed);
void budget_close(struct budget *budget); // zeroed is legal
void budget_set_rules(struct budget *budget, const struct embedded_rules *rules);

struct budget_answer budget_ask(const struct budget *budget, const struct submit *submit,
                                int64_t mono_ms);
/* The author's window as it is, for an answer that takes nothing. */
struct rate budget_rate(const struct budget *budget, const struct submit *submit, int64_t mono_ms);
MUST_USE enum err budget_take(struct budget *budget, const struct submit *submit,
                              int64_t mono_ms); // ERR_NOMEM
void budget_untake(struct budget *budget, const struct submit *submit, int64_t mono_ms);
void budget_sweep(struct budget *budget, int64_t mono_ms); // a bounded piece of tidying
