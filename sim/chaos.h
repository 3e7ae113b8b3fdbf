// SPDX-License-Identifier: Apache-2.0
/* chaos -- what goes wrong, as often as the scenario says; and somebody who pauses streams
 * and lets them go on, so that there are acts among the comments.
 */
#pragma once

#include "world.h"

/* A reactor is late while an act is under way, and on time again. */
void chaos_make_late(struct world *world);
void chaos_make_punctual(struct world *world);
void chaos_begin(struct world *world);
void chaos_step(struct world *world);
void chaos_pause(struct world *world);
void chaos_end(struct world *world); // all is well from here on
/* The longest that a call to the engine may take now, for all that was done to disk and hubs. */
uint32_t chaos_call_ms(const struct world *world);
/* The longest that a letter may lie unopened, of those that are on their way now. */
uint32_t chaos_lag_ms(const struct world *world);
/* Within so many operations of the disk the node dies, where nodes do. */
void chaos_strike(struct world *world, uint64_t within_ops);
