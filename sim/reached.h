// SPDX-License-Identifier: Apache-2.0
/* reached -- the places of base/reach.h by name. */
#pragma once

#include "base/reach.h"

#include <stdbool.h>

/* A line for each as a TAP comment: how often histories came by. False: never, by one of them;
 * or checkers made too many exemptions, which are told behind. */
bool reached_tell(const uint64_t counts[REACH_COUNT]);
