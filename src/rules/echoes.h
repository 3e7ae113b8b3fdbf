// SPDX-License-Identifier: Apache-2.0
/* echoes -- which texts a stream has just heard, by whom: for rule `unique`.
 *
 * Owns:     its entries.
 * Thread:   the ordering point's; pure: time comes as an argument (mono, never going back).
 * Bound:    the ECHOES_MAX newest, 24 bytes each, grown to as they come; in a stream so busy that
 *           more come within the window the oldest is forgotten sooner.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum { ECHOES_MAX = 1024 };

struct echoes {
    uint64_t *likeness; // owned; [cap], a ring
    uint64_t *user;     // owned; [cap]
    int64_t *at_ms;     // owned; [cap]
    uint32_t cap;       // a power of two, or 0
    uint32_t count;     // <= cap
    uint32_t next;      // where the next one goes
};

struct echo { // when the same was last heard: mono; INT64_MIN: not that is remembered
    int64_t by_user_ms, by_stream_ms;
};
#define ECHO_NONE ((struct echo){.by_user_ms = INT64_MIN, .by_stream_ms = INT64_MIN})

void echoes_init(struct echoes *echoes);
void echoes_done(struct echoes *echoes); // zeroed is legal

/* `likeness` 0 has no echo. */
struct echo echoes_find(const struct echoes *echoes, uint64_t likeness, uint64_t user);
/* What was accepted; 0 is not kept. ERR_NOMEM: it is not remembered. */
MUST_USE enum err echoes_add(struct echoes *echoes, uint64_t likeness, uint64_t user,
                             int64_t mono_ms);
