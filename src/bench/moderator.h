// SPDX-License-Identifier: Apache-2.0
/* moderator -- deletes the newest comment that was answered, so many times a second, while others
 * are posted; and asks how far the acts before got, where the server tells.
 *
 *      RESTING ──▶ DELETING ──▶ ASKING (of an act some time ago) ──▶ RESTING
 *
 * Owns:     its line; what it adds to cue->deletions.
 * Used by:  crew.c: the first crew has it.
 * Thread:   its crew's.
 */
#pragma once

#include "base/buf.h"
#include "bench/line.h"
#include "bench/scene.h"

#include <stdbool.h>
#include <stdint.h>

enum moderator_state { MODERATOR_RESTING, MODERATOR_DELETING, MODERATOR_ASKING };

struct moderator {
    struct line line;
    struct scene *scene; // borrowed
    struct buf answer;
    enum moderator_state state;
    int status;
    uint32_t number;    // of the act under way
    uint32_t asked;     // acts whose reach was asked for
    bool reach_is_told; // the server knows that question
    int64_t next_us;    // when the next act is due
};

void moderator_init(struct moderator *moderator, struct scene *scene);
void moderator_done(struct moderator *moderator);
/* Does what is due. `is_on`: comments are being posted. Returns when it wants to be called again,
 * in the loop's time. */
int64_t moderator_turn(struct moderator *moderator, bool is_on);
