// SPDX-License-Identifier: Apache-2.0
/* patience -- whether the other side of a port still answers calls of one kind.
 *
 * Silence counts from when the first call went away or the last one came back, and only while we
 * were awake to hear: who slept (a stopped process, a starved machine) has heard nothing and knows
 * nothing. A long queue is no silence, for its head comes back.
 *
 * Used by:  stream.c and join.c.
 * Thread:   the hub's reactor; pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PATIENCE_LOOK_MS = 250 }; // between looks, while a call is away

struct patience {
    uint32_t away; // calls that are
    uint32_t silent_ms;
    int64_t looked_ms; // mono
};

void patience_sent(struct patience *patience, int64_t now_ms);
void patience_back(struct patience *patience);
void patience_look(struct patience *patience, int64_t now_ms);
/* When to look again; INT64_MAX: no call is away. */
int64_t patience_next_ms(const struct patience *patience);
bool patience_is_out(const struct patience *patience, uint32_t silent_ms_max); // 0: never
