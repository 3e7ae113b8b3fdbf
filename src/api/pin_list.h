// SPDX-License-Identifier: Apache-2.0
/* pin_list -- the pins of a stream, from its newest pin and unpin events.
 *
 * Used by:  snapshot.c, poll_api.c.
 * Thread:   any; pure.
 */
#pragma once

#include "base/buf.h"
#include "wire/event.h"

#include <stdint.h>

/* "pins":[..], the comments as they stand in their events, oldest pin first. `events`, ascending,
 * are of any kinds. */
void pin_list_write(struct buf *out, struct event *const *events, uint32_t count);
