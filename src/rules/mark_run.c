// SPDX-License-Identifier: Apache-2.0
#include "rules/mark_run.h"

#include <stdbool.h>
#include <utf8proc.h>

_Static_assert(UTF8PROC_BOUNDCLASS_START == 0, "0: nothing is remembered of the cluster");

void mark_run_add_unusual(struct mark_run *run, uint32_t point, uint32_t flags)
{
    const bool breaks = run->last == 0 || utf8proc_grapheme_break_stateful(
                                              (utf8proc_int32_t)run->last, (utf8proc_int32_t)point,
                                              &run->break_state);
    if ((flags & POINT_MARK) != 0) {
        run->marks++;
        if (run->marks > run->most) {
            run->most = run->marks;
        }
    } else if (breaks) {
        run->marks = 0;
    }
}
