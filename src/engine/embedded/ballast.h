// SPDX-License-Identifier: Apache-2.0
/* ballast -- a file that is only there to be given up: on a full disk it makes room for acts, so
 * that moderation goes on when posts are refused.
 *
 *      HAD ──the disk is full, an act waits──▶ GIVEN ──it can be written again──▶ HAD: posts go on
 *
 * Owns:     data/ballast, BALLAST_BYTES.
 * Used by:  writer.c.
 * Thread:   the ordering thread's.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { BALLAST_BYTES = 4 << 20 };

struct ballast {
    const char *path; // borrowed; NULL: there is none, and it counts as had
    bool is_had;
};

void ballast_init(struct ballast *ballast, const char *path);
/* Makes room. False: there was none left to be made. */
bool ballast_give(struct ballast *ballast);
/* Writes it, if it is not there. False: the disk has no room for it. */
bool ballast_take(struct ballast *ballast);
