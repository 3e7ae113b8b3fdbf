// SPDX-License-Identifier: Apache-2.0
#include "rules/mark_run.h"

#include "rules/character.h"

#include <stdbool.h>
#include <utf8proc.h>

/* Characters of no class of their own (UAX 29: Other): between two of them there is always a break,
 * and most texts hold no others. */
static bool is_ordinary(uint32_t point)
{
    return (point >= 0x20 && point < 0x7F) || (point >= 0xC0 && point < 0x300) ||
           (point >= 0x370 && point < 0x483) || (point >= 0x3041 && point < 0x3097) ||
           (point >= 0x30A1 && point < 0x30FB) || (point >= 0x4E00 && point < 0xA000);
}

void mark_run_add(struct mark_run *run, uint32_t point)
{
    if (is_ordinary(point) && is_ordinary(run->last)) {
        run->marks = 0;
        run->break_state = UTF8PROC_BOUNDCLASS_OTHER;
        run->last = point;
        return;
    }
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
