// SPDX-License-Identifier: Apache-2.0
/* mutants -- which guard is turned off in this process; base/mutant.h names them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

uint32_t mutants_count(void);
const char *mutants_name(uint32_t index);
const char *mutants_about(uint32_t index);
bool mutants_choose(const char *name); // false: no such one
