// SPDX-License-Identifier: Apache-2.0
/* frame -- one frame as an encoding wrote it, redacted where it stands.
 *
 * Used by:  channel.c (rings), page.c.
 * Thread:   the hub's reactor.
 */
#pragma once

#include "base/err.h"
#include "hub/seat.h"
#include "wire/removal.h"

struct frame {
    const struct encoding *encoding;
    uint8_t *bytes; // borrowed
    size_t len;
};

/* `*ret_count` comments less. `scratch` is for frames whose objects do not stand in one piece.
 * ERR_NOMEM. */
MUST_USE enum err frame_redact(const struct frame *frame, const struct removal *removal,
                               struct buf *scratch, size_t *ret_count);
/* It says no more than everybody is told: event_strip_staff(). ERR_NOMEM. */
MUST_USE enum err frame_strip(const struct frame *frame, struct buf *scratch);
