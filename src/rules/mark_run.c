// SPDX-License-Identifier: Apache-2.0
#include "rules/mark_run.h"

#include "rules/character.h"

#include <stdbool.h>
#include <utf8proc.h>

void mark_run_add(struct mark_run *run, uint32_t point)
{
    const bool breaks = run->last == 0 || utf8proc_grapheme_break_stateful(
                                              (utf8proc_int32_t)run->last, (utf8proc_int32_t)point,
                                              &run->break_state);
    if (character_is_mark(point)) {
        run->marks++;
        if (run->marks > run->most) {
            run->most = run->marks;
        }
    } else if (breaks) {
        run->marks = 0;
    }
    run->last = point;
}
