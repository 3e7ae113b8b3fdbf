// SPDX-License-Identifier: Apache-2.0
/* histories -- runs worlds, one after the other; the kind of a seed's history is seed %
 * scenario_count.
 */
#pragma once

#include "reached.h"

#include <stdbool.h>
#include <stdint.h>

struct histories {
    uint64_t seeds, hash, steps, answered, shown, crashes, cuts, needless_epochs;
    uint64_t reached[REACH_COUNT]; // places of base/reach.h
    int64_t simulated_ms;          // what nobody slept through
    double busy_s;                 // of one core
};

void histories_install(void); // once a process
void histories_run(struct histories *histories, uint64_t seed, bool is_verbose);
/* What is judged of many together: a torn commit is seldom taken for damage. */
bool histories_hold(const struct histories *histories);
void histories_tell(const struct histories *histories); // its figures, as a TAP comment
/* How it goes while it goes, on one line of stderr. */
void histories_tell_live(const struct histories *histories, uint64_t upto);
