// SPDX-License-Identifier: Apache-2.0
/* model_test -- random histories of two hubs on one engine, each replayable from its seed: events,
 * removals, joins with any cursor, readers of any slowness, leaves, long polls, hubs that fall
 * behind, retention, memory that fails. The readers check promises P5 and P6 themselves;
 * hub_check() holds after every turn; at the end all who are still there have everything.
 */
#pragma once

#include <stdint.h>

void model_history(uint64_t seed);
uint64_t model_ridden_bytes(void); // what all histories so far were sent compressed
