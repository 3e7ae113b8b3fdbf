// SPDX-License-Identifier: Apache-2.0
/* herald -- signals for some viewers of a stream: held, approved, rejected to the author and to
 * moderators, a warning to whom it is for.
 *
 * Used by:  stream.c.
 * Thread:   the hub's reactor.
 * Promise:  behind what was begun, before what waits. Who has no room for it, or opens only now, is
 *           not sent it: what it says can be asked for.
 */
#pragma once

#include "hub/heart.h"

void herald_take(struct stream *stream, const struct notice *notice);
