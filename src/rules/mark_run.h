// SPDX-License-Identifier: Apache-2.0
/* mark_run -- how many combining marks stand on one base of a text, at most.
 *
 * A base ends where the next character begins to the eye: a grapheme cluster, whatever joiners
 * stand between its marks.
 *
 * Thread:  its owner's; a value, begins zeroed.
 */
#pragma once

#include "rules/point_table.h"

#include <stdint.h>

struct mark_run {
    uint32_t marks, most; // on the present base; on any
    uint32_t last;        // the code point before; 0: none
    uint32_t last_flags;  // of it, point_table.h
    int32_t break_state;  // utf8proc's memory of the cluster
};

/* One of which one, or that before it, is not ordinary. */
void mark_run_add_unusual(struct mark_run *run, uint32_t point, uint32_t flags);

/* `flags`: point_table_at(point). Most texts hold none but ordinary characters. */
static inline void mark_run_add(struct mark_run *run, uint32_t point, uint32_t flags)
{
    if ((flags & run->last_flags & POINT_ORDINARY) == 0) {
        mark_run_add_unusual(run, point, flags);
    } else {
        run->marks = 0;
        run->break_state = 0;
    }
    run->last = point;
    run->last_flags = flags;
}
