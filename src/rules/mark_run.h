// SPDX-License-Identifier: Apache-2.0
/* mark_run -- how many combining marks stand on one base of a text, at most.
 *
 * A base ends where the next character begins to the eye: a grapheme cluster, whatever joiners
 * stand between its marks.
 *
 * Thread:  its owner's; a value, begins zeroed.
 */
#pragma once

#include <stdint.h>

struct mark_run {
    uint32_t marks, most; // on the present base; on any
    uint32_t last;        // the code point before; 0: none
    int32_t break_state;  // utf8proc's memory of the cluster
};

void mark_run_add(struct mark_run *run, uint32_t point);
