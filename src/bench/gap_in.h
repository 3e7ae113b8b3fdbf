// SPDX-License-Identifier: Apache-2.0
/* gap_in -- the numbers of a gap, or of a digest, as a viewer was told them.
 *
 * Used by:  watcher.c.
 * Thread:   any; no state.
 */
#pragma once

#include "bench/witness.h"

#include <stdbool.h>

struct json;

/* False: no such numbers. Counts may be absent, all three. */
bool gap_in_read(const struct json *event, struct witness_gap *ret_gap);
