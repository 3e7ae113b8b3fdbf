// SPDX-License-Identifier: Apache-2.0
/* fake_truth_test -- what a fake engine's readers are held against: its log, as each may see it.
 */
#pragma once

#include "hub/fake_test.h"

struct fake_truth fake_truth_of(const struct fake_engine *engine, uint64_t view);
